// SPDX-License-Identifier: MIT
// What only the broker in memory does: it bounds what all channels take together.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/broker/memory/memory_broker.h"
#include "core/loop/loop.h"
#include "tests/core/broker/broker_node.h"

namespace chirm {
namespace {

class MemoryBound : public ::testing::Test {
 protected:
  MemoryBound() {
    BrokerSettings settings;
    settings.memory_bytes_max = 100'000;
    node_ = std::make_unique<testing::BrokerNode>(loop_,
                                                  std::make_unique<MemoryBroker>(loop_, settings));
  }
  void publish(const std::string& channel, std::size_t bytes) {
    const auto position = node_->publish(channel, std::string(bytes, 'x'));
    ASSERT_TRUE(position && *position);
  }
  History history(const std::string& channel) {
    const auto history = node_->history({channel, 0, 1'000'000, false});
    EXPECT_TRUE(history && *history);
    return history && *history ? **history : History{};
  }
  std::size_t kept(const std::string& channel) { return history(channel).publications.size(); }

  Loop loop_;
  std::unique_ptr<testing::BrokerNode> node_;
};

TEST_F(MemoryBound, DropsTheOldestPublicationsOfASingleChannel) {
  for (int i = 0; i < 300; ++i) publish("room:a", 1000);
  const History history = this->history("room:a");
  EXPECT_EQ(history.top.offset, 300U);
  EXPECT_GE(history.publications.size(), 80U);
  EXPECT_LE(history.publications.size(), 100U);
  EXPECT_EQ(history.publications.back().offset, 300U);
  EXPECT_EQ(history.publications.front().offset, 301U - history.publications.size());
}

TEST_F(MemoryBound, CountsSmallPublicationsAsWhatTheyTake) {
  for (int i = 0; i < 2300; ++i) publish("room:a", 1);
  EXPECT_LE(kept("room:a"), 100'000U / 48U);
}

TEST_F(MemoryBound, DropsThoseOfTheChannelThatWasSilentLongestFirst) {
  for (int i = 0; i < 40; ++i) publish("room:silent", 1000);
  for (int i = 0; i < 40; ++i) publish("room:a", 1000);
  publish("room:silent", 1000);  // not any more
  const std::string epoch = history("room:a").top.epoch;
  for (int i = 0; i < 30; ++i) publish("room:b", 1000);
  EXPECT_EQ(kept("room:silent"), 41U);
  EXPECT_EQ(kept("room:b"), 30U);
  EXPECT_LT(kept("room:a"), 30U);
  for (int i = 0; i < 40; ++i) publish("room:b", 1000);
  EXPECT_EQ(kept("room:a"), 0U);
  // Its numbering goes on.
  EXPECT_EQ(history("room:a").top.offset, 40U);
  EXPECT_EQ(history("room:a").top.epoch, epoch);
  publish("room:a", 1000);
  EXPECT_EQ(history("room:a").publications.front().offset, 41U);
}

TEST_F(MemoryBound, KeepsNothingThatIsTooLargeAlone) {
  publish("room:a", 200'000);
  EXPECT_EQ(kept("room:a"), 0U);
  EXPECT_EQ(history("room:a").top.offset, 1U);
  publish("room:a", 1000);
  EXPECT_EQ(kept("room:a"), 1U);
}

}  // namespace
}  // namespace chirm
