// SPDX-License-Identifier: MIT
// Documents that several nodes share on a Redis, and what happens to them when it is away.

#include <gmock/gmock.h>

#include "tests/core/broker/document_client.h"
#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm {
namespace {

using testing::DocumentChanges;
using testing::DocumentClient;
using ::testing::ElementsAre;
using testing::RedisServer;

class RedisDocumentsOfNodes : public testing::RedisTest {
 protected:
  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
};

TEST_F(RedisDocumentsOfNodes, AreSeenAndToldEverywhere) {
  const auto one = make_node(server_.unix_url(), "one");
  const auto other = make_node(server_.unix_url(), "other");
  ASSERT_TRUE(one->run_until_ready() && other->run_until_ready());
  DocumentChanges changes(other->broker->documents());
  const auto stored = DocumentClient(*one).put("a", 0, "1");
  EXPECT_EQ(DocumentClient(*other).get("a").version, stored.current.version);
  EXPECT_FALSE(DocumentClient(*other).put("a", 0, "2").is_stored);
  EXPECT_TRUE(DocumentClient(*other).put("a", stored.current.version, "").is_stored);
  EXPECT_EQ(DocumentClient(*one).list(), "");
  ASSERT_TRUE(one->run_until([&] { return changes.told.size() == 2; }));
  EXPECT_THAT(changes.told, ElementsAre("c/a=1", "c/a=-"));
}

TEST_F(RedisDocumentsOfNodes, AreChangedByOneOfTwoThatTryAtOnce) {
  const auto one = make_node(server_.unix_url(), "one");
  const auto other = make_node(server_.unix_url(), "other");
  for (int i = 0; i < 50; ++i) {
    const std::string id = std::to_string(i);
    int answers = 0;
    int wins = 0;
    for (const auto* node : {&one, &other}) {
      (*node)->broker->documents().put("c", id, 0, "v", [&](const auto& result) {
        ++answers;
        wins += result && result->is_stored ? 1 : 0;
      });
    }
    ASSERT_TRUE(one->run_until([&] { return answers == 2; }));
    ASSERT_EQ(wins, 1);
  }
}

TEST_F(RedisDocumentsOfNodes, WaitForARedisThatIsAway) {
  const auto node = make_node(server_.unix_url());
  DocumentClient client(*node);
  const std::uint64_t version = client.put("a", 0, "1").current.version;
  server_.command({"SAVE"});
  server_.kill();
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().link_losses > 0; }));
  int answers = 0;
  bool is_stored = false;
  node->broker->documents().get("c", "a", [&](const auto& document) {
    ++answers;
    EXPECT_TRUE(document && document->value == "1");
  });
  node->broker->documents().put("c", "a", version, "2", [&](const auto& result) {
    ++answers;
    is_stored = result && result->is_stored;
  });
  DocumentChanges changes(node->broker->documents());
  server_.start();
  ASSERT_TRUE(node->run_until([&] { return answers == 2; }));
  EXPECT_TRUE(is_stored);
  EXPECT_EQ(client.list(), "a=2");
  EXPECT_TRUE(node->run_until([&] { return changes.missed > 0; }));
}

TEST_F(RedisDocumentsOfNodes, FailWhenItIsAwayForLongerThanTheyAreHeld) {
  const auto patient = make_node(server_.unix_url());
  DocumentClient(*patient).put("a", 0, "1");
  settings_.hold_ms = 100;
  const auto node = make_node(server_.unix_url());
  ASSERT_TRUE(node->run_until_ready());
  DocumentClient client(*node);
  server_.kill();
  EXPECT_EQ(client.try_get("a").error(), errors::kInternal);
  EXPECT_EQ(client.try_put("a", 1, "2").error(), errors::kInternal);
  EXPECT_EQ(client.try_list({"c", "", 10}).error(), errors::kInternal);
}

TEST_F(RedisDocumentsOfNodes, SurviveThatRedisForgetsItsScripts) {
  const auto node = make_node(server_.unix_url());
  DocumentClient client(*node);
  client.put("a", 0, "1");
  server_.command({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(client.put("b", 0, "2").is_stored);
  server_.command({"SCRIPT", "FLUSH"});
  EXPECT_EQ(client.list(), "a=1 b=2");
}

TEST_F(RedisDocumentsOfNodes, GiveNoVersionTwiceThoughTheClockGoesBack) {
  const auto node = make_node(server_.unix_url());
  DocumentClient client(*node);
  const std::string hash = "chirm:{doc:c}:h";
  const std::string future = "8000000000000000";
  client.put("a", 0, "1");
  server_.command({"HSET", hash, "a", future + ":1"});
  const std::uint64_t later = client.put("a", 8000000000000000U, "2").current.version;
  EXPECT_EQ(later, 8000000000000001U);
  EXPECT_TRUE(client.put("a", later, "").is_stored);
  EXPECT_EQ(client.count(), 0U);
  EXPECT_GT(server_.command({"PTTL", hash}).size(), 4U);  // what is left goes by itself
  EXPECT_EQ(client.put("a", 0, "3").current.version, later + 1);
  EXPECT_EQ(server_.command({"PTTL", hash}), "-1");
  EXPECT_EQ(client.clear(), 1U);
  EXPECT_EQ(client.put("a", 0, "4").current.version, later + 2);
}

}  // namespace
}  // namespace chirm
