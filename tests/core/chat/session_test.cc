// SPDX-License-Identifier: MIT
// The client protocol as one client sees it: each command, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeClient;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SessionTest : public ::testing::Test {
 protected:
  // All that a client gets for these messages, sent before anything is answered.
  std::vector<std::string> answers(FakeClient& client, const std::vector<std::string>& messages) {
    for (const std::string& message : messages) client.send(message);
    node.settle();
    return client.take();
  }
  std::vector<std::string> answers(const std::vector<std::string>& messages) {
    return answers(node.add_client("ada"), messages);
  }

  ChatNode node;
};

constexpr const char* kConnected = R"(1 connect {"client":"C","version":"chirm )";

TEST_F(SessionTest, AnswersConnectWithAnIdAndTheVersion) {
  FakeClient& client = node.add_client();
  EXPECT_THAT(answers(client, {R"({"id":1,"connect":{"data":{"name":"ada"}}})"}),
              ElementsAre(StartsWith(kConnected)));
  // A random UUID (RFC 9562 §5.4).
  const std::string& id = client.session->client_id();
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_EQ(client.session->user(), "ada");
  EXPECT_NE(id, node.add_client("bob").session->client_id());
}

TEST_F(SessionTest, AnswersCommandsOfOneMessageInOrder) {
  FakeClient& client = node.add_client();
  EXPECT_THAT(answers(client, {R"({"id":1,"connect":{}})"
                               "\n"
                               R"({"id":2,"subscribe":{"channel":"room:a","flag":1}})"
                               "\n"
                               R"({"id":3,"publish":{"channel":"room:a","data":1}})"
                               "\n"}),
              ElementsAre(StartsWith(kConnected),
                          R"(2 subscribe {"recoverable":true,"epoch":"E","positioned":true})",
                          R"(3 publish {"offset":1,"epoch":"E"})", "room:a 1 1"));
}

TEST_F(SessionTest, ClosesWith3501WhatIsNoCommand) {
  const std::vector<std::string> kBad = {
      "",
      "\n",
      "x",
      "[]",
      "1",
      R"({"id":2,"nonsense":{}})",
      R"({"id":2,"ping":{}})",
      R"({"id":"2","rpc":{}})",
      R"({"id":-2,"rpc":{}})",
      R"({"id":4294967296,"rpc":{}})",
      R"({"id":2,"rpc":[]})",
      R"({"id":2,"subscribe":{"channel":1}})",
      R"({"id":2,"subscribe":{"channel":""}})",
      R"({"id":2,"subscribe":{}})",
      R"({"id":2,"subscribe":{"channel":"room:a","delta":"x"}})",
      R"({"id":2,"unsubscribe":{}})",
      R"({"id":2,"publish":{"data":1}})",
      R"({"id":2,"publish":{"channel":"room:a","data":{"a":}}})",
      R"({"id":2,"refresh":{"token":""}})",
      R"({"id":2,"connect":{}})",
      "{}",
      R"({"publish":{"channel":"room:a","data":1}})",
      std::string("{\"id\":2,\"rpc\":{\"method\":\"\xff\"}}"),
      R"({"id":2,"rpc":{}} {"id":3,"rpc":{}})",
      std::string(200, '['),
  };
  for (const std::string& bad : kBad) {
    FakeClient& client = node.add_client("ada");
    client.send(bad);
    client.send(R"({"id":3,"rpc":{}})");
    node.settle();
    EXPECT_THAT(client.take(), ElementsAre("close 3501 bad request")) << bad;
  }
  EXPECT_EQ(node.counters.disconnects[3501], kBad.size());
}

TEST_F(SessionTest, RunsTheCommandsBeforeABadLine) {
  EXPECT_THAT(answers({R"({"id":2,"rpc":{}})"
                       "\n\n"
                       R"({"id":3,"rpc":{}})"}),
              ElementsAre("2 error 104", "close 3501 bad request"));
}

TEST_F(SessionTest, TakesNothingButConnectFirst) {
  for (const char* first :
       {"{}", R"({"id":1,"subscribe":{"channel":"room:a"}})", R"({"id":1,"rpc":{}})",
        R"({"send":{}})", R"({"connect":{}})", R"({"id":0,"connect":{}})"}) {
    EXPECT_THAT(answers(node.add_client(), {first}), ElementsAre("close 3501 bad request"))
        << first;
  }
}

