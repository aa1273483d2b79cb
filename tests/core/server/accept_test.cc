// SPDX-License-Identifier: MIT
// More connections than the server may have: upgrades are refused. More than the system has files
// for: those that wait are served as soon as others leave. In both cases those that are open go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/server_node.h"

namespace chirm {
namespace {

using testing::RawClient;
using testing::ServerNode;

ServerSettings two_connections() {
  ServerSettings settings = ServerNode::server_settings();
  settings.connections_max = 2;
  return settings;
}

TEST(Accepting, AnswersAnUpgradeAboveItsLimitWith503AndOtherRequestsAsEver) {
  ServerNode node(two_connections());
  RawClient& first = node.add_subscriber();
  RawClient& second = node.add_subscriber();
  RawClient& third = node.add_client();
  third.send_upgrade();
  EXPECT_TRUE(node.run_until([&] { return third.status() == 503; }));
  RawClient& probe = node.add_client();
  probe.send_bytes("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return probe.status() == 200; }));
  // Those that are there go on.
  first.send(R"({"id":3,"publish":{"channel":"room:a","data":1}})");
  EXPECT_TRUE(node.run_until([&] { return second.events.has("room:a 1 1"); }));
  // One leaves, and there is room for the next.
  first.close();
  EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_sessions") == 1; }));
  RawClient& fourth = node.add_client();
  fourth.send_upgrade();
  EXPECT_TRUE(node.run_until([&] { return fourth.is_upgraded(); }));
}

// Lowers the limit of open files to what is open now, and raises it again.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next = dup(0);  // the lowest descriptor that is free
    close(next);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(next);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~NoMoreFiles() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

bool run_until_pauses(ServerNode& node, int count) {
  return node.run_until([&] { return node.metric("chirm_accept_pauses_total") >= count; });
}

TEST(Accepting, WaitsWithoutHasteWhileTheSystemHasNoFiles) {
  ServerNode node;
  RawClient& first = node.add_subscriber();
  RawClient& second = node.add_subscriber();
  RawClient& waiting = node.add_client();
  waiting.send_upgrade();
  {
    const NoMoreFiles limit;
    const std::uint64_t start_ms = node.loop.now_ms();
    EXPECT_TRUE(run_until_pauses(node, 5));
    EXPECT_FALSE(waiting.is_upgraded());
    EXPECT_FALSE(waiting.is_ended());
    // Tried again now and then, not all the time: with 100 ms between two attempts.
    EXPECT_GE(node.loop.now_ms() - start_ms, 400U);
    first.send(R"({"id":3,"publish":{"channel":"room:a","data":1}})");
    EXPECT_TRUE(node.run_until([&] { return second.events.has("room:a 1 1"); }));
  }
  EXPECT_TRUE(node.run_until([&] { return waiting.is_upgraded(); }));
}

TEST(Accepting, GoesOnSoonAfterAFileWasFreed) {
  ServerNode node;
  RawClient& first = node.add_subscriber();
  RawClient& waiting = node.add_client();
  waiting.send_upgrade();
  const NoMoreFiles limit;
  EXPECT_TRUE(run_until_pauses(node, 1));
  EXPECT_FALSE(waiting.is_upgraded());
  first.close();  // and so does the server: two files
  EXPECT_TRUE(node.run_until([&] { return waiting.is_upgraded(); }));
}

}  // namespace
}  // namespace chirm
