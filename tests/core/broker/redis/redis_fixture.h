// SPDX-License-Identifier: MIT
#pragma once
// What the tests of RedisBroker share: nodes that are quick to try again, and slow to give up. A
// test of giving up sets what it waits for itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

#include "core/broker/redis/redis_broker.h"
#include "tests/core/broker/broker_node.h"
#include "tests/support/redis_server.h"

namespace chirm::testing {

class RedisTest : public ::testing::Test {
 protected:
  RedisTest() {
    settings_.hold_ms = 60'000;  // a busy machine is no reason to fail
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
  }
  ~RedisTest() override {
    if (HasFailure()) std::fprintf(stderr, "log:\n%s", log_.str().c_str());
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("none"));
  }

  std::unique_ptr<BrokerNode> make_node(const std::string& url, const std::string& name = "",
                                        const std::string& prefix = "chirm") {
    const auto parsed = parse_redis_url(url);
    EXPECT_TRUE(parsed.has_value()) << url;
    return std::make_unique<BrokerNode>(
        loop_, std::make_unique<RedisBroker>(loop_, *parsed, settings_,
                                             RedisIdentity{.prefix = prefix, .node_name = name},
                                             link_settings_, node_settings_));
  }

  // "1 2 3" or what is stored instead.
  static std::string bodies(BrokerNode& node, const std::string& channel) {
    const auto history = node.history({channel, 0, 100'000, false});
    if (!history || !*history) return "no history";
    std::string text;
    for (const Publication& one : (*history)->publications) {
      text += (text.empty() ? "" : " ") + one.body;
    }
    return text;
  }

  std::size_t times_logged(const std::string& text) const {
    const std::string log = log_.str();
    std::size_t times = 0;
    for (std::size_t at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++times;
    return times;
  }

  Loop loop_;
  BrokerSettings settings_;
  RedisLinkSettings link_settings_{.connect_timeout_ms = 20'000,
                                   .command_deadline_ms = 60'000,
                                   .backoff_min_ms = 5,
                                   .backoff_max_ms = 50,
                                   .probe_period_ms = 1000};
  RedisNodeSettings node_settings_{.digest_period_ms = 10,
                                   .lease_period_ms = 10,
                                   .lease_renewals = 500,
                                   .return_ms = 60'000,
                                   .strangers_ms = 0};
  std::ostringstream log_;
};

}  // namespace chirm::testing