TEST_F(SessionTest, RefusesSendWhichNobodyWouldHandle) {
  EXPECT_THAT(answers({R"({"send":{"data":1}})"}), ElementsAre("close 3508 not available"));
}

TEST_F(SessionTest, KnowsNoRpcMethod) {
  EXPECT_THAT(answers({R"({"id":2,"rpc":{"method":"m","data":1}})"}), ElementsAre("2 error 104"));
  EXPECT_EQ(node.counters.errors[104], 1U);
}

TEST_F(SessionTest, RefusesADuplicateSubscribeAndKeepsTheFirst) {
  EXPECT_THAT(answers({R"({"id":2,"subscribe":{"channel":"room:a"}})",
                       R"({"id":3,"subscribe":{"channel":"room:a"}})",  // while joining
                       R"({"id":4,"publish":{"channel":"room:a","data":1}})"}),
              ElementsAre("3 error 105",
                          R"(2 subscribe {"recoverable":true,"epoch":"E","positioned":true})",
                          R"(4 publish {"offset":1,"epoch":"E"})", "room:a 1 1"));
  FakeClient& live = node.add_client("bob", "room:a");
  EXPECT_THAT(answers(live, {R"({"id":9,"subscribe":{"channel":"room:a"}})"}),
              ElementsAre("9 error 105"));
}

TEST_F(SessionTest, RefusesMoreChannelsThanItsLimit) {
  node.settings.channels_per_client = 2;
  FakeClient& client = node.add_client("ada", "room:a");
  EXPECT_THAT(answers(client, {R"({"id":3,"subscribe":{"channel":"room:b"}})",
                               R"({"id":4,"subscribe":{"channel":"room:c"}})",
                               R"({"id":5,"unsubscribe":{"channel":"room:a"}})",
                               R"({"id":6,"subscribe":{"channel":"room:c"}})"}),
              ElementsAre("4 error 106", "5 unsubscribe {}", StartsWith("3 subscribe "),
                          StartsWith("6 subscribe ")));
  EXPECT_EQ(node.counters.subscriptions, 2U);
}

TEST_F(SessionTest, RefusesSubscriptionsOfAnotherKind) {
  EXPECT_THAT(answers({R"({"id":2,"subscribe":{"channel":"room:a","type":1}})"}),
              ElementsAre("2 error 108"));
}

TEST_F(SessionTest, RefusesChannelNamesThatAreNone) {
  const std::string longest(255, 'x');
  EXPECT_THAT(answers({R"({"id":2,"subscribe":{"channel":")" + longest + R"("}})",
                       R"({"id":3,"subscribe":{"channel":")" + longest + R"(x"}})",
                       R"({"id":4,"subscribe":{"channel":"a\u0000b"}})",
                       R"({"id":5,"publish":{"channel":"a\nb","data":1}})",
                       R"({"id":6,"history":{"channel":"a\u007fb"}})"}),
              ElementsAre("3 error 107", "4 error 107", "5 error 107", "6 error 107",
                          StartsWith("2 subscribe ")));
}

TEST_F(SessionTest, ConfirmsAnUnsubscribeAlsoWithoutASubscription) {
  EXPECT_THAT(answers({R"({"id":2,"unsubscribe":{"channel":"room:a"}})"}),
              ElementsAre("2 unsubscribe {}"));
}

TEST_F(SessionTest, HandlesUnsubscribeAndSubscribeBackToBack) {
  FakeClient& client = node.add_client("ada", "room:a");
  EXPECT_THAT(answers(client, {R"({"id":3,"unsubscribe":{"channel":"room:a"}})",
                               R"({"id":4,"subscribe":{"channel":"room:a"}})",
                               R"({"id":5,"publish":{"channel":"room:a","data":1}})"}),
              ElementsAre("3 unsubscribe {}", StartsWith("4 subscribe "), StartsWith("5 publish "),
                          "room:a 1 1"));
}

TEST_F(SessionTest, RefusesToPublishNothing) {
  EXPECT_THAT(answers({R"({"id":2,"publish":{"channel":"room:a"}})",
                       R"({"id":3,"publish":{"channel":"room:a","data":null}})"}),
              ElementsAre("2 error 107", "3 error 107"));
}

