// SPDX-License-Identifier: MIT
// Server-side subscriptions, when the store takes its time, fails, or is another one.
#include "tests/core/chat/server_side_fixture.h"
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

// The store answers when it likes.
class SlowStoreTest : public testing::ServerSideTest {
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
  EXPECT_TRUE(slow.pass_until([&] { return ada.events().has("1 error 100"); }));
  EXPECT_EQ(slow.counters.subscriptions, 0U);
}

TEST_F(SlowStoreTest, ConnectsANewcomerAndSubscribesItLater) {
  slow.settings.subscribe_timeout_s = 1;
  FakeClient& ada = begin(R"("sub":"ada","subs":{"room:a":{"data":7},"room:b":{}})");
  store.answer_subscribe(Position{4, "e1"});  // in the order of the names: room:a
  EXPECT_TRUE(slow.pass_until([&] { return ada.events().has("1 connect "); }));
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
  EXPECT_TRUE(slow.pass_until([&] { return ada.events().has("1 connect "); }));
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
  slow.pass_ms(2'100);
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

// Else all would come back at the same time.
TEST_F(SlowStoreTest, SendsManyClientsAwayOneAfterAnother) {
  constexpr int kClients = 500;
  std::vector<FakeClient*> clients;
  for (int i = 0; i < kClients; ++i) {
    const std::string user = "user" + std::to_string(i);
    clients.push_back(&begin(R"("sub":")" + user + R"(","channels":["room:a"])"));
    while (!store.subscribes.empty()) store.answer_subscribe(Position{4, "e1"});
    EXPECT_THAT(take(*clients.back()), SizeIs(1));
  }
  const auto has_left = [](FakeClient* client) { return client->session->is_closing(); };
  const auto left = [&] { return std::count_if(clients.begin(), clients.end(), has_left); };
  for (int i = 0; i < kClients; ++i) store.deliver("user:#user" + std::to_string(i), 1, "e2");
  store.deliver("room:a", 1, "e2");
  const std::uint64_t begun_ms = slow.loop.now_ms();
  while (!store.histories.empty()) store.answer_history({1, "e2"}, {1});
  slow.settle();
  EXPECT_LE(left(), 1);

  // It is of use until then, and gets nothing from where it does not know its place.
  FakeClient& last = *clients.back();
  store.deliver("room:a", 2, "e2");
  last.send(R"({"id":2,"rpc":{}})");
  EXPECT_THAT(take(last), ElementsAre("2 error 104"));

  ASSERT_TRUE(slow.run_until([&] { return left() > 0; }));
  ASSERT_TRUE(slow.run_until([&] { return left() == kClients; }));
  EXPECT_GE(slow.loop.now_ms() - begun_ms, std::uint64_t{kClients - 10});
  EXPECT_EQ(slow.counters.disconnects[3010], std::uint64_t{kClients});
  EXPECT_THAT(take(last), ElementsAre("close 3010 insufficient state"));
}

}  // namespace
}  // namespace chirm
