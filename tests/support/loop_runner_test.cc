// SPDX-License-Identifier: MIT
#include "tests/support/loop_runner.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace chirm::testing {
namespace {

// A server that dies when a test says so.
class Waiting : public ::testing::Test {
 protected:
  Loop loop_;
  std::string death_;
  std::unique_ptr<DeathWatch> watch_ = std::make_unique<DeathWatch>([this] { return death_; });
};

TEST_F(Waiting, EndsWhenItHasComeTrue) {
  int looks = 0;
  EXPECT_TRUE(run_until(loop_, [&] { return ++looks == 3; }));
  EXPECT_EQ(looks, 3);
  EXPECT_TRUE(ask_until([&] { return ++looks == 6; }));
  EXPECT_EQ(looks, 6);
}

TEST_F(Waiting, EndsWithItsDeadline) {
  EXPECT_FALSE(run_until(
      loop_, [] { return false; }, 5));
  EXPECT_FALSE(ask_until([] { return false; }, 5));
}

// Both would else look on for a minute.
TEST_F(Waiting, EndsSoonAfterAServerHasDied) {
  int looks = 0;
  EXPECT_FALSE(run_until(loop_, [&] {
    if (++looks == 3) death_ = "killed by 9";
    return false;
  }));
  EXPECT_EQ(looks, 3);
  EXPECT_FALSE(ask_until([&] { return ++looks, false; }));
  EXPECT_EQ(looks, 4);
}

TEST_F(Waiting, LooksOnceEvenWhenAServerHasDied) {
  death_ = "killed by 9";
  EXPECT_TRUE(run_until(loop_, [] { return true; }));
  EXPECT_TRUE(ask_until([] { return true; }));
}

TEST_F(Waiting, IsNotEndedByAServerThatNobodyWatchesAnyMore) {
  death_ = "killed by 9";
  watch_.reset();
  int looks = 0;
  EXPECT_TRUE(run_until(loop_, [&] { return ++looks == 3; }));
}

TEST_F(Waiting, FindsTheOneThatDiedAmongSeveral) {
  const DeathWatch before([] { return ""; });
  const DeathWatch dead([] { return "a bus error"; });
  const DeathWatch after([] { return ""; });
  EXPECT_EQ(DeathWatch::find(), "a bus error");
}

}  // namespace
}  // namespace chirm::testing
