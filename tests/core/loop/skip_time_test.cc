// SPDX-License-Identifier: MIT
// The time that tests skip: Loop::skip_ms() and what it means to timers. All times are hours, so
// that it does not matter how long the test itself takes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/loop/timer_wheel.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::pass_ms;
using testing::pass_until;

constexpr std::uint64_t kHourMs = 3'600'000;

TEST(SkipTime, MovesBothClocksAtOnce) {
  Loop loop;
  const std::uint64_t now_ms = loop.now_ms();
  const std::int64_t unix_ms = loop.unix_ms();
  loop.skip_ms(kHourMs);
  EXPECT_EQ(loop.now_ms(), now_ms + kHourMs);
  EXPECT_GE(loop.unix_ms(), unix_ms + static_cast<std::int64_t>(kHourMs));
  loop.skip_ms(kHourMs);
  EXPECT_EQ(loop.now_ms(), now_ms + 2 * kHourMs);
  EXPECT_LT(loop.unix_ms(), unix_ms + static_cast<std::int64_t>(3 * kHourMs));
}

TEST(SkipTime, MakesTimersDueInTheirOrder) {
  Loop loop;
  std::string runs;
  Timer third(loop, [&] { runs += '3'; });
  Timer first(loop, [&] { runs += '1'; });
  Timer second(loop, [&] { runs += '2'; });
  Timer stopped(loop, [&] { runs += 'x'; });
  third.start(5 * kHourMs);
  second.start(2 * kHourMs);
  first.start(1 * kHourMs);
  stopped.start(1 * kHourMs);
  stopped.stop();
  loop.skip_ms(3 * kHourMs);
  EXPECT_EQ(runs, "");  // never from within the call
  pass_ms(loop, 0);
  EXPECT_EQ(runs, "12");
  EXPECT_TRUE(third.is_running());
  pass_ms(loop, kHourMs);
  EXPECT_EQ(runs, "12");
  pass_ms(loop, kHourMs);
  EXPECT_EQ(runs, "123");
}

TEST(SkipTime, RunsARepeatingTimerOnceAndKeepsItsPeriod) {
  Loop loop;
  int runs = 0;
  Timer timer(loop, [&] { ++runs; });
  timer.start_repeating(2 * kHourMs);
  pass_ms(loop, 20 * kHourMs);
  EXPECT_EQ(runs, 1);
  pass_ms(loop, kHourMs);
  EXPECT_EQ(runs, 1);
  pass_ms(loop, kHourMs);
  EXPECT_EQ(runs, 2);
  pass_ms(loop, 2 * kHourMs);
  EXPECT_EQ(runs, 3);
}

TEST(SkipTime, PutsNoTimerOffThatIsDue) {
  Loop loop;
  bool has_run = false;
  Timer timer(loop, [&] { has_run = true; });
  // It skips before the other one can run, each time.
  Timer skips(loop, [&] { loop.skip_ms(kHourMs); });
  skips.start_repeating(1);
  timer.start(kHourMs);
  EXPECT_TRUE(testing::run_until(loop, [&] { return has_run; }));
}

TEST(SkipTime, MakesDeadlinesOfAWheelDue) {
  struct Entry final : WheelEntry {
    void on_deadline() override { ++calls; }
    int calls = 0;
  };
  Loop loop;
  TimerWheel wheel(loop);
  Entry soon;
  Entry late;
  wheel.set(soon, kHourMs);
  wheel.set(late, 3 * kHourMs);
  pass_ms(loop, 2 * kHourMs);
  EXPECT_EQ(soon.calls, 1);
  EXPECT_EQ(late.calls, 0);
  wheel.set(soon, 2 * kHourMs);
  pass_ms(loop, kHourMs + 2 * TimerWheel::kTickMs);
  EXPECT_EQ(soon.calls, 1);
  EXPECT_EQ(late.calls, 1);
  EXPECT_TRUE(pass_until(
      loop, [&] { return soon.calls == 2; }, kHourMs / 10));
}

// Timers are started, stopped and skipped over at random: after each jump exactly those have run
// that a model says, in the order of their times.
TEST(SkipTime, IsThatOfAModelWhateverIsStartedAndStopped) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Loop loop;
    struct Modelled {
      std::unique_ptr<Timer> timer;
      std::uint64_t due_h = 0;  // 0: it does not run
    };
    std::vector<Modelled> all(10);
    std::vector<std::size_t> runs;
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].timer = std::make_unique<Timer>(loop, [&runs, i] { runs.push_back(i); });
    }
    std::uint64_t now_h = 0;
    for (int step = 0; step < 30; ++step) {
      for (Modelled& one : all) {
        const auto dice = random() % 6;
        if (dice == 0) {
          one.timer->stop();
          one.due_h = 0;
        } else if (dice == 1) {
          const std::uint64_t delay_h = 1 + random() % 50;
          one.timer->start(delay_h * kHourMs - kHourMs / 2);  // no jump ends close to that
          one.due_h = now_h + delay_h;
        }
      }
      const std::uint64_t jump_h = random() % 20;
      now_h += jump_h;
      std::vector<std::size_t> wanted;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].due_h != 0 && all[i].due_h <= now_h) wanted.push_back(i);
      }
      runs.clear();
      pass_ms(loop, jump_h * kHourMs);
      EXPECT_TRUE(std::ranges::is_sorted(runs, {}, [&](std::size_t i) { return all[i].due_h; }));
      std::ranges::sort(runs);
      ASSERT_EQ(runs, wanted) << "step " << step;
      for (const std::size_t i : wanted) all[i].due_h = 0;
      for (const Modelled& one : all) ASSERT_EQ(one.timer->is_running(), one.due_h != 0);
    }
  }
}

}  // namespace
}  // namespace chirm
