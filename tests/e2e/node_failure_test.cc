// SPDX-License-Identifier: MIT
// Nodes and nginx die, stop and come back while people talk.
#include <signal.h>

#include <algorithm>

#include "tests/e2e/cluster_test.h"
#include "tests/support/http_get.h"
#include "tests/support/raw_client.h"

namespace chirm::testing {
namespace {

using NodeFailure = ClusterTest;

TEST_F(NodeFailure, NothingIsLostWhenANodeIsKilled) {
  start();
  const std::vector<std::string> rooms = {"room:a", "room:b"};
  for (int i = 0; i < 30; ++i) add(cluster_->url(), rooms);
  ASSERT_TRUE(wait_until_settled());
  const std::size_t victims = sessions(0);
  EXPECT_GE(victims, 5);
  start_talking(15);
  talk_on(300);

  cluster_->kill_node(0);
  ASSERT_TRUE(run([&] { return count_disconnects() == victims; }));
  ASSERT_TRUE(wait_until_settled());
  EXPECT_EQ(sessions(1) + sessions(2), people_.size());
  talk_on(300);
  for (const auto& one : people_) {
    EXPECT_LE(one->disconnects.size(), 1) << one->name() << " was not on the node that died";
  }

  cluster_->start_node(0);
  ASSERT_TRUE(cluster_->wait_until_ready());  // until then it refuses clients
  // nginx leaves a node alone for a while that has refused (fail_timeout). These are no upgrades.
  ASSERT_TRUE(run([&] {
    (void)http_get(cluster_->url().port, "/connection/websocket");
    return cluster_->find_metric(0, "chirm_http_responses_total{status=\"400\"}").value_or(0) > 0;
  }));
  for (int i = 0; i < 6; ++i) add(cluster_->url(), rooms);
  ASSERT_TRUE(wait_until_settled());
  // nginx counts connections from its own start, so the node that has none of them gets the next.
  EXPECT_EQ(sessions(0), 6);
  talk_on(300);
  stop_and_compare();
}

TEST_F(NodeFailure, NothingIsLostWhenNodesAreKilledOneAfterTheOther) {
  start();
  ASSERT_NO_FATAL_FAILURE(add_crowd(6));
  // Those who are bound to one node wait for it.
  start_talking(12);
  for (std::size_t node = 0; node < 3; ++node) {
    talk_on(200);
    cluster_->kill_node(node);
    talk_on(200);
    cluster_->start_node(node);
  }
  ASSERT_TRUE(wait_until_settled());
  talk_on(200);
  stop_and_compare();
}

TEST_F(NodeFailure, ANodeThatIsStoppedSendsItsClientsElsewhere) {
  start();
  for (int i = 0; i < 15; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  const std::size_t leaving = sessions(1);
  EXPECT_GE(leaving, 3);
  start_talking(8);
  talk_on(200);

  cluster_->node(1).send_signal(SIGTERM);
  ASSERT_TRUE(run([&] { return cluster_->node(1).exit_code().has_value(); }));
  EXPECT_EQ(cluster_->node(1).exit_code(), 0);
  ASSERT_TRUE(run([&] { return count_disconnects() == leaving; }));
  for (const auto& one : people_) {
    for (const auto& why : one->disconnects) EXPECT_EQ(why.code, 3001) << why.reason;
  }
  ASSERT_TRUE(wait_until_settled());
  EXPECT_EQ(sessions(0) + sessions(2), people_.size());
  talk_on(200);
  stop_and_compare();
}

TEST_F(NodeFailure, NginxSendsClientsToANodeThatReachesRedis) {
  Cluster::Options options;
  options.has_relays = true;
  start(options);
  const std::uint16_t lost = cluster_->node_url(2).port;
  cluster_->relay(2).hold(true, true);
  ASSERT_TRUE(run([&] { return http_get(lost, "/readyz").body.starts_with("away: "); }));
  EXPECT_EQ(http_get(lost, "/readyz").status, 503);
  EXPECT_EQ(http_get(lost, "/healthz").status, 200);
  for (int i = 0; i < 12; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  EXPECT_EQ(count_disconnects(), 0);  // nobody was told a 503
  EXPECT_EQ(sessions(0) + sessions(1), people_.size());
  EXPECT_GT(metric(2, "chirm_http_responses_total{status=\"503\"}"), 0);
  start_talking(6);
  talk_on(100);
  stop_and_compare();
  cluster_->relay(2).hold(false, false);
  ASSERT_TRUE(run([&] { return http_get(lost, "/readyz").status == 200; }));
}

// Its kernel goes on taking connections, on which nothing is ever answered, and it has fewer
// clients than the others as soon as some have left it: nginx must not send anybody there.
TEST_F(NodeFailure, NobodyWaitsForANodeThatIsFrozen) {
  start({.chirmd_arguments = {"--insecure", "--ping", "2", "--pong-timeout", "1"}});
  const auto add_one = [&] {
    client::Options person = options(cluster_->url());
    person.ping_delay_max_ms = 2000;  // soon enough; whoever goes by mistake comes back
    person.command_timeout_ms = 5000;
    add(person, {"room:a"});
  };
  for (int i = 0; i < 15; ++i) add_one();
  ASSERT_TRUE(wait_until_settled());
  const std::size_t stuck = sessions(0);
  ASSERT_GE(stuck, 3);

  cluster_->node(0).send_signal(SIGSTOP);
  for (int i = 0; i < 15; ++i) add_one();
  ASSERT_TRUE(run([&] {
    return sessions(1) + sessions(2) == people_.size() &&
           std::all_of(people_.begin(), people_.end(),
                       [](const auto& one) { return one->is_settled(); });
  }));
  start_talking(6);
  talk_on(100);
  stop_and_compare();
  cluster_->node(0).send_signal(SIGCONT);
}

TEST_F(NodeFailure, ClientsWaitForTheNodesToComeBack) {
  start();
  for (int i = 0; i < 12; ++i) add(cluster_->url(), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(6);
  talk_on(200);

  for (std::size_t node = 0; node < 3; ++node) cluster_->kill_node(node);
  // The first loss, and two attempts that nginx answers with 502.
  ASSERT_TRUE(run([&] {
    return std::all_of(people_.begin(), people_.end(),
                       [](const auto& one) { return one->disconnects.size() >= 3; });
  }));
  for (std::size_t node = 0; node < 3; ++node) cluster_->start_node(node);
  ASSERT_TRUE(wait_until_settled());
  talk_on(200);
  stop_and_compare();
}

TEST_F(NodeFailure, NothingIsLostWhenNginxIsKilled) {
  start();
  for (int i = 0; i < 12; ++i) add(cluster_->url(), {"room:a"});
  add(cluster_->node_url(0), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(13);
  talk_on(200);

  cluster_->kill_nginx();
  ASSERT_TRUE(run([&] { return count_disconnects() >= 2 * (people_.size() - 1); }));
  talk_on(50);  // one is not behind nginx
  cluster_->start_nginx();
  ASSERT_TRUE(wait_until_settled());
  talk_on(200);
  EXPECT_EQ(people_.back()->disconnects.size(), 0);
  stop_and_compare();
}

// The node had it in its sockets while it was frozen; meanwhile it was sent again through another
// one, and the id of that is forgotten when the node goes on.
TEST_F(NodeFailure, AFrozenNodeStoresNothingThatWasSentAgainElsewhere) {
  start({.nodes = 2,
         .chirmd_arguments = {"--insecure", "--api-key", "k", "--hold", "1", "--idempotency-ttl",
                              "2"}});
  RawClient writer(loop_, cluster_->node_port(0));
  writer.send_upgrade();
  ASSERT_TRUE(run([&] { return writer.is_upgraded(); }));
  writer.send(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
  ASSERT_TRUE(run([&] { return !writer.events.lines.empty(); }));
  const std::string body = R"({"channel":"room:a","data":{"id":"m2"},"idempotency_key":"k2"})";
  const std::string request = "POST /api/publish HTTP/1.1\r\nHost: h\r\nX-API-Key: k\r\n" +
                              std::string("Content-Length: ") + std::to_string(body.size()) +
                              "\r\n\r\n" + body;

  cluster_->node(0).send_signal(SIGSTOP);
  const std::string message = R"({"id":3,"publish":{"channel":"room:a","data":{"id":"m1"}}})";
  writer.send(message);
  RawClient program(loop_, cluster_->node_port(0));
  program.send_bytes(request);
  RawClient other(loop_, cluster_->node_port(1));
  other.send_upgrade();
  ASSERT_TRUE(run([&] { return other.is_upgraded(); }));
  other.send(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
  other.send(message);
  RawClient other_program(loop_, cluster_->node_port(1));
  other_program.send_bytes(request);
  RedisServer& redis = cluster_->redis();
  const std::string stream = "chirm:{room:a}:s";
  ASSERT_TRUE(run([&] { return redis.command({"XLEN", stream}) == "2"; }));
  // Whoever publishes when its time is over makes the store forget. Each time that the other node
  // renews its lease, the store's clock (redis_life_scripts.h) is set forward.
  const auto is_known = [&](const char* id) {
    return redis.command({"HEXISTS", "chirm:{room:a}:m:i", id}) == "1" ||
           redis.command({"HEXISTS", "chirm:{room:a}:m:j", id}) == "1";
  };
  ASSERT_TRUE(is_known("3:adam1") && is_known("1:\x01k2"));
  std::string clock;
  int next = 0;
  ASSERT_TRUE(run([&] {
    if (redis.command({"HGET", "chirm:life", "c"}) != clock) {
      clock = redis.command({"HINCRBY", "chirm:life", "c", "10000000"});
      const std::string id = "n" + std::to_string(++next);
      other.send(R"({"id":9,"publish":{"channel":"room:a","data":{"id":")" + id + "\"}}}");
    }
    return !is_known("3:adam1") && !is_known("1:\x01k2");
  }));

  cluster_->node(0).send_signal(SIGCONT);
  ASSERT_TRUE(run([&] { return writer.is_ended() || writer.events.lines.size() > 1; }));
  ASSERT_TRUE(run([&] { return program.is_ended() || program.was_reset(); }));
  ASSERT_TRUE(cluster_->wait_until_ready());
  const std::string all = redis.command({"XRANGE", stream, "-", "+"});
  for (const char* id : {"\"m1\"", "\"m2\""}) {
    EXPECT_NE(all.find(id), all.npos) << id;
    EXPECT_EQ(all.find(id), all.rfind(id)) << id;
  }
  EXPECT_EQ(writer.events.close_code, 3004);
  EXPECT_EQ(program.status(), 0);
}

}  // namespace
}  // namespace chirm::testing
