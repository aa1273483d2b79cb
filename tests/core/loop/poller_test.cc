// SPDX-License-Identifier: MIT
#include "core/loop/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::run_until;

// One end of a socket pair in the poller; the other is the test's.
class End final : public PollTarget {
 public:
  explicit End(Poller& poller) : poller_(poller) {
    std::array<int, 2> fds{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()), 0);
    fd_ = fds[0];
    peer_ = fds[1];
  }
  ~End() {
    close(fd_);
    close_peer();
    poller_.forget(*this);
  }

  void add(FdWatcher::Events events) { EXPECT_TRUE(poller_.add(fd_, *this, events)); }
  void change(FdWatcher::Events events) { poller_.change(fd_, *this, events); }
  void make_readable() { EXPECT_EQ(::write(peer_, "x", 1), 1); }
  void close_peer() {
    if (peer_ >= 0) close(peer_);
    peer_ = -1;
  }

  void on_ready(bool readable, bool writable) override {
    ++calls;
    was_readable = readable;
    was_writable = writable;
    char byte = 0;
    if (readable) (void)!read(fd_, &byte, 1);  // so that it is not reported again
    if (on_call) on_call();
  }

  int calls = 0;
  bool was_readable = false;
  bool was_writable = false;
  std::function<void()> on_call;

 private:
  Poller& poller_;
  int fd_ = -1;
  int peer_ = -1;
};

class PollerTest : public ::testing::Test {
 protected:
  // Turns enough that something which is ready would have been reported.
  void run_some_turns() {
    int turns = 0;
    EXPECT_TRUE(run_until(loop, [&] { return ++turns > 3; }));
  }

  Loop loop;
  Poller poller{loop};
};

TEST_F(PollerTest, TellsReadableAndWritableApart) {
  End reader(poller);
  End writer(poller);
  reader.add({.readable = true});
  writer.add({.writable = true});
  reader.make_readable();
  EXPECT_TRUE(run_until(loop, [&] { return reader.calls > 0 && writer.calls > 0; }));
  EXPECT_TRUE(reader.was_readable);
  EXPECT_FALSE(reader.was_writable);
  EXPECT_TRUE(writer.was_writable);
  EXPECT_FALSE(writer.was_readable);
}

TEST_F(PollerTest, TellsNothingThatIsNotWanted) {
  End end(poller);
  end.add({.readable = true});
  end.change({});
  end.make_readable();
  run_some_turns();
  EXPECT_EQ(end.calls, 0);
  end.change({.readable = true});
  EXPECT_TRUE(run_until(loop, [&] { return end.calls == 1; }));
}

TEST_F(PollerTest, ReportsAHangUpAlsoWhenNothingIsWanted) {
  End end(poller);
  end.add({});
  end.close_peer();
  EXPECT_TRUE(run_until(loop, [&] { return end.calls > 0; }));
  EXPECT_TRUE(end.was_readable);
  EXPECT_TRUE(end.was_writable);
}

TEST_F(PollerTest, DoesNotCallATargetThatAnotherOneDestroyedInTheSameBatch) {
  std::vector<std::unique_ptr<End>> ends;
  int calls = 0;
  for (int i = 0; i < 20; ++i) ends.push_back(std::make_unique<End>(poller));
  for (auto& end : ends) {
    end->add({.readable = true});
    end->make_readable();
    // Whoever is first destroys all others, whose events have been fetched already.
    end->on_call = [&, self = end.get()] {
      ++calls;
      std::erase_if(ends, [&](const auto& one) { return one.get() != self; });
    };
  }
  EXPECT_TRUE(run_until(loop, [&] { return calls > 0; }));
  run_some_turns();
  EXPECT_EQ(calls, 1);
}

TEST_F(PollerTest, LetsATargetDestroyItself) {
  auto end = std::make_unique<End>(poller);
  auto other = std::make_unique<End>(poller);
  for (End* one : {end.get(), other.get()}) {
    one->add({.readable = true});
    one->make_readable();
  }
  // The function must not die with the target while it runs.
  const auto destroy = std::make_shared<std::function<void()>>([&] { end.reset(); });
  end->on_call = [destroy] { (*destroy)(); };
  EXPECT_TRUE(run_until(loop, [&] { return end == nullptr && other->calls == 1; }));
}

TEST_F(PollerTest, GivesANewTargetOfTheSameDescriptorNoOldEvents) {
  auto first = std::make_unique<End>(poller);
  auto second = std::make_unique<End>(poller);
  std::unique_ptr<End> fresh;
  for (End* one : {first.get(), second.get()}) {
    one->add({.readable = true});
    one->make_readable();
    one->on_call = [&, one] {
      auto& other = one == first.get() ? second : first;
      other.reset();
      fresh = std::make_unique<End>(poller);  // takes the descriptors that were just closed
      fresh->add({.readable = true});
    };
  }
  EXPECT_TRUE(run_until(loop, [&] { return fresh != nullptr; }));
  run_some_turns();
  EXPECT_EQ(fresh->calls, 0);
  fresh->make_readable();
  EXPECT_TRUE(run_until(loop, [&] { return fresh->calls == 1; }));
}

TEST_F(PollerTest, ServesMoreTargetsThanOneBatchHolds) {
  std::vector<std::unique_ptr<End>> ends;
  for (int i = 0; i < 400; ++i) {
    ends.push_back(std::make_unique<End>(poller));
    ends.back()->add({.readable = true});
    ends.back()->make_readable();
  }
  const auto are_all_served = [&] {
    return std::all_of(ends.begin(), ends.end(), [](const auto& end) { return end->calls == 1; });
  };
  EXPECT_TRUE(run_until(loop, are_all_served));
}

// The model knows who has something to read and whether that is watched: exactly those are told.
TEST_F(PollerTest, TellsWhomAModelSaysWhateverComesGoesAndIsWatched) {
  constexpr unsigned kSeed = 13;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  struct Watched {
    std::unique_ptr<End> end;
    bool is_watched = true;
    bool has_input = false;
  };
  std::vector<Watched> all(40);
  const auto hook = loop.add_turn_end_hook([&] {
    poller.check();
    return Loop::TurnEnd::kDone;
  });
  const auto is_told_right = [](const Watched& one) {
    return one.end->calls == (one.is_watched && one.has_input ? 1 : 0);
  };
  for (int round = 0; round < 60; ++round) {
    for (Watched& one : all) {
      const auto action = random() % 5;
      if (!one.end || action == 0) {
        one = {std::make_unique<End>(poller), true, false};
        one.end->add({.readable = true});
      }
      if (action == 1) one.end->change({.readable = one.is_watched = !one.is_watched});
      if (action == 2 && !one.has_input) {
        one.end->make_readable();
        one.has_input = true;
      }
    }
    ASSERT_TRUE(run_until(loop, [&] { return std::ranges::all_of(all, is_told_right); }))
        << "round " << round << ": "
        << std::ranges::count_if(all, [&](const auto& one) { return !is_told_right(one); })
        << " of " << all.size() << " were told too often, or not at all";
    run_some_turns();  // in which nobody must be told again
    ASSERT_TRUE(std::ranges::all_of(all, is_told_right)) << "round " << round;
    for (Watched& one : all) {
      if (one.end->calls > 0) one.has_input = false;
      one.end->calls = 0;
    }
  }
}

TEST_F(PollerTest, RefusesADescriptorThatCannotBeWatched) {
  End end(poller);
  end.add({.readable = true});
  EXPECT_FALSE(poller.add(-1, end, {.readable = true}));
}

}  // namespace
}  // namespace chirm
