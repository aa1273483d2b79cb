// SPDX-License-Identifier: MIT
#include "core/loop/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::run_until;

class Entry final : public WheelEntry {
 public:
  explicit Entry(Loop& loop) : loop_(loop) {}
  void on_deadline() override {
    ++calls;
    called_ms = loop_.now_ms();
    if (on_call) on_call();
  }

  int calls = 0;
  std::uint64_t called_ms = 0;
  std::function<void()> on_call;

 private:
  Loop& loop_;
};

class TimerWheelTest : public ::testing::Test {
 protected:
  bool run_ms(std::uint64_t ms) {
    const std::uint64_t end_ms = loop.now_ms() + ms;
    return run_until(loop, [&] { return loop.now_ms() >= end_ms; });
  }

  Loop loop;
  TimerWheel wheel{loop};
};

TEST_F(TimerWheelTest, RunsADeadlineOnceAndNeverEarly) {
  std::vector<std::unique_ptr<Entry>> entries;
  std::vector<std::uint64_t> due_ms;
  for (const std::uint64_t delay_ms : {0, 1, 50, 99, 100, 101, 199, 200, 250, 350}) {
    entries.push_back(std::make_unique<Entry>(loop));
    due_ms.push_back(loop.now_ms() + delay_ms);
    wheel.set(*entries.back(), delay_ms);
  }
  EXPECT_TRUE(run_ms(350 + 4 * TimerWheel::kTickMs));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i]->calls, 1) << i;
    EXPECT_GE(entries[i]->called_ms, due_ms[i]) << i;
  }
}

TEST_F(TimerWheelTest, ForgetsADeadlineThatWasClearedOrWhoseEntryDied) {
  Entry cleared(loop);
  auto dead = std::make_unique<Entry>(loop);
  Entry other(loop);
  int dead_calls = 0;
  dead->on_call = [&] { ++dead_calls; };
  for (Entry* entry : {&cleared, dead.get(), &other}) wheel.set(*entry, 50);
  wheel.clear(cleared);
  wheel.clear(cleared);
  dead.reset();
  EXPECT_TRUE(run_until(loop, [&] { return other.calls == 1; }));
  EXPECT_EQ(cleared.calls, 0);
  EXPECT_EQ(dead_calls, 0);
}

