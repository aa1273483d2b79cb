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

constexpr const char* kRoom = "room:a";

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

  ChatNode node{small_tail()};
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

TEST_F(SlowReader, IsToldThatItFellOffTheTailAndRecoversFromHistory) {
  slow.transport.room = 1'000;
  publish(500);
  EXPECT_EQ(quick.take().size(), 500U);
  slow.drain();
  node.settle();
  auto lines = slow.take();
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(lines.back(), "room:a unsubscribed 2500");
  EXPECT_EQ(node.counters.fell_off_tail, 1U);
  // What it got before is the start of the log, whole.
  const std::uint64_t got = lines.size() - 1;
  for (std::uint64_t i = 0; i < got; ++i) {
    EXPECT_TRUE(lines[i].starts_with("room:a " + std::to_string(i + 1) + " "));
  }
  slow.recover(kRoom, {got, slow.events().epoch});
  node.settle();
  lines = slow.take();
  EXPECT_EQ(lines.size(), 1 + 500 - got) << lines[0];
  EXPECT_EQ(node.counters.recovered, 1U);
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
  slow.subscribe(kRoom);
  node.settle();
  publish(1);
  const auto lines = slow.take();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "room:a unsubscribed 2500");
  EXPECT_EQ(lines[1],
            R"(3 subscribe {"recoverable":true,"epoch":"E","offset":2000,"positioned":true})");
  EXPECT_TRUE(lines[2].starts_with("room:a 2001 "));
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
  EXPECT_TRUE(crowd.run_until(is_bounded)) << crowd.counters.tail_bytes;
}

}  // namespace
}  // namespace chirm
