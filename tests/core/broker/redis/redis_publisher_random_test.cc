// SPDX-License-Identifier: MIT
// Publishing in several channels while connections are cut and scripts are lost, beside a model:
// for each channel, what was asked in which order. RedisBroker checks its lanes, its queue and its
// links at the end of each turn meanwhile.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::RedisServer;

struct Asked {
  std::string body;
  bool has_id = false;
  bool is_told = false;
  Position position = {};  // offset 0: it failed
};

class RedisPublisherRandom : public testing::RedisTest, public ::testing::WithParamInterface<int> {
 protected:
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return random_.between(low, high);
  }

  void publish(BrokerNode& node) {
    const std::string channel = "room:" + std::to_string(between(0, 4));
    std::vector<Asked>& asked = asked_[channel];
    const std::size_t place = asked.size();
    const bool has_id = between(0, 3) != 0;
    const std::string number = std::to_string(place);
    asked.push_back({number, has_id});
    ++waiting_;
    node.broker->publish({channel, number, "ada", has_id ? number : ""},
                         [this, channel, place](const Expected<Position, ErrorCode>& position) {
                           Asked& one = asked_[channel][place];
                           EXPECT_FALSE(std::exchange(one.is_told, true)) << "told twice";
                           EXPECT_TRUE(position.has_value() || !one.has_id);
                           if (position) one.position = *position;
                           --waiting_;
                         });
  }
  // What is in the log is a part of what was asked, in that order and nothing twice, and holds all
  // that was acked.
  void expect_log(BrokerNode& node, const std::string& channel) {
    const auto history = node.history({channel, 0, 100'000, false});
    ASSERT_TRUE(history && *history);
    std::map<std::string, std::uint64_t> stored;
    int last = -1;
    for (const Publication& one : (*history)->publications) {
      EXPECT_GT(std::stoi(one.body), last) << channel << ": out of order, or twice";
      last = std::stoi(one.body);
      stored[one.body] = one.offset;
    }
    for (const Asked& one : asked_[channel]) {
      EXPECT_TRUE(one.is_told);
      if (one.position.offset == 0) continue;
      EXPECT_EQ(one.position.epoch, (*history)->top.epoch);
      EXPECT_EQ(stored[one.body], one.position.offset) << channel << ' ' << one.body;
    }
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  RedisServer server_;
  std::map<std::string, std::vector<Asked>> asked_;
  int waiting_ = 0;
};

TEST_P(RedisPublisherRandom, KeepsTheOrderOfEachChannelWhateverIsRefusedOrLost) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  settings_.hold_ms = 60'000;  // a busy machine is no reason to fail
  const auto node = make_node(server_.unix_url());
  ASSERT_TRUE(node->run_until_ready());
  for (int step = 0; step < 120; ++step) {
    for (auto count = between(0, 60); count > 0; --count) publish(*node);
    const std::uint64_t dice = between(0, 99);
    if (dice < 10) server_.command({"CLIENT", "KILL", "TYPE", "normal"});
    if (dice >= 10 && dice < 20) server_.command({"SCRIPT", "FLUSH"});
    if (dice >= 20 && dice < 25) server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    int turns = static_cast<int>(between(0, 3));
    ASSERT_TRUE(node->run_until([&] { return turns-- <= 0; }));
  }
  ASSERT_TRUE(node->run_until([&] { return waiting_ == 0; }, 60'000)) << waiting_ << " wait";
  EXPECT_GT(node->broker->counters().link_losses, 0U);
  for (const auto& [channel, all] : asked_) expect_log(*node, channel);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RedisPublisherRandom, ::testing::Range(1, 5));

}  // namespace
}  // namespace chirm
