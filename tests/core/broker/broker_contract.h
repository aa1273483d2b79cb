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

#include "core/broker/memory/memory_broker.h"
#include "core/broker/redis/redis_broker.h"
#include "core/broker/sharded_broker.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "tests/core/broker/broker_node.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

enum class Kind : std::uint8_t { kMemory, kSqlite, kRedisUnix, kRedisTcp, kSharded };

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
    case Kind::kSharded:
      return "Sharded";
  }
  return "";
}

inline auto every_broker() {
  return ::testing::Values(Kind::kMemory, Kind::kSqlite, Kind::kRedisUnix, Kind::kRedisTcp,
                           Kind::kSharded);
}
inline std::string name_of_broker(const ::testing::TestParamInfo<Kind>& kind) {
  return name_of(kind.param);
}

class BrokerContract : public ::testing::TestWithParam<Kind> {
 protected:
  BrokerContract() {
    settings_.history_size = 200;
    settings_.hold_ms = kDeadlineMs;
    const RedisServer::Options options{
        .configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true};
    if (GetParam() >= Kind::kRedisUnix) server_ = std::make_unique<RedisServer>(options);
    if (GetParam() == Kind::kSharded) other_server_ = std::make_unique<RedisServer>(options);
    node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  }

  std::unique_ptr<Broker> make_broker() {
    if (GetParam() == Kind::kMemory) return std::make_unique<MemoryBroker>(loop_, settings_);
    if (GetParam() == Kind::kSqlite) {
      auto broker = SqliteBroker::open(loop_, next_file(), StoreSync::kFull, settings_);
      if (!broker) throw std::runtime_error(broker.error().message);
      return std::move(*broker);
    }
    if (GetParam() == Kind::kRedisTcp) return make_redis_broker(server_->tcp_url());
    if (GetParam() == Kind::kRedisUnix) return make_redis_broker(server_->unix_url());
    std::vector<ShardedBroker::Shard> shards;
    shards.push_back({"one", make_redis_broker(server_->unix_url())});
    shards.push_back({"other", make_redis_broker(other_server_->unix_url())});
    return std::make_unique<ShardedBroker>(std::move(shards));
  }
  std::unique_ptr<Broker> make_redis_broker(const std::string& url) {
    return std::make_unique<RedisBroker>(loop_, *parse_redis_url(url), settings_);
  }

  std::string next_file() {  // a file can be used by one broker at a time
    return directory_.path() + "/store-" + std::to_string(++files_) + ".db";
  }

  // The publications of a channel reach the end of their time.
  void lapse(const std::string& channel) {
    expire_in("chirm:{" + channel + "}:s", 1);
    if (!server_) loop_.skip_ms(settings_.history_ttl_ms + 60'000);  // and so are the retention's
    ASSERT_TRUE(ask_until([&] {
      const auto history = node_->history({channel, 0, 10, false});
      return history && *history && (*history)->publications.empty();
    }));
  }

  // Of a key on whichever server has it.
  std::int64_t time_to_live_ms(const std::string& key) const {
    std::int64_t found_ms = -2;
    for (const RedisServer* server : {server_.get(), other_server_.get()}) {
      const bool is_there = server != nullptr && server->command({"EXISTS", key}) == "1";
      if (is_there) found_ms = std::stoll(server->command({"PTTL", key}));
    }
    return found_ms;
  }
  void expire_in(const std::string& key, std::int64_t ms) const {
    for (const RedisServer* server : {server_.get(), other_server_.get()}) {
      if (server != nullptr) server->command({"PEXPIRE", key, std::to_string(ms)});
    }
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
  std::unique_ptr<RedisServer> other_server_;  // of kSharded
  std::unique_ptr<BrokerNode> node_;
};

}  // namespace chirm::testing
