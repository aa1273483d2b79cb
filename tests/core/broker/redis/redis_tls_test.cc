// SPDX-License-Identifier: MIT
// Redis and Sentinels over TLS, and what becomes of those that are not who they should be.

#include "core/tls/tls_context.h"
#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/relay.h"
#include "tests/support/reserved_port.h"
#include "tests/support/sentinel_server.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::Certificates;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RedisServer;
using testing::Relay;
using testing::ReservedPort;
using testing::SentinelServer;

class RedisOverTls : public testing::RedisTest {
 protected:
  RedisOverTls() : files_(certificates_.make("server", "IP:127.0.0.1")) {}

  // `more`: behind the usual ones, which it may say otherwise.
  void start(const std::vector<std::string>& more = {}) { server_ = make_server(port_, more); }
  std::unique_ptr<RedisServer> make_server(const ReservedPort& port,
                                           const std::vector<std::string>& more) {
    RedisServer::Options options;
    options.arguments = {"--tls-port",         std::to_string(port.number()),
                         "--tls-cert-file",    files_.certificate,
                         "--tls-key-file",     files_.key,
                         "--tls-ca-cert-file", certificates_.authority(),
                         "--tls-auth-clients", "no",
                         "--tls-replication",  "yes"};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    return std::make_unique<RedisServer>(std::move(options));
  }

  static std::string url_of(std::uint16_t port) {
    return "rediss://127.0.0.1:" + std::to_string(port);
  }
  std::string url() const { return url_of(port_.number()); }

  std::unique_ptr<BrokerNode> make_tls_node(const std::string& url) {
    return make_tls_node(url, certificates_.authority());
  }
  std::unique_ptr<BrokerNode> make_tls_node(const std::string& url, const std::string& authority,
                                            const TlsFiles& own = {}) {
    auto parsed = parse_redis_url(url);
    EXPECT_TRUE(parsed.has_value() && parsed->is_tls) << url;
    auto tls = std::make_shared<RedisTls>();
    tls->context = TlsContext::make_client(authority, own, false).value();
    parsed->tls = tls;
    return std::make_unique<BrokerNode>(
        loop_, std::make_unique<RedisBroker>(loop_, *parsed, settings_,
                                             RedisIdentity{.prefix = "chirm", .node_name = "node"},
                                             link_settings_, node_settings_));
  }
  // Its two links say that, once each.
  void expect_refusal(BrokerNode& node, const std::string& why) {
    ASSERT_TRUE(node.run_until([&] { return times_logged(why) >= 2; })) << log_.str();
    EXPECT_NE(node.broker->health(), Health::kReady);
  }
  // Publishes so many messages of so many bytes, and waits until they are stored and delivered.
  void expect_traffic(BrokerNode& node, int count, std::size_t bytes) {
    const std::string channel = "room:" + std::to_string(++rooms_);
    ASSERT_TRUE(node.subscribe(channel));
    const std::size_t before = node.received.size();
    int stored = 0;
    const auto body = [&](int i) { return std::to_string(i) + std::string(bytes, 'x'); };
    for (int i = 0; i < count; ++i) {
      node.broker->publish({channel, body(i), "", ""}, [&](const auto& position) {
        EXPECT_TRUE(position.has_value());
        ++stored;
      });
    }
    ASSERT_TRUE(node.run_until([&] {
      return stored == count && node.received.size() == before + static_cast<std::size_t>(count);
    })) << stored
        << " " << node.received.size();
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(node.received[before + static_cast<std::size_t>(i)].body, body(i));
    }
  }

  Certificates certificates_;
  Certificates::Files files_;
  ReservedPort port_;
  std::unique_ptr<RedisServer> server_;
  int rooms_ = 0;  // that expect_traffic() has used
};

