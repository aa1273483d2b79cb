// SPDX-License-Identifier: MIT
// What the end-to-end tests rely on: a part of the cluster that has died by itself is found, so
// that nobody waits for it. What the test has killed is not.
#include <gmock/gmock.h>

#include "tests/e2e/cluster_test.h"
#include "tests/support/death_watch.h"

namespace chirm::testing {
namespace {

using ::testing::HasSubstr;

using ClusterDeath = ClusterTest;

TEST_F(ClusterDeath, OfANodeIsFound) {
  start({.is_single = true});
  cluster_->node(0).kill();
  EXPECT_THAT(DeathWatch::find(), HasSubstr("chirmd-127.0.0.1:"));
  cluster_->kill_node(0);
  EXPECT_EQ(DeathWatch::find(), "");
}

TEST_F(ClusterDeath, OfNginxIsFound) {
  start({.nodes = 1});
  cluster_->nginx().kill();
  EXPECT_THAT(DeathWatch::find(), HasSubstr("nginx: exit code 137"));
  cluster_->kill_nginx();
  EXPECT_EQ(DeathWatch::find(), "");
  cluster_->start_nginx();
  EXPECT_EQ(DeathWatch::find(), "");
}

}  // namespace
}  // namespace chirm::testing
