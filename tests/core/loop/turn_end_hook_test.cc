// SPDX-License-Identifier: MIT
// Hooks at the end of a turn, which come and go, also from within one another.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {
namespace {

class TurnEndHookTest : public ::testing::Test {
 protected:
  TurnEndHookTest() { keeps_open_.start(600'000); }

  // A hook that notes its letter, then does `more`, if anything.
  Loop::TurnEndHook add(char letter, std::function<void()> more = {}) {
    return loop.add_turn_end_hook([this, letter, more = std::move(more)] {
      calls_ += letter;
      if (more) more();
      return Loop::TurnEnd::kDone;
    });
  }
  // The letters that are noted in one turn.
  std::string run_turn() {
    calls_.clear();
    loop.run();
    return calls_;
  }

  Loop loop;

 private:
  std::string calls_;
  Timer keeps_open_{loop, [] {}};
  Loop::TurnEndHook stops_ = loop.add_turn_end_hook([this] {
    loop.stop();
    return Loop::TurnEnd::kDone;
  });
};

TEST_F(TurnEndHookTest, AreCalledInTheOrderInWhichTheyWereAdded) {
  const auto a = add('a');
  const auto b = add('b');
  const auto c = add('c');
  EXPECT_EQ(run_turn(), "abc");
  EXPECT_EQ(run_turn(), "abc");
}

TEST_F(TurnEndHookTest, GoWithTheirHandleAndTheOthersKeepTheirOrder) {
  const auto a = add('a');
  auto b = add('b');
  const auto c = add('c');
  const auto moved = std::move(b);
  EXPECT_EQ(run_turn(), "abc");
  {
    const auto d = add('d');
    EXPECT_EQ(run_turn(), "abcd");
  }
  EXPECT_EQ(run_turn(), "abc");
  b = add('e');
  EXPECT_EQ(run_turn(), "abce");
  b = add('f');  // instead of the one before
  EXPECT_EQ(run_turn(), "abcf");
  b.reset();
  EXPECT_EQ(run_turn(), "abc");
}

TEST_F(TurnEndHookTest, MayRemoveThemselvesAndLiveUntilTheyHaveReturned) {
  const auto captured = std::make_shared<int>(7);
  Loop::TurnEndHook self;
  int seen = 0;
  const auto before = add('a');
  self = add('b', [&self, &seen, captured] {
    self.reset();
    seen = *captured;
  });
  const auto behind = add('c');
  EXPECT_EQ(run_turn(), "abc");
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_EQ(run_turn(), "ac");
}

TEST_F(TurnEndHookTest, MayRemoveOthersBeforeAndBehindThem) {
  Loop::TurnEndHook before = add('a');
  Loop::TurnEndHook behind;
  const auto remover = add('b', [&] {
    before.reset();
    behind.reset();
  });
  behind = add('c');
  const auto last = add('d');
  EXPECT_EQ(run_turn(), "abd");
  EXPECT_EQ(run_turn(), "bd");
}

TEST_F(TurnEndHookTest, AreCalledInTheSameTurnWhenAddedByAnother) {
  std::vector<Loop::TurnEndHook> added;
  const auto adder = add('a', [&] {
    for (int i = 0; added.size() < 100; ++i) added.push_back(add('x'));
  });
  const auto last = add('b');
  EXPECT_EQ(run_turn(), "ab" + std::string(100, 'x'));
  EXPECT_EQ(run_turn(), "ab" + std::string(100, 'x'));
}

TEST_F(TurnEndHookTest, AreNotCalledWhenAddedAndRemovedInOneCall) {
  const auto adder = add('a', [&] { const auto gone = add('x'); });
  EXPECT_EQ(run_turn(), "a");
  EXPECT_EQ(run_turn(), "a");
}

TEST_F(TurnEndHookTest, MayOwnOneAnother) {
  Loop::TurnEndHook owner;
  auto owned = std::make_shared<Loop::TurnEndHook>(add('a'));
  owner = add('b', [&owner, owned] { owner.reset(); });
  const std::weak_ptr<Loop::TurnEndHook> is_there = owned;
  owned.reset();
  EXPECT_EQ(run_turn(), "ab");
  EXPECT_TRUE(is_there.expired());
  EXPECT_EQ(run_turn(), "");
}

TEST_F(TurnEndHookTest, KeepTheLoopFromSleepingAlsoWhenTheyRemoveThemselves) {
  Loop other;
  int turns = 0;
  Timer far(other, [] {});
  far.start(600'000);  // sleeping would take this long
  Loop::TurnEndHook once;
  const auto counts = other.add_turn_end_hook([&] {
    if (++turns == 2) other.stop();
    return Loop::TurnEnd::kDone;
  });
  once = other.add_turn_end_hook([&] {
    once.reset();
    return Loop::TurnEnd::kMore;
  });
  other.run();
  EXPECT_EQ(turns, 2);
}

// Each hook adds and removes some, itself too. Whoever is there at the end of a turn was called
// once in it; whoever was removed was not called any more; and all in the order of adding.
TEST_F(TurnEndHookTest, AreCalledAsAModelSaysWhateverComesAndGoes) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::map<int, Loop::TurnEndHook> hooks;  // by number, which ascends
    std::vector<int> called;
    int added = 0;
    std::function<void()> add_one;
    const auto change = [&] {
      if (random() % 4 == 0 && hooks.size() < 30) add_one();
      if (random() % 5 == 0 && !hooks.empty()) {
        hooks.erase(std::next(hooks.begin(), static_cast<int>(random() % hooks.size())));
      }
    };
    add_one = [&] {
      const int number = ++added;
      hooks[number] = loop.add_turn_end_hook([&, number] {
        EXPECT_TRUE(hooks.contains(number)) << number;
        called.push_back(number);
        change();
        return Loop::TurnEnd::kDone;
      });
    };
    for (int turn = 0; turn < 100; ++turn) {
      while (hooks.size() < 5) add_one();
      change();
      called.clear();
      (void)run_turn();
      ASSERT_TRUE(std::ranges::is_sorted(called, std::ranges::less_equal())) << "turn " << turn;
      for (const auto& [number, hook] : hooks) {
        ASSERT_TRUE(std::ranges::binary_search(called, number)) << number << " in turn " << turn;
      }
    }
    EXPECT_GT(added, 100);
  }
}

TEST(TurnEndHookDeathTest, MustGoBeforeTheirLoop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<Loop>();
        const auto hook = loop->add_turn_end_hook([] { return Loop::TurnEnd::kDone; });
        loop.reset();
      },
      "impl_->hooks.empty");
}

}  // namespace
}  // namespace chirm
