// SPDX-License-Identifier: MIT
#include "core/chat/write_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "protocol/ws_encoder.h"
#include "tests/core/chat/fake_subscriber.h"

namespace chirm {
namespace {

using testing::FakeSubscriber;

template <class T, class Tag>
std::vector<const T*> listed(const IntrusiveList<T, Tag>& list) {
  std::vector<const T*> all;
  list.for_each([&](const T& one) { all.push_back(&one); });
  return all;
}

class WriteQueueTest : public ::testing::Test {
 protected:
  ChatCounters counters;
  WsEncoder encoder{WsRole::kServer};
  WriteQueue queue{counters};
  Channel channel{"room:a", encoder};
};

TEST_F(WriteQueueTest, HasAChannelWithMembersOnceUntilItIsFlushed) {
  queue.add(channel);
  EXPECT_TRUE(queue.is_empty());  // nobody is there
  FakeSubscriber ada;
  ada.join(channel, 0);
  queue.add(channel);
  queue.add(channel);
  EXPECT_EQ(listed(queue.channels()), (std::vector<const Channel*>{&channel}));
  EXPECT_EQ(channel.round.left, 1U);
  queue.check();
}

TEST_F(WriteQueueTest, DoesNotPutWhoIsDirtyBehind) {
  FakeSubscriber ada;
  queue.add_dirty(ada);
  queue.add_behind(ada);
  EXPECT_TRUE(queue.behind().empty());
  EXPECT_FALSE(queue.dirty().empty());
}

TEST_F(WriteQueueTest, PutsWhoIsBehindAndGetsAReplyAmongTheDirtyOnes) {
  FakeSubscriber ada;
  queue.add_behind(ada);
  queue.add_dirty(ada);
  EXPECT_TRUE(queue.behind().empty());
  EXPECT_FALSE(queue.dirty().empty());
}

TEST_F(WriteQueueTest, KnowsSinceWhenASocketIsFull) {
  FakeSubscriber ada;
  queue.block(ada, 42);
  EXPECT_FALSE(ada.may_write());
  EXPECT_EQ(ada.blocked_ms(), 42U);
  EXPECT_EQ(counters.blocked_sessions, 1U);
  queue.unblock(ada);
  queue.unblock(ada);
  EXPECT_TRUE(ada.may_write());
  EXPECT_EQ(counters.blocked_sessions, 0U);
  EXPECT_TRUE(queue.blocked().empty());
}

// Everything that happens to a queue, at random, beside plain vectors.
TEST_F(WriteQueueTest, HoldsWhoAModelOfItHoldsInTheSameOrder) {
  using Order = std::vector<const Subscriber*>;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<std::unique_ptr<FakeSubscriber>> all;
    Order dirty, behind, blocked;
    const auto remove = [](Order& order, const Subscriber* one) { std::erase(order, one); };
    const auto holds = [](const Order& order, const Subscriber* one) {
      return std::ranges::count(order, one) > 0;
    };
    for (int step = 0; step < 2'000; ++step) {
      if (all.size() < 5 || random() % 20 == 0) all.push_back(std::make_unique<FakeSubscriber>());
      const std::size_t at = random() % all.size();
      FakeSubscriber& one = *all[at];
      switch (random() % 8) {
        case 0:
        case 1:
          queue.add_dirty(one);
          remove(dirty, &one);
          remove(behind, &one);
          dirty.push_back(&one);
          break;
        case 2:
          queue.add_behind(one);
          if (!holds(dirty, &one) && !holds(behind, &one)) behind.push_back(&one);
          break;
        case 3:
          if (one.is_blocked()) break;
          queue.block(one, static_cast<std::uint64_t>(step));
          blocked.push_back(&one);
          break;
        case 4:
          queue.unblock(one);
          remove(blocked, &one);
          break;
        case 5:
          if (random() % 3 != 0) break;
          queue.unblock(one);
          for (Order* order : {&dirty, &behind, &blocked}) remove(*order, &one);
          all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        default: {
          // A pass that comes to some of them, while another one becomes dirty.
          const std::size_t reached = std::min<std::size_t>(random() % 4, dirty.size());
          Order fresh;
          {
            ListPass pass(queue.dirty());
            for (std::size_t i = 0; i < reached; ++i) EXPECT_EQ(pass.next(), dirty[i]);
            if (!holds(dirty, &one)) {
              queue.add_dirty(one);
              remove(behind, &one);
              fresh.push_back(&one);
            }
          }
          dirty.erase(dirty.begin(), dirty.begin() + static_cast<std::ptrdiff_t>(reached));
          dirty.insert(dirty.end(), fresh.begin(), fresh.end());
        }
      }
      ASSERT_EQ(listed(queue.dirty()), dirty) << step;
      ASSERT_EQ(listed(queue.behind()), behind) << step;
      ASSERT_EQ(listed(queue.blocked()), blocked) << step;
      ASSERT_EQ(counters.blocked_sessions, blocked.size());
      queue.check();
    }
    for (auto& one : all) queue.unblock(*one);
  }
}

}  // namespace
}  // namespace chirm
