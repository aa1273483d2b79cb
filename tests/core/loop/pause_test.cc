// SPDX-License-Identifier: MIT
// What the loop says of times in which the process did not run. They are hours, so that it does not
// matter how long the test itself takes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Lt;
using testing::pass_ms;

constexpr std::uint64_t kPauseHourMs = 3'600'000;

class LoopPause : public ::testing::Test {
 protected:
  LoopPause() {
    loop_.watch_pauses(kPauseHourMs / 2, [this](std::uint64_t ms) {
      told_ms_.push_back(ms);
      order_ += 'p';
    });
  }
  ~LoopPause() override { loop_.watch_pauses(0, nullptr); }

  Loop loop_;
  std::vector<std::uint64_t> told_ms_;
  std::string order_;
};

TEST_F(LoopPause, IsKnownBeforeAnythingIsHandledAndToldBeforeTheHooks) {
  const auto hook = loop_.add_turn_end_hook([&] {
    if (order_.ends_with('p')) order_ += loop_.has_paused() ? '!' : 'h';
    return Loop::TurnEnd::kDone;
  });
  Timer timer(loop_, [&] { order_ += loop_.has_paused() ? 't' : '?'; });
  timer.start(0);
  loop_.pause_ms(kPauseHourMs);
  pass_ms(loop_, 0);
  EXPECT_EQ(order_, "tph");
  EXPECT_THAT(told_ms_, ElementsAre(AllOf(Ge(kPauseHourMs), Lt(2 * kPauseHourMs))));
  EXPECT_EQ(loop_.paused_ms(), told_ms_[0]);
}

TEST_F(LoopPause, IsToldAtTheEndOfTheTurnThatItInterrupted) {
  Timer timer(loop_, [&] {
    loop_.pause_ms(kPauseHourMs);
    order_ += 't';
  });
  timer.start(0);
  pass_ms(loop_, 0);
  EXPECT_EQ(order_, "tp");
}

TEST_F(LoopPause, IsToldAtOnceWhenItFellIntoTheHooks) {
  Timer other(loop_, [&] {
    order_ += 'd';
    loop_.stop();
  });
  bool is_first = true;
  const auto hook = loop_.add_turn_end_hook([&] {
    if (std::exchange(is_first, false)) {
      loop_.pause_ms(kPauseHourMs);
      other.start(testing::kDeadlineMs);  // the next event
    }
    if (!order_.empty()) loop_.stop();
    return Loop::TurnEnd::kDone;
  });
  Timer timer(loop_, [] {});
  timer.start(0);
  loop_.run();
  EXPECT_EQ(order_, "p");
}

TEST_F(LoopPause, IsNeitherASleepNorAShortOneNorWhatPassesWhileNobodyRunsTheLoop) {
  pass_ms(loop_, 100 * kPauseHourMs);
  loop_.pause_ms(kPauseHourMs / 3);
  pass_ms(loop_, 0);
  EXPECT_THAT(told_ms_, IsEmpty());
  EXPECT_EQ(loop_.paused_ms(), 0U);
}

// So that now_ms() less paused_ms() never goes back.
TEST_F(LoopPause, IsNeverMoreThanTheTimeThatPassed) {
  std::uint64_t before = loop_.now_ms();
  for (int i = 0; i < 100; ++i) {
    loop_.pause_ms(kPauseHourMs);
    pass_ms(loop_, 1);
    const std::uint64_t running_ms = loop_.now_ms() - loop_.paused_ms();
    EXPECT_GE(running_ms, before);
    before = running_ms;
  }
  EXPECT_EQ(told_ms_.size(), 100U);
}

}  // namespace
}  // namespace chirm
