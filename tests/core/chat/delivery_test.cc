// SPDX-License-Identifier: MIT
// What subscribers get, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::FakeClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> publications(std::string_view channel, int from, int to) {
  std::vector<std::string> lines;
  for (int n = from; n <= to; ++n) {
    const std::string text = std::to_string(n);
    lines.push_back(std::string(channel) + " " + text + " " + text);
  }
  return lines;
}

TEST(Delivery, ReachesEverySubscriberOnceAndNobodyElse) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada", "room:a");
  std::vector<FakeClient*> others;
  for (int i = 0; i < 50; ++i) others.push_back(&node.add_client("bob", "room:a"));
  FakeClient& elsewhere = node.add_client("eve", "room:b");
  FakeClient& nowhere = node.add_client("eve");
  ada.publish("room:a", R"({"n":1})");
  node.settle();
  EXPECT_THAT(ada.take(), ::testing::UnorderedElementsAre(R"(3 publish {"offset":1,"epoch":"E"})",
                                                          R"(room:a 1 {"n":1})"));
  for (FakeClient* other : others) EXPECT_THAT(other->take(), ElementsAre(R"(room:a 1 {"n":1})"));
  EXPECT_THAT(elsewhere.take(), IsEmpty());
  EXPECT_THAT(nowhere.take(), IsEmpty());
  EXPECT_EQ(node.counters.publications, 1U);
  EXPECT_EQ(node.counters.deliveries, 51U);
}

TEST(Delivery, SaysWhoPublished) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  const std::string id = ada.session->client_id();
  FakeClient& bob = node.add_client("bob", "room:a");
  ada.publish("room:a", "1");
  node.settle();
  // The first digits of the node's time: the next of them change once in some days.
  const std::string now = std::to_string(node.loop.unix_ms()).substr(0, 4);
  EXPECT_THAT(
      bob.events().messages.back(),
      ::testing::MatchesRegex(
          R"(\{"push":\{"channel":"room:a","pub":\{"data":1,"info":\{"user":"ada","client":")" +
          id + R"("\},"time":)" + now + R"([0-9]{9},"offset":1\}\}\})"));
}

TEST(Delivery, CarriesThePayloadByteForByteWithoutLineFeeds) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  ada.publish("room:a", R"({"b" : 1.000000000000000000001e+2,"a":"\u00e9 <&>","a":[ ]})");
  node.settle();
  EXPECT_THAT(
      bob.take(),
      ElementsAre(R"(room:a 1 {"b" : 1.000000000000000000001e+2,"a":"\u00e9 <&>","a":[ ]})"));
}

TEST(Delivery, KeepsTheOrderOfPublishingForAll) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada", "room:a");
  FakeClient& bob = node.add_client("bob", "room:a");
  for (int n = 1; n <= 100; ++n) {
    (n % 3 == 0 ? bob : ada).publish("room:a", std::to_string(n));
    if (n % 7 == 0) node.settle();
  }
  node.settle();
  for (FakeClient* client : {&ada, &bob}) {
    std::vector<std::string> pushes;
    for (std::string& line : client->take()) {
      if (line.starts_with("room:")) pushes.push_back(std::move(line));
    }
    EXPECT_THAT(pushes, ElementsAreArray(publications("room:a", 1, 100)));
  }
}

TEST(Delivery, WritesAllOfATurnAtOnce) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.subscribe("room:b");
  node.settle();
  (void)bob.take();
  const std::size_t writes = bob.transport.writes;
  for (int n = 1; n <= 20; ++n) ada.publish(n % 2 == 0 ? "room:a" : "room:b", "1");
  node.settle();
  EXPECT_EQ(bob.take().size(), 20U);
  EXPECT_EQ(bob.transport.writes, writes + 1);
}

TEST(Delivery, ServesManyChannelsOfOneClient) {
  ChatSettings settings = ChatNode::open_settings();
  settings.channels_per_client = 1'000;
  ChatNode node(settings);
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob");
  for (int i = 0; i < 1'000; ++i) bob.subscribe("room:" + std::to_string(i));
  node.settle();
  EXPECT_EQ(bob.take().size(), 1'000U);
  const std::size_t writes = bob.transport.writes;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1'000; ++i) ada.publish("room:" + std::to_string(i), "1");
  }
  node.settle();
  EXPECT_EQ(bob.take().size(), 3'000U);
  EXPECT_LE(bob.transport.writes, writes + 10);  // 128 channels each
}

TEST(Delivery, CutsFramesNowhereWhenTheSocketTakesOneByteAtATime) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.subscribe("room:b");
  node.settle();
  (void)bob.take();
  bob.transport.bytes_per_write = 1;
  std::mt19937 random(3);
  std::vector<std::string> sent;
  int offsets[2] = {0, 0};
  int replies = 0;
  for (int step = 0; step < 400; ++step) {
    const auto action = random() % 4;
    if (action < 2) {  // a publication in one of two rooms
      const char* channel = action == 0 ? "room:a" : "room:b";
      ada.publish(channel, std::to_string(++offsets[action]));
    } else if (action == 2) {  // a reply for bob alone
      bob.send(R"({"id":1000,"rpc":{"method":"x"}})");
      ++replies;
    }
    (void)node.end_turn();
    // Bob's socket takes some bytes, one by one, and stops anywhere in a frame.
    for (auto bytes = random() % 60; bytes > 0 && bob.transport.is_full; --bytes) {
      bob.transport.is_full = false;
      bob.session->on_writable();
    }
  }
  node.settle();
  bob.drain();
  std::vector<std::string> a, b;
  int errors = 0;
  for (std::string& line : bob.take()) {
    if (line.starts_with("room:a"))
      a.push_back(std::move(line));
    else if (line.starts_with("room:b"))
      b.push_back(std::move(line));
    else if (line == "1000 error 104")
      ++errors;
    else
      ADD_FAILURE() << line;
  }
  EXPECT_THAT(a, ElementsAreArray(publications("room:a", 1, offsets[0])));
  EXPECT_THAT(b, ElementsAreArray(publications("room:b", 1, offsets[1])));
  EXPECT_EQ(errors, replies);
}

TEST(Delivery, FinishesAHalfWrittenFrameBeforeAReply) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.transport.room = 10;
  ada.publish("room:a", R"("0123456789")");
  node.settle();
  ASSERT_TRUE(bob.transport.is_full);
  bob.send(R"({"id":9,"rpc":{"method":"x"}})");
  ada.publish("room:a", "2");
  node.settle();
  bob.drain();
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(R"(room:a 1 "0123456789")", "9 error 104", "room:a 2 2"));
}

