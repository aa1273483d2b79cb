// SPDX-License-Identifier: MIT
// What conf/nginx.conf lets one address take, with smaller numbers, and with this machine counted.
#include <gtest/gtest.h>

#include "tests/support/cluster.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"

namespace chirm::testing {
namespace {

class NginxLimits : public ::testing::Test {
 protected:
  using Edits = std::vector<std::pair<std::string, std::string>>;

  void start(Edits edits) {
    edits.emplace_back("127.0.0.0/8 0;", "");
    cluster_ = std::make_unique<Cluster>(
        loop_, Cluster::Options{.nodes = 1, .nginx_edits = std::move(edits)});
    port_ = cluster_->url().port;
  }
  // How an upgrade is answered that stays open.
  int upgrade() {
    RawClient& client = *clients_.emplace_back(std::make_unique<RawClient>(loop_, port_));
    client.send_upgrade();
    EXPECT_TRUE(run_until(loop_, [&] { return client.is_upgraded() || client.status() != 0; }));
    return client.status();
  }
  int get(const std::string& path) { return http_get(port_, path).status; }

  Loop loop_;
  std::unique_ptr<Cluster> cluster_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  std::uint16_t port_ = 0;
};

TEST_F(NginxLimits, AreOfConnections) {
  start({{"limit_conn connections 6000;", "limit_conn connections 2;"}});
  EXPECT_EQ(upgrade(), 101);
  EXPECT_EQ(upgrade(), 101);
  EXPECT_EQ(upgrade(), 429);
  EXPECT_EQ(get("/healthz"), 429);
}

TEST_F(NginxLimits, AreOfRequests) {
  start({{"zone=requests:10m rate=500r/s", "zone=requests:10m rate=1r/m"},
         {"limit_req zone=requests burst=5000 nodelay;\n    limit_conn_status",
          "limit_req zone=requests burst=2 nodelay;\n    limit_conn_status"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("/healthz"), 200);
  EXPECT_EQ(get("/healthz"), 429);
  EXPECT_EQ(upgrade(), 429);
}

// A network /64 of IPv6 is one, however its addresses are written; and one of IPv4 is each for
// itself, also where it comes in through an IPv6 socket.
TEST_F(NginxLimits, AreOfNetworksAsProvidersGiveThem) {
  start({{"limit_conn connections 6000;",
          "set_real_ip_from 127.0.0.1; real_ip_header X-From; limit_conn connections 1;"}});
  const auto upgrade_from = [this](const std::string& address) {
    RawClient& client = *clients_.emplace_back(std::make_unique<RawClient>(loop_, port_));
    client.send_upgrade("X-From: " + address + "\r\n");
    EXPECT_TRUE(run_until(loop_, [&] { return client.is_upgraded() || client.status() != 0; }));
    return client.status();
  };
  const std::vector<std::vector<std::string>> networks = {
      {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1:2::1",
       "2001:db8:1:2:ff::", "2001:db8:1:2:0:0:0:9"},
      {"2001:db8:1:3::1", "2001:db8:1:3:1:2:3:4"},
      {"2001:db8::1"},
      {"2001:db8::a:1:2:3:4"},
      {"192.0.2.1"},
      {"192.0.2.2"},
      {"::ffff:192.0.2.3"},
      {"::ffff:192.0.2.4"},
  };
  for (const auto& addresses : networks) {
    EXPECT_EQ(upgrade_from(addresses.front()), 101) << addresses.front();
  }
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t at = 1; at < networks[i].size(); ++at) {
      EXPECT_EQ(upgrade_from(networks[i][at]), 429) << networks[i][at];
    }
  }
  EXPECT_EQ(upgrade_from("2001:db8::1:2:3:4"), 429);
  EXPECT_EQ(upgrade_from("2001:db8::a:4:3:2:1"), 429);
  EXPECT_EQ(upgrade_from("192.0.2.1"), 429);
  EXPECT_EQ(upgrade_from("::ffff:192.0.2.3"), 429);
  // Of a network with zeros in it there are two ways to write an address, and so two that count.
  int zeros = 0;
  for (int i = 1; i < 10; ++i) {
    if (upgrade_from("2001:db8:0:0:" + std::to_string(i) + "::") == 101) ++zeros;
  }
  EXPECT_LE(zeros, 1);
}

TEST_F(NginxLimits, AreCloserForSigningIn) {
  start(
      {{"zone=sign_ins:10m rate=50r/s", "zone=sign_ins:10m rate=1r/m"}, {"burst=2500", "burst=1"}});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(get("/auth/settings"), 200);
  EXPECT_EQ(get("/auth/settings"), 429);
  EXPECT_EQ(get("/healthz"), 200);
  EXPECT_EQ(upgrade(), 101);
}

TEST_F(NginxLimits, AreOfTimeForHeadAndBody) {
  start({{"client_header_timeout 10s", "client_header_timeout 1s"},
         {"client_body_timeout 10s", "client_body_timeout 1s"}});
  RawClient head(loop_, port_);
  head.send_bytes("GET / HTTP/1.1\r\nHo");
  RawClient body(loop_, port_);
  body.send_bytes("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_TRUE(run_until(loop_, [&] { return head.is_ended() && body.is_ended(); }));
  EXPECT_EQ(body.status(), 0);  // reset, as whoever is that slow reads no answer
}

TEST_F(NginxLimits, AreNotForThisMachine) {
  cluster_ = std::make_unique<Cluster>(
      loop_, Cluster::Options{
                 .nodes = 1,
                 .nginx_edits = {{"limit_conn connections 6000;", "limit_conn connections 1;"}}});
  port_ = cluster_->url().port;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(upgrade(), 101);
}

}  // namespace
}  // namespace chirm::testing
