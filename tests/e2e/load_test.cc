// SPDX-License-Identifier: MIT
// The load generator checks the cluster with more clients than the other tests have.
#include <signal.h>

#include <string>

#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

class Load : public ClusterTest {
 protected:
  // The number under this name in the report's JSON, at the place where the name comes first.
  static long number(const Process& load, const std::string& name) {
    const std::string wanted = '"' + name + "\": ";
    const std::size_t at = load.output().find(wanted);
    EXPECT_NE(at, std::string::npos) << name << ": " << load.output();
    return at == std::string::npos ? -1 : std::stol(load.output().substr(at + wanted.size()));
  }
};

TEST_F(Load, NothingIsLostWhileClientsAndANodeComeAndGo) {
  start();
  Process load(
      loop_, {.arguments = {CHIRM_BIN_DIR "/chirm-load", "--url", cluster_->url().text(),
                            "--clients", "300", "--rooms", "10", "--rate", "200", "--churn", "50",
                            "--warmup", "0", "--duration", "3600", "--drain", "60", "--json", "-"},
              .environment = {},
              // It has workers of its own.
              .parent_death_signal = 15});
  ASSERT_TRUE(run([&] { return load.exit_code() || metric(2, "chirm_deliveries_total") > 1000; }));
  ASSERT_FALSE(load.exit_code()) << load.output() << load.errors();
  cluster_->kill_node(2);
  cluster_->start_node(2);
  // As long as it takes until enough have come back to the nodes that stayed.
  ASSERT_TRUE(run([&] {
    return load.exit_code() ||
           metric(0, "chirm_recovered_total") + metric(1, "chirm_recovered_total") > 250;
  }));
  ASSERT_FALSE(load.exit_code()) << load.output() << load.errors();
  load.send_signal(SIGTERM);
  ASSERT_TRUE(run([&] { return load.exit_code().has_value(); })) << load.errors();
  EXPECT_EQ(load.exit_code(), 0) << load.output() << load.errors();
  EXPECT_EQ(number(load, "violations"), 0);
  EXPECT_EQ(number(load, "resets"), 0);
  EXPECT_EQ(number(load, "away"), 0);
  // The node that died accounts for a hundred, churn for the others. (The nodes may count more:
  // on a slow machine a client tries twice.)
  EXPECT_GT(number(load, "reconnects"), 100);
  EXPECT_EQ(number(load, "recovered"), number(load, "reconnects"));
}

}  // namespace
}  // namespace chirm::testing
