// SPDX-License-Identifier: MIT
// Nodes are stopped by an operator (SIGTERM) while people talk: who is sent away when, and what is
// still answered.
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/codes.h"
#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

class Drain : public ClusterTest {
 protected:
  void stop(std::size_t node) { cluster_->node(node).send_signal(SIGTERM); }
  bool run_until_ended(std::size_t node) {
    return run([&] { return cluster_->node(node).exit_code().has_value(); });
  }
  // Everybody was sent away politely as often as they lost a connection, and came back at the first
  // attempt to where they were.
  void expect_only_shutdowns() {
    for (const auto& one : people_) {
      for (const auto& why : one->disconnects) EXPECT_EQ(why.code, 3001) << why.reason;
      EXPECT_EQ(one->connects, one->disconnects.size() + 1) << one->name();
      for (const std::string& room : ledger_.channels()) {
        if (!one->is_in(room)) continue;
        EXPECT_EQ(one->room(room).recovered, one->disconnects.size()) << one->name();
        EXPECT_EQ(one->room(room).lost, 0) << one->name();
      }
    }
  }
};

TEST_F(Drain, ARollingRestartOfAllNodesLosesAndDoublesNothing) {
  start({.chirmd_arguments = {"--insecure", "--drain", "1"}});
  for (int i = 0; i < 30; ++i) add(cluster_->url(), {"room:a", "room:b"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(15);
  talk_on(200);
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) {
    EXPECT_GE(sessions(node), 5) << "node " << node;
    stop(node);
    talk_on(100);
    ASSERT_TRUE(run_until_ended(node));
    EXPECT_EQ(cluster_->node(node).exit_code(), 0);
    cluster_->start_node(node);
    ASSERT_TRUE(cluster_->wait_until_ready());
    ASSERT_TRUE(wait_until_settled());
    talk_on(100);
  }
  EXPECT_GE(count_disconnects(), people_.size());
  stop_and_compare();
  expect_only_shutdowns();
}

TEST_F(Drain, NewClientsNoticeNothingOfANodeThatIsStopping) {
  // So long that the node is still at it, however late the clients come.
  start({.chirmd_arguments = {"--insecure", "--drain", "600"}});
  for (int i = 0; i < 30; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  stop(0);
  ASSERT_TRUE(run([&] { return count_disconnects() > 0; }));
  // nginx offers them to the node that is being emptied first: it has the fewest.
  for (int i = 0; i < 30; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  people_.back()->say("room:a");
  stop_and_compare();
  expect_only_shutdowns();
  EXPECT_FALSE(cluster_->node(0).exit_code());
  stop(0);  // without taking leave of the others
  ASSERT_TRUE(run_until_ended(0));
  EXPECT_EQ(cluster_->node(0).exit_code(), 0);
  for (std::size_t i = 30; i < 60; ++i) {
    EXPECT_EQ(people_[i]->connects, 1);
    EXPECT_TRUE(people_[i]->disconnects.empty());
  }
  ASSERT_TRUE(wait_until_settled());
  people_.back()->say("room:a");
  stop_and_compare();
}

TEST_F(Drain, ClientsAreSentAwayInTurn) {
  constexpr std::size_t kSlices = 4;  // of a second
  start({.is_single = true, .chirmd_arguments = {"--insecure", "--drain", "4"}});
  for (int i = 0; i < 80; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  const std::uint64_t start_ns = Loop::clock_ns();
  stop(0);
  std::vector<std::size_t> sent_away(kSlices + 1);
  std::size_t seen = 0;
  ASSERT_TRUE(run([&] {
    std::size_t now = 0;
    for (const auto& one : people_) now += one->disconnects.empty() ? 0 : 1;
    // Now, and not when this turn began: nobody is counted as sent away before they were.
    const std::uint64_t slice = (Loop::clock_ns() - start_ns) / 1'000'000'000;
    sent_away[std::min<std::uint64_t>(slice, kSlices)] += now - seen;
    seen = now;
    return cluster_->node(0).exit_code() && seen == people_.size();
  })) << seen
      << " were sent away";
  EXPECT_EQ(cluster_->node(0).exit_code(), 0);
  // Never ahead of their turn by more than a second's share. A machine that stops for a while makes
  // them late, and brings any number of shares together.
  std::size_t so_far = 0;
  for (std::size_t slice = 0; slice <= kSlices; ++slice) {
    so_far += sent_away[slice];
    EXPECT_LE(so_far, (slice + 2) * people_.size() / kSlices) << "after " << slice + 1 << " s";
  }
}

TEST_F(Drain, WhatIsUnderWayIsAcknowledged) {
  // Who is alone is sent away at once; then there is a minute for Redis to answer.
  start({.nodes = 2, .chirmd_arguments = {"--insecure", "--drain", "60", "--hold", "60"}});
  Participant& talker = add(cluster_->node_url(0), {"room:a"});
  add(cluster_->node_url(1), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  cluster_->redis().suspend();
  const double before = metric(0, "chirm_broker_publishes_total");
  for (int i = 0; i < 20; ++i) talker.say("room:a");
  ASSERT_TRUE(run([&] { return metric(0, "chirm_broker_publishes_total") == before + 20; }));
  stop(0);
  ASSERT_TRUE(
      run([&] { return cluster_->node(0).errors().find("stopping") != std::string::npos; }));
  EXPECT_TRUE(talker.disconnects.empty());
  cluster_->redis().resume();
  ASSERT_TRUE(run([&] { return !talker.disconnects.empty(); }));
  EXPECT_EQ(talker.disconnects.front().code, 3001);
  EXPECT_EQ(talker.client().outbox_size(), 0) << "was sent away before its acks";
  EXPECT_EQ(ledger_.size(), 20);
  ASSERT_TRUE(run_until_ended(0));
  EXPECT_EQ(cluster_->node(0).exit_code(), 0);
  cluster_->start_node(0);
  ASSERT_TRUE(wait_until_settled());
  stop_and_compare();
}

TEST_F(Drain, ASecondSignalEndsItAtOnce) {
  start({.is_single = true, .chirmd_arguments = {"--insecure", "--drain", "3600"}});
  for (int i = 0; i < 4; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  stop(0);
  // The first in line; the next one's turn comes after a quarter of an hour.
  ASSERT_TRUE(run([&] { return count_disconnects() == 1; }));
  stop(0);
  ASSERT_TRUE(run_until_ended(0));
  EXPECT_EQ(cluster_->node(0).exit_code(), 0);
}

}  // namespace
}  // namespace chirm::testing
