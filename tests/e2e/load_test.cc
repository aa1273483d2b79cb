// SPDX-License-Identifier: MIT
// The load generator checks the cluster with more clients than the other tests have.
#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

using Load = ClusterTest;

TEST_F(Load, NothingIsLostWhileClientsAndANodeComeAndGo) {
  start();
  Process load(loop_, {.arguments = {CHIRM_BIN_DIR "/chirm-load", "--url", cluster_->url().text(),
                                     "--clients", "300", "--rooms", "10", "--rate", "200",
                                     "--churn", "50", "--warmup", "0", "--duration", "4"},
                       .environment = {},
                       // It has workers of its own.
                       .parent_death_signal = 15});
  ASSERT_TRUE(run([&] { return cluster_->metric(2, "chirm_deliveries_total") > 1000; }));
  cluster_->kill_node(2);
  cluster_->start_node(2);
  ASSERT_TRUE(run([&] { return load.exit_code().has_value(); }, 60'000)) << load.errors();
  EXPECT_EQ(load.exit_code(), 0) << load.output() << load.errors();
}

}  // namespace
}  // namespace chirm::testing
