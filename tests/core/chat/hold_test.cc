// SPDX-License-Identifier: MIT
// Commands that have to wait, and input that is not wanted meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeBroker;
using testing::FakeClient;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class HoldTest : public ::testing::Test {
 protected:
  static ChatSettings few_publishes() {
    ChatSettings settings = ChatNode::open_settings();
    settings.publishes_in_flight_max = 3;
    settings.subscribe_timeout_s = 1;
    return settings;
  }
  FakeClient& joining_client() {
    FakeClient& client = node.add_client("ada");
    client.subscribe("room:a");  // 2
    return client;
  }

  static History history_of(std::size_t bytes) {
    return {{1, "e1"}, {{1, "\"data\":\"" + std::string(bytes, 'x') + '"'}}};
  }

  FakeBroker broker;
  ChatNode node{few_publishes(), broker};
};

constexpr const char* kSubscribed =
    R"(2 subscribe {"recoverable":true,"epoch":"E","offset":4,"positioned":true})";

TEST_F(HoldTest, PausesInputWhileTooManyPublishesAreUnderWay) {
  FakeClient& ada = node.add_client("ada");
  for (int i = 0; i < 2; ++i) ada.publish("room:a", "1");
  EXPECT_TRUE(ada.transport.is_input_wanted);
  ada.publish("room:a", "1");
  EXPECT_FALSE(ada.transport.is_input_wanted);
  // What was received already waits.
  ada.send(R"({"id":5,"publish":{"channel":"room:a","data":1}})"
           "\n"
           R"({"id":6,"rpc":{}})");
  EXPECT_EQ(broker.publishes.size(), 3U);
  broker.answer_publish(Position{1, "e1"});
  EXPECT_EQ(broker.publishes.size(), 3U);  // two of before, and 5
  EXPECT_FALSE(ada.transport.is_input_wanted);
  broker.answer_publish(Position{2, "e1"});
  EXPECT_TRUE(ada.transport.is_input_wanted);
  node.settle();
  EXPECT_THAT(ada.take(),
              ElementsAre(StartsWith("2 publish "), StartsWith("3 publish "), "6 error 104"));
}

TEST_F(HoldTest, RunsHeldCommandsInTheirOrder) {
  FakeClient& ada = node.add_client("ada");
  for (int i = 0; i < 20; ++i) ada.publish("room:a", "1");
  for (std::uint64_t n = 1; n <= 20; ++n) broker.answer_publish(Position{n, "e1"});
  node.settle();
  const auto lines = ada.take();
  ASSERT_EQ(lines.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_THAT(lines[i], StartsWith(std::to_string(i + 2) + " publish "));
  }
  EXPECT_TRUE(ada.transport.is_input_wanted);
}

TEST_F(HoldTest, PausesInputWhileRepliesAreNotRead) {
  FakeClient& ada = node.add_client("ada");
  ada.transport.room = 0;
  std::uint32_t sent = 0;
  while (ada.transport.is_input_wanted) {
    ASSERT_LT(++sent, 100'000U);
    ada.send(R"({"id":9,"rpc":{}})");
    node.settle();
  }
  for (int i = 0; i < 100; ++i) ada.send(R"({"id":8,"rpc":{}})");  // was received already
  node.settle();
  ada.drain();
  node.settle();
  EXPECT_TRUE(ada.transport.is_input_wanted);
  const auto lines = ada.take();
  EXPECT_EQ(lines.size(), sent + 100U);
  EXPECT_EQ(lines.back(), "8 error 104");
}

TEST_F(HoldTest, HoldsAnUnsubscribeUntilItsSubscribeIsAnswered) {
  FakeClient& ada = joining_client();
  ada.unsubscribe("room:a");
  ada.subscribe("room:a");
  EXPECT_FALSE(ada.transport.is_input_wanted);
  node.settle();
  EXPECT_THAT(ada.take(), IsEmpty());
  broker.answer_subscribe(Position{4, "e1"});
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre(kSubscribed, "3 unsubscribe {}", StartsWith("4 subscribe ")));
  EXPECT_TRUE(ada.transport.is_input_wanted);
  EXPECT_EQ(node.counters.subscriptions, 1U);
}

