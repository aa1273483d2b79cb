// SPDX-License-Identifier: MIT
// One chirmd alone, with the embedded store: no Redis, no nginx.
#include <string>

#include "tests/e2e/cluster_test.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {
namespace {

using SingleNode = ClusterTest;

TEST_F(SingleNode, DeliversEverythingOverLostConnections) {
  start({.is_single = true});
  for (int i = 0; i < 12; ++i) add(cluster_->url(), {"room:a", "room:b"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(6);
  talk_on(300);
  for (const auto& one : people_) one->client().drop_connection();
  talk_on(300);
  ASSERT_TRUE(wait_until_settled());
  stop_and_compare();
  for (const auto& one : people_) EXPECT_EQ(one->room("room:a").recovered, 1) << one->name();
}

class StoreSync : public ClusterTest, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(, StoreSync, ::testing::Values("full", "normal"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST_P(StoreSync, NothingThatWasAcknowledgedIsLostWhenTheNodeIsKilled) {
  const TempDirectory store;
  start({.is_single = true,
         .chirmd_arguments = {"--insecure", "--store", store.path() + "/rooms.db", "--store-sync",
                              GetParam()}});
  for (int i = 0; i < 6; ++i) add(cluster_->url(), {"room:a", "room:b"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(6);
  const std::string epoch = people_.front()->room("room:a").epoch;
  for (int round = 1; round <= 3; ++round) {
    talk_on(200);
    ASSERT_TRUE(wait_until_settled());
    cluster_->kill_node(0);
    cluster_->start_node(0);
  }
  talk_on(200);
  ASSERT_TRUE(wait_until_settled());
  stop_and_compare();
  for (const auto& one : people_) {
    EXPECT_EQ(one->room("room:a").recovered, 3) << one->name();
    EXPECT_EQ(one->room("room:a").epoch, epoch) << one->name();
  }
}

TEST_F(SingleNode, TellsWhatIsLostWhenItIsKilled) {
  start({.is_single = true, .chirmd_arguments = {"--insecure", "--store", "memory"}});
  for (int i = 0; i < 3; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  people_[0]->say("room:a");
  ASSERT_TRUE(run([&] { return people_[2]->room("room:a").seen.size() == 1; }));
  cluster_->kill_node(0);
  cluster_->start_node(0);
  ASSERT_TRUE(run([&] { return count_disconnects() >= 3; }));
  ASSERT_TRUE(wait_until_settled());
  for (const auto& one : people_) {
    EXPECT_EQ(one->room("room:a").lost, 1) << one->name();
    EXPECT_EQ(one->room("room:a").recovered, 0) << one->name();
  }
}

}  // namespace
}  // namespace chirm::testing
