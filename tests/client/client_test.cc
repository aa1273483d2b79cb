// SPDX-License-Identifier: MIT
// How a Client behaves, seen from a server and from its Events.
#include "client/client.h"

#include <gmock/gmock.h>

#include "client/context.h"
#include "tests/client/scripted_server.h"
#include "tests/support/loop_runner.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using chirm::testing::run_until;
using chirm::testing::ScriptedServer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Writes down what it is told, a line each.
class EventLog final : public Events {
 public:
  void on_connected(std::string_view id, std::string_view version) override {
    add("connected " + std::string(id) + " " + std::string(version));
  }
  void on_disconnected(const Disconnected& why) override {
    add("disconnected " + std::to_string(why.code) + " " + why.reason +
        (why.retry_in_ms ? "" : ", for good"));
    last_retry_ms = why.retry_in_ms;
  }
  void on_subscribed(std::string_view channel, const Subscribed& how) override {
    add("subscribed " + std::string(channel) + " " + std::to_string(how.offset) + how.epoch +
        (how.was_recovering ? how.recovered ? " recovered" : " lost" : ""));
  }
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override {
    add("unsubscribed " + std::string(channel) + " " + std::to_string(code) + " " +
        std::string(reason));
  }
  void on_publication(std::string_view channel, const PublicationView& publication) override {
    add(std::string(channel) + " " + std::to_string(publication.offset) + " " +
        std::string(publication.data));
  }
  std::size_t on_bytes(std::string_view bytes) override {
    return bytes_hook ? bytes_hook(bytes) : 0;
  }

  bool has(std::string_view line) const {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  std::size_t count(std::string_view prefix) const {
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const auto& line) { return line.starts_with(prefix); }));
  }

  std::vector<std::string> lines;
  std::optional<std::uint32_t> last_retry_ms;
  std::function<void(const std::string&)> on_line;
  std::function<std::size_t(std::string_view)> bytes_hook;

 private:
  void add(std::string line) {
    lines.push_back(std::move(line));
    if (on_line) on_line(lines.back());
  }
};

class ClientTest : public ::testing::Test {
 protected:
  Client& start() {
    client_ = std::make_unique<Client>(context_, options_, events_);
    client_->connect();
    return *client_;
  }
  // Connects and subscribes.
  Client& start_in(std::string_view channel) {
    start().subscribe(channel);
    const std::string wanted = "subscribed " + std::string(channel);
    EXPECT_TRUE(run([&] { return events_.count(wanted) > 0; }));
    return *client_;
  }
  bool run(const std::function<bool()>& is_done) { return run_until(loop_, is_done); }
  bool run_until_line(const std::string& line) {
    return run([&] { return events_.has(line); });
  }
  Client::OnPublished note_ack(std::string name) {
    return [this, name](Expected<std::uint64_t, CommandError> result) {
      acks_.push_back(result ? name + " at " + std::to_string(*result)
                             : name + " failed: " + std::to_string(result.error().code) + " " +
                                   result.error().message);
    };
  }

