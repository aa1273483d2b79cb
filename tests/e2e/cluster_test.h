// SPDX-License-Identifier: MIT
#pragma once
// The fixture of the end-to-end tests: a cluster, people who talk in it, and what they must all
// have heard in the end. When a test has failed, everybody's log is printed.

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/context.h"
#include "core/loop/loop.h"
#include "tests/e2e/ledger.h"
#include "tests/e2e/participant.h"
#include "tests/support/cluster.h"
#include "tests/support/loop_runner.h"

namespace chirm::testing {

class ClusterTest : public ::testing::Test {
 protected:
  ~ClusterTest() override;

  Cluster& start(Cluster::Options options = {});

  // Somebody with a name of their own, who comes back fast, and takes nothing for lost only because
  // the machine is busy.
  client::Options options(const client::Url& url);
  Participant& add(const client::Url& url, const std::vector<std::string>& channels);
  Participant& add(client::Options options, const std::vector<std::string>& channels);
  // `count` people through nginx, in two of the three rooms each, and as many spread over the nodes
  // directly. Returns when all are there.
  void add_crowd(std::size_t count);

  // The first `count` talk, each a message per 5 ms, for which a few hundred a second is plenty.
  void start_talking(std::size_t count);
  // Runs until so many more messages are acknowledged.
  void talk_on(std::size_t messages);
  // Everybody stops, what was said is acknowledged, and everybody has heard all of it from where
  // they came in, in order, once, and nobody was told of a loss.
  void stop_and_compare();

  // As run_until(), but waits for nothing once the test has failed for good: it is to print its
  // logs before CTest stops it.
  bool run(const std::function<bool()>& is_done, std::uint64_t deadline_ms = kDeadlineMs);
  bool wait_until_settled();
  // The users in a channel, as somebody is told; none when that is refused.
  std::vector<std::string> present(Participant& asker, const std::string& channel);
  // A metric of a node; NaN, which equals nothing, and the test fails, when it does not tell.
  double metric(std::size_t node, std::string_view name);
  std::size_t sessions(std::size_t node);
  std::size_t count_disconnects() const;

  Loop loop_;
  client::Context context_{loop_};
  std::unique_ptr<Cluster> cluster_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Participant>> people_;
};

}  // namespace chirm::testing
