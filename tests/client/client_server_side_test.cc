// SPDX-License-Identifier: MIT
// What a Client makes of the subscriptions that the server makes for it.
#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ClientServerSide : public ClientTest {
 protected:
  // What connect replies say from now on.
  void set_subs(std::string_view subs) { server_.connect_result.subs = subs; }
  void reconnect() {
    const std::size_t before = events_.count("connected");
    server_.last().drop();
    ASSERT_TRUE(run([&] { return events_.count("connected") > before; }));
  }
};

constexpr std::string_view kInbox =
    R"("user:#ada":{"recoverable":true,"epoch":"e1","offset":3,"positioned":true})";

TEST_F(ClientServerSide, TellsThemBehindConnected) {
  set_subs(R"("a":{"recoverable":true,"epoch":"e1","offset":3},"b":{"epoch":"e2"})");
  start();
  ASSERT_TRUE(run_until_line("subscribed b 0e2"));
  EXPECT_THAT(events_.lines,
              ElementsAre("connected c1 test", "subscribed a 3e1", "subscribed b 0e2"));
  server_.last().send_publication("a", 4, "4");
  server_.last().send_publication("a", 4, "4");
  server_.last().send_publication("b", 9, "9");
  ASSERT_TRUE(run_until_line("b 9 9"));
  EXPECT_EQ(events_.count("a 4 4"), 1);
  EXPECT_EQ(client_->position("a"), 4);
}

