// SPDX-License-Identifier: MIT
// How a Client publishes, seen from a server and from its acks.
#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using ::testing::ElementsAre;

using ClientOutbox = ClientTest;

TEST_F(ClientOutbox, PublishesOfOneTurnLeaveInOneMessage) {
  start_in("room:a");
  for (int i = 0; i < 3; ++i) client_->publish("room:a", std::to_string(i), note_ack("p"));
  EXPECT_EQ(client_->outbox_size(), 3);
  ASSERT_TRUE(run([&] { return acks_.size() == 3; }));
  EXPECT_EQ(client_->outbox_size(), 0);
  EXPECT_EQ(server_.last().messages.size(), 2);
}

TEST_F(ClientOutbox, PublishesLaterWhatWasWrittenBeforeItWasConnected) {
  start();
  client_->publish("room:a", "1", note_ack("1"));
  ASSERT_TRUE(run([&] { return acks_.size() == 1; }));
  EXPECT_THAT(acks_, ElementsAre("1 at 0"));
}

TEST_F(ClientOutbox, SendsUnacknowledgedPublicationsAgainInOrder) {
  std::uint64_t top = 0;
  std::vector<std::string> stored;
  server_.on_command = [&](Peer& peer, const Command& command) {
    const auto* publish = std::get_if<PublishCommand>(&command.method);
    if (publish == nullptr) return false;
    if (server_.peers.size() == 1) {
      // It stores the first, answers nothing, and dies at the third.
      if (publish->message_id == "m3") peer.drop();
      return true;
    }
    stored.emplace_back(publish->message_id);
    std::string reply;
    append_publish_reply(reply, command.id, {++top, "e1"});
    peer.send(reply);
    return true;
  };
  start_in("room:a");
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  client_->publish("room:a", R"({"text":"no id"})", note_ack("no id"));
  client_->publish("room:a", R"({"id":"m2"})", note_ack("m2"));
  client_->publish("room:a", R"({"id":"m3"})", note_ack("m3"));
  ASSERT_TRUE(run([&] { return acks_.size() == 4; }));
  EXPECT_THAT(stored, ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(acks_,
              ElementsAre("no id failed: 0 connection lost", "m1 at 1", "m2 at 2", "m3 at 3"));
}

TEST_F(ClientOutbox, PublishesAgainAfterATemporaryError) {
  std::vector<std::string> seen;
  server_.on_command = [&](Peer& peer, const Command& command) {
    const auto* publish = std::get_if<PublishCommand>(&command.method);
    if (publish == nullptr) return false;
    seen.emplace_back(publish->message_id);
    if (seen.size() > 2) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kTooManyRequests);
    peer.send(reply);
    return true;
  };
  start_in("room:a");
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  client_->publish("room:a", R"({"id":"m2"})", note_ack("m2"));
  ASSERT_TRUE(run([&] { return acks_.size() == 2; }));
  EXPECT_THAT(seen, ElementsAre("m1", "m2", "m1", "m2"));
}