TEST_F(HoldTest, GoesOnWhenTheSubscribeThatWasWaitedForFails) {
  FakeClient& ada = joining_client();
  ada.unsubscribe("room:a");
  ada.subscribe("room:a");
  broker.answer_subscribe(Unexpected<ErrorCode>(errors::kInternal));
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre("2 error 100", "3 unsubscribe {}"));
  EXPECT_EQ(node.counters.channels, 1U);  // the new one, of command 4
  broker.answer_subscribe(Position{4, "e1"});
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre(StartsWith("4 subscribe ")));
}

TEST_F(HoldTest, AnswersError100WhenTheBrokerTakesTooLong) {
  FakeClient& ada = joining_client();
  ada.unsubscribe("room:a");
  ada.send(R"({"id":4,"rpc":{}})");
  EXPECT_TRUE(node.pass_until([&] { return ada.events().lines.size() == 3; }));
  EXPECT_THAT(ada.take(), ElementsAre("2 error 100", "3 unsubscribe {}", "4 error 104"));
  EXPECT_EQ(node.counters.subscriptions, 0U);
  // The late answer finds nobody; the next one to come is served at once.
  broker.answer_subscribe(Position{4, "e1"});
  ada.subscribe("room:a");
  node.settle();
  EXPECT_THAT(
      ada.take(),
      ElementsAre(R"(4 subscribe {"recoverable":true,"epoch":"E","offset":4,"positioned":true})"));
  EXPECT_EQ(broker.subscribes.size(), 0U);
}

TEST_F(HoldTest, TimesOutEachOfManyThatJoinTogether) {
  std::vector<FakeClient*> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(&joining_client());
  clients[4]->vanish();
  clients[5]->session->close(disconnects::kShutdown);
  EXPECT_TRUE(node.pass_until([&] { return clients[9]->events().lines.size() == 1; }));
  for (std::size_t i = 0; i < 10; ++i) {
    if (i == 4) continue;
    EXPECT_THAT(clients[i]->take(), ElementsAre(i == 5 ? "close 3001 shutdown" : "2 error 100"));
  }
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST_F(HoldTest, SurvivesAThousandHeldCommandsThatAreAnsweredAtOnce) {
  FakeClient& first = joining_client();
  broker.answer_subscribe(Position{4, "e1"});
  node.settle();
  FakeClient& bob = node.add_client("bob");
  bob.subscribe("room:slow");
  bob.unsubscribe("room:slow");
  constexpr int kPairs = 20'000;
  for (int i = 0; i < kPairs; ++i) {
    bob.subscribe("room:a");
    bob.unsubscribe("room:a");
  }
  broker.answer_subscribe(Position{0, "e1"});
  // The lane fills meanwhile: what is left follows as it drains.
  for (int i = 0; i < 1'000; ++i) node.settle();
  EXPECT_EQ(bob.take().size(), 2U + 2 * kPairs);
  EXPECT_TRUE(bob.transport.is_input_wanted);
  EXPECT_EQ(node.counters.subscriptions, 1U);
  (void)first;
}

TEST_F(HoldTest, DropsHeldCommandsWhenItCloses) {
  FakeClient& ada = joining_client();
  ada.unsubscribe("room:a");
  ada.publish("room:a", "1");
  ada.session->close(disconnects::kShutdown);
  broker.answer_subscribe(Position{4, "e1"});
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre("close 3001 shutdown"));
  EXPECT_EQ(broker.publishes.size(), 0U);
}

TEST_F(HoldTest, WantsThePeersCloseFrameAlsoWhileInputIsHeld) {
  FakeClient& ada = node.add_client("ada");
  for (int i = 0; i < 5; ++i) ada.publish("room:a", "1");
  EXPECT_FALSE(ada.transport.is_input_wanted);
  ada.session->close(disconnects::kShutdown);
  // The transport wants input by itself now; the session must not take that back.
  ada.transport.is_input_wanted = true;
  broker.answer_publish(Position{1, "e1"});
  node.settle();
  EXPECT_TRUE(ada.transport.is_input_wanted);

  FakeClient& bob = node.add_client("bob");
  bob.transport.room = 0;
  while (bob.transport.is_input_wanted) {
    bob.send(R"({"id":9,"rpc":{}})");
    node.settle();
  }
  bob.session->close(disconnects::kShutdown);
  bob.transport.is_input_wanted = true;
  bob.send(R"({"id":9,"rpc":{}})");
  bob.drain();
  node.settle();
  EXPECT_TRUE(bob.transport.is_input_wanted);
}

TEST_F(HoldTest, ForgetsAnswersForASessionThatVanished) {
  FakeClient& ada = node.add_client("ada");
  ada.publish("room:a", "1");
  ada.send(R"({"id":3,"history":{"channel":"room:a"}})");
  node.settle();
  NodeListener& nodes = *broker.node_bus.listeners.at("presence");
  nodes.on_node_joined("other");
  FakeClient& bob = node.add_client("bob");
  bob.send(R"({"id":3,"presence":{"channel":"room:a"}})");
  ada.vanish();
  bob.vanish();
  broker.answer_publish(Position{1, "e1"});
  broker.answer_history(Position{1, "e1"}, {});
  nodes.on_node_gone("other");
}

TEST_F(HoldTest, TellsThatAStoreIsAwayInEachKindOfReply) {
  FakeClient& ada = node.add_client("ada");
  ada.publish("room:a", "1");
  broker.answer_publish(Unexpected<ErrorCode>(errors::kInternal));
  ada.send(R"({"id":3,"history":{"channel":"room:a"}})");
  broker.fail_history();
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre("2 error 100", "3 error 100"));
}

