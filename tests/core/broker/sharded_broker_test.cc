// SPDX-License-Identifier: MIT
// Where channels are kept among shards, and what happens when one shard is away. That a
// ShardedBroker keeps what broker.h promises is tried with all others in the contract tests.

#include "core/broker/sharded_broker.h"

#include <algorithm>

#include "core/base/random.h"
#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::HasSubstr;
using testing::RedisServer;

std::string room(int number) { return "room:" + std::to_string(number); }

// These were computed once; where channels are depends on them.
TEST(ShardOf, NeverChanges) {
  const std::vector<std::string> names = {"redis-1:6379", "redis-2:6379", "main database 2"};
  EXPECT_EQ(shard_of("room:a", names), 0U);
  EXPECT_EQ(shard_of("room:b", names), 0U);
  EXPECT_EQ(shard_of("room:c", names), 0U);
  EXPECT_EQ(shard_of("dm:#ada,bob", names), 1U);
  EXPECT_EQ(shard_of("", names), 1U);
  EXPECT_EQ(shards_digest(names), "3dc34fb000ce8ca9");
}

TEST(ShardOf, GivesEachShardItsShare) {
  const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  std::vector<int> shares(names.size());
  for (int i = 0; i < 50'000; ++i) ++shares[shard_of(room(i), names)];
  for (const int share : shares) EXPECT_NEAR(share, 10'000, 400);  // 4 standard deviations
}

TEST(ShardOf, MovesOnlyTheShareOfAShardThatIsAddedAndOnlyToIt) {
  std::vector<std::string> names = {"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"};
  std::vector<std::size_t> before;
  for (int i = 0; i < 40'000; ++i) before.push_back(shard_of(room(i), names));
  names.push_back("10.0.0.4:6379");
  int moved = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::size_t now = shard_of(room(i), names);
    if (now == before[static_cast<std::size_t>(i)]) continue;
    ASSERT_EQ(now, 3U);
    ++moved;
  }
  EXPECT_NEAR(moved, 10'000, 400);
}

TEST(ShardOf, DependsOnNamesAndNotOnTheirOrder) {
  const std::vector<std::string> names = {"a", "b", "c"};
  const std::vector<std::string> reversed = {"c", "b", "a"};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(names[shard_of(room(i), names)], reversed[shard_of(room(i), reversed)]);
  }
  EXPECT_EQ(shards_digest(names), shards_digest(reversed));
  EXPECT_NE(shards_digest(names), shards_digest({"a", "b"}));
  EXPECT_NE(shards_digest({"ab", "c"}), shards_digest({"a", "bc"}));
  EXPECT_EQ(shards_digest({"a"}), shards_digest({"b"}));
}

// As sharded_broker.h describes the score, written once more.
std::uint64_t described_score(const std::string& name, const std::string& channel) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : name + '\0' + channel) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3U;
  }
  for (const std::uint64_t factor : {0xff51afd7ed558ccdU, 0xc4ceb9fe1a85ec53U}) {
    hash ^= hash >> 33;
    hash *= factor;
  }
  return hash ^ hash >> 33;
}

class ShardOfRandom : public ::testing::TestWithParam<int> {};

TEST_P(ShardOfRandom, IsTheHighestScoreAndMovesOnlyWhatItMust) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Random random(static_cast<std::uint64_t>(GetParam()));
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> names;
    for (auto count = random.between(1, 8); count > 0; --count) {
      names.push_back(random.name(random.between(1, 20)));
    }
    const std::string channel = random.name(random.between(0, 40));
    std::size_t highest = 0;
    for (std::size_t i = 1; i < names.size(); ++i) {
      const bool is_higher =
          described_score(names[i], channel) > described_score(names[highest], channel);
      if (is_higher) highest = i;
    }
    ASSERT_EQ(shard_of(channel, names), highest) << channel;
    // Without another shard, the channel stays where it is.
    if (names.size() == 1) continue;
    const std::string home = names[highest];
    const std::size_t removed = (highest + 1) % names.size();
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(removed));
    ASSERT_EQ(names[shard_of(channel, names)], home) << channel;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ShardOfRandom, ::testing::Range(1, 5));

