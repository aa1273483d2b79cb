// SPDX-License-Identifier: MIT
// More connections than the server may have, or than the system has files for: those that are open
// go on, those that wait are served as soon as others leave, and none is turned away.
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

TEST(Accepting, PausesAtItsLimitAndServesThoseWhoWaitLater) {
  ServerNode node(two_connections());
  RawClient& first = node.add_subscriber();
  RawClient& second = node.add_subscriber();
  RawClient& third = node.add_client();
  third.send_upgrade();
  EXPECT_TRUE(node.run_ms(300));
  EXPECT_FALSE(third.is_upgraded());
  EXPECT_FALSE(third.is_ended());
  EXPECT_EQ(node.metric("chirm_connections"), 2);
  EXPECT_EQ(node.metric("chirm_accept_pauses_total"), 1);
  // Those that are there go on.
  first.send(R"({"id":3,"publish":{"channel":"room:a","data":1}})");
  EXPECT_TRUE(node.run_until([&] { return second.events.has("room:a 1 1"); }));
  // One leaves, and the next comes in.
  first.close();
  EXPECT_TRUE(node.run_until([&] { return third.is_upgraded(); }));
  EXPECT_EQ(node.metric("chirm_connections"), 2);
}

TEST(Accepting, ServesManyThatWaitOneAfterTheOther) {
  ServerNode node(two_connections());
  for (int i = 0; i < 20; ++i) {
    node.add_client().send_bytes("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_TRUE(node.run_until([&] {
    bool is_done = true;
    for (const auto& client : node.clients) {
      if (client->is_ended()) client->close();
      is_done = is_done && client->status() == 200;
    }
    return is_done;
  }));
  EXPECT_EQ(node.metric("chirm_connections_accepted_total"), 20);
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

TEST(Accepting, WaitsWithoutHasteWhileTheSystemHasNoFiles) {
  ServerNode node;
  RawClient& first = node.add_subscriber();
  RawClient& second = node.add_subscriber();
  RawClient& waiting = node.add_client();
  waiting.send_upgrade();
  {
    const NoMoreFiles limit;
    EXPECT_TRUE(node.run_ms(550));
    EXPECT_FALSE(waiting.is_upgraded());
    EXPECT_FALSE(waiting.is_ended());
    // Tried again now and then, not all the time.
    EXPECT_GE(node.metric("chirm_accept_pauses_total"), 2);
    EXPECT_LE(node.metric("chirm_accept_pauses_total"), 8);
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
  EXPECT_TRUE(node.run_ms(250));
  EXPECT_FALSE(waiting.is_upgraded());
  first.close();  // and so does the server: two files
  EXPECT_TRUE(node.run_until([&] { return waiting.is_upgraded(); }));
}

}  // namespace
}  // namespace chirm