TEST_F(ClientServerSide, SaysWhereItStandsWhenItComesBack) {
  set_subs(kInbox);
  start_in("room:a");
  EXPECT_THAT(server_.log[0], Not(HasSubstr(R"("subs")")));
  server_.last().send_publication("user:#ada", 4, "4");
  ASSERT_TRUE(run_until_line("user:#ada 4 4"));
  set_subs(R"("user:#ada":{"recoverable":true,"epoch":"e1","offset":4,"recovered":true,)"
           R"("was_recovering":true})");
  reconnect();
  EXPECT_THAT(server_.log.back(),
              HasSubstr(R"("subs":{"user:#ada":{"recover":true,"offset":4,"epoch":"e1"}}},)"));
  EXPECT_THAT(server_.log.back(), Not(HasSubstr(R"("subscribe":{"channel":"user:)")));
  ASSERT_TRUE(run_until_line("subscribed user:#ada 4e1 recovered"));
  server_.last().send_publication("user:#ada", 5, "5");
  ASSERT_TRUE(run_until_line("user:#ada 5 5"));
}

TEST_F(ClientServerSide, DeliversRecoveredPublicationsFromTheReply) {
  set_subs(kInbox);
  start();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  set_subs(
      R"("user:#ada":{"recoverable":true,"epoch":"e1","offset":3,"recovered":true,)"
      R"("was_recovering":true,"publications":[{"data":4,"offset":4},{"data":5,"offset":5}]})");
  reconnect();
  ASSERT_TRUE(run_until_line("user:#ada 5 5"));
  EXPECT_EQ(events_.count("user:#ada 4 4"), 1);
}

TEST_F(ClientServerSide, TellsWhenSomethingWasLost) {
  set_subs(kInbox);
  start();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  set_subs(R"("user:#ada":{"recoverable":true,"epoch":"e2","offset":9,"was_recovering":true})");
  reconnect();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 9e2 lost"));
}

TEST_F(ClientServerSide, TellsWhenTheServerDoesNotSubscribeItAnyMore) {
  set_subs(kInbox);
  start();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  set_subs({});
  reconnect();
  ASSERT_TRUE(run_until_line("unsubscribed user:#ada 2000 server unsubscribe"));
  reconnect();
  EXPECT_THAT(server_.log.back(), Not(HasSubstr(R"("subs")")));
}

TEST_F(ClientServerSide, IsSubscribedLaterByAPush) {
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  server_.last().send(
      R"({"push":{"channel":"a","subscribe":{"recoverable":true,"epoch":"e1","offset":4}}})");
  server_.last().send_publication("a", 5, "5");
  ASSERT_TRUE(run_until_line("a 5 5"));
  EXPECT_TRUE(events_.has("subscribed a 4e1"));
  for (const char* code : {"2000", "2500"}) {
    server_.last().send(R"({"push":{"channel":"a","unsubscribe":{"code":)" + std::string(code) +
                        R"(,"reason":"x"}}})");
    ASSERT_TRUE(run_until_line("unsubscribed a " + std::string(code) + " x"));
    server_.last().send(R"({"push":{"channel":"a","subscribe":{"epoch":"e1"}}})");
    ASSERT_TRUE(run([&] { return events_.lines.back() == "subscribed a 0e1"; }));
  }
}

TEST_F(ClientServerSide, ComesBackWhenAPublicationIsMissing) {
  set_subs(kInbox);
  start();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  server_.last().send_publication("user:#ada", 5, "5");
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
  EXPECT_TRUE(events_.has("disconnected 0 a publication is missing"));
  EXPECT_THAT(server_.log.back(), HasSubstr(R"("offset":3,)"));
  EXPECT_EQ(events_.count("user:#ada 5"), 0);
}

// The server has answered connect before it refuses the second subscription.
TEST_F(ClientServerSide, TakesAChannelThatBothWantedOnce) {
  set_subs(kInbox);
  server_.on_command = [](Peer& peer, const Command& command) {
    if (!std::holds_alternative<SubscribeCommand>(command.method)) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kAlreadySubscribed);
    peer.send(reply);
    return true;
  };
  start().subscribe("user:#ada");
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  server_.last().send_publication("user:#ada", 4, "4");
  ASSERT_TRUE(run_until_line("user:#ada 4 4"));
  EXPECT_EQ(events_.count("unsubscribed"), 0);
  EXPECT_EQ(events_.count("subscribed"), 1);
}

TEST_F(ClientServerSide, SubscribesItselfToWhatItWantsAndTheServerDropped) {
  set_subs(kInbox);
  start();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  client_->subscribe("user:#ada");
  set_subs({});
  reconnect();
  ASSERT_TRUE(run([&] { return events_.count("subscribed user:#ada") == 2; }));
  EXPECT_THAT(server_.log.back(), HasSubstr(R"("recover":true)"));
  EXPECT_EQ(events_.count("unsubscribed"), 0);
}

TEST_F(ClientServerSide, MayBeLeftUntilTheNextConnection) {
  set_subs(kInbox);
  start();
  ASSERT_TRUE(run_until_line("subscribed user:#ada 3e1"));
  client_->unsubscribe("user:#ada");
  server_.last().send_publication("user:#ada", 4, "4");
  ASSERT_TRUE(run([&] { return server_.log.size() == 2; }));
  EXPECT_THAT(server_.log[1], HasSubstr(R"("unsubscribe":{"channel":"user:#ada"})"));
  reconnect();
  ASSERT_TRUE(run([&] { return events_.count("subscribed user:#ada 3e1") == 2; }));
  EXPECT_EQ(events_.count("user:#ada"), 0);
}

TEST_F(ClientServerSide, MayBeToldAnythingFromItsEvents) {
  set_subs(R"("a":{"recoverable":true,"epoch":"e1"},"b":{"recoverable":true,"epoch":"e1"})");
  events_.on_line = [&](const std::string& line) {
    if (line == "subscribed a 0e1" && events_.count("connected") == 1) {
      client_->disconnect();
      client_->connect();
    }
  };
  start();
  ASSERT_TRUE(run_until_line("subscribed b 0e1"));
  EXPECT_EQ(events_.count("connected"), 2);
  EXPECT_EQ(events_.count("subscribed b"), 1);
}

}  // namespace
}  // namespace chirm::client