class Shards : public testing::RedisTest {
 protected:
  std::unique_ptr<BrokerNode> make_sharded(const std::vector<std::string>& names) {
    std::vector<ShardedBroker::Shard> shards;
    for (const std::string& name : names) {
      RedisServer& server = name == "one" ? one_ : name == "third" ? third_ : other_;
      auto url = parse_redis_url(server.unix_url() + '#' + name);
      const RedisIdentity identity{.shards = shards_digest(names)};
      shards.push_back(
          {name, std::make_unique<RedisBroker>(loop_, *url, settings_, identity, link_settings_)});
    }
    return std::make_unique<BrokerNode>(loop_, std::make_unique<ShardedBroker>(std::move(shards)));
  }
  static std::string channel_of(std::size_t shard) {
    int number = 0;
    while (shard_of(room(number), kNames) != shard) ++number;
    return room(number);
  }

  static inline const std::vector<std::string> kNames = {"one", "other"};
  RedisServer one_;
  RedisServer other_;
  RedisServer third_;
};

TEST_F(Shards, KeepEachChannelOnItsShardAlone) {
  const auto node = make_sharded(kNames);
  const std::string here = channel_of(0);
  const std::string there = channel_of(1);
  ASSERT_TRUE(node->publish(here, "x"));
  ASSERT_TRUE(node->publish(there, "y"));
  EXPECT_EQ(one_.command({"EXISTS", "chirm:{" + here + "}:s", "chirm:{" + there + "}:s"}), "1");
  EXPECT_EQ(other_.command({"EXISTS", "chirm:{" + there + "}:s"}), "1");
  EXPECT_EQ(node->broker->counters().published, 2U);
}

TEST_F(Shards, AreOnlyMissedInTheirChannels) {
  const auto node = make_sharded(kNames);
  settings_.hold_ms = 100;
  const auto hasty = make_sharded(kNames);  // is asked for what fails only
  const std::string here = channel_of(0);
  const std::string there = channel_of(1);
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(node->subscribe(here));
  ASSERT_TRUE(node->subscribe(there));
  one_.kill();
  std::vector<StoreHealth> stores;
  Health health = Health::kReady;
  ASSERT_TRUE(node->run_until([&] {
    stores = node->broker->stores();
    health = node->broker->health();
    return stores.at(0).health == Health::kAway;
  }));
  EXPECT_EQ(health, Health::kDegraded);
  EXPECT_EQ(stores.at(0).name, "one");
  EXPECT_THAT(stores.at(0).problem, HasSubstr("no connection for commands: "));
  EXPECT_EQ(stores.at(1).health, Health::kReady);
  const auto refused = hasty->publish(here, "x");
  ASSERT_TRUE(refused.has_value());
  EXPECT_FALSE(refused->has_value());
  const auto stored = node->publish(there, "y");
  ASSERT_TRUE(stored && *stored);
  ASSERT_TRUE(node->run_until([&] { return node->received_in(there) == "1:y"; }));
  other_.kill();
  ASSERT_TRUE(node->run_until([&] { return node->broker->health() == Health::kAway; }));
  one_.start();
  other_.start();
  ASSERT_TRUE(node->run_until_ready());
  const auto again = node->publish(here, "x");
  EXPECT_TRUE(again && *again);
}

TEST_F(Shards, MustBeTheSameForAllNodes) {
  const auto node = make_sharded(kNames);
  ASSERT_TRUE(node->run_until_ready());
  auto stranger = make_sharded({"one"});
  ASSERT_TRUE(stranger->run_until(
      [&] { return times_logged("is not ready: other nodes were given other shards") == 1; }));
  EXPECT_EQ(stranger->broker->health(), Health::kAway);  // it would split the rooms
  EXPECT_THAT(stranger->broker->stores().at(0).problem, HasSubstr("other shards (--redis)"));
  EXPECT_EQ(node->broker->health(), Health::kReady);
  // Also when another of its shards is fit for use.
  auto guest = make_sharded({"one", "third"});
  ASSERT_TRUE(
      guest->run_until([&] { return guest->broker->stores().at(1).health == Health::kReady; }));
  ASSERT_TRUE(guest->run_until([&] { return guest->broker->stores().at(0).is_foreign; }));
  EXPECT_EQ(guest->broker->health(), Health::kAway);
  const auto friendly = make_sharded({"other", "one"});
  ASSERT_TRUE(friendly->run_until_ready());
}

}  // namespace
}  // namespace chirm