  Loop loop_;
  Context context_{loop_, 1};
  ScriptedServer server_{loop_};
  Options options_{.url = server_.url(),
                   .token = {},
                   .name = {},
                   .local_address = {},
                   .backoff_min_ms = 1,
                   .backoff_max_ms = 20,
                   .command_timeout_ms = 5000,
                   .outbox_max = 1000,
                   .ping_delay_max_ms = 10'000};
  EventLog events_;
  std::vector<std::string> acks_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, SendsConnectAndSubscribesInOneMessage) {
  options_.token = "t0";
  options_.name = "a\"da";
  start();
  client_->subscribe("room:a");
  client_->subscribe("room:b");
  ASSERT_TRUE(run_until_line("subscribed room:b 0e1"));
  EXPECT_THAT(events_.lines,
              ElementsAre("connected c1 test", "subscribed room:a 0e1", "subscribed room:b 0e1"));
  ASSERT_EQ(server_.log.size(), 1);
  EXPECT_EQ(server_.log[0],
            "1: {\"connect\":{\"token\":\"t0\",\"data\":{\"name\":\"a\\\"da\"},"
            "\"name\":\"chirm\"},\"id\":1}\n"
            "{\"subscribe\":{\"channel\":\"room:a\",\"recoverable\":true,\"positioned\":true},"
            "\"id\":2}\n"
            "{\"subscribe\":{\"channel\":\"room:b\",\"recoverable\":true,\"positioned\":true},"
            "\"id\":3}");
}

TEST_F(ClientTest, SplitsWhatIsTooLargeForOneMessage) {
  start();
  for (int i = 0; i < 400; ++i) {
    client_->subscribe(std::to_string(i) + std::string(200, 'x'));
  }
  ASSERT_TRUE(run([&] { return events_.count("subscribed") == 400; }));
  EXPECT_THAT(server_.log.size(), 2);
}

TEST_F(ClientTest, SubscribesLaterToo) {
  start_in("room:a");
  client_->subscribe("room:b");
  client_->subscribe("room:a");
  ASSERT_TRUE(run_until_line("subscribed room:b 0e1"));
  EXPECT_EQ(events_.count("subscribed"), 2);
}

TEST_F(ClientTest, DeliversRepliesPushesAndPingsOfOneMessage) {
  server_.connect_result.pong = true;
  server_.connect_result.ping_s = 25;
  server_.on_command = [](Peer& peer, const Command& command) {
    if (std::holds_alternative<PongCommand>(command.method)) return true;
    if (!std::holds_alternative<SubscribeCommand>(command.method)) return false;
    peer.send(
        "{\"id\":2,\"subscribe\":{\"recoverable\":true,\"epoch\":\"e1\",\"offset\":4}}\n"
        "{}\n"
        "{\"push\":{\"channel\":\"room:a\",\"pub\":{\"data\":{\"n\":5},\"offset\":5}}}\n"
        "{\"push\":{\"channel\":\"room:x\",\"pub\":{\"data\":{\"n\":6},\"offset\":6}}}\n"
        "{\"push\":{\"channel\":\"room:a\",\"join\":{\"info\":{\"user\":\"u\"}}}}");
    return true;
  };
  start_in("room:a");
  ASSERT_TRUE(run([&] { return server_.log.size() == 2; }));
  EXPECT_THAT(events_.lines,
              ElementsAre("connected c1 test", "subscribed room:a 4e1", "room:a 5 {\"n\":5}"));
  EXPECT_EQ(server_.log[1], "1: {}");
  EXPECT_EQ(client_->position("room:a"), 5);
}

TEST_F(ClientTest, DoesNotAnswerPingsUnlessAsked) {
  server_.connect_result.ping_s = 25;
  start_in("room:a");
  server_.last().send("{}");
  client_->publish("room:a", "1", note_ack("1"));
  ASSERT_TRUE(run([&] { return acks_.size() == 1; }));
  EXPECT_THAT(server_.log[1], HasSubstr("publish"));
}

TEST_F(ClientTest, TakesBytesOneByOne) {
  start_in("room:a");
  std::string frames;
  WsEncoder encoder(WsRole::kServer);
  const std::string text(300, 'x');  // a frame with an extended length
  const auto push = [&](std::uint64_t offset) {
    encoder.append(frames, Opcode::kText,
                   "{\"push\":{\"channel\":\"room:a\",\"pub\":{\"data\":\"" + text +
                       "\",\"offset\":" + std::to_string(offset) + "}}}");
  };
  push(1);
  push(2);
  for (const char byte : frames) {
    server_.last().send_bytes(std::string_view(&byte, 1));
    bool is_next_turn = false;
    ASSERT_TRUE(run([&] { return std::exchange(is_next_turn, true); }));
  }
  ASSERT_TRUE(run([&] { return events_.count("room:a") == 2; }));
}

TEST_F(ClientTest, OffersBytesAtFrameBoundaries) {
  start_in("room:a");
  std::vector<std::string> offered;
  events_.bytes_hook = [&](std::string_view bytes) {
    offered.emplace_back(bytes);
    // Knows frames that start with '"', as one that looks for known beginnings would.
    return bytes.size() >= 5 && bytes[2] == '"' ? std::size_t{5} : 0;
  };
  // What is left over is decoded up to the end of its frame.
  server_.last().send_bytes("\x81\x03\"a\"\x81\x02{}\x81\x03\"b\"\x81\x02{");
  ASSERT_TRUE(run([&] { return offered.size() == 2; }));
  server_.last().send_bytes("}\x81\x03\"c\"");
  ASSERT_TRUE(run([&] { return offered.size() == 3; }));
  EXPECT_THAT(offered, ElementsAre("\x81\x03\"a\"\x81\x02{}\x81\x03\"b\"\x81\x02{",
                                   "\x81\x03\"b\"\x81\x02{", "\x81\x03\"c\""));
  EXPECT_TRUE(client_->is_connected());
}

TEST_F(ClientTest, AdvancesByWhatTheReceiverOfBytesSaw) {
  start_in("room:a");
  client_->advance("room:a", 7);
  EXPECT_EQ(client_->position("room:a"), 7);
  server_.last().send_publication("room:a", 8, "8");
  ASSERT_TRUE(run_until_line("room:a 8 8"));
}

TEST_F(ClientTest, ResumesWhereItWasAfterTheConnectionBroke) {
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

TEST_F(ClientTest, DeliversRecoveredPublicationsFromTheReply) {
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

TEST_F(ClientTest, TellsWhenSomethingWasLost) {
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

TEST_F(ClientTest, ShowsAPublicationOnce) {
  start_in("room:a");
  for (const std::uint64_t offset : {1, 2, 2, 1, 3}) {
    server_.last().send_publication("room:a", offset, std::to_string(offset));
  }
  ASSERT_TRUE(run_until_line("room:a 3 3"));
  EXPECT_EQ(events_.count("room:a"), 3);
}

TEST_F(ClientTest, ShowsPublicationsThatAreNotStored) {
  start_in("room:a");
  server_.last().send_publication("room:a", 1, "1");
  server_.last().send_publication("room:a", 0, "\"typing\"");
  server_.last().send_publication("room:a", 2, "2");
  ASSERT_TRUE(run_until_line("room:a 2 2"));
  EXPECT_TRUE(events_.has("room:a 0 \"typing\""));
}

TEST_F(ClientTest, AsksAgainWhenAPublicationIsMissing) {
  start_in("room:a");
  server_.last().send_publication("room:a", 1, "1");
  server_.last().send_publication("room:a", 3, "3");
  ASSERT_TRUE(run_until_line("subscribed room:a 1e1 recovered"));
  EXPECT_THAT(server_.log[1], AllOf(StartsWith("1: {\"unsubscribe\""),
                                    HasSubstr("\n{\"subscribe\""), HasSubstr("\"offset\":1")));
  EXPECT_FALSE(events_.has("room:a 3 3"));
}

TEST_F(ClientTest, SubscribesAgainAfterATemporaryUnsubscribe) {
  start_in("room:a");
  server_.last().send(
      R"({"push":{"channel":"room:a","unsubscribe":{"code":2500,"reason":"insufficient state"}}})");
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_EQ(events_.count("unsubscribed"), 0);
}

TEST_F(ClientTest, StaysUnsubscribedWhenToldSo) {
  start_in("room:a");
  server_.last().send(
      R"({"push":{"channel":"room:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})");
  ASSERT_TRUE(run_until_line("unsubscribed room:a 2000 server unsubscribe"));
  client_->drop_connection();
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
  EXPECT_THAT(server_.log.back(), Not(HasSubstr("room:a")));
}

TEST_F(ClientTest, RetriesASubscribeThatFailedForNow) {
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

TEST_F(ClientTest, GivesUpASubscribeThatWasRefused) {
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

TEST_F(ClientTest, LeavesAChannel) {
  start_in("room:a");
  client_->unsubscribe("room:a");
  client_->subscribe("room:a");
  ASSERT_TRUE(run([&] { return events_.count("subscribed room:a 0e1") == 2; }));
  EXPECT_THAT(server_.log[1],
              AllOf(StartsWith("1: {\"unsubscribe\""), Not(HasSubstr("recover\":"))));
}

TEST_F(ClientTest, PublishesOfOneTurnLeaveInOneMessage) {
  start_in("room:a");
  for (int i = 0; i < 3; ++i) client_->publish("room:a", std::to_string(i), note_ack("p"));
  EXPECT_EQ(client_->outbox_size(), 3);
  ASSERT_TRUE(run([&] { return acks_.size() == 3; }));
  EXPECT_EQ(client_->outbox_size(), 0);
  EXPECT_EQ(server_.last().messages.size(), 2);
}

TEST_F(ClientTest, PublishesLaterWhatWasWrittenBeforeItWasConnected) {
  start();
  client_->publish("room:a", "1", note_ack("1"));
  ASSERT_TRUE(run([&] { return acks_.size() == 1; }));
  EXPECT_THAT(acks_, ElementsAre("1 at 0"));
}

TEST_F(ClientTest, SendsUnacknowledgedPublicationsAgainInOrder) {
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

TEST_F(ClientTest, PublishesAgainAfterATemporaryError) {
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

TEST_F(ClientTest, ReportsRefusedPublications) {
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

TEST_F(ClientTest, TriesAgainUntilTheServerListens) {
  server_.stop_listening();
  start();
  ASSERT_TRUE(run([&] { return events_.count("disconnected") == 3; }));
  EXPECT_THAT(events_.lines[0], HasSubstr("Connection refused"));
  server_.listen();
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientTest, TriesAgainWhenTheUpgradeIsRefused) {
  server_.refuses_upgrade = true;
  start();
  ASSERT_TRUE(run([&] { return events_.count("disconnected") == 1; }));
  EXPECT_THAT(events_.lines[0], HasSubstr("503"));
  server_.refuses_upgrade = false;
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientTest, TriesAgainWhenTheServerDoesNotAnswer) {
  server_.never_answers = true;
  options_.command_timeout_ms = 100;
  start();
  ASSERT_TRUE(run([&] { return events_.count("disconnected") == 1; }));
  EXPECT_THAT(events_.lines[0], HasSubstr("no answer from 127.0.0.1:"));
  server_.never_answers = false;
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientTest, TriesAgainWhenConnectIsNotAnswered) {
  options_.command_timeout_ms = 100;
  server_.on_command = [&](Peer&, const Command&) { return server_.peers.size() == 1; };
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  EXPECT_GE(events_.count("disconnected 0 no answer"), 1);
}

TEST_F(ClientTest, WaitsLongerForAPublicationThanForOtherCommands) {
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

TEST_F(ClientTest, TriesAgainWhenAPublicationIsNotAcknowledged) {
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

TEST_F(ClientTest, FindsASilentServerDead) {
  server_.connect_result.ping_s = 1;
  options_.ping_delay_max_ms = 50;
  start();
  ASSERT_TRUE(run_until_line("disconnected 0 no ping"));
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
}

TEST_F(ClientTest, StopsAtATerminalCloseCode) {
  start_in("room:a");
  server_.last().close(3500, "invalid token");
  ASSERT_TRUE(run_until_line("disconnected 3500 invalid token, for good"));
  EXPECT_FALSE(client_->is_connected());
  client_->connect();
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
}

TEST_F(ClientTest, ComesBackAfterAShutdown) {
  start_in("room:a");
  server_.last().close(3001, "shutdown");
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_TRUE(events_.has("disconnected 3001 shutdown"));
}

TEST_F(ClientTest, StopsWhenConnectIsRefused) {
  server_.on_command = [](Peer& peer, const Command& command) {
    std::string reply;
    append_error_reply(reply, command.id, errors::kTokenExpired);
    peer.send(reply);
    return true;
  };
  start().subscribe("room:a");
  ASSERT_TRUE(run_until_line("disconnected 109 token expired, for good"));
}

TEST_F(ClientTest, TriesAgainAfterATemporaryConnectError) {
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (server_.peers.size() > 1) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kInternal);
    peer.send(reply);
    return true;
  };
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  EXPECT_TRUE(events_.has("disconnected 100 internal server error"));
}

TEST_F(ClientTest, TriesAgainWhenTheServerTalksNonsense) {
  start_in("room:a");
  server_.last().send("not json");
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
  EXPECT_EQ(server_.peers[0]->close_code, 1002);
}

TEST_F(ClientTest, SaysGoodbye) {
  start_in("room:a");
  client_->publish("room:a", "1", {});
  client_->disconnect();
  EXPECT_EQ(events_.lines.back(), "disconnected 1000 bye, for good");
  ASSERT_TRUE(run([&] { return !server_.last().is_open(); }));
  EXPECT_EQ(server_.last().close_code, 1000);
  EXPECT_THAT(server_.log.back(), HasSubstr("publish"));
}

TEST_F(ClientTest, DropsWithoutAWord) {
  start_in("room:a");
  client_->drop_connection();
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_EQ(server_.peers[0]->close_code, 0);
}

TEST_F(ClientTest, LeavesItsConnectionOpenWhenItVanishes) {
  start_in("room:a");
  const Socket abandoned = client_->abandon_connection();
  EXPECT_TRUE(abandoned.is_open());
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_TRUE(server_.peers.front()->is_open());
  server_.peers.front()->send_publication("room:a", 1, "\"old\"");
  server_.last().send_publication("room:a", 1, "\"new\"");
  ASSERT_TRUE(run_until_line("room:a 1 \"new\""));
  EXPECT_FALSE(events_.has("room:a 1 \"old\""));
}

TEST_F(ClientTest, ReadsNothingWhilePaused) {
  start_in("room:a");
  client_->pause_reading(true);
  server_.last().send_publication("room:a", 0, "1");
  std::size_t read_early = 0;
  client_->publish("room:a", "2", [](auto) {});
  ASSERT_TRUE(run([&] { return server_.last().messages.size() == 2; }));  // it can still write
  read_early = events_.count("room:a");
  client_->pause_reading(false);
  ASSERT_TRUE(run_until_line("room:a 0 1"));
  EXPECT_EQ(read_early, 0U);
}

TEST_F(ClientTest, MayBeToldAnythingFromItsEvents) {
  events_.on_line = [&](const std::string& line) {
    if (line == "room:a 1 1") {
      client_->disconnect();
      client_->connect();
    }
  };
  start_in("room:a");
  server_.last().send(
      "{\"push\":{\"channel\":\"room:a\",\"pub\":{\"data\":1,\"offset\":1}}}\n"
      "{\"push\":{\"channel\":\"room:a\",\"pub\":{\"data\":2,\"offset\":2}}}");
  ASSERT_TRUE(run_until_line("subscribed room:a 1e1 recovered"));
  EXPECT_FALSE(events_.has("room:a 2 2"));
}

TEST_F(ClientTest, AsksForPresenceAndHistory) {
  server_.on_command = [](Peer& peer, const Command& command) {
    std::string reply;
    if (std::holds_alternative<PresenceCommand>(command.method)) {
      const ClientInfoView clients[] = {{"ada", "c1", ""}, {"bob", "c2", ""}};
      append_presence_reply(reply, command.id, clients);
    } else if (std::holds_alternative<PresenceStatsCommand>(command.method)) {
      append_presence_stats_reply(reply, command.id, 3, 2);
    } else if (const auto* history = std::get_if<HistoryCommand>(&command.method)) {
      EXPECT_TRUE(history->reverse);
      EXPECT_EQ(history->limit, 2);
      append_history_reply(reply, command.id,
                           {{9, "e1"}, R"({"data":9,"offset":9},{"data":8,"offset":8})"});
    } else {
      return false;
    }
    peer.send(reply);
    return true;
  };
  start_in("room:a");
  std::vector<std::string> answers;
  client_->presence("room:a", [&](auto present) {
    for (const Present& one : *present) answers.push_back(one.user + "/" + one.client);
  });
  client_->presence_stats("room:a", [&](auto stats) {
    answers.push_back(std::to_string(stats->clients) + "/" + std::to_string(stats->users));
  });
  client_->history("room:a", 2, [&](auto publications) {
    for (const auto& publication : *publications) answers.emplace_back(publication.data);
  });
  ASSERT_TRUE(run([&] { return answers.size() == 5; }));
  EXPECT_THAT(answers, ElementsAre("ada/c1", "bob/c2", "3/2", "8", "9"));
}

TEST_F(ClientTest, ReportsRequestsThatGotNoAnswer) {
  options_.command_timeout_ms = 100;
  server_.on_command = [](Peer&, const Command& command) {
    return std::holds_alternative<HistoryCommand>(command.method);
  };
  std::vector<std::string> answers;
  const auto note = [&](auto result) { answers.push_back(result.error().message); };
  start_in("room:a");
  client_->history("room:a", 2, note);
  ASSERT_TRUE(run([&] { return answers.size() == 1; }));
  EXPECT_TRUE(client_->is_connected());
  client_->history("room:a", 2, note);
  client_->drop_connection();
  client_->history("room:a", 2, note);
  EXPECT_THAT(answers, ElementsAre("no answer", "connection lost", "not connected"));
}

TEST_F(ClientTest, BindsToALocalAddress) {
  options_.local_address = "127.0.0.7";
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  options_.local_address = "192.0.2.1";  // not ours
  Client other(context_, options_, events_);
  other.connect();
  ASSERT_TRUE(run([&] { return events_.count("disconnected 0 cannot bind to 192.0.2.1") > 0; }));
}

TEST_F(ClientTest, ResolvesNames) {
  options_.url.host = "localhost";
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  options_.url.host = "no-such-host.invalid";
  Client other(context_, options_, events_);
  other.connect();
  ASSERT_TRUE(
      run([&] { return events_.count("disconnected 0 cannot resolve no-such-host.invalid") > 0; }));
}

}  // namespace
}  // namespace chirm::client
