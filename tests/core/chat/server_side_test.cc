// SPDX-License-Identifier: MIT
// Server-side subscriptions: what a connection is subscribed to by connecting, and how it recovers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/jwt.h"
#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeBroker;
using testing::FakeClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kSecret = "a secret of the operator";
constexpr const char* kInbox = R"("user:#ada":{"recoverable":true,"epoch":"E")";

class ServerSideTest : public ::testing::Test {
 protected:
  static ChatSettings settings() {
    ChatSettings settings;
    settings.token_hmac_secret = kSecret;
    settings.ping_s = 0;
    return settings;
  }
  static std::string token(const std::string& claims) {
    return sign_token_hs256('{' + claims + '}', kSecret);
  }
  // The lines that a client gets which connects with these claims and known positions.
  std::vector<std::string> connect(FakeClient& client, const std::string& claims,
                                   const std::string& subs = "{}") {
    client.send(R"({"id":1,"connect":{"token":")" + token(claims) + R"(","subs":)" + subs + "}}");
    node.settle();
    return client.take();
  }
  std::vector<std::string> connect(const std::string& claims, const std::string& subs = "{}") {
    return connect(node.add_client(), claims, subs);
  }
  // A connected client of that user.
  FakeClient& add_client(const std::string& user, const std::string& more_claims = "") {
    FakeClient& client = node.add_client();
    EXPECT_THAT(connect(client, R"("sub":")" + user + '"' + more_claims),
                ElementsAre(StartsWith("1 connect ")));
    return client;
  }
  // Publishes the numbers from … to in ada's inbox.
  void publish(int from, int to, std::string_view channel = "user:#ada") {
    FakeClient& ada = add_client("ada");
    for (int n = from; n <= to; ++n) ada.publish(channel, std::to_string(n));
    node.settle();
    ada.vanish();
  }
  // Of ada's inbox.
  std::string epoch() { return add_client("ada").events().epoch; }

  ChatNode node{settings()};
};

TEST_F(ServerSideTest, SubscribesAUserToItsInbox) {
  FakeClient& ada = node.add_client();
  EXPECT_THAT(connect(ada, R"("sub":"ada")"), ElementsAre(HasSubstr(kInbox)));
  FakeClient& other = add_client("ada");
  ada.publish("user:#ada", "1");
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre(StartsWith("1 publish "), "user:#ada 1 1"));
  EXPECT_THAT(other.take(), ElementsAre("user:#ada 1 1"));
}

