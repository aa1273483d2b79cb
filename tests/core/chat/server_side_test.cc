// SPDX-License-Identifier: MIT
// Server-side subscriptions: what a connection is subscribed to by connecting, and how it recovers.
#include "tests/core/chat/server_side_fixture.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using testing::FakeClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ServerSideTest;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kInbox = R"("user:#ada":{"recoverable":true,"epoch":"E")";

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
TEST_F(ServerSideTest, KeepsInboxesApart) {
  FakeClient& ada = add_client("ada");
  FakeClient& eve = add_client("eve:ada");
  eve.publish("user:#ada", "1");
  eve.subscribe("user:#ada");
  node.settle();
  EXPECT_THAT(eve.take(), ElementsAre("1 error 103", "2 error 103"));
  eve.publish("user:#eve:ada", "1");
  node.settle();
  EXPECT_TRUE(eve.events().has("user:#eve:ada 1 1"));
  EXPECT_THAT(ada.take(), IsEmpty());
}

TEST_F(ServerSideTest, RefusesUsersWhoseNamesCouldBeTakenForOthers) {
  for (const char* user : {"ada,eve", "#ada", "ada#eve", "~ada-x7k2m9"}) {
    EXPECT_THAT(connect(R"("sub":")" + std::string(user) + '"'),
                ElementsAre("close 3500 invalid token"))
        << user;
  }
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
              HasSubstr(R"("conn_info":{"c":1},"chan_info":{"r":2}},"time":)"));
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

}  // namespace
}  // namespace chirm
