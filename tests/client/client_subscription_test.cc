// SPDX-License-Identifier: MIT
// How a Client subscribes and recovers, seen from a server and from its Events.
#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using ClientSubscription = ClientTest;

TEST_F(ClientSubscription, SubscribesLaterToo) {
  start_in("room:a");
  client_->subscribe("room:b");
  client_->subscribe("room:a");
  ASSERT_TRUE(run_until_line("subscribed room:b 0e1"));
  EXPECT_EQ(events_.count("subscribed"), 2);
}

TEST_F(ClientSubscription, AdvancesByWhatTheReceiverOfBytesSaw) {
  start_in("room:a");
  client_->advance("room:a", 7);
  EXPECT_EQ(client_->position("room:a"), 7);
  server_.last().send_publication("room:a", 8, "8");
  ASSERT_TRUE(run_until_line("room:a 8 8"));
}

TEST_F(ClientSubscription, ResumesWhereItWasAfterTheConnectionBroke) {
  start_in("room:a");
  server_.last().send_publication("room:a", 1, "1");
  ASSERT_TRUE(run_until_line("room:a 1 1"));
  server_.last().drop();
  ASSERT_TRUE(run_until_line("subscribed room:a 1e1 recovered"));
  EXPECT_THAT(server_.log.back(), HasSubstr("\"recover\":true,\"offset\":1,\"epoch\":\"e1\""));
  EXPECT_TRUE(events_.has("disconnected 0 the server closed the connection"));
  ASSERT_TRUE(events_.last_retry_ms);
  EXPECT_GE(*events_.last_retry_ms, 10);
}

TEST_F(ClientSubscription, DeliversRecoveredPublicationsFromTheReply) {
  start_in("room:a");
  server_.on_command = [](Peer& peer, const Command& command) {
    if (!std::holds_alternative<SubscribeCommand>(command.method)) return false;
    SubscribeResult result;
    result.position = {3, "e1"};  // some servers send the top, the reference the client's own
    result.was_recovering = result.recovered = true;
    result.publications = R"({"data":1,"offset":1},{"data":2,"offset":2},{"data":3,"offset":3})";
    std::string reply;
    append_subscribe_reply(reply, command.id, result);
    peer.send(reply);
    return true;
  };
  server_.last().drop();
  ASSERT_TRUE(run_until_line("room:a 3 3"));
  EXPECT_THAT(
      std::vector(events_.lines.end() - 4, events_.lines.end()),
      ElementsAre("subscribed room:a 3e1 recovered", "room:a 1 1", "room:a 2 2", "room:a 3 3"));
}

TEST_F(ClientSubscription, TellsWhenSomethingWasLost) {
  start_in("room:a");
  server_.on_command = [](Peer& peer, const Command& command) {
    if (!std::holds_alternative<SubscribeCommand>(command.method)) return false;
    SubscribeResult result;
    result.position = {40, "e2"};
    result.was_recovering = true;
    std::string reply;
    append_subscribe_reply(reply, command.id, result);
    peer.send(reply);
    peer.send_publication("room:a", 41, "41");
    return true;
  };
  server_.last().drop();
  ASSERT_TRUE(run_until_line("room:a 41 41"));
  EXPECT_TRUE(events_.has("subscribed room:a 40e2 lost"));
}

TEST_F(ClientSubscription, ShowsAPublicationOnce) {
  start_in("room:a");
  for (const std::uint64_t offset : {1, 2, 2, 1, 3}) {
    server_.last().send_publication("room:a", offset, std::to_string(offset));
  }
  ASSERT_TRUE(run_until_line("room:a 3 3"));
  EXPECT_EQ(events_.count("room:a"), 3);
}

TEST_F(ClientSubscription, ShowsPublicationsThatAreNotStored) {
  start_in("room:a");
  server_.last().send_publication("room:a", 1, "1");
  server_.last().send_publication("room:a", 0, "\"typing\"");
  server_.last().send_publication("room:a", 2, "2");
  ASSERT_TRUE(run_until_line("room:a 2 2"));
  EXPECT_TRUE(events_.has("room:a 0 \"typing\""));
}

TEST_F(ClientSubscription, AsksAgainWhenAPublicationIsMissing) {
  start_in("room:a");
  server_.last().send_publication("room:a", 1, "1");
  server_.last().send_publication("room:a", 3, "3");
  ASSERT_TRUE(run_until_line("subscribed room:a 1e1 recovered"));
  EXPECT_THAT(server_.log[1], AllOf(StartsWith("1: {\"unsubscribe\""),
                                    HasSubstr("\n{\"subscribe\""), HasSubstr("\"offset\":1")));
  EXPECT_FALSE(events_.has("room:a 3 3"));
}

TEST_F(ClientSubscription, SubscribesAgainAfterATemporaryUnsubscribe) {
  start_in("room:a");
  server_.last().send(
      R"({"push":{"channel":"room:a","unsubscribe":{"code":2500,"reason":"insufficient state"}}})");
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_EQ(events_.count("unsubscribed"), 0);
}

TEST_F(ClientSubscription, StaysUnsubscribedWhenToldSo) {
  start_in("room:a");
  server_.last().send(
      R"({"push":{"channel":"room:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})");
  ASSERT_TRUE(run_until_line("unsubscribed room:a 2000 server unsubscribe"));
  client_->drop_connection();
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
  EXPECT_THAT(server_.log.back(), Not(HasSubstr("room:a")));
}

TEST_F(ClientSubscription, RetriesASubscribeThatFailedForNow) {
  int attempts = 0;
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (!std::holds_alternative<SubscribeCommand>(command.method) || ++attempts == 3) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kInternal);
    peer.send(reply);
    return true;
  };
  start_in("room:a");
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(events_.count("disconnected"), 0);
}

TEST_F(ClientSubscription, GivesUpASubscribeThatWasRefused) {
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (!std::holds_alternative<SubscribeCommand>(command.method)) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kPermissionDenied);
    peer.send(reply);
    return true;
  };
  start().subscribe("room:a");
  ASSERT_TRUE(run_until_line("unsubscribed room:a 103 permission denied"));
}

TEST_F(ClientSubscription, LeavesAChannel) {
  start_in("room:a");
  client_->unsubscribe("room:a");
  client_->subscribe("room:a");
  ASSERT_TRUE(run([&] { return events_.count("subscribed room:a 0e1") == 2; }));
  EXPECT_THAT(server_.log[1],
              AllOf(StartsWith("1: {\"unsubscribe\""), Not(HasSubstr("recover\":"))));
}

}  // namespace
}  // namespace chirm::client
