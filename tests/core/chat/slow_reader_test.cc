// SPDX-License-Identifier: MIT
// A reader that does not keep up costs no memory, and neither do others wait for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeClient;
using testing::kRoom;

class SlowReader : public ::testing::Test {
 protected:
  static ChatSettings small_tail() {
    ChatSettings settings = ChatNode::open_settings();
    settings.tail_bytes_max = 64 * 1024;
    return settings;
  }
  // One turn each.
  void publish(int count) {
    const std::string data = '"' + std::string(200, 'x') + '"';
    for (int i = 0; i < count; ++i) {
      ada.publish(kRoom, data);
      node.settle();
    }
    (void)ada.take();
  }

  static BrokerSettings kept() {
    BrokerSettings settings;
    settings.history_size = 1'000;
    return settings;
  }

  ChatNode node{small_tail(), kept()};
  FakeClient& ada = node.add_client("ada");
  FakeClient& slow = node.add_client("slow", kRoom);
  FakeClient& quick = node.add_client("quick", kRoom);
};

TEST_F(SlowReader, CatchesUpFromTheTail) {
  slow.transport.room = 1'000;
  publish(100);
  slow.drain();
  node.settle();
  EXPECT_EQ(slow.take().size(), 100U);
  EXPECT_EQ(quick.take().size(), 100U);
  EXPECT_EQ(node.counters.fell_off_tail, 0U);
}

TEST_F(SlowReader, IsServedFromHistoryWhenItFellOffTheTail) {
  slow.transport.room = 1'000;
  publish(500);
  EXPECT_EQ(quick.take().size(), 500U);
  slow.drain();
  publish(1);
  const auto lines = slow.take();
  ASSERT_EQ(lines.size(), 501U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].starts_with("room:a " + std::to_string(i + 1) + " ")) << lines[i];
  }
  EXPECT_EQ(node.counters.fell_off_tail, 1U);
  EXPECT_EQ(node.counters.overtaken, 0U);
  EXPECT_EQ(node.counters.behind_tail, 0U);
}

