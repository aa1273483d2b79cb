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

#include "core/base/intrusive_list.h"

namespace chirm {

// The result of a call that is under way, for one to await. Destroyed early, it is not told.
template <class T>
class [[nodiscard]] Future {
 public:
  Future() : state_(std::make_shared<State>()) {}
  ~Future() {
    if (state_) state_->waiting = nullptr;
  }
  Future(Future&&) noexcept = default;
  Future& operator=(Future&&) = delete;

  // To be called once with the result, at any time, also when the future has gone.
  std::function<void(T)> setter() {
    return [state = state_](T value) {
      state->value.emplace(std::move(value));
      if (auto waiting = std::exchange(state->waiting, nullptr)) waiting.resume();
    };
  }

  bool await_ready() const noexcept { return state_->value.has_value(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { state_->waiting = waiting; }
  T await_resume() { return std::move(*state_->value); }

 private:
  struct State {
    std::optional<T> value;
    std::coroutine_handle<> waiting;
  };
  std::shared_ptr<State> state_;
};

// A coroutine that begins when it is awaited, by one. Destroyed early, it ends where it stands.
template <class T>
class [[nodiscard]] Task {
 public:
  // The names in here are the standard's.
  struct promise_type {  // NOLINT(readability-identifier-naming)
    std::optional<T> value;
    std::coroutine_handle<> waiting;

    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().waiting;
      }
      void await_resume() const noexcept {}
    };
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
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
  using Handle = std::coroutine_handle<promise_type>;
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

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
    done(std::move(result));
  }

  IntrusiveList<Root::promise_type, RootTag> roots_;
};

}  // namespace chirm
