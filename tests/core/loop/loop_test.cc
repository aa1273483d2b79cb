// SPDX-License-Identifier: MIT
#include "core/loop/loop.h"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <set>

#include <array>
#include <memory>
#include <string>

#include "core/loop/fd_watcher.h"
#include "core/loop/resolver.h"
#include "core/loop/signal_watcher.h"
#include "core/loop/timer.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::run_until;

TEST(Loop, DoesNotSleepWhileAHookHasMoreToDo) {
  Loop loop;
  int turns = 0;
  Timer far(loop, [&] { loop.stop(); });
  far.start(60'000);  // sleeping would take this long
  const auto hook = loop.add_turn_end_hook([&] {
    if (++turns == 1'000) loop.stop();
    return turns < 1'000 ? Loop::TurnEnd::kMore : Loop::TurnEnd::kDone;
  });
  loop.run();
  EXPECT_EQ(turns, 1'000);
}

TEST(Loop, HandlesInputBetweenTwoHooksThatHaveMoreToDo) {
  Loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  int hooks = 0;
  int hooks_before_input = -1;
  FdWatcher watcher(loop, ends[0], [&](auto) {
    hooks_before_input = hooks;
    loop.stop();
  });
  watcher.watch({.readable = true});
  const auto hook = loop.add_turn_end_hook([&] {
    if (++hooks == 5) {
      EXPECT_EQ(write(ends[1], "x", 1), 1);
    }
    return Loop::TurnEnd::kMore;
  });
  loop.run();
  EXPECT_EQ(hooks_before_input, 5);
  close(ends[0]);
  close(ends[1]);
}

TEST(Loop, SleepsWhenNoHookHasMoreToDo) {
  Loop loop;
  int hooks = 0;
  const auto hook = loop.add_turn_end_hook([&] { return ++hooks, Loop::TurnEnd::kDone; });
  Timer timer(loop, [&] { loop.stop(); });
  timer.start(50);
  loop.run();
  EXPECT_LT(hooks, 10);
}

TEST(Timer, MayDestroyItselfWhenItRuns) {
  Loop loop;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] { timer.reset(); });
  timer->start(0);
  EXPECT_TRUE(timer->is_running());
  EXPECT_TRUE(run_until(loop, [&] { return timer == nullptr; }));
}

TEST(Timer, RunsOnceOrRepeatedlyAndNotAfterStop) {
  Loop loop;
  int once_runs = 0;
  int repeats = 0;
  int stopped_runs = 0;
  Timer once(loop, [&] { ++once_runs; });
  Timer repeating(loop, [&] { ++repeats; });
  Timer stopped(loop, [&] { ++stopped_runs; });
  once.start(1);
  repeating.start_repeating(1);
  stopped.start(1);
  stopped.stop();
  EXPECT_TRUE(run_until(loop, [&] { return repeats >= 5; }));
  EXPECT_EQ(once_runs, 1);
  EXPECT_EQ(stopped_runs, 0);
  EXPECT_FALSE(once.is_running());
}

TEST(FdWatcher, MayDestroyItselfAndReportsAHangUpBothWays) {
  Loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  std::unique_ptr<FdWatcher> watcher;
  bool is_readable = false;
  watcher = std::make_unique<FdWatcher>(loop, ends[0], [&](FdWatcher::Events events) {
    is_readable = events.readable;
    watcher.reset();
  });
  watcher->watch({.readable = true});
  close(ends[1]);
  EXPECT_TRUE(run_until(loop, [&] { return watcher == nullptr; }));
  EXPECT_TRUE(is_readable);
  close(ends[0]);
}

TEST(SignalWatcher, CallsBackOnTheLoop) {
  Loop loop;
  int signals = 0;
  SignalWatcher watcher(loop, SIGUSR1, [&] { ++signals; });
  raise(SIGUSR1);
  EXPECT_TRUE(run_until(loop, [&] { return signals == 1; }));
}

TEST(Resolver, ResolvesAnAddressLaterAndNotWithinTheCall) {
  Loop loop;
  Resolver resolver(loop);
  std::string address;
  resolver.resolve("127.0.0.1", [&](const auto& found) {
    address = found ? found->front() : found.error().message;
    EXPECT_EQ(found->size(), 1U);
  });
  EXPECT_EQ(address, "");
  EXPECT_TRUE(run_until(loop, [&] { return !address.empty(); }));
  EXPECT_EQ(address, "127.0.0.1");
}

TEST(Resolver, GivesEachAddressOnceAndIpv4First) {
  Loop loop;
  Resolver resolver(loop);
  std::vector<std::string> addresses;
  resolver.resolve("localhost", [&](const auto& found) {
    if (found) addresses = *found;
  });
  EXPECT_TRUE(run_until(loop, [&] { return !addresses.empty(); }));
  EXPECT_EQ(addresses[0], "127.0.0.1");
  const std::set<std::string> different(addresses.begin(), addresses.end());
  EXPECT_EQ(different.size(), addresses.size());
}

TEST(Resolver, SaysWhatCannotBeResolved) {
  Loop loop;
  Resolver resolver(loop);
  std::string answer;
  resolver.resolve("no such host",
                   [&](const auto& found) { answer = found ? "found" : found.error().message; });
  EXPECT_TRUE(run_until(loop, [&] { return !answer.empty(); }));
  EXPECT_TRUE(answer.starts_with("cannot resolve no such host: ")) << answer;
}

TEST(Resolver, ForgetsItsCallbackWhenDestroyedOrAskedAgain) {
  Loop loop;
  int firsts = 0;
  bool is_answered = false;
  {
    Resolver dropped(loop);
    dropped.resolve("127.0.0.1", [&](const auto&) { ++firsts; });
  }
  Resolver resolver(loop);
  resolver.resolve("127.0.0.1", [&](const auto&) { ++firsts; });
  resolver.resolve("127.0.0.2", [&](const auto&) { is_answered = true; });
  EXPECT_TRUE(run_until(loop, [&] { return is_answered; }));
  EXPECT_EQ(firsts, 0);
}

}  // namespace
}  // namespace chirm
