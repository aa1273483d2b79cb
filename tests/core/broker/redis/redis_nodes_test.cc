// SPDX-License-Identifier: MIT
// Several nodes on one Redis, and the ways to reach it.

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>

#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::RedisServer;

class RedisNodes : public testing::RedisTest {
 protected:
  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
};

TEST_F(RedisNodes, SeeEachOthersPublications) {
  const auto one = make_node(server_.unix_url(), "one");
  const auto other = make_node(server_.tcp_url(), "other");
  const auto top_of_one = one->subscribe("room:a");
  const auto top_of_other = other->subscribe("room:a");
  ASSERT_TRUE(top_of_one && *top_of_one && top_of_other && *top_of_other);
  EXPECT_EQ((*top_of_one)->epoch, (*top_of_other)->epoch);
  ASSERT_TRUE(one->publish("room:a", "x"));
  ASSERT_TRUE(other->publish("room:a", "y"));
  ASSERT_TRUE(
      one->run_until([&] { return one->received.size() == 2 && other->received.size() == 2; }));
  EXPECT_EQ(one->received_in("room:a"), "1:x 2:y");
  EXPECT_EQ(other->received_in("room:a"), "1:x 2:y");
}

TEST_F(RedisNodes, RecogniseAMessageIdThatAnotherNodeStored) {
  const auto one = make_node(server_.unix_url());
  const auto other = make_node(server_.unix_url());
  const auto first = one->publish({"room:a", "x", "ada", "id"});
  const auto again = other->publish({"room:a", "x", "ada", "id"});
  ASSERT_TRUE(first && *first && again && *again);
  EXPECT_EQ((*again)->offset, (*first)->offset);
  EXPECT_EQ((*again)->epoch, (*first)->epoch);
  EXPECT_EQ(other->broker->counters().duplicates, 1U);
}

TEST_F(RedisNodes, AreApartWhenPrefixOrDatabaseDiffer) {
  const auto one = make_node(server_.tcp_url());
  const auto other_prefix = make_node(server_.tcp_url(), "", "other");
  const auto other_database = make_node(server_.tcp_url() + "/3");
  const auto other_socket_database = make_node(server_.unix_url() + "?db=3");
  ASSERT_TRUE(other_prefix->subscribe("room:a"));
  ASSERT_TRUE(other_database->subscribe("room:a"));
  ASSERT_TRUE(one->subscribe("room:a"));
  ASSERT_TRUE(one->publish("room:a", "x"));
  const auto first = other_prefix->publish("room:a", "y");
  const auto second = other_database->publish("room:a", "z");
  ASSERT_TRUE(first && *first && second && *second);
  EXPECT_EQ((*first)->offset, 1U);
  EXPECT_EQ((*second)->offset, 1U);
  ASSERT_TRUE(one->run_until([&] {
    return !one->received.empty() && !other_prefix->received.empty() &&
           !other_database->received.empty();
  }));
  EXPECT_EQ(one->received_in("room:a"), "1:x");
  EXPECT_EQ(other_prefix->received_in("room:a"), "1:y");
  EXPECT_EQ(other_database->received_in("room:a"), "1:z");
  EXPECT_EQ(bodies(*other_socket_database, "room:a"), "z");
}

TEST_F(RedisNodes, SubscribeToThousandsOfChannelsAtOnce) {
  const auto node = make_node(server_.unix_url());
  constexpr int kChannels = 10'000;
  int answers = 0;
  for (int i = 0; i < kChannels; ++i) {
    node->broker->subscribe("room:" + std::to_string(i), [&](const auto& top) {
      EXPECT_TRUE(top.has_value());
      ++answers;
    });
  }
  ASSERT_TRUE(node->run_until([&] { return answers == kChannels; }));
  EXPECT_EQ(server_.command({"PUBSUB", "NUMSUB", "chirm@0:c:room:9999"}), "chirm@0:c:room:9999 1");
  server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  ASSERT_TRUE(node->run_until([&] { return node->maybe_missed.size() == kChannels; }));
  EXPECT_EQ(node->broker->counters().resubscribed, std::uint64_t{kChannels});
  std::sort(node->maybe_missed.begin(), node->maybe_missed.end());
  EXPECT_EQ(std::adjacent_find(node->maybe_missed.begin(), node->maybe_missed.end()),
            node->maybe_missed.end());
  for (int i = 0; i < kChannels; ++i) node->broker->unsubscribe("room:" + std::to_string(i));
  ASSERT_TRUE(node->run_until([&] {
    return server_.command({"PUBSUB", "CHANNELS", "chirm@0:c:*"}).empty();
  }));
  ASSERT_TRUE(node->subscribe("room:1"));  // the connection is still of use
}

TEST_F(RedisNodes, ConnectByHostName) {
  const hostent* const found = gethostbyname2("localhost", AF_INET);
  if (found == nullptr) GTEST_SKIP() << "localhost has no IPv4 address here";
  const auto node = make_node("redis://localhost:" + std::to_string(server_.port()));
  ASSERT_TRUE(node->run_until_ready());
  EXPECT_TRUE(node->publish("room:a", "x"));
}

