// SPDX-License-Identifier: MIT
// One chirmd alone, with the embedded store: no Redis, no nginx.
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/cluster_test.h"

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

TEST_F(SingleNode, LosesNothingThatIsOnDiskWhenItIsKilled) {
  const std::string store = ::testing::TempDir() + "chirm-store-" + std::to_string(getpid());
  std::filesystem::create_directory(store);
  start({.is_single = true, .chirmd_arguments = {"--insecure", "--store", store + "/rooms"}});
  for (int i = 0; i < 6; ++i) add(cluster_->url(), {"room:a", "room:b"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(6);
  for (int round = 1; round <= 3; ++round) {
    talk_on(200);
    ASSERT_TRUE(wait_until_settled());
    cluster_->kill_node(0);
    cluster_->start_node(0);
  }
  talk_on(200);
  ASSERT_TRUE(wait_until_settled());
  stop_and_compare();
  for (const auto& one : people_) EXPECT_EQ(one->room("room:a").recovered, 3) << one->name();
  std::filesystem::remove_all(store);
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