TEST_F(ClientOutbox, ReportsRefusedPublications) {
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (!std::holds_alternative<PublishCommand>(command.method)) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kPermissionDenied);
    peer.send(reply);
    return true;
  };
  options_.outbox_max = 1;
  start_in("room:a");
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  client_->publish("room:a", R"({"id":"m2"})", note_ack("m2"));
  client_->publish("room:a", std::string(70'000, '1'), note_ack("m3"));
  ASSERT_TRUE(run([&] { return acks_.size() == 3; }));
  EXPECT_THAT(acks_, ElementsAre("m2 failed: 106 too many publications wait to be sent",
                                 "m3 failed: 106 too many publications wait to be sent",
                                 "m1 failed: 103 permission denied"));
  client_->publish("room:a", std::string(70'000, '1'), note_ack("m3"));
  EXPECT_EQ(acks_.back(), "m3 failed: 107 the publication is too large");
}

TEST_F(ClientOutbox, WaitsLongerForAPublicationThanForOtherCommands) {
  options_.command_timeout_ms = 50;
  server_.on_command = [&](Peer&, const Command& command) {
    return std::holds_alternative<PublishCommand>(command.method) ||
           std::holds_alternative<HistoryCommand>(command.method);
  };
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  int unanswered = 0;
  for (int i = 0; i < 2; ++i) {
    client_->history("room:a", 1, [&](const auto&) { ++unanswered; });
    ASSERT_TRUE(run([&] { return unanswered == i + 1; }));
  }
  EXPECT_TRUE(client_->is_connected());
  EXPECT_EQ(client_->outbox_size(), 1);
}

TEST_F(ClientOutbox, TriesAgainWhenAPublicationIsNotAcknowledged) {
  options_.publish_timeout_ms = 100;
  server_.on_command = [&](Peer&, const Command& command) {
    return std::holds_alternative<PublishCommand>(command.method) && server_.peers.size() == 1;
  };
  start();
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  ASSERT_TRUE(run([&] { return acks_.size() == 1; }));
  EXPECT_TRUE(events_.has("disconnected 0 a publication got no answer"));
  EXPECT_THAT(acks_, ElementsAre("m1 at 0"));
}

TEST_F(ClientOutbox, KeepsTheOrderOfSeveralChannelsWhenTheConnectionBreaksWhileResending) {
  std::vector<std::string> stored;
  server_.on_command = [&](Peer& peer, const Command& command) {
    const auto* publish = std::get_if<PublishCommand>(&command.method);
    if (publish == nullptr) return false;
    const std::string id(publish->message_id);
    // Each connection breaks at another message; what it took before may be acknowledged or not.
    const std::string end = "m" + std::to_string(server_.peers.size() * 2);
    if (id == end && server_.peers.size() < 4) {
      peer.drop();
      return true;
    }
    const bool is_known = std::find(stored.begin(), stored.end(), id) != stored.end();
    if (!is_known) stored.push_back(id);
    return !is_known && server_.peers.size() < 4;  // the first answer is lost
  };
  start();
  for (int i = 1; i <= 9; ++i) {
    const std::string id = "m" + std::to_string(i);
    client_->publish(i % 2 == 0 ? "room:a" : "room:b", R"({"id":")" + id + R"("})", note_ack(id));
  }
  ASSERT_TRUE(run([&] { return acks_.size() == 9; }));
  EXPECT_THAT(stored, ElementsAre("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"));
  EXPECT_EQ(client_->outbox_size(), 0);
}

TEST_F(ClientOutbox, GivesUpWhatTheServerRefusesForTooLong) {
  options_.resend_limit_ms = 200;
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (!std::holds_alternative<PublishCommand>(command.method)) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kInternal);
    peer.send(reply);
    return true;
  };
  start();
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  client_->publish("room:a", R"({"id":"m2"})", note_ack("m2"));
  ASSERT_TRUE(run([&] { return acks_.size() == 2; }));
  EXPECT_THAT(acks_, ElementsAre("m1 failed: 100 internal server error",
                                 "m2 failed: 100 internal server error"));
  EXPECT_TRUE(client_->is_connected());
  EXPECT_EQ(client_->outbox_size(), 0);
}

// The server may have stored it, and may have forgotten its id since.
TEST_F(ClientOutbox, DoesNotSendAgainWhatWasSentTooLongAgo) {
  options_.resend_limit_ms = 200;
  server_.on_command = [](Peer&, const Command& command) {
    return std::holds_alternative<PublishCommand>(command.method);
  };
  start();
  client_->publish("room:a", R"({"id":"m1"})", note_ack("m1"));
  ASSERT_TRUE(run([&] { return server_.log.size() == 2; }));
  server_.stop_listening();
  server_.last().drop();
  ASSERT_TRUE(run([&] { return !client_->is_connected(); }));
  client_->publish("room:a", R"({"id":"m2"})", note_ack("m2"));  // never sent: it waits
  ASSERT_TRUE(run([&] { return acks_.size() == 1; }));
  EXPECT_THAT(acks_, ElementsAre("m1 failed: 0 connection lost"));
  EXPECT_EQ(client_->outbox_size(), 1);
}

}  // namespace
}  // namespace chirm::client