TEST_F(RedisOverTls, DeliversAllInOrder) {
  start();
  const auto node = make_tls_node(url());
  ASSERT_TRUE(node->run_until_ready());
  expect_traffic(*node, 1000, 20);
  // More than the sockets hold, in both directions.
  expect_traffic(*node, 150, 60'000);
  const auto history = node->history({"room:2", 0, 1000, false});
  ASSERT_TRUE(history && *history);
  EXPECT_EQ((*history)->publications.size(), 150U);
}

TEST_F(RedisOverTls, IsWaitedForWhileItReadsNothing) {
  start();
  settings_.pending_bytes_max = std::size_t{64} << 20;
  const auto node = make_tls_node(url());
  ASSERT_TRUE(node->run_until_ready());
  server_->suspend();
  int stored = 0;
  constexpr int kCount = 500;
  for (int i = 0; i < kCount; ++i) {
    node->broker->publish({"room:a", std::string(60'000, 'x'), "", ""},
                          [&](const auto& position) { stored += position.has_value() ? 1 : 0; });
  }
  ASSERT_TRUE(testing::run_for(loop_, 50));  // until the sockets are full
  EXPECT_EQ(stored, 0);
  server_->resume();
  EXPECT_TRUE(node->run_until([&] { return stored == kCount; })) << stored;
  EXPECT_EQ(node->broker->counters().link_losses, 0U) << log_.str();
}

TEST_F(RedisOverTls, GoesOnAfterRedisWasKilledAndRestarted) {
  start({"--appendonly", "yes", "--appendfsync", "always"});
  const auto node = make_tls_node(url());
  ASSERT_TRUE(node->run_until_ready());
  expect_traffic(*node, 10, 20);
  server_->kill();
  ASSERT_TRUE(node->run_until([&] { return node->broker->health() != Health::kReady; }));
  server_->start();
  ASSERT_TRUE(node->run_until_ready());
  expect_traffic(*node, 10, 20);
  EXPECT_EQ(times_logged("lost 127.0.0.1"), 2U) << log_.str();
}

TEST_F(RedisOverTls, SaysThatAConnectionWasCut) {
  start();
  Relay relay(loop_, port_.number());
  const auto node = make_tls_node(url_of(relay.port()));
  ASSERT_TRUE(node->run_until_ready());
  relay.cut();
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().link_losses != 0; }));
  EXPECT_NE(times_logged("Server closed the connection") + times_logged("reset by peer"), 0U)
      << log_.str();
  ASSERT_TRUE(node->run_until_ready());
}

TEST_F(RedisOverTls, GetsTheCertificateThatItDemands) {
  start({"--tls-auth-clients", "yes"});
  const auto refused = make_tls_node(url());
  expect_refusal(*refused,
                 "certificate required: it wants a certificate of this node, see "
                 "redis-certificate");
  const auto own = certificates_.make("node", "DNS:node");
  const auto node = make_tls_node(url(), certificates_.authority(), {own.certificate, own.key});
  ASSERT_TRUE(node->run_until_ready());
  expect_traffic(*node, 10, 20);
}

TEST_F(RedisOverTls, SaysThatItsOwnCertificateIsNotTaken) {
  start({"--tls-auth-clients", "yes"});
  Certificates others;
  const auto own = others.make("node", "DNS:node");
  const auto node = make_tls_node(url(), certificates_.authority(), {own.certificate, own.key});
  expect_refusal(*node, "unknown ca: it does not know the authority of redis-certificate");
}

TEST_F(RedisOverTls, IsNotBelievedWithoutItsAuthority) {
  start({"--requirepass", "s3cret"});
  Certificates others;
  const auto node = make_tls_node("rediss://:s3cret@127.0.0.1:" + std::to_string(port_.number()),
                                  others.authority());
  expect_refusal(*node, "the server's certificate is not believed");
  EXPECT_EQ(times_logged("s3cret"), 0U);
}