TEST_F(ServerSideTest, SubscribesNobodyAnonymousToAnInbox) {
  EXPECT_THAT(connect(R"("sub":"")"), ElementsAre(Not(HasSubstr("subs"))));
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST_F(ServerSideTest, CanDoWithoutInboxes) {
  node.settings.has_inboxes = false;
  EXPECT_THAT(connect(R"("sub":"ada")"), ElementsAre(Not(HasSubstr("subs"))));
}

// Commas and hashes are a part of the name and of nothing else.
TEST_F(ServerSideTest, KeepsInboxesOfStrangeNamesApart) {
  FakeClient& ada = add_client("ada");
  FakeClient& eve = add_client("ada,eve");
  FakeClient& mal = add_client("#ada");
  for (FakeClient* thief : {&eve, &mal}) {
    thief->publish("user:#ada", "1");
    thief->subscribe("user:#ada");
    node.settle();
    EXPECT_THAT(thief->take(), ElementsAre("1 error 103", "2 error 103"));
  }
  eve.publish("user:#ada,eve", "1");
  mal.publish("user:##ada", "1");
  node.settle();
  EXPECT_THAT(ada.take(), IsEmpty());
  EXPECT_TRUE(eve.events().has("user:#ada,eve 1 1"));
  EXPECT_TRUE(mal.events().has("user:##ada 1 1"));
}

TEST_F(ServerSideTest, SubscribesToWhatTheTokenNames) {
  FakeClient& ada = node.add_client();
  const auto lines =
      connect(ada, R"("sub":"ada","channels":["room:a","user:#bob","dm:#bob,eve","room:a"])");
  ASSERT_THAT(lines, SizeIs(1));
  for (const char* channel : {R"("room:a":{)", R"("user:#bob":{)", R"("dm:#bob,eve":{)", kInbox}) {
    EXPECT_THAT(lines[0], HasSubstr(channel));
  }
  EXPECT_EQ(node.counters.subscriptions, 4U);
  FakeClient& bob = add_client("bob");
  bob.publish("user:#bob", "7");
  node.settle();
  EXPECT_TRUE(ada.events().has("user:#bob 1 7"));
  // The token says that it hears them, and nothing else.
  ada.publish("user:#bob", "1");
  node.settle();
  EXPECT_TRUE(ada.events().has("1 error 103"));
}

TEST_F(ServerSideTest, TellsWhatTheTokenSaysOfAChannel) {
  FakeClient& ada = node.add_client();
  const auto lines = connect(
      ada, R"("sub":"ada","info":{"c":1},"subs":{"room:a":{"info":{"r":2},"data":{"w":[3]}}})");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr(R"("room:a":{"recoverable":true,"epoch":"E","positioned":true,)"
                                  R"("data":{"w":[3]}})"));
  ada.publish("room:a", "1");
  ada.publish("room:b", "1");
  ada.send(R"({"id":9,"presence":{"channel":"room:a"}})");
  node.settle();
  EXPECT_THAT(ada.events().messages.back(),
              HasSubstr(R"("conn_info":{"c":1},"chan_info":{"r":2}},"offset":1)"));
  const auto more = ada.take();
  EXPECT_THAT(more,
              ::testing::Contains(HasSubstr(R"("conn_info":{"c":1},"chan_info":{"r":2}}}})")));
  FakeClient& bob = node.add_client();
  EXPECT_THAT(connect(bob, R"("sub":"bob")"), SizeIs(1));
  bob.send(R"({"id":9,"history":{"channel":"room:b","limit":1}})");
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(Not(HasSubstr("chan_info"))));
}

TEST_F(ServerSideTest, RefusesTokensWithChannelsThatCannotBe) {
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {R"("channels":["news"])", "1 error 102"},
      {R"("channels":["room:a","secret:b"])", "1 error 102"},
      {R"("channels":[""])", "1 error 107"},
      {R"("channels":["room:"])", "1 error 107"},
      {R"("channels":["room:#ada"])", "1 error 107"},
      {R"("channels":["user:bob"])", "1 error 107"},
      {R"("channels":["user:#"])", "1 error 107"},
      {R"("channels":["dm:#bob,ada"])", "1 error 107"},
      {R"("channels":["room:a\n"])", "1 error 107"},
      {R"("subs":{"room:)" + std::string(251, 'x') + R"(":{}})", "1 error 107"},
      {R"("channels":[1])", "close 3500 invalid token"},
      {R"("subs":{"room:a":{"ttl":5}})", "close 3500 invalid token"},
  };
  for (const auto& [claims, answer] : kCases) {
    EXPECT_THAT(connect(R"("sub":"ada",)" + claims), ElementsAre(answer)) << claims;
  }
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST_F(ServerSideTest, ClosesWith3505AboveTheLimitOfChannels) {
  node.settings.channels_per_client = 3;
  EXPECT_THAT(connect(R"("sub":"ada","channels":["room:a","room:b","room:c"])"),
              ElementsAre("close 3505 channel limit"));
  FakeClient& full = add_client("ada", R"(,"channels":["room:a","room:b"])");
  full.subscribe("room:c");
  node.settle();
  EXPECT_THAT(full.take(), ElementsAre("1 error 106"));
}

// Another node may have room.
TEST_F(ServerSideTest, AnswersATemporaryErrorWhenTheNodeHasTooManyChannels) {
  node.settings.channels_max = 2;
  FakeClient& ada = node.add_client();
  EXPECT_THAT(connect(ada, R"("sub":"ada","channels":["room:a","room:b","room:c"])"),
              ElementsAre("1 error 100"));
  EXPECT_THAT(ada.events().messages.back(), HasSubstr(R"("temporary":true)"));
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST_F(ServerSideTest, CountsTheInboxNamedByTheTokenOnce) {
  node.settings.channels_per_client = 1;
  EXPECT_THAT(connect(R"("sub":"ada","subs":{"user:#ada":{"data":1}})"),
              ElementsAre(HasSubstr(R"("data":1)")));
  EXPECT_EQ(node.counters.subscriptions, 1U);
}

TEST_F(ServerSideTest, RecoversInTheConnectReplyAndPushesWhatWasMissed) {
  publish(1, 5);
  const auto lines =
      connect(R"("sub":"ada")",
              R"({"user:#ada":{"recover":true,"offset":3,"epoch":")" + epoch() + R"("}})");
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr(R"("epoch":"E","recovered":true,"offset":3,"positioned":true,)"
                                  R"("was_recovering":true}})"));
  EXPECT_EQ(lines[1], "user:#ada 4 4");
  EXPECT_EQ(lines[2], "user:#ada 5 5");
}

TEST_F(ServerSideTest, SaysThatItCannotRecover) {
  publish(1, 5);
  const std::string lost = R"("offset":5,"positioned":true,"was_recovering":true)";
  for (const std::string position :
       {R"({"recover":true,"offset":3,"epoch":"another"})", R"({"recover":true,"offset":6})",
        R"({"recover":true,"offset":18446744073709551615})"}) {
    const auto lines = connect(R"("sub":"ada")", R"({"user:#ada":)" + position + '}');
    EXPECT_THAT(lines, ElementsAre(HasSubstr(lost))) << position;
    EXPECT_THAT(lines, ElementsAre(Not(HasSubstr("recovered\":true")))) << position;
  }
  EXPECT_THAT(connect(R"("sub":"ada")", R"({"user:#ada":{"offset":3}})"),
              ElementsAre(Not(HasSubstr("was_recovering"))));
}

// Who knows of a channel is not subscribed to it for that.
TEST_F(ServerSideTest, IgnoresPositionsInOtherChannels) {
  publish(1, 2);
  const auto lines =
      connect(R"("sub":"eve")",
              R"({"user:#ada":{"recover":true},"room:a":{"recover":true},"":{},"x\u0000y":{}})");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("user:#eve"));
  EXPECT_THAT(lines[0], Not(HasSubstr("ada")));
  EXPECT_EQ(node.counters.subscriptions, 1U);
}

TEST_F(ServerSideTest, RefusesItsClientToSubscribeTwiceAndLetsItUnsubscribe) {
  FakeClient& ada = add_client("ada");
  ada.subscribe("user:#ada");
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre("1 error 105"));
  ada.unsubscribe("user:#ada");
  ada.publish("user:#ada", "1");
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre("2 unsubscribe {}", StartsWith("3 publish ")));
  ada.subscribe("user:#ada");
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre(StartsWith("4 subscribe ")));
}

TEST_F(ServerSideTest, KeepsItsChannelsWhenARefreshedTokenNamesOthers) {
  FakeClient& ada = add_client("ada", R"(,"channels":["room:a"])");
  ada.send(R"({"id":2,"refresh":{"token":")" + token(R"("sub":"ada","channels":["room:b"])") +
           R"("}})");
  ada.publish("room:b", "1");
  ada.publish("room:a", "1");
  node.settle();
  const auto lines = ada.take();
  EXPECT_THAT(lines, ElementsAre(StartsWith("2 refresh "), StartsWith("1 publish "),
                                 StartsWith("2 publish "), "room:a 1 1"));
}

// The store answers when it likes.
class SlowStoreTest : public ServerSideTest {
 protected:
  FakeClient& begin(const std::string& claims) {
    FakeClient& client = slow.add_client();
    client.connect_with(token(claims));
    slow.settle();
    EXPECT_THAT(client.take(), IsEmpty());
    return client;
  }
  std::vector<std::string> take(FakeClient& client) {
    slow.settle();
    return client.take();
  }

  FakeBroker store;
  ChatNode slow{settings(), store};
};

TEST_F(SlowStoreTest, AnswersConnectFirstAndThenWhatCameMeanwhile) {
  FakeClient& ada = begin(R"("sub":"ada","channels":["room:a"])");
  ada.send(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  ada.send(R"({"id":3,"rpc":{}})");
  EXPECT_FALSE(ada.transport.is_input_wanted);
  store.answer_subscribe(Position{4, "e1"});
  store.deliver("room:a", 5, "e1");  // nothing may come before the reply
  EXPECT_THAT(take(ada), IsEmpty());
  store.answer_subscribe(Position{0, "e2"});
  const auto lines = take(ada);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[0], StartsWith("1 connect "));
  EXPECT_THAT(lines[0], HasSubstr(R"("room:a":{"recoverable":true,"epoch":"E","offset":4,)"));
  EXPECT_EQ(lines[1], "2 error 105");
  EXPECT_EQ(lines[2], "3 error 104");
  EXPECT_EQ(lines[3], "room:a 5 5");
  EXPECT_TRUE(ada.transport.is_input_wanted);
}

TEST_F(SlowStoreTest, AnswersATemporaryErrorWhenAChannelCannotBeJoined) {
  FakeClient& ada = begin(R"("sub":"ada","channels":["room:a"])");
  ada.send(R"({"id":2,"rpc":{}})");
  store.answer_subscribe(Position{4, "e1"});
  store.answer_subscribe(Unexpected<ErrorCode>(errors::kInternal));
  EXPECT_THAT(take(ada), ElementsAre("1 error 100"));
  EXPECT_EQ(slow.counters.subscriptions, 0U);
  EXPECT_THAT(ada.events().messages.back(), HasSubstr(R"("temporary":true)"));
}

// Without the channel it would forget where it stood.
TEST_F(SlowStoreTest, AnswersATemporaryErrorToWhoCannotRecoverInTime) {
  slow.settings.subscribe_timeout_s = 1;
  FakeClient& ada = slow.add_client();
  ada.send(R"({"id":1,"connect":{"token":")" + token(R"("sub":"ada")") +
           R"(","subs":{"user:#ada":{"recover":true,"offset":1,"epoch":"e1"}}}})");
  EXPECT_TRUE(slow.run_until([&] { return ada.events().has("1 error 100"); }));
  EXPECT_EQ(slow.counters.subscriptions, 0U);
}

