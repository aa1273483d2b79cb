// SPDX-License-Identifier: MIT
// Whatever happens to Redis and to nodes: no two publications are ever seen under one offset of an
// epoch, by nobody, and all nodes end up with the same.

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "tests/core/broker/redis/redis_life_fixture.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::kRoom;

class RedisLifeRandom : public testing::RedisLifeTest, public ::testing::WithParamInterface<int> {
 protected:
  RedisLifeRandom() : random_(static_cast<unsigned>(GetParam())) {
    node_settings_.return_ms = 200;
    for (int i = 0; i < 3; ++i) nodes_.push_back(make_follower(server_.unix_url()));
    writer_ = make_node(server_.unix_url());
  }
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  BrokerNode& any_node() { return *nodes_[random_() % nodes_.size()]; }

  void see(const std::string& epoch, std::uint64_t offset, const std::string& text) {
    const auto [seen, is_new] = seen_.try_emplace({epoch, offset}, text);
    ASSERT_EQ(seen->second, text) << epoch << ' ' << offset;
  }
  void see_everything() {
    for (const auto& node : nodes_) {
      for (const auto& one : std::exchange(node->received, {}))
        see(one.epoch, one.offset, one.body);
      const auto history = node->history({kRoom, 0, 100'000, false});
      ASSERT_TRUE(history && *history);
      for (const Publication& one : (*history)->publications) {
        // Under the epoch that it was read with; what was there before keeps its offset.
        see((*history)->top.epoch, one.offset, one.body);
      }
    }
  }
  // As hubs do when they are told that something may be missing.
  void catch_up() {
    for (const auto& node : nodes_) {
      ASSERT_TRUE(node->run_until_ready());
      node->catch_up(kRoom);
    }
    const Position top = nodes_[0]->logs[kRoom].top;
    for (const auto& node : nodes_) {
      ASSERT_EQ(node->logs[kRoom].top.epoch, top.epoch);
      ASSERT_EQ(node->logs[kRoom].top.offset, top.offset);
    }
  }
  void talk() {
    for (auto left = random_() % 15; left > 0; --left) {
      const std::string id = std::to_string(++said_);
      const Position position = publish(chance(30) ? *writer_ : any_node(), id);
      see(position.epoch, position.offset, body(id));
    }
    for (const auto& node : nodes_) ASSERT_TRUE(run_until_received(*node, top(*node).offset));
  }
  void disturb() {
    // One has missed the end, or has not kept the begin.
    auto& log = any_node().logs[kRoom];
    const auto missed = std::min<std::size_t>(random_() % 5, log.tail.size());
    log.tail.resize(log.tail.size() - missed);
    log.top.offset -= missed;
    auto& tail = any_node().logs[kRoom].tail;
    tail.erase(tail.begin(),
               tail.begin() + static_cast<std::ptrdiff_t>(random_() % (tail.size() + 1)));
    std::vector<std::uint64_t> lives;
    for (const auto& node : nodes_) lives.push_back(node->broker->counters().store_lives);
    server_.kill();
    // Nodes that die with it cannot give up their leases.
    std::size_t killed = chance(30) ? 1 : 0;
    if (killed != 0) nodes_.erase(nodes_.begin());
    if (chance(50)) server_.lose_data();
    server_.start();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      ASSERT_TRUE(nodes_[i]->run_until(
          [&] { return nodes_[i]->broker->counters().store_lives > lives[i + killed]; }));
    }
    for (; killed > 0; --killed) nodes_.push_back(make_follower(server_.unix_url()));
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<BrokerNode>> nodes_;
  std::unique_ptr<BrokerNode> writer_;  // does not follow the room
  std::map<std::pair<std::string, std::uint64_t>, std::string> seen_;
  int said_ = 0;
};

TEST_P(RedisLifeRandom, NeverGivesAnOffsetTwice) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int round = 0; round < 12; ++round) {
    talk();
    if (chance(40)) server_.command({"SAVE"});
    talk();
    see_everything();
    disturb();
    catch_up();
    see_everything();
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RedisLifeRandom, ::testing::Range(1, 5));

}  // namespace
}  // namespace chirm