TEST_F(TimerWheelTest, ReplacesADeadline) {
  Entry entry(loop);
  Entry witness(loop);
  wheel.set(entry, 60'000);
  wheel.set(entry, 10);
  wheel.set(witness, 10);
  wheel.set(witness, 500);
  EXPECT_TRUE(run_until(loop, [&] { return entry.calls == 1; }));
  EXPECT_EQ(witness.calls, 0);
  EXPECT_TRUE(run_until(loop, [&] { return witness.calls == 1; }));
  EXPECT_EQ(entry.calls, 1);
}

TEST_F(TimerWheelTest, LetsAnEntrySetItselfAgainWithoutRunningTwiceInOneTick) {
  Entry entry(loop);
  std::vector<std::uint64_t> times;
  entry.on_call = [&] {
    times.push_back(loop.now_ms());
    wheel.set(entry, 0);
  };
  wheel.set(entry, 0);
  EXPECT_TRUE(run_until(loop, [&] { return times.size() == 4; }));
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_GT(times[i], times[i - 1]);
}

TEST_F(TimerWheelTest, LetsAnEntryDestroyItselfAndOthersThatAreDueWithIt) {
  auto first = std::make_unique<Entry>(loop);
  auto second = std::make_unique<Entry>(loop);
  int calls = 0;
  const auto destroy = std::make_shared<std::function<void()>>([&] {
    ++calls;
    first.reset();
    second.reset();
  });
  for (Entry* entry : {first.get(), second.get()}) {
    entry->on_call = [destroy] { (*destroy)(); };
    wheel.set(*entry, 20);
  }
  EXPECT_TRUE(run_until(loop, [&] { return first == nullptr; }));
  EXPECT_TRUE(run_ms(3 * TimerWheel::kTickMs));
  EXPECT_EQ(calls, 1);
}

TEST_F(TimerWheelTest, KeepsADeadlineBeyondOneTurnOfTheWheel) {
  Entry near(loop);
  Entry far(loop);
  // The same slot, one turn (1,024 ticks) later.
  wheel.set(near, 50);
  wheel.set(far, 50 + 1024 * TimerWheel::kTickMs);
  EXPECT_TRUE(run_until(loop, [&] { return near.calls == 1; }));
  EXPECT_TRUE(run_ms(3 * TimerWheel::kTickMs));
  EXPECT_EQ(far.calls, 0);
  wheel.set(far, 0);
  EXPECT_TRUE(run_until(loop, [&] { return far.calls == 1; }));
}

// The model is a deadline for each entry. No time is asserted but that nothing runs before it is
// due; a wheel that forgets an entry does not come to the end.
TEST_F(TimerWheelTest, RunsWhatAModelSaysWhateverIsSetClearedAndDestroyed) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  constexpr std::size_t kEntries = 200;
  constexpr std::uint64_t kTurnMs = 1024 * TimerWheel::kTickMs;
  std::vector<std::unique_ptr<Entry>> entries(kEntries);
  std::vector<std::optional<std::uint64_t>> due_ms(kEntries);
  const auto set = [&](std::size_t i, std::uint64_t delay_ms) {
    due_ms[i] = loop.now_ms() + delay_ms;
    wheel.set(*entries[i], delay_ms);
  };
  const auto make = [&](std::size_t i) {
    due_ms[i].reset();
    entries[i] = std::make_unique<Entry>(loop);
    entries[i]->on_call = [&, i] {
      ASSERT_TRUE(due_ms[i].has_value()) << "entry " << i << " was not set";
      EXPECT_GE(loop.now_ms(), *due_ms[i]) << "entry " << i << " is early";
      due_ms[i].reset();
      if (random() % 4 == 0) set(i, random() % 300);
    };
  };
  for (std::size_t i = 0; i < kEntries; ++i) make(i);
  int steps = 0;
  Timer step(loop, [&] {
    if (++steps > 200) return;
    for (int i = 0; i < 10; ++i) {
      const std::size_t pick = random() % kEntries;
      switch (random() % 4) {
        case 0:
          make(pick);
          break;
        case 1:
          wheel.clear(*entries[pick]);
          due_ms[pick].reset();
          break;
        default:
          // Some a turn of the wheel later, in the same slots.
          set(pick, random() % 300 + (random() % 8 == 0 ? kTurnMs : 0));
      }
    }
    if (steps < 200) return;
    for (std::size_t i = 0; i < kEntries; ++i) {  // nobody waits for those
      if (!due_ms[i] || *due_ms[i] < loop.now_ms() + kTurnMs / 2) continue;
      wheel.clear(*entries[i]);
      due_ms[i].reset();
    }
  });
  step.start_repeating(1);
  const auto hook = loop.add_turn_end_hook([&] {
    wheel.check();
    return Loop::TurnEnd::kDone;
  });
  EXPECT_TRUE(run_until(loop, [&] {
    return steps > 200 && std::ranges::none_of(due_ms, [](const auto& due) { return !!due; });
  })) << std::ranges::count_if(due_ms, [](const auto& due) {
    return !!due;
  }) << " entries were never run";
  for (int slot = 0; slot < 1024; ++slot) wheel.check();
}

TEST_F(TimerWheelTest, CatchesUpAfterTheLoopWasBusyForManyTicks) {
  Entry early(loop);
  Entry late(loop);
  wheel.set(early, 10);
  wheel.set(late, 290);
  const std::uint64_t busy_until_ns = Loop::clock_ns() + 350'000'000;
  while (Loop::clock_ns() < busy_until_ns) {  // a callback that takes too long
  }
  EXPECT_TRUE(run_until(loop, [&] { return early.calls == 1 && late.calls == 1; }));
}

}  // namespace
}  // namespace chirm