TEST_F(SessionTest, TellsWhoIsThere) {
  FakeClient& ada = node.add_client("ada", "room:a");
  (void)node.add_client("ada", "room:a");
  FakeClient& bob = node.add_client("bob", "room:a");
  bob.send(R"({"id":8,"presence":{"channel":"room:a"}})");
  bob.send(R"({"id":9,"presence_stats":{"channel":"room:a"}})");
  ada.send(R"({"id":9,"presence_stats":{"channel":"room:nobody"}})");
  node.settle();
  const auto lines = bob.take();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("\"" + ada.session->client_id() +
                                             R"(":{"user":"ada","client":")"));
  EXPECT_EQ(lines[1], R"(9 presence_stats {"num_clients":3,"num_users":2})");
  EXPECT_THAT(ada.take(), ElementsAre(R"(9 presence_stats {"num_clients":0,"num_users":0})"));
}

class HistoryTest : public SessionTest {
 protected:
  void SetUp() override {
    for (int n = 1; n <= 5; ++n) ada.publish("room:a", std::to_string(n));
    node.settle();
    (void)ada.take();
  }
  // The offsets that a history reply has, or the error.
  std::string history(const std::string& arguments) {
    ada.send(R"({"id":9,"history":{"channel":"room:a")" + arguments + "}}");
    node.settle();
    const auto lines = ada.take();
    if (lines.size() != 1) return "no answer";
    if (lines[0].starts_with("9 error ")) return lines[0].substr(2);
    EXPECT_THAT(lines[0], ::testing::EndsWith(R"(],"epoch":"E","offset":5})"));
    std::string offsets;
    const std::string key = "\"offset\":";
    for (std::size_t at = lines[0].find(key); at != std::string::npos;
         at = lines[0].find(key, at + 1)) {
      offsets += lines[0][at + key.size()];
    }
    offsets.pop_back();  // the top
    return offsets;
  }

  FakeClient& ada = node.add_client("ada");
};

TEST_F(HistoryTest, AnswersThePositionAloneWithoutALimit) {
  EXPECT_EQ(history(""), "");
  EXPECT_EQ(history(R"(,"limit":0)"), "");
}

TEST_F(HistoryTest, GoesForwardFromTheStartOrBehindAnOffset) {
  EXPECT_EQ(history(R"(,"limit":2)"), "12");
  EXPECT_EQ(history(R"(,"limit":-1)"), "12345");
  EXPECT_EQ(history(R"(,"limit":10,"since":{"offset":3})"), "45");
  EXPECT_EQ(history(R"(,"limit":10,"since":{"offset":5})"), "");
  EXPECT_EQ(history(R"(,"limit":10,"since":{"offset":99})"), "");
}

TEST_F(HistoryTest, GoesBackFromTheEndOrBeforeAnOffset) {
  EXPECT_EQ(history(R"(,"limit":2,"reverse":true)"), "54");
  EXPECT_EQ(history(R"(,"limit":2,"reverse":true,"since":{"offset":3})"), "21");
  EXPECT_EQ(history(R"(,"limit":2,"reverse":true,"since":{"offset":1})"), "");
  EXPECT_EQ(history(R"(,"limit":2,"reverse":true,"since":{"offset":99})"), "54");
}

TEST_F(HistoryTest, RefusesToGoBackFromBeforeTheFirst) {
  EXPECT_EQ(history(R"(,"limit":2,"reverse":true,"since":{"offset":0})"), "error 107");
}

TEST_F(HistoryTest, RefusesAnotherEpoch) {
  EXPECT_EQ(history(R"(,"limit":2,"since":{"offset":1,"epoch":"other"})"), "error 112");
  EXPECT_EQ(history(R"(,"limit":2,"since":{"offset":1,"epoch":")" + ada.events().epoch + R"("})"),
            "23");
}

TEST_F(HistoryTest, StaysEmptyBehindTheLargestOffset) {
  EXPECT_EQ(history(R"(,"limit":10,"since":{"offset":18446744073709551615})"), "");
}

TEST_F(HistoryTest, GivesNoMoreThanItsLimits) {
  node.settings.history_limit = 3;
  EXPECT_EQ(history(R"(,"limit":1000)"), "123");
  EXPECT_EQ(history(R"(,"limit":-1)"), "123");
  EXPECT_EQ(history(R"(,"limit":9223372036854775807)"), "123");
  // Bytes count too, but one publication is always given.
  node.settings.history_reply_bytes_max = 1;
  EXPECT_EQ(history(R"(,"limit":3)"), "1");
}