TEST_F(SlowStoreTest, ConnectsANewcomerAndSubscribesItLater) {
  slow.settings.subscribe_timeout_s = 1;
  FakeClient& ada = begin(R"("sub":"ada","subs":{"room:a":{"data":7},"room:b":{}})");
  store.answer_subscribe(Position{4, "e1"});  // in the order of the names: room:a
  EXPECT_TRUE(slow.run_until([&] { return ada.events().has("1 connect "); }));
  auto lines = take(ada);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("room:a"));
  EXPECT_THAT(lines[0], Not(HasSubstr("room:b")));
  ada.subscribe("room:b");
  EXPECT_THAT(take(ada), ElementsAre("2 error 105"));
  store.answer_subscribe(Position{6, "e2"});
  store.deliver("room:b", 7, "e2");
  lines = take(ada);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0], R"({"push":{"channel":"room:b","subscribe":{"recoverable":true,)"
                      R"("epoch":"e2","offset":6,"positioned":true}}})");
  EXPECT_EQ(lines[1], "room:b 7 7");
  store.answer_subscribe(Unexpected<ErrorCode>(errors::kInternal));  // its inbox
  EXPECT_THAT(take(ada), ElementsAre("close 3010 insufficient state"));
}

// What waits for the store must not hold up what the client asks for behind it.
TEST_F(SlowStoreTest, UnsubscribesAtOnceFromWhatItWouldJoinLater) {
  slow.settings.subscribe_timeout_s = 1;
  FakeClient& ada = begin(R"("sub":"ada")");
  EXPECT_TRUE(slow.run_until([&] { return ada.events().has("1 connect "); }));
  (void)take(ada);
  ada.unsubscribe("user:#ada");
  ada.send(R"({"id":3,"rpc":{}})");
  EXPECT_THAT(take(ada), ElementsAre("2 unsubscribe {}", "3 error 104"));
  EXPECT_EQ(slow.counters.subscriptions, 0U);
  store.answer_subscribe(Position{4, "e1"});
  store.deliver("user:#ada", 5, "e1");
  EXPECT_THAT(take(ada), IsEmpty());
}

