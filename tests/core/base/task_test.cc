// SPDX-License-Identifier: MIT
#include "core/base/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chirm {
namespace {

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

}  // namespace
}  // namespace chirm