TEST_F(RedisOverTls, IsNotBelievedUnderAnotherName) {
  files_ = certificates_.make("named", "DNS:localhost");
  start();
  expect_refusal(*make_tls_node(url()), "IP address mismatch");
  const auto named = make_tls_node("rediss://localhost:" + std::to_string(port_.number()));
  ASSERT_TRUE(named->run_until_ready()) << log_.str();
}

TEST_F(RedisOverTls, IsNotBelievedWhenItsCertificateHasExpired) {
  files_ = certificates_.make("expired", "IP:127.0.0.1", -1);
  start();
  expect_refusal(*make_tls_node(url()), "certificate has expired");
}

// A server without TLS takes the handshake for a command, or waits for the end of its line.
TEST_F(RedisOverTls, SaysThatAServerDoesNotSpeakIt) {
  link_settings_.connect_timeout_ms = 500;
  RedisServer plain({.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
  expect_refusal(*make_tls_node(url_of(plain.port())), "speak TLS on this port");
}

TEST_F(RedisOverTls, SaysThatNobodyListens) {
  expect_refusal(*make_tls_node(url()), "Connection refused");
}

// What connects after a renewal shows and believes what is in the files then.
TEST_F(RedisOverTls, TakesARenewedCertificateForItsNextConnection) {
  start({"--tls-auth-clients", "yes"});
  auto parsed = parse_redis_url(url());
  auto tls = std::make_shared<RedisTls>();
  tls->context = TlsContext::make_client(certificates_.authority(), {}, false).value();
  parsed->tls = tls;
  BrokerNode node(
      loop_, std::make_unique<RedisBroker>(loop_, *parsed, settings_,
                                           RedisIdentity{.prefix = "chirm", .node_name = "node"},
                                           link_settings_, node_settings_));
  expect_refusal(node, "certificate required");
  const auto own = certificates_.make("node", "DNS:node");
  tls->context =
      TlsContext::make_client(certificates_.authority(), {own.certificate, own.key}, false).value();
  EXPECT_TRUE(node.run_until_ready()) << log_.str();
}

TEST_F(RedisOverTls, IsFoundThroughSentinelsWhichUseItToo) {
  start();
  const ReservedPort replica_port;
  const auto replica =
      make_server(replica_port, {"--replicaof", "127.0.0.1", std::to_string(port_.number()),
                                 "--repl-diskless-sync-delay", "0"});
  const ReservedPort sentinel_port;
  // Its other port is for the test's own commands.
  SentinelServer sentinel(
      loop_, {.master_port = port_.number(),
              .quorum = 1,
              .settings = {"tls-port " + std::to_string(sentinel_port.number()),
                           "tls-cert-file " + files_.certificate, "tls-key-file " + files_.key,
                           "tls-ca-cert-file " + certificates_.authority(), "tls-auth-clients no",
                           "tls-replication yes"}});
  const std::string place = "127.0.0.1:" + std::to_string(sentinel_port.number());
  const auto node = make_tls_node("rediss+sentinel://" + place + "/main");
  ASSERT_TRUE(node->run_until_ready()) << log_.str();
  EXPECT_NE(times_logged("sentinel connected to " + place), 0U) << log_.str();
  expect_traffic(*node, 10, 20);
  ASSERT_TRUE(node->run_until([&] {
    return sentinel.command({"SENTINEL", "REPLICAS", "main"}).find("master-link-status ok") !=
           std::string::npos;
  })) << sentinel.log();

  EXPECT_EQ(sentinel.command({"SENTINEL", "FAILOVER", "main"}), "OK");
  ASSERT_TRUE(node->run_until([&] {
    return times_logged("node pubsub connected to main at 127.0.0.1:" +
                        std::to_string(replica_port.number())) == 1;
  })) << log_.str();
  ASSERT_TRUE(node->run_until_ready());
  EXPECT_THAT(server_->command({"CLIENT", "LIST"}), Not(HasSubstr("name=node")));
  expect_traffic(*node, 10, 20);
}

}  // namespace
}  // namespace chirm