TEST(Delivery, AnswersSubscribeBeforeAnyPushOfTheChannel) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob");
  ada.publish("room:a", "1");
  bob.subscribe("room:a");
  ada.publish("room:a", "2");
  node.settle();
  EXPECT_THAT(
      bob.take(),
      ElementsAre(R"(2 subscribe {"recoverable":true,"epoch":"E","offset":1,"positioned":true})",
                  "room:a 2 2"));
}

TEST(Delivery, SendsNoPushOfAChannelAfterTheUnsubscribeReply) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  ada.publish("room:a", "1");
  bob.unsubscribe("room:a");
  ada.publish("room:a", "2");
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("3 unsubscribe {}"));
}

TEST(Delivery, SendsNoPushAfterTheUnsubscribeReplyAlsoBehindAFullSocket) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.transport.room = 3;
  ada.publish("room:a", "1");
  node.settle();
  ada.publish("room:a", "2");
  node.settle();
  bob.unsubscribe("room:a");
  node.settle();
  bob.drain();
  // The frame that was begun is finished, for the client could not read on otherwise.
  EXPECT_THAT(bob.take(), ElementsAre("room:a 1 1", "3 unsubscribe {}"));
}

TEST(Delivery, GoesOnForOthersWhenAMemberLeavesInTheMiddleOfAFlush) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  std::vector<FakeClient*> members;
  for (int i = 0; i < 20; ++i) members.push_back(&node.add_client("bob", "room:a"));
  // Whoever is written first makes the flush see a full budget; see flush_test.cc.
  ada.publish("room:a", "1");
  members[3]->unsubscribe("room:a");
  members[0]->vanish();
  node.settle();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i == 0 || i == 3) continue;
    EXPECT_THAT(members[i]->take(), ElementsAre("room:a 1 1")) << i;
  }
  EXPECT_EQ(node.counters.subscriptions, 18U);
}

TEST(Delivery, StoresAPublicationWithTheSameMessageIdOnce) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  ada.publish("room:a", R"({"id":"m1","text":"x"})");
  ada.publish("room:a", R"({"id":"m1","text":"x"})");
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre(R"(2 publish {"offset":1,"epoch":"E"})",
                                      R"(3 publish {"offset":1,"epoch":"E"})"));
  EXPECT_EQ(bob.take().size(), 1U);
}

TEST(Delivery, KeepsAPublicationWhosePublisherVanishes) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  ada.publish("room:a", "1");
  ada.vanish();
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("room:a 1 1"));
}

TEST(Delivery, SendsNothingAfterClose) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.publish("room:a", "1");  // whose answer comes after the Close
  bob.session->close(disconnects::kShutdown);
  ada.publish("room:a", "2");
  bob.send(R"({"id":9,"rpc":{"method":"x"}})");
  bob.session->on_ping("x");
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("close 3001 shutdown"));
  EXPECT_EQ(bob.transport.closings, 1);
  EXPECT_EQ(bob.transport.ends, 1);
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST(Delivery, FinishesAHalfWrittenFrameBeforeTheCloseFrame) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.transport.room = 5;
  ada.publish("room:a", "1");
  ada.publish("room:a", "2");
  node.settle();
  bob.session->close(disconnects::kShutdown);
  node.settle();
  EXPECT_EQ(bob.transport.ends, 0);
  bob.drain();
  EXPECT_THAT(bob.take(), ElementsAre("room:a 1 1", "close 3001 shutdown"));
  EXPECT_EQ(bob.transport.ends, 1);
}

TEST(Delivery, ForgetsAChannelSomeTimeAfterItsLastSubscriberLeft) {
  ChatSettings settings = ChatNode::open_settings();
  settings.channel_linger_s = 0;
  ChatNode node(settings);
  FakeClient& ada = node.add_client("ada", "room:a");
  EXPECT_EQ(node.counters.channels, 1U);
  ada.unsubscribe("room:a");
  node.settle();
  EXPECT_TRUE(node.pass_until([&] { return node.counters.channels == 0; }));
  EXPECT_EQ(node.counters.tail_bytes, 0U);
  // A new subscriber goes on in the same log.
  ada.publish("room:a", "1");
  ada.subscribe("room:a");
  node.settle();
  EXPECT_EQ(ada.take().back(),
            R"(5 subscribe {"recoverable":true,"epoch":"E","offset":1,"positioned":true})");
}

}  // namespace
}  // namespace chirm
