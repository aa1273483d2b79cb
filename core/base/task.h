// SPDX-License-Identifier: MIT
#pragma once
// Coroutines for what takes several calls with callbacks:
//
//   Task<int> sum(Store& store) {
//     Future<int> a = store.get("a"), b = store.get("b");  // both are under way
//     co_return co_await a + co_await b;
//   }
//   scope.start(sum(store), [](int total) { … });
//
// A call that can fail answers an Expected. ok() takes its value, or else ends the coroutine, whose
// result is an Expected as well, with that error:
//
//   Task<Expected<int, Error>> sum(Store& store) {
//     const int a = co_await ok(store.get("a"));
//     co_return a + co_await ok(store.get("b"));
//   }
//
// One thread. Parameters of a Task are taken by value, or outlive it. GCC 12 gets two things wrong:
// an aggregate written as {…} within an expression with co_await, and co_await in the condition of
// an if. Both want a name first.

#include <coroutine>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/base/check.h"
#include "core/base/intrusive_list.h"
#include "protocol/expected.h"

namespace chirm {

// Where the result of a call is put, and who waits for it. Private to this header.
template <class T>
struct Outcome {
  std::optional<T> value;
  std::coroutine_handle<> waiting;
  // Set by ok() only: ends the waiting coroutine with the error that `value` is.
  std::coroutine_handle<> (*end_waiting)(Outcome&) = nullptr;

  // Who goes on now that the value is there.
  std::coroutine_handle<> next() {
    if constexpr (requires { value->error(); }) {
      if (end_waiting != nullptr && !value->has_value()) return end_waiting(*this);
    }
    return waiting;
  }
};

// The result of a call that is under way, for one to await. Destroyed early, it is not told.
template <class T>
class [[nodiscard]] Future {
 public:
  Future() : state_(std::make_shared<Outcome<T>>()) {}
  ~Future() {
    if (state_) state_->waiting = nullptr;
  }
  Future(Future&&) noexcept = default;
  Future& operator=(Future&&) = delete;

  // To be called once with the result, at any time, also when the future has gone.
  std::function<void(T)> setter() {
    return [state = state_](T value) {
      CHIRM_CHECK(!state->value.has_value());
      state->value.emplace(std::move(value));
      if (!state->waiting) return;
      const std::coroutine_handle<> next = state->next();
      state->waiting = nullptr;
      next.resume();
    };
  }

  bool await_ready() const noexcept { return state_->value.has_value(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { state_->waiting = waiting; }
  T await_resume() { return std::move(*state_->value); }

 private:
  template <class U>
  friend class Ok;
  Outcome<T>& outcome() { return *state_; }
  std::coroutine_handle<> begin() {
    return state_->value.has_value() ? state_->next() : std::noop_coroutine();
  }

  std::shared_ptr<Outcome<T>> state_;
};

// A coroutine that begins when it is awaited, by one. Destroyed early, it ends where it stands.
template <class T>
class [[nodiscard]] Task {
 public:
  // The names in here are the standard's.
  struct promise_type : Outcome<T> {  // NOLINT(readability-identifier-naming)
    using Result = T;
    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().next();
      }
      void await_resume() const noexcept {}
    };
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    template <class U = T>
    void return_value(U&& result) {
      this->value.emplace(std::forward<U>(result));
    }
    [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
  };

  ~Task() {
    if (handle_) handle_.destroy();
  }
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    handle_.promise().waiting = waiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  template <class U>
  friend class Ok;
  Outcome<T>& outcome() { return handle_.promise(); }
  std::coroutine_handle<> begin() { return handle_; }

  using Handle = std::coroutine_handle<promise_type>;
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

// A result that need not be waited for. Private to this header.
template <class T>
class Given {
 public:
  explicit Given(T value) { outcome_.value.emplace(std::move(value)); }

  Outcome<T>& outcome() { return outcome_; }
  std::coroutine_handle<> begin() { return outcome_.next(); }
  T await_resume() { return std::move(*outcome_.value); }

 private:
  Outcome<T> outcome_;
};

// What ok() gives co_await. The coroutine that an error ends stays suspended where it is: its
// locals are destroyed with its Task, which whoever awaited it lets go next.
template <class Call>
class [[nodiscard]] Ok {
 public:
  explicit Ok(Call call) : call_(std::move(call)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    auto& outcome = call_.outcome();
    outcome.waiting = waiting;
    outcome.end_waiting = [](auto& failed) {
      using Reason = typename Promise::Result::error_type;
      Promise& ended =
          std::coroutine_handle<Promise>::from_address(failed.waiting.address()).promise();
      ended.value.emplace(Unexpected<Reason>(Reason(std::move(failed.value->error()))));
      return ended.next();
    };
    return call_.begin();
  }
  auto await_resume() {
    auto result = call_.await_resume();
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) {
      return std::move(*result);
    }
  }

 private:
  Call call_;
};

// `call` is a Task or a Future of an Expected. Its error is converted to the coroutine's.
template <class T, class E>
Ok<Task<Expected<T, E>>> ok(Task<Expected<T, E>> call) {
  return Ok<Task<Expected<T, E>>>(std::move(call));
}
template <class T, class E>
Ok<Future<Expected<T, E>>> ok(Future<Expected<T, E>>&& call) {
  return Ok<Future<Expected<T, E>>>(std::move(call));
}
// `result` is an Expected that is there already.
template <class T, class E>
Ok<Given<Expected<T, E>>> ok(Expected<T, E> result) {
  return Ok<Given<Expected<T, E>>>(Given<Expected<T, E>>(std::move(result)));
}

// Runs tasks, and ends those that are not done when it is destroyed. None of them may destroy it.
class TaskScope {
 public:
  TaskScope() = default;
  ~TaskScope() {
    while (Root::promise_type* root = roots_.pop_front()) {
      std::coroutine_handle<Root::promise_type>::from_promise(*root).destroy();
    }
  }
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Begins at once; `done` is told the result.
  template <class T>
  void start(Task<T> task, std::type_identity_t<std::function<void(T)>> done) {
    const Root root = run(std::move(task), std::move(done));
    roots_.push_back(*root.promise);
    std::coroutine_handle<Root::promise_type>::from_promise(*root.promise).resume();
  }
  template <class T>
  void start(Task<T> task) {
    start(std::move(task), [](const T&) {});
  }

 private:
  struct RootTag;
  struct Root {
    struct promise_type : ListHook<RootTag> {  // NOLINT(readability-identifier-naming)
      Root get_return_object() { return {this}; }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() const noexcept { return {}; }  // it is its own owner
      void return_void() const noexcept {}
      [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
    };
    promise_type* promise;
  };

  template <class T>
  static Root run(Task<T> task, std::function<void(T)> done) {
    T result = co_await task;
    // One that ok() has ended still has its locals: they go before anybody is told.
    { const Task<T> ended = std::move(task); }
    done(std::move(result));
  }

  IntrusiveList<Root::promise_type, RootTag> roots_;
};

}  // namespace chirm
