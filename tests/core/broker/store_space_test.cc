// SPDX-License-Identifier: MIT
// When a store is full, and what goes on then.
#include "core/broker/store_space.h"

#include <gtest/gtest.h>

#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::RedisServer;
using testing::RedisTest;
using testing::SqliteFile;

constexpr std::uint64_t kLookMs = 2'000;

TEST(StoreSpace, IsFullUntilItIsAFiftiethLess) {
  StoreSpace space("test");
  space.look(1000, 1000, "file");
  EXPECT_FALSE(space.is_full());
  space.look(1001, 1000, "file");
  EXPECT_TRUE(space.is_full());
  EXPECT_EQ(space.problem(), "file: 0 MiB of 0 MiB");
  space.look(981, 1000, "file");
  EXPECT_TRUE(space.is_full());
  space.look(980, 1000, "file");
  EXPECT_FALSE(space.is_full());
}

TEST_F(SqliteFile, TakesNoMoreThanItMayHold) {
  settings_.store_bytes_max = 1024 * 1024;
  Loop loop;
  BrokerNode node(loop, SqliteBroker::open(loop, path_, StoreSync::kNormal, settings_).value());
  const std::string body(32 * 1024, 'x');
  BrokerNode::Result<Position> last;
  int stored = 0;
  for (; stored < 100; ++stored) {
    last = node.publish("room:a", body);
    ASSERT_TRUE(last);
    if (!*last) break;
    loop.skip_ms(kLookMs);
    ASSERT_TRUE(node.publish("room:b", "1"));  // by then the look is over
  }
  EXPECT_GE(stored, 25);
  EXPECT_LE(stored, 34);
  ASSERT_TRUE(last && !*last);
  EXPECT_EQ(last->error(), errors::kStoreFull);
  EXPECT_GE(node.broker->counters().refused_as_full, 1U);
  EXPECT_EQ(node.broker->health(), Health::kReady);

  // What is small, what was said, and what makes room goes on.
  const auto history = node.history({"room:a", 0, 100, false});
  ASSERT_TRUE(history && *history);
  EXPECT_EQ((*history)->publications.size(), static_cast<std::size_t>(stored));
  for (int i = 1; i <= stored; ++i) {
    const auto rewritten = node.rewrite({.channel = "room:a",
                                         .offset = static_cast<std::uint64_t>(i),
                                         .epoch = {},
                                         .expected = {},
                                         .body = "gone"});
    ASSERT_TRUE(rewritten && *rewritten);
    EXPECT_EQ(**rewritten, Rewritten::kDone);
  }
  loop.skip_ms(kLookMs);
  EXPECT_TRUE(node.publish_until("room:a", [](const auto& answer) { return answer.has_value(); }));
}

TEST_F(RedisTest, TakesNothingMoreInTheLastTenthOfItsMemory) {
  RedisServer redis;
  const auto node = make_node(redis.unix_url());
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(node->publish("room:a", "1").value());
  // Of what it takes now, 95 hundredths of the maximum.
  const std::string memory = redis.command({"INFO", "memory"});
  const std::size_t at = memory.find("used_memory:") + 12;
  const auto used = std::stoull(memory.substr(at));
  ASSERT_EQ(redis.command({"CONFIG", "SET", "maxmemory", std::to_string(used * 100 / 95)}), "OK");
  ASSERT_TRUE(node->publish_until("room:a", [](const auto& answer) {
    return !answer && answer.error() == errors::kStoreFull;
  }));
  EXPECT_EQ(node->broker->health(), Health::kReady);
  ASSERT_EQ(redis.command({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  EXPECT_TRUE(node->publish_until("room:a", [](const auto& answer) { return answer.has_value(); }));
}

}  // namespace
}  // namespace chirm
