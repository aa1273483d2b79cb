// SPDX-License-Identifier: MIT
#include "core/base/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chirm {

// Frames of coroutines have these, and are of the namespace of the task: so not an unnamed one.
namespace task_test {
struct Refusal {
  explicit Refusal(std::string its_why) : why(std::move(its_why)) {}
  std::string why;
};
struct Failure {
  explicit Failure(const Refusal& refusal) : why("because " + refusal.why) {}
  std::string why;
};
}  // namespace task_test

namespace {

using task_test::Failure;
using task_test::Refusal;

class TaskTest : public ::testing::Test {
 protected:
  Future<std::string> ask() {
    Future<std::string> future;
    asked.push_back(future.setter());
    return future;
  }
  Task<std::string> one() {
    std::string text = co_await ask();
    co_return text + "!";
  }
  Task<std::string> both() {
    Future<std::string> first = ask();
    Future<std::string> second = ask();
    const std::string a = co_await first;
    const std::string b = co_await second;
    const std::string c = co_await one();
    co_return a + b + c;
  }
  struct Witness {
    explicit Witness(int& its_count) : count(its_count) { ++count; }
    ~Witness() { --count; }
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    int& count;
  };
  Task<int> guarded() {
    const Witness witness(alive);
    (void)co_await one();
    co_return 1;
  }

  std::vector<std::function<void(std::string)>> asked;
  int alive = 0;
  std::string result;
};

TEST_F(TaskTest, GoesOnWithWhatIsAnswered) {
  TaskScope scope;
  scope.start(both(), [&](const std::string& text) { result = text; });
  ASSERT_EQ(asked.size(), 2U);
  asked[1]("b");
  asked[0]("a");
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(result, "");
  asked[2]("c");
  EXPECT_EQ(result, "abc!");
}

TEST_F(TaskTest, EndsWithItsScope) {
  {
    TaskScope scope;
    scope.start(guarded());
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  asked[0]("too late");
}

TEST_F(TaskTest, EndsWithItsScopeWhenNobodyWillAnswer) {
  TaskScope scope;
  scope.start(guarded());
  asked.clear();
  EXPECT_EQ(alive, 1);
}

TEST_F(TaskTest, LeavesTheScopeWhenItIsDone) {
  TaskScope scope;
  scope.start(guarded());
  scope.start(guarded());
  asked[0]("x");
  EXPECT_EQ(alive, 1);
}

TEST(FutureDeathTest, IsAnsweredOnce) {
  Future<int> future;
  const auto answer = future.setter();
  answer(1);
  EXPECT_DEATH(answer(2), "does not hold");
}

// ---- ok()

class TaskOkTest : public ::testing::Test {
 protected:
  using Answer = Expected<int, Refusal>;
  using Total = Expected<int, Failure>;

  Future<Answer> ask() {
    Future<Answer> future;
    asked.push_back(future.setter());
    return future;
  }
  Task<Answer> passed_on() { co_return co_await ok(ask()); }
  Task<Total> sum() {
    const auto alive_here = std::make_shared<int>(1);
    alive = alive_here;
    const int a = co_await ok(passed_on());
    const int b = co_await ok(ask());
    co_return a + b;
  }
  Task<Expected<void, Failure>> checked(Expected<void, Refusal> verdict) {
    co_await ok(std::move(verdict));
    ++passed;
    co_return {};
  }
  void start() {
    scope.start(sum(), [&](const Total& total) {
      EXPECT_TRUE(alive.expired());
      result = total ? std::to_string(*total) : total.error().why;
    });
  }

  std::vector<std::function<void(Answer)>> asked;
  std::weak_ptr<int> alive;
  std::string result;
  int passed = 0;
  TaskScope scope;
};

TEST_F(TaskOkTest, TakesTheValuesOfWhatSucceeds) {
  start();
  asked[0](1);
  asked[1](2);
  EXPECT_EQ(result, "3");
}

TEST_F(TaskOkTest, EndsTheCoroutineWithTheErrorOfWhatFails) {
  start();
  asked[0](1);
  EXPECT_FALSE(alive.expired());
  asked[1](Unexpected<Refusal>(Refusal("no")));
  EXPECT_EQ(result, "because no");
  EXPECT_TRUE(alive.expired());
}

TEST_F(TaskOkTest, EndsAllCoroutinesThatPassTheErrorOn) {
  start();
  asked[0](Unexpected<Refusal>(Refusal("no")));
  EXPECT_EQ(result, "because no");
  EXPECT_EQ(asked.size(), 1U);
  EXPECT_TRUE(alive.expired());
}

TEST_F(TaskOkTest, TakesWhatIsThereAlready) {
  std::string why = "allowed";
  const auto tell = [&](const Expected<void, Failure>& verdict) {
    if (!verdict) why = verdict.error().why;
  };
  scope.start(checked({}), tell);
  EXPECT_EQ(why, "allowed");
  EXPECT_EQ(passed, 1);
  scope.start(checked(Unexpected<Refusal>(Refusal("no"))), tell);
  EXPECT_EQ(why, "because no");
  EXPECT_EQ(passed, 1);
}

TEST_F(TaskOkTest, TakesAnAnswerThatCameBeforeItWasAwaited) {
  Future<Answer> early = ask();
  asked[0](5);
  Future<Answer> failed = ask();
  asked[1](Unexpected<Refusal>(Refusal("no")));
  const auto both = [](Future<Answer> a, Future<Answer> b) -> Task<Total> {
    const int value = co_await ok(std::move(a));
    co_return value + co_await ok(std::move(b));
  };
  scope.start(both(std::move(early), std::move(failed)),
              [&](const Total& total) { result = total.error().why; });
  EXPECT_EQ(result, "because no");
}

TEST_F(TaskOkTest, EndsWithItsScope) {
  {
    TaskScope inner;
    inner.start(sum());
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(alive.expired());
  asked[0](1);
}

}  // namespace
}  // namespace chirm
