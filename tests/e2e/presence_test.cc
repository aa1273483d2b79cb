// SPDX-License-Identifier: MIT
// Who is there, over nodes that die and a Redis that goes away.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/broker/redis/redis_node_settings.h"
#include "core/broker/redis/redis_peers.h"
#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* kRoom = "room:a";

class PresenceOfNodes : public ClusterTest {
 protected:
  // Somebody at each node, who wants to hear of the others.
  void start_watched() {
    start();
    ASSERT_TRUE(cluster_->wait_until_ready());
    for (std::size_t node = 0; node < 3; ++node) {
      add(cluster_->node_url(node), {});
      people_.back()->join(kRoom, {.join_leave = true});
      // One after the other, so that each hears of those behind it.
      ASSERT_TRUE(run([&] { return has_moved(people_[0], "+" + people_.back()->name()); }));
    }
  }
  static bool has_moved(const std::unique_ptr<Participant>& who, const std::string& move) {
    const auto& moves = who->room(kRoom).moves;
    return std::find(moves.begin(), moves.end(), move) != moves.end();
  }
  std::vector<std::string> present(std::size_t asker) {
    return ClusterTest::present(*people_[asker], kRoom);
  }
  client::PresenceStats stats(std::size_t asker) {
    // Shared with the answer, which may come when nobody waits for it any more.
    const auto answer = std::make_shared<std::optional<client::PresenceStats>>();
    people_[asker]->client().presence_stats(
        kRoom, [answer](const auto& told) { *answer = told ? *told : client::PresenceStats(); });
    EXPECT_TRUE(run([&] { return answer->has_value(); })) << "nobody answers how many there are";
    return answer->value_or(client::PresenceStats());
  }
};

TEST_F(PresenceOfNodes, JoinsAndLeavesAreSeenOnAllNodes) {
  ASSERT_NO_FATAL_FAILURE(start_watched());
  auto visitor = std::make_unique<Participant>(context_, options(cluster_->node_url(1)), ledger_);
  visitor->join(kRoom);
  for (const auto& one : people_) EXPECT_TRUE(run([&] { return has_moved(one, "+p3"); }));
  visitor->client().disconnect();
  for (const auto& one : people_) EXPECT_TRUE(run([&] { return has_moved(one, "-p3"); }));
  EXPECT_THAT(people_[0]->room(kRoom).moves, ElementsAre("+p0", "+p1", "+p2", "+p3", "-p3"));
}

// What docs/protocol.md promises, of nodes that nothing slows down. That it is as many beats is
// tested in redis_peers_test.
static_assert(RedisPeers::kSilentBeats * RedisNodeSettings{}.beat_period_ms < 5000);

TEST_F(PresenceOfNodes, GhostsOfAKilledNodeGoByThemselves) {
  ASSERT_NO_FATAL_FAILURE(start_watched());
  cluster_->kill_node(0);
  for (const std::size_t other : {1, 2}) {
    EXPECT_TRUE(run([&] { return has_moved(people_[other], "-p0"); }));
    EXPECT_THAT(present(other), UnorderedElementsAre("p1", "p2"));
  }
  cluster_->start_node(0);
  for (const std::size_t other : {1, 2}) {
    const auto is_back = [&] { return people_[other]->room(kRoom).moves.back() == "+p0"; };
    EXPECT_TRUE(run(is_back));
    EXPECT_THAT(present(other), UnorderedElementsAre("p0", "p1", "p2"));
  }
}

TEST_F(PresenceOfNodes, IsRightAgainWhenRedisIsBack) {
  ASSERT_NO_FATAL_FAILURE(start_watched());
  cluster_->redis().kill();
  people_[2]->client().disconnect();
  ASSERT_TRUE(run([&] { return sessions(2) == 0; }));
  EXPECT_THAT(present(0), IsSupersetOf({"p0", "p1"})) << "as it was last known";
  cluster_->redis().start();
  for (const std::size_t other : {0, 1}) {
    EXPECT_TRUE(run([&] { return has_moved(people_[other], "-p2"); }));
    EXPECT_THAT(present(other), UnorderedElementsAre("p0", "p1"));
    EXPECT_FALSE(has_moved(people_[other], "-p0")) << "nobody dies of it";
  }
}

TEST_F(PresenceOfNodes, OfMoreThan200IsCounted) {
  ASSERT_NO_FATAL_FAILURE(start_watched());
  while (people_.size() < 200) add(cluster_->node_url(people_.size() % 3), {kRoom});
  ASSERT_TRUE(wait_until_settled());
  EXPECT_TRUE(run([&] { return people_[0]->room(kRoom).moves.size() == 200; }));
  EXPECT_TRUE(ask_until([&] { return present(1).size() == 200; }));
  add(cluster_->node_url(1), {kRoom});
  ASSERT_TRUE(wait_until_settled());
  EXPECT_TRUE(ask_until([&] { return stats(0).clients == 201; }));
  EXPECT_EQ(stats(0).users, 201U);
  EXPECT_THAT(present(0), SizeIs(200));
  EXPECT_FALSE(has_moved(people_[0], "+p200"));
  EXPECT_FALSE(has_moved(people_[1], "+p200"));
}

}  // namespace
}  // namespace chirm::testing
