// SPDX-License-Identifier: MIT
// Three nodes, Redis and nginx, and nothing goes wrong.
#include <gmock/gmock.h>

#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

using ::testing::UnorderedElementsAre;

using Delivery = ClusterTest;

TEST_F(Delivery, EveryMessageReachesEverybodyOnceAndInOrder) {
  start();
  ASSERT_NO_FATAL_FAILURE(add_crowd(15));
  for (std::size_t node = 0; node < 3; ++node) EXPECT_GE(sessions(node), 8) << "node " << node;
  start_talking(10);
  talk_on(1500);
  // Who comes later hears everything from then on.
  add(cluster_->url(), {"room:a", "room:b", "room:c"});
  ASSERT_TRUE(wait_until_settled());
  talk_on(500);
  stop_and_compare();
  EXPECT_EQ(count_disconnects(), 0);
  // Clients and nodes mend what is missing; here nothing may need it.
  for (const auto& one : people_) {
    for (const std::string& room : ledger_.channels()) {
      EXPECT_EQ(one->room(room).recovered, 0) << one->name() << " subscribed again to " << room;
    }
  }
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(metric(node, "chirm_holes_found_total"), 0);
  }
}

TEST_F(Delivery, WhatWasMissedWhileAwayComesFromTheStore) {
  start({.nodes = 2});
  Participant& talker = add(cluster_->node_url(0), {"room:a"});
  Participant& traveller = add(cluster_->node_url(1), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  talker.say("room:a");
  ASSERT_TRUE(run([&] { return traveller.room("room:a").seen.size() == 1; }));

  traveller.client().disconnect();
  cluster_->kill_node(1);  // with the tail that it has in memory
  constexpr std::size_t kMissed = 3000;
  for (std::size_t i = 0; i < kMissed; ++i) {
    ASSERT_TRUE(run([&] { return talker.client().outbox_size() < 500; }));
    talker.say("room:a");
  }
  cluster_->start_node(1);
  traveller.client().connect();
  stop_and_compare();
  EXPECT_EQ(traveller.room("room:a").recovered, 1);
  EXPECT_EQ(traveller.room("room:a").seen.size(), kMissed + 2);
}

TEST_F(Delivery, PresenceIsThatOfAllNodes) {
  start();
  for (std::size_t node = 0; node < 3; ++node) add(cluster_->node_url(node), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  EXPECT_THAT(present(*people_[0], "room:a"), UnorderedElementsAre("p0", "p1", "p2"));
}

}  // namespace
}  // namespace chirm::testing
