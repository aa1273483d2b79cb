// SPDX-License-Identifier: MIT
// The rights that conf/redis.conf gives to chirm's user are enough, and what it does needs no more.

#include <fstream>
#include <sstream>

#include "tests/core/broker/document_client.h"
#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm {
namespace {

using testing::RedisServer;

// The words of the line "# user chirm …" behind "user".
std::vector<std::string> rights_in_conf() {
  std::ifstream file(CHIRM_SOURCE_DIR "/conf/redis.conf");
  std::vector<std::string> rights;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("# user chirm ")) continue;
    std::istringstream words(line.substr(std::string("# user ").size()));
    for (std::string word; words >> word;) rights.push_back(word);
  }
  return rights;
}

class RedisRights : public testing::RedisTest {
 protected:
  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
};

TEST_F(RedisRights, AreEnoughAsTheConfigurationGivesThem) {
  std::vector<std::string> command = rights_in_conf();
  ASSERT_GT(command.size(), 10U);
  command.insert(command.begin(), {"ACL", "SETUSER"});
  ASSERT_EQ(server_.command(command), "OK");
  const std::string url = "redis://chirm:change-me@127.0.0.1:" + std::to_string(server_.port());
  const auto node = make_node(url, "one");
  const auto other = make_node(url, "other");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(other->run_until_ready());
  const auto top = node->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  for (int i = 1; i <= 3; ++i) {
    const auto position = other->publish({"room:a", std::to_string(i), "ada", std::to_string(i)});
    ASSERT_TRUE(position && *position);
  }
  ASSERT_TRUE(node->run_until([&] { return node->received.size() == 3; }));
  const auto backward = node->history({"room:a", 0, 10, true});
  ASSERT_TRUE(backward && *backward);
  EXPECT_EQ((*backward)->publications.size(), 3U);
  EXPECT_EQ(bodies(*node, "room:a"), "1 2 3");
  const auto rewritten = node->rewrite({"room:a", 2, "", "2", "two"});
  EXPECT_TRUE(rewritten && *rewritten == Rewritten::kDone);
  node->broker->unsubscribe("room:a");
  testing::DocumentClient documents(*node);
  const std::uint64_t version = documents.put("a", 0, "1").current.version;
  EXPECT_TRUE(documents.put("a", version, "").is_stored);
  EXPECT_TRUE(documents.put("a", 0, "2").is_stored);
  EXPECT_EQ(documents.list(), "a=2");
  EXPECT_EQ(documents.count(), 1U);
  EXPECT_EQ(documents.clear(), 1U);

  // It comes back empty, and the nodes have their say about it.
  node->known = {3, (*top)->epoch};
  server_.kill();
  server_.start();
  server_.command(command);
  server_.command({"ACL", "LOG", "RESET"});
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().store_lives != 0; }));
  ASSERT_TRUE(node->run_until_ready());
  const auto after = node->publish({"room:a", "4", "ada", "4"});
  EXPECT_TRUE(after && *after);
  EXPECT_EQ(server_.command({"ACL", "LOG"}), "");
  EXPECT_EQ(times_logged("NOPERM"), 0U) << log_.str();
}

}  // namespace
}  // namespace chirm