TEST_F(SessionTest, RefusesToRefreshASubscriptionThatNeedsNoToken) {
  FakeClient& client = node.add_client("ada", "room:a");
  EXPECT_THAT(answers(client, {R"({"id":3,"sub_refresh":{"channel":"room:b","token":"x"}})"}),
              ElementsAre("3 error 103"));
  EXPECT_THAT(answers(client, {R"({"id":4,"sub_refresh":{"channel":"room:a","token":"x"}})"}),
              ElementsAre("close 3501 bad request"));
}

TEST_F(SessionTest, RefusesUserNamesThatAreNone) {
  FakeClient& client = node.add_client();
  EXPECT_THAT(answers(client, {R"({"id":1,"connect":{"data":{"name":"a\u0001"}}})"}),
              ElementsAre("1 error 107"));
  // After the refusal nothing is heard any more, and nothing is said.
  EXPECT_THAT(answers(client, {R"({"id":2,"rpc":{}})", "nonsense"}), IsEmpty());
  EXPECT_FALSE(client.session->is_closing());
}

TEST_F(SessionTest, AnswersAWebSocketPingWithItsPayload) {
  FakeClient& client = node.add_client("ada");
  client.session->on_ping("are you there");
  node.settle();
  EXPECT_THAT(client.take(), ElementsAre("ws-pong are you there"));
}

TEST_F(SessionTest, BoundsThePongsForAPeerThatDoesNotRead) {
  FakeClient& client = node.add_client("ada");
  client.transport.room = 0;
  const std::string payload(125, 'x');
  for (int i = 0; i < 100'000; ++i) client.session->on_ping(payload);
  node.settle();
  client.drain();
  EXPECT_LE(client.take().size() * 127, node.settings.private_bytes_max + 127);
  client.session->on_ping("again");
  node.settle();
  EXPECT_THAT(client.take(), ElementsAre("ws-pong again"));
}

TEST_F(SessionTest, AnswersACloseFrameWithItsCode) {
  for (const auto& [sent, answered] : {std::pair<std::uint16_t, std::uint16_t>{1000, 1000},
                                       {1001, 1001},
                                       {1005, 1000},
                                       {4123, 4123}}) {
    FakeClient& client = node.add_client("ada", "room:a");
    client.session->on_peer_close(sent);
    node.settle();
    EXPECT_THAT(client.take(), ElementsAre("close " + std::to_string(answered) + " bye"));
    EXPECT_EQ(client.transport.ends, 1);
  }
}

TEST_F(SessionTest, CountsItsGauges) {
  FakeClient& ada = node.add_client("ada", "room:a");
  (void)node.add_client("bob", "room:a");
  EXPECT_EQ(node.counters.sessions, 2U);
  EXPECT_EQ(node.counters.subscriptions, 2U);
  EXPECT_EQ(node.counters.channels, 1U);
  ada.vanish();
  EXPECT_EQ(node.counters.sessions, 1U);
  EXPECT_EQ(node.counters.subscriptions, 1U);
}

TEST(Channels, AreNoMoreThanANodeMayFollow) {
  ChatSettings settings = ChatNode::open_settings();
  settings.channels_max = 2;
  ChatNode node(settings);
  FakeClient& ada = node.add_client("ada", "room:a");
  FakeClient& bob = node.add_client("bob", "room:b");
  const auto answer_to_subscribe = [&](FakeClient& client, const char* channel) {
    client.subscribe(channel);
    node.settle();
    return client.take().back();
  };
  EXPECT_EQ(answer_to_subscribe(ada, "room:c"), "3 error 106");
  EXPECT_EQ(node.counters.subscriptions, 2U);
  // Those that are followed have room for more people.
  EXPECT_THAT(answer_to_subscribe(ada, "room:b"), ::testing::StartsWith("4 subscribe "));
  // A channel that all have left makes room at the next tick.
  ada.unsubscribe("room:a");
  EXPECT_TRUE(node.pass_until([&] { return node.counters.channels == 1; }));
  (void)ada.take();
  EXPECT_THAT(answer_to_subscribe(bob, "room:c"), ::testing::StartsWith("3 subscribe "));
}

}  // namespace
}  // namespace chirm
