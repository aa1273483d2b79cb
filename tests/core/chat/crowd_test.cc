// SPDX-License-Identifier: MIT
// Many come back at once, with a store that has it all: how often that is read, how much of it is
// held, and who waits meanwhile.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using testing::FakeClient;
using testing::kRoom;

class Crowd : public ::testing::Test {
 protected:
  static BrokerSettings kept() {
    BrokerSettings settings;
    settings.history_size = 10'000;
    return settings;
  }
  static ChatSettings chat() {
    ChatSettings settings = ChatNode::open_settings();
    settings.tail_bytes_max = 128 * 1024;
    settings.tails_bytes_max = 4 * 1024 * 1024;
    settings.page_bytes = 64 * 1024;
    return settings;
  }
  void publish(int count) {
    const std::string data = '"' + std::string(1'000, 'x') + '"';
    for (int i = 0; i < count; ++i) {
      ada.publish(kRoom, data);
      ++published;
      if (i % 50 == 0) node.settle();
    }
    node.settle();
  }
  // Fails unless `client` was sent a reply and all behind `since`, once and in order.
  void expect_all(FakeClient& client, std::uint64_t since) {
    const auto lines = client.take();
    ASSERT_EQ(lines.size(), 1 + published - since);
    EXPECT_EQ(lines[0].find("\"recovered\":true") != std::string::npos, true) << lines[0];
    for (std::size_t i = 1; i < lines.size(); ++i) {
      ASSERT_TRUE(lines[i].starts_with("room:a " + std::to_string(since + i) + " "));
    }
  }

  ChatNode node{chat(), kept()};
  FakeClient& ada = node.add_client("ada");
  std::uint64_t published = 0;
};

// 5 MB that a tail of 128 KiB has not.
TEST_F(Crowd, IsBroughtBackFromFarBeyondTheTailInOneWalk) {
  ada.transport.is_kept = false;
  publish(5'000);
  (void)node.add_client("live", kRoom);
  std::vector<FakeClient*> clients;
  std::vector<std::uint64_t> places = {0, 0, 1, 17, 1'000, 2'500, 4'000, 4'990, 4'999, 5'000};
  for (std::size_t i = 0; i < places.size(); ++i) clients.push_back(&node.add_client("bob"));
  const std::uint64_t reads = node.broker.counters().histories;
  std::uint64_t bytes_max = 0;
  for (std::size_t i = 0; i < places.size(); ++i) clients[i]->recover(kRoom, {places[i], ""});
  for (int turn = 0; turn < 200; ++turn) {
    if (turn % 2 == 0) {
      ada.publish(kRoom, R"("live")");
      ++published;
    }
    (void)node.end_turn();
    bytes_max = std::max(bytes_max, node.counters.tail_bytes);
  }
  node.settle();
  for (std::size_t i = 0; i < places.size(); ++i) expect_all(*clients[i], places[i]);
  const std::uint64_t pages = 5'000 * 1'000 / chat().page_bytes;
  EXPECT_LE(node.broker.counters().histories - reads, pages + 10);
  EXPECT_EQ(node.counters.catch_up_rounds, 1U);
  EXPECT_LE(bytes_max, 600U * 1024);
  EXPECT_EQ(node.counters.recovered, places.size());
  EXPECT_EQ(node.counters.overtaken, 0U);
}

TEST_F(Crowd, ReadsNothingForPositionsWithinTheTail) {
  (void)node.add_client("live", kRoom);
  publish(5'000);
  const std::uint64_t reads = node.broker.counters().histories;
  for (int i = 0; i < 500; ++i) {
    FakeClient& client = node.add_client("bob");
    client.transport.is_kept = false;
    client.recover(kRoom, {published - static_cast<std::uint64_t>(i % 64), ""});
    node.settle();
  }
  EXPECT_EQ(node.broker.counters().histories, reads);
  EXPECT_EQ(node.counters.recovered, 500U);
}

// Whatever its readers do, a node holds no more history than its share.
TEST_F(Crowd, HoldsABoundedPartOfTheHistoryOfAllChannels) {
  std::vector<FakeClient*> stopped;
  const std::string data = '"' + std::string(1'000, 'x') + '"';
  for (int room = 0; room < 50; ++room) {
    const std::string name = "room:" + std::to_string(room);
    FakeClient& live = node.add_client("live", name);
    live.transport.is_kept = false;
    for (int i = 0; i < 400; ++i) {
      ada.publish(name, data);
      if (i % 50 == 0) node.settle();
    }
    node.settle();
    FakeClient& client = node.add_client("bob");
    client.transport.room = 2'000;
    client.recover(name, {0, ""});
    stopped.push_back(&client);
    node.settle();
  }
  const std::uint64_t share = chat().tails_bytes_max / 4 + chat().page_bytes;
  const auto is_bounded = [&] { return node.counters.page_bytes <= share; };
  EXPECT_TRUE(is_bounded());
  EXPECT_GT(node.counters.page_bytes, 0U);
  // They read again, one after the other; each gets its turn and all that it missed.
  std::vector<std::size_t> got(stopped.size());
  for (std::size_t i = 0; i < stopped.size(); ++i) {
    stopped[i]->drain();
    node.settle();
    EXPECT_TRUE(is_bounded());
  }
  const auto is_done = [&] { return node.counters.behind_tail == 0; };
  EXPECT_TRUE(node.run_until(is_done));
  node.settle();
  for (FakeClient* client : stopped) EXPECT_EQ(client->take().size(), 1U + 400U);
  EXPECT_EQ(node.counters.page_bytes, 0U);
}

// What catches up does not keep a live room or a reply waiting.
TEST_F(Crowd, DoesNotDelayWhatIsLive) {
  publish(2'000);
  FakeClient& eve = node.add_client("eve", "room:live");
  std::uint64_t writes = 0;
  std::vector<FakeClient*> readers;
  for (int i = 0; i < 100; ++i) readers.push_back(&node.add_client("bob"));
  for (FakeClient* reader : readers) {
    reader->transport.is_kept = false;
    reader->transport.on_write = [&writes] {
      ++writes;
      const std::uint64_t end_ns = Loop::clock_ns() + 300'000;
      while (Loop::clock_ns() < end_ns) {
      }
    };
    reader->recover(kRoom, {1, ""});
  }
  // Past their replies.
  while (node.counters.recovered < 100 || writes < 150) (void)node.end_turn();
  const std::uint64_t before = writes;
  eve.send(R"({"id":3,"rpc":{}})");
  ada.publish("room:live", "1");
  while (eve.events().lines.size() < 2) ASSERT_EQ(node.end_turn(), Loop::TurnEnd::kMore);
  EXPECT_LE(writes - before, 32U);
  EXPECT_GT(node.counters.behind_tail, 0U);
}

}  // namespace
}  // namespace chirm