TEST_F(RedisNodes, IgnoreMessagesThatAreNone) {
  using namespace std::string_literals;
  const auto node = make_node(server_.unix_url(), "node");
  ASSERT_TRUE(node->subscribe("room:a"));
  int sent = 0;
  for (const std::string& text :
       {""s, ":"s, "1"s, "1:"s, "0:e:1:x"s, "1:e:2:x"s, "1::1:x"s, "x:e:1:x"s, "1:e:-1:x"s,
        "1:e:99999999999999999999999:x"s, "99999999999999999999999:e:1:x"s, "1:e:1x"s}) {
    server_.command({"PUBLISH", "chirm@0:c:room:a", text});
    ++sent;
  }
  for (const std::string& topic : {"chirm@0:ctl"s, "chirm@0:ctl:node"s}) {
    for (const std::string& text :
         {""s, "d"s, "d\1\0\0\0"s, "d\6\0\0\0room:a\1\0\0\0e12"s, "d\xff\xff\xff\xff"s, "q"s, "a"s,
          "x"s, "q12345678"s, "a12345678"s, "q12345678\4\0\0\0abcd"s,
          "q12345678\xff\xff\xff\xff"s + "abcd", "a12345678\1\xff\xff\xff\x7f"s}) {
      server_.command({"PUBLISH", topic, text});
    }
  }
  ASSERT_TRUE(node->publish("room:a", "y"));
  ASSERT_TRUE(node->run_until([&] { return !node->received.empty(); }));
  EXPECT_EQ(node->received_in("room:a"), "1:y");
  EXPECT_EQ(node->broker->counters().invalid_received, static_cast<std::uint64_t>(sent));
}

// It may have been done through another node since, and that be forgotten.
TEST_F(RedisNodes, DoNothingOfWhatWaitedOnceItIsRefused) {
  const auto node = make_node(server_.unix_url());
  ASSERT_TRUE(node->run_until_ready());
  server_.kill();
  int answers = 0;
  node->broker->publish({"room:a", "x", "ada", "id"}, [&](const auto& position) {
    EXPECT_FALSE(position.has_value());
    ++answers;
  });
  node->broker->rewrite({"room:a", 1, "", "", "y"}, [&](const auto& result) {
    EXPECT_FALSE(result.has_value());
    ++answers;
  });
  node->broker->refuse_waiting();
  ASSERT_TRUE(node->run_until([&] { return answers == 2; }));
  server_.start();
  ASSERT_TRUE(node->run_until_ready());
  const auto history = node->history({"room:a", 0, 10, false});
  ASSERT_TRUE(history && *history);
  EXPECT_EQ((*history)->top.offset, 0U);
}

TEST_F(RedisNodes, ShowTheirNamesInRedis) {
  const auto node = make_node(server_.unix_url(), "node 1");
  ASSERT_TRUE(node->run_until_ready());
  const std::string clients = server_.command({"CLIENT", "LIST"});
  EXPECT_NE(clients.find("name=node-1-commands"), std::string::npos) << clients;
  EXPECT_NE(clients.find("name=node-1-pubsub"), std::string::npos) << clients;
}

TEST_F(RedisNodes, LetSilentChannelsExpire) {
  settings_.history_ttl_ms = 8'000'000;
  const auto node = make_node(server_.unix_url());
  const auto ttl_ms = [&](const std::string& key) {
    return std::stoll(server_.command({"PTTL", "chirm:{room:a}:" + key}));
  };
  ASSERT_TRUE(node->subscribe("room:a"));
  EXPECT_GT(ttl_ms("m"), 8'000'000);
  ASSERT_TRUE(node->publish("room:a", "x"));
  EXPECT_GT(ttl_ms("s"), 8'000'000);
  EXPECT_GT(ttl_ms("m"), ttl_ms("s"));  // the numbering outlives the entries
  // Time goes by; what is published then sets the time to live again.
  server_.command({"HINCRBY", "chirm:{room:a}:m", "x", "-7000000"});
  server_.command({"PEXPIRE", "chirm:{room:a}:m", "1100000"});
  server_.command({"PEXPIRE", "chirm:{room:a}:s", "1000000"});
  ASSERT_TRUE(node->publish("room:a", "x"));
  EXPECT_GT(ttl_ms("s"), 8'000'000);
  EXPECT_GT(ttl_ms("m"), ttl_ms("s"));
}

TEST_F(RedisNodes, KeepChannelsForEverWhenToldSo) {
  settings_.history_ttl_ms = 0;
  const auto node = make_node(server_.unix_url());
  ASSERT_TRUE(node->subscribe("room:a"));
  ASSERT_TRUE(node->publish("room:a", "x"));
  EXPECT_EQ(server_.command({"PTTL", "chirm:{room:a}:m"}), "-1");
  EXPECT_EQ(server_.command({"PTTL", "chirm:{room:a}:s"}), "-1");
}

TEST(RedisLogin, TakesPasswordAndUser) {
  Loop loop;
  RedisServer server({.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
  server.command({"ACL", "SETUSER", "ada", "on", ">s3cret", "~*", "&*", "+@all"});
  server.command({"CONFIG", "SET", "requirepass", "open sesame"});
  for (const std::string login : {":open%20sesame@", "ada:s3cret@"}) {
    const auto url =
        parse_redis_url("redis://" + login + "127.0.0.1:" + std::to_string(server.port()) + "/1");
    ASSERT_TRUE(url);
    BrokerNode node(loop, std::make_unique<RedisBroker>(
                              loop, *url, BrokerSettings{.hold_ms = testing::kDeadlineMs}));
    const auto published = node.publish("room:" + login, "x");
    ASSERT_TRUE(published && *published);
  }
}

}  // namespace
}  // namespace chirm