// Stops and goes on, again and again, while the room goes on without it.
TEST_F(SlowReader, ConvergesToExactlyTheRoomsContent) {
  slow.transport.room = 0;
  for (int round = 0; round < 20; ++round) {
    publish(50);
    slow.take_bytes(7'777);
    node.settle();
  }
  slow.drain();
  node.settle();
  const auto lines = slow.take();
  ASSERT_EQ(lines.size(), 1'000U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].starts_with("room:a " + std::to_string(i + 1) + " ")) << lines[i];
  }
}

TEST_F(SlowReader, IsToldWhenTheHistoryDoesNotReachBackEither) {
  slow.transport.room = 1'000;
  publish(1'500);
  slow.drain();
  node.settle();
  auto lines = slow.take();
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(lines.back(), "room:a unsubscribed 2500");
  EXPECT_EQ(node.counters.fell_off_tail, 1U);
  EXPECT_EQ(node.counters.overtaken, 1U);
  // What it got before is the start of the log, whole.
  const std::uint64_t got = lines.size() - 1;
  for (std::uint64_t i = 0; i < got; ++i) {
    EXPECT_TRUE(lines[i].starts_with("room:a " + std::to_string(i + 1) + " "));
  }
  slow.recover(kRoom, {got, slow.events().epoch});
  node.settle();
  lines = slow.take();
  EXPECT_EQ(lines.size(), 1U);
  EXPECT_EQ(node.counters.unrecovered, 1U);
}

// A gauge tells how far behind those are that do not read, also while they do not.
TEST_F(SlowReader, IsSeenFromOutside) {
  slow.transport.room = 0;
  publish(700);
  EXPECT_TRUE(node.pass_until([&] { return node.counters.behind_tail == 1; }));
  EXPECT_EQ(node.counters.fell_off_tail, 1U);
  EXPECT_EQ(node.counters.blocked_sessions, 1U);
  EXPECT_EQ(node.counters.lag_publications_max, 700U);
  EXPECT_TRUE(node.pass_until([&] { return node.counters.blocked_ms_max >= 1'000; }));
  slow.drain();
  node.settle();
  EXPECT_EQ(slow.take().size(), 700U);
  EXPECT_EQ(node.counters.blocked_sessions, 0U);
  EXPECT_EQ(node.counters.behind_tail, 0U);
  EXPECT_TRUE(node.pass_until([&] { return node.counters.lag_publications_max == 0; }));
  slow.transport.room = 0;
  publish(700);
  slow.vanish();
  EXPECT_EQ(node.counters.blocked_sessions, 0U);
}

TEST_F(SlowReader, CostsNoMemoryBeyondTheTail) {
  slow.transport.room = 0;
  publish(5'000);
  EXPECT_LE(node.counters.tail_bytes, 2 * 64U * 1024);
  EXPECT_EQ(slow.transport.writes, 1U + 1U + 1U);  // connect, subscribe, and one that blocked
}

TEST_F(SlowReader, LosesOnlyTheChannelWhoseTailItFellOff) {
  slow.subscribe("room:quiet");
  node.settle();
  (void)slow.take();
  slow.transport.room = 0;
  ada.publish("room:quiet", "1");
  publish(2'000);
  slow.drain();
  node.settle();
  EXPECT_THAT(slow.take(), ElementsAre("room:quiet 1 1", "room:a unsubscribed 2500"));
  ada.publish("room:quiet", "2");
  node.settle();
  EXPECT_THAT(slow.take(), ElementsAre("room:quiet 2 2"));
}

TEST_F(SlowReader, MaySubscribeAgainAsSoonAsItIsTold) {
  slow.transport.room = 0;
  publish(2'000);
  slow.drain();
  node.settle();
  EXPECT_THAT(slow.take(), ElementsAre("room:a unsubscribed 2500"));
  slow.subscribe(kRoom);
  node.settle();
  publish(1);
  const auto lines = slow.take();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0],
            R"(3 subscribe {"recoverable":true,"epoch":"E","offset":2000,"positioned":true})");
  EXPECT_TRUE(lines[1].starts_with("room:a 2001 "));
}

TEST_F(SlowReader, MayCloseOrVanishBehindTheTail) {
  FakeClient& other = node.add_client("other", kRoom);
  slow.transport.room = 0;
  other.transport.room = 0;
  publish(2'000);
  slow.vanish();
  other.session->close(disconnects::kShutdown);
  other.drain();
  node.settle();
  EXPECT_THAT(other.take(), ElementsAre("close 3001 shutdown"));
  EXPECT_EQ(quick.take().size(), 2'000U);
}

// However the segments of the tail come and go, and however much one turn brings.
TEST_F(SlowReader, IsNobodyWhoHadNoTurnYet) {
  const std::string data = '"' + std::string(200, 'x') + '"';
  for (int turn = 0; turn < 200; ++turn) {
    for (int i = 0; i < 100; ++i) ada.publish(kRoom, data);
    node.settle();
  }
  EXPECT_EQ(quick.take().size(), 20'000U);
  EXPECT_EQ(slow.take().size(), 20'000U);
  EXPECT_EQ(node.counters.fell_off_tail, 0U);
}

// The limit of all tails together also holds for channels that have become quiet.
TEST_F(SlowReader, SharesTheMemoryOfAllTailsAmongTheChannels) {
  ChatSettings settings = ChatNode::open_settings();
  settings.tail_bytes_max = 1024 * 1024;
  settings.tails_bytes_max = 4 * 1024 * 1024;
  ChatNode crowd(settings);
  FakeClient& publisher = crowd.add_client("ada");
  publisher.transport.is_kept = false;
  const std::string data = '"' + std::string(4'000, 'x') + '"';
  for (int room = 0; room < 64; ++room) {
    const std::string channel = "room:" + std::to_string(room);
    crowd.add_client("bob", channel).transport.is_kept = false;
    for (int i = 0; i < 300; ++i) publisher.publish(channel, data);
    crowd.settle();
  }
  // Each channel may have a segment more than its share.
  const auto is_bounded = [&] {
    return crowd.counters.tail_bytes <= settings.tails_bytes_max + 64 * 64 * 1024;
  };
  EXPECT_TRUE(crowd.pass_until(is_bounded)) << crowd.counters.tail_bytes;
}

}  // namespace
}  // namespace chirm
