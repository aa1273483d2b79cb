// SPDX-License-Identifier: MIT
// How a Client connects, talks and comes back, seen from a server and from its Events.
#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ClientConnection = ClientTest;

TEST_F(ClientConnection, SendsConnectAndSubscribesInOneMessage) {
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

TEST_F(ClientConnection, SplitsWhatIsTooLargeForOneMessage) {
  start();
  for (int i = 0; i < 400; ++i) {
    client_->subscribe(std::to_string(i) + std::string(200, 'x'));
  }
  ASSERT_TRUE(run([&] { return events_.count("subscribed") == 400; }));
  EXPECT_THAT(server_.log.size(), 2);
}

TEST_F(ClientConnection, DeliversRepliesPushesAndPingsOfOneMessage) {
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
  EXPECT_THAT(events_.lines, ElementsAre("connected c1 test", "subscribed room:a 4e1",
                                         "room:a 5 {\"n\":5}", "u joins room:a"));
  EXPECT_EQ(server_.log[1], "1: {}");
  EXPECT_EQ(client_->position("room:a"), 5);
}

TEST_F(ClientConnection, DoesNotAnswerPingsUnlessAsked) {
  server_.connect_result.ping_s = 25;
  start_in("room:a");
  server_.last().send("{}");
  client_->publish("room:a", "1", note_ack("1"));
  ASSERT_TRUE(run([&] { return acks_.size() == 1; }));
  EXPECT_THAT(server_.log[1], HasSubstr("publish"));
}

TEST_F(ClientConnection, TakesBytesOneByOne) {
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

TEST_F(ClientConnection, OffersBytesAtFrameBoundaries) {
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

TEST_F(ClientConnection, TriesAgainUntilTheServerListens) {
  server_.stop_listening();
  start();
  ASSERT_TRUE(run([&] { return events_.count("disconnected") == 3; }));
  EXPECT_THAT(events_.lines[0], HasSubstr("Connection refused"));
  server_.listen();
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientConnection, TriesAgainWhenTheUpgradeIsRefused) {
  server_.refuses_upgrade = true;
  start();
  ASSERT_TRUE(run([&] { return events_.count("disconnected") == 1; }));
  EXPECT_THAT(events_.lines[0], HasSubstr("503"));
  server_.refuses_upgrade = false;
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientConnection, TriesAgainWhenTheServerDoesNotAnswer) {
  server_.never_answers = true;
  options_.command_timeout_ms = 100;
  start();
  ASSERT_TRUE(run([&] { return events_.count("disconnected") == 1; }));
  EXPECT_THAT(events_.lines[0], HasSubstr("no answer from 127.0.0.1:"));
  server_.never_answers = false;
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientConnection, TriesAgainWhenConnectIsNotAnswered) {
  options_.command_timeout_ms = 100;
  server_.on_command = [&](Peer&, const Command&) { return server_.peers.size() == 1; };
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  EXPECT_GE(events_.count("disconnected 0 no answer"), 1);
}

TEST_F(ClientConnection, FindsASilentServerDead) {
  server_.connect_result.ping_s = 1;
  options_.ping_delay_max_ms = 50;
  start();
  ASSERT_TRUE(pass_until([&] { return events_.has("disconnected 0 no ping"); }));
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
}

TEST_F(ClientConnection, StopsAtATerminalCloseCode) {
  start_in("room:a");
  server_.last().close(3500, "invalid token");
  ASSERT_TRUE(run_until_line("disconnected 3500 invalid token, for good"));
  EXPECT_FALSE(client_->is_connected());
  client_->connect();
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
}

TEST_F(ClientConnection, ComesBackAfterAShutdown) {
  start_in("room:a");
  server_.last().close(3001, "shutdown");
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_TRUE(events_.has("disconnected 3001 shutdown"));
}

TEST_F(ClientConnection, StopsWhenConnectIsRefused) {
  server_.on_command = [](Peer& peer, const Command& command) {
    std::string reply;
    append_error_reply(reply, command.id, errors::kTokenExpired);
    peer.send(reply);
    return true;
  };
  start().subscribe("room:a");
  ASSERT_TRUE(run_until_line("disconnected 109 token expired, for good"));
}

TEST_F(ClientConnection, TriesAgainAfterATemporaryConnectError) {
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

TEST_F(ClientConnection, TriesAgainWhenTheServerTalksNonsense) {
  start_in("room:a");
  server_.last().send("not json");
  ASSERT_TRUE(run([&] { return events_.count("connected") == 2; }));
  EXPECT_EQ(server_.peers[0]->close_code, 1002);
}

TEST_F(ClientConnection, SaysGoodbye) {
  start_in("room:a");
  client_->publish("room:a", "1", {});
  client_->disconnect();
  EXPECT_EQ(events_.lines.back(), "disconnected 1000 bye, for good");
  ASSERT_TRUE(run([&] { return !server_.last().is_open(); }));
  EXPECT_EQ(server_.last().close_code, 1000);
  EXPECT_THAT(server_.log.back(), HasSubstr("publish"));
}

TEST_F(ClientConnection, DropsWithoutAWord) {
  start_in("room:a");
  client_->drop_connection();
  ASSERT_TRUE(run_until_line("subscribed room:a 0e1 recovered"));
  EXPECT_EQ(server_.peers[0]->close_code, 0);
}

TEST_F(ClientConnection, LeavesItsConnectionOpenWhenItVanishes) {
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

TEST_F(ClientConnection, ReadsNothingWhilePaused) {
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

TEST_F(ClientConnection, MayBeToldAnythingFromItsEvents) {
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

TEST_F(ClientConnection, AsksForPresenceAndHistory) {
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

TEST_F(ClientConnection, ReportsRequestsThatGotNoAnswer) {
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

TEST_F(ClientConnection, BindsToALocalAddress) {
  options_.local_address = "127.0.0.7";
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  options_.local_address = "192.0.2.1";  // not ours
  Client other(context_, options_, events_);
  other.connect();
  ASSERT_TRUE(run([&] { return events_.count("disconnected 0 cannot bind to 192.0.2.1") > 0; }));
}

TEST_F(ClientConnection, ResolvesNames) {
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