TEST_F(SlowStoreTest, IsNotCalledStaleWhileTheStoreIsSlow) {
  slow.settings.stale_s = 1;
  FakeClient& ada = begin(R"("sub":"ada")");
  const std::uint64_t end_ms = slow.loop.now_ms() + 2100;
  EXPECT_TRUE(slow.run_until([&] { return slow.loop.now_ms() >= end_ms; }));
  store.answer_subscribe(Position{0, "e1"});
  EXPECT_THAT(take(ada), ElementsAre(StartsWith("1 connect ")));
}

TEST_F(SlowStoreTest, GoesAwayWhileJoining) {
  FakeClient& ada = begin(R"("sub":"ada")");
  FakeClient& bob = begin(R"("sub":"bob")");
  FakeClient& eve = begin(R"("sub":"eve")");
  ada.vanish();
  bob.session->drain();
  eve.session->close(disconnects::kNoPong);
  for (int i = 0; i < 3; ++i) store.answer_subscribe(Position{0, "e1"});
  EXPECT_THAT(take(bob), ElementsAre("close 3001 shutdown"));
  EXPECT_THAT(take(eve), ElementsAre("close 3012 no pong"));
  EXPECT_EQ(slow.counters.subscriptions, 0U);
}

// A pong that the socket took in half must not let publications past the connect reply.
TEST_F(SlowStoreTest, WritesNothingBeforeTheReplyToAFullSocket) {
  FakeClient& ada = slow.add_client();
  ada.transport.room = 3;
  ada.session->on_ping("ping");
  slow.settle();
  ada.connect_with(token(R"("sub":"ada","channels":["room:a"])"));
  store.answer_subscribe(Position{4, "e1"});
  store.deliver("room:a", 5, "e1");
  slow.settle();
  ada.drain();
  slow.settle();
  EXPECT_EQ(ada.events().message_count, 0U);
  store.answer_subscribe(Position{0, "e2"});
  EXPECT_THAT(take(ada), ElementsAre("ws-pong ping", StartsWith("1 connect "), "room:a 5 5"));
}

TEST_F(SlowStoreTest, SendsItsClientsAwayWhenTheLogIsAnotherOne) {
  FakeClient& ada = begin(R"("sub":"ada")");
  store.answer_subscribe(Position{4, "e1"});
  EXPECT_THAT(take(ada), SizeIs(1));
  store.deliver("user:#ada", 1, "e2");
  store.answer_history({1, "e2"}, {1});
  EXPECT_THAT(take(ada), ElementsAre("close 3010 insufficient state"));
}

}  // namespace
}  // namespace chirm