// A client that has asked for a lot and reads nothing of it.
TEST_F(HoldTest, ClosesWith3008WhoDoesNotReadTheAnswersItAskedFor) {
  node.settings.publishes_in_flight_max = 128;
  FakeClient& ada = joining_client();
  ada.transport.room = 0;
  for (int i = 0; i < 4; ++i) ada.send(R"({"id":9,"history":{"channel":"room:a","limit":1}})");
  ASSERT_EQ(broker.histories.size(), 4U);
  for (int i = 0; i < 4; ++i) broker.answer_history(history_of(5'000'000));
  EXPECT_TRUE(ada.session->is_closing());
  EXPECT_EQ(node.counters.disconnects[3008], 1U);
  EXPECT_EQ(node.counters.subscriptions, 0U);
  broker.answer_subscribe(Unexpected<ErrorCode>(errors::kInternal));
  node.settle();
  ada.drain();
  EXPECT_EQ(ada.events().close_code, 3008);
}

TEST_F(HoldTest, SurvivesThatRefusingASubscriptionClosesTheSession) {
  node.settings.publishes_in_flight_max = 128;
  FakeClient& ada = joining_client();
  ada.transport.room = 0;
  ada.send(R"({"id":9,"history":{"channel":"room:a","limit":1}})");
  const std::size_t limit = 16 * 1024 * 1024;  // of session.cc
  broker.answer_history(history_of(limit - 120));
  ASSERT_FALSE(ada.session->is_closing());
  broker.answer_subscribe(Unexpected<ErrorCode>(errors::kInternal));
  EXPECT_TRUE(ada.session->is_closing());
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

// Held commands that a write lets go on reach the broker without waiting for another event.
TEST(HoldWithStore, SendsWhatAWriteLetsGoOnToTheBrokerInTheNextTurn) {
  ChatSettings settings = ChatNode::open_settings();
  settings.private_bytes_max = 100;
  ChatNode node(settings);
  FakeClient& ada = node.add_client("ada");
  std::string message;
  for (int i = 0; i < 20; ++i) message += "{\"id\":9,\"rpc\":{}}\n";
  message += R"({"id":10,"publish":{"channel":"room:a","data":1}})";
  ada.send(message);
  ASSERT_FALSE(ada.transport.is_input_wanted);
  node.settle();  // as long as the hub says that there is more to do
  EXPECT_EQ(ada.take().back(), R"(10 publish {"offset":1,"epoch":"E"})");
}

}  // namespace
}  // namespace chirm
