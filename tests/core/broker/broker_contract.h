// SPDX-License-Identifier: MIT
#pragma once
// The fixture of what broker.h promises, tried on every broker: MemoryBroker, SqliteBroker, and
// RedisBroker with a real Redis over a Unix socket and over TCP.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/broker/memory_broker.h"
#include "core/broker/redis_broker.h"
#include "core/broker/sqlite_broker.h"
#include "tests/core/broker/broker_node.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

enum class Kind : std::uint8_t { kMemory, kSqlite, kRedisUnix, kRedisTcp };

inline std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::kMemory:
      return "Memory";
    case Kind::kSqlite:
      return "Sqlite";
    case Kind::kRedisUnix:
      return "RedisUnix";
    case Kind::kRedisTcp:
      return "RedisTcp";
  }
  return "";
}

inline auto every_broker() {
  return ::testing::Values(Kind::kMemory, Kind::kSqlite, Kind::kRedisUnix, Kind::kRedisTcp);
}
inline std::string name_of_broker(const ::testing::TestParamInfo<Kind>& kind) {
  return name_of(kind.param);
}

class BrokerContract : public ::testing::TestWithParam<Kind> {
 protected:
  BrokerContract() {
    settings_.history_size = 200;
    if (GetParam() == Kind::kRedisUnix || GetParam() == Kind::kRedisTcp) {
      server_ = std::make_unique<RedisServer>(RedisServer::Options{
          .configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
    }
    node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  }

  std::unique_ptr<Broker> make_broker() {
    if (GetParam() == Kind::kMemory) return std::make_unique<MemoryBroker>(loop_, settings_);
    if (GetParam() == Kind::kSqlite) {
      auto broker = SqliteBroker::open(loop_, next_file(), StoreSync::kFull, settings_);
      if (!broker) throw std::runtime_error(broker.error().message);
      return std::move(*broker);
    }
    const bool is_unix = GetParam() == Kind::kRedisUnix;
    const auto url = parse_redis_url(is_unix ? server_->unix_url() : server_->tcp_url());
    return std::make_unique<RedisBroker>(loop_, *url, settings_);
  }

  std::string next_file() {  // a file can be used by one broker at a time
    return directory_.path() + "/store-" + std::to_string(++files_) + ".db";
  }

  void publish_many(const std::string& channel, int count) {
    int answers = 0;
    for (int i = 1; i <= count; ++i) {
      node_->broker->publish({channel, std::to_string(i), "", ""}, [&](const auto& position) {
        EXPECT_TRUE(position.has_value());
        ++answers;
      });
    }
    ASSERT_TRUE(node_->run_until([&] { return answers == count; }));
  }

  static std::vector<std::uint64_t> offsets_of(const History& history) {
    std::vector<std::uint64_t> offsets;
    for (const Publication& publication : history.publications) {
      EXPECT_EQ(publication.body, std::to_string(publication.offset));
      offsets.push_back(publication.offset);
    }
    return offsets;
  }

  TempDirectory directory_;
  int files_ = 0;
  Loop loop_;
  BrokerSettings settings_;
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<BrokerNode> node_;
};

}  // namespace chirm::testing
