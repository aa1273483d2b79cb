// SPDX-License-Identifier: MIT
#include "client/terminal/plain/plain_chat.h"

#include <gmock/gmock.h>

#include "client/context.h"
#include "tests/client/scripted_server.h"
#include "tests/support/loop_runner.h"

namespace chirm::terminal {
namespace {

using chirm::testing::Peer;
using chirm::testing::run_until;
using chirm::testing::ScriptedServer;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DisplayLog final : public ChatDisplay {
 public:
  void show_message(const ChatLine& line) override {
    lines.push_back("#" + std::string(line.room) + " " + std::string(line.user) + ": " +
                    std::string(line.text));
    last_time_ms = line.time_ms;
  }
  void show_status(std::string_view text) override { lines.push_back("-- " + std::string(text)); }
  void on_end(int exit_code, std::string_view problem) override {
    end = std::to_string(exit_code) + " " + std::string(problem);
  }

  bool has(std::string_view line) const {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }

  std::vector<std::string> lines;
  std::int64_t last_time_ms = 0;
  std::string end;
};

class PlainChatTest : public ::testing::Test {
 protected:
  PlainChatTest() {
    options_.client.url = server_.url();
    options_.client.name = options_.name = "ada";
    options_.client.backoff_min_ms = 1;
    options_.client.backoff_max_ms = 20;
    options_.client.command_timeout_ms = chirm::testing::kDeadlineMs;
    options_.rooms = {"lobby"};
    options_.history = 0;
    where_ = options_.client.url.authority();
  }
  PlainChat& start() {
    chat_ = std::make_unique<PlainChat>(context_, options_, display_);
    chat_->start();
    return *chat_;
  }
  PlainChat& start_and_join() {
    start();
    EXPECT_TRUE(run_until_line("-- joined #lobby"));
    display_.lines.clear();
    return *chat_;
  }
  bool run(const std::function<bool()>& is_done) { return run_until(loop_, is_done); }
  bool run_until_line(const std::string& line) {
    return run([&] { return display_.has(line); });
  }
  // Has the server deliver what is published, as chirmd does.
  void echo() {
    server_.on_command = [this](Peer& peer, const Command& command) {
      const auto* publish = std::get_if<PublishCommand>(&command.method);
      if (publish == nullptr) return false;
      peer.send_publication(publish->channel, ++top_, publish->data);
      return false;
    };
  }

  Loop loop_;
  client::Context context_{loop_, 1};
  ScriptedServer server_{loop_};
  ChatOptions options_;
  std::string where_;
  std::uint64_t top_ = 0;
  DisplayLog display_;
  std::unique_ptr<PlainChat> chat_;
};

TEST_F(PlainChatTest, ConnectsAndJoins) {
  start();
  ASSERT_TRUE(run_until_line("-- joined #lobby"));
  EXPECT_THAT(display_.lines,
              ElementsAre("-- connected to " + where_ + " as ada", "-- joined #lobby"));
  ASSERT_EQ(server_.log.size(), 3);
  EXPECT_THAT(server_.log[1], HasSubstr(R"("method":"chat.join","data":{"room":"lobby"})"));
  EXPECT_THAT(server_.log[2], HasSubstr("\"channel\":\"room:lobby\""));
}

TEST_F(PlainChatTest, ShowsOwnMessagesWhenTheServerDeliversThem) {
  echo();
  start_and_join().say("hi \"there\"");
  ASSERT_TRUE(run_until_line("#lobby ada: hi \"there\""));
  EXPECT_THAT(display_.lines, ElementsAre("#lobby ada: hi \"there\""));
  EXPECT_THAT(server_.log.back(), AllOf(HasSubstr("\"type\":\"message\""), HasSubstr("\"id\":\"")));
}

TEST_F(PlainChatTest, ShowsWhatIsNoChatMessageAsItIs) {
  start_and_join();
  server_.last().send_publication("room:lobby", 1, R"({"price":7})");
  server_.last().send_publication("room:lobby", 2, R"({"type":"reaction","offset":1})");
  server_.last().send_publication("room:lobby", 3, R"([1,2])");
  ASSERT_TRUE(run([&] { return display_.lines.size() == 2; }));
  EXPECT_THAT(display_.lines, ElementsAre("#lobby ada: {\"price\":7}", "#lobby ada: [1,2]"));
}

TEST_F(PlainChatTest, TakesTheSendersTimeButNotTheFuture) {
  start_and_join();
  server_.last().send_publication("room:lobby", 1, R"({"type":"message","text":"1","time":1000})");
  ASSERT_TRUE(run_until_line("#lobby ada: 1"));
  EXPECT_EQ(display_.last_time_ms, 1000);
  server_.last().send_publication("room:lobby", 2,
                                  R"({"type":"message","text":"2","time":99999999999999})");
  ASSERT_TRUE(run_until_line("#lobby ada: 2"));
  EXPECT_LE(display_.last_time_ms, loop_.unix_ms());
}

TEST_F(PlainChatTest, ShowsThePastBeforeWhatComesMeanwhile) {
  options_.history = 2;
  server_.on_command = [](Peer& peer, const Command& command) {
    std::string reply;
    if (std::holds_alternative<SubscribeCommand>(command.method)) {
      SubscribeResult result;
      result.position = {8, "e1"};
      append_subscribe_reply(reply, command.id, result);
    } else if (std::holds_alternative<HistoryCommand>(command.method)) {
      peer.send_publication("room:lobby", 9, "9");
      append_history_reply(reply, command.id,
                           {{9, "e1"}, R"({"data":9,"offset":9},{"data":8,"offset":8})"});
    } else {
      return false;
    }
    peer.send(reply);
    return true;
  };
  start();
  ASSERT_TRUE(run_until_line("#lobby ada: 9"));
  EXPECT_THAT(display_.lines, ElementsAre(StartsWith("-- connected"), "#lobby : 8",
                                          "-- joined #lobby", "#lobby ada: 9"));
}

TEST_F(PlainChatTest, ShowsThePastOnceWhenTheConnectionBreaksMeanwhile) {
  options_.history = 2;
  server_.on_command = [this](Peer& peer, const Command& command) {
    const bool is_first = server_.peers.size() == 1;
    std::string reply;
    if (std::holds_alternative<SubscribeCommand>(command.method)) {
      SubscribeResult result;
      result.position = {is_first ? 8U : 11U, "e1"};
      result.was_recovering = result.recovered = !is_first;
      if (!is_first) result.publications = R"({"data":10,"offset":10},{"data":11,"offset":11})";
      append_subscribe_reply(reply, command.id, result);
    } else if (!std::holds_alternative<HistoryCommand>(command.method)) {
      return false;
    } else if (is_first) {
      peer.send_publication("room:lobby", 9, "9");
      peer.drop();
      return true;
    } else {
      append_history_reply(reply, command.id,
                           {{11, "e1"}, R"({"data":11,"offset":11},{"data":10,"offset":10})"});
    }
    peer.send(reply);
    return true;
  };
  start();
  ASSERT_TRUE(run_until_line("#lobby : 11"));
  EXPECT_THAT(std::vector(display_.lines.end() - 4, display_.lines.end()),
              ElementsAre("-- joined #lobby", "#lobby ada: 9", "#lobby : 10", "#lobby : 11"));
}

TEST_F(PlainChatTest, SendsLaterWhatIsSaidWhileAway) {
  echo();
  start_and_join();
  server_.stop_listening();
  server_.last().drop();
  ASSERT_TRUE(run([&] { return display_.lines.size() == 2; }));
  EXPECT_THAT(display_.lines,
              ElementsAre(AllOf(StartsWith("-- connection lost: the server closed"),
                                HasSubstr("; trying again in 0.1 s")),
                          AllOf(StartsWith("-- not connected: cannot connect to "),
                                HasSubstr("Connection refused; trying again in 0.1 s"))));
  chat_->say("one");
  chat_->say("two");
  display_.lines.clear();
  server_.listen();
  ASSERT_TRUE(run_until_line("#lobby ada: two"));
  EXPECT_THAT(display_.lines, ElementsAre("-- reconnected", "#lobby ada: one", "#lobby ada: two"));
}

TEST_F(PlainChatTest, SaysHowMuchMayBeMissing) {
  start_and_join();
  server_.last().send_publication("room:lobby", 1, "1");
  ASSERT_TRUE(run_until_line("#lobby ada: 1"));
  PositionView position{4, "e1"};
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (!std::holds_alternative<SubscribeCommand>(command.method)) return false;
    SubscribeResult result;
    result.position = position;
    result.was_recovering = true;
    std::string reply;
    append_subscribe_reply(reply, command.id, result);
    peer.send(reply);
    return true;
  };
  server_.last().drop();
  ASSERT_TRUE(run_until_line("-- reconnected; 3 messages may be missing in #lobby"));
  position = {1, "e2"};
  server_.last().drop();
  ASSERT_TRUE(run_until_line("-- reconnected; messages may be missing in #lobby"));
}

TEST_F(PlainChatTest, SaysThatItMayNotJoin) {
  options_.rooms = {"lobby", "secret"};
  server_.on_command = [](Peer& peer, const Command& command) {
    const auto* subscribe = std::get_if<SubscribeCommand>(&command.method);
    if (subscribe == nullptr || subscribe->channel != "room:secret") return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kPermissionDenied);
    peer.send(reply);
    return true;
  };
  start();
  ASSERT_TRUE(run_until_line("-- cannot join #secret: permission denied"));
  EXPECT_TRUE(display_.has("-- joined #lobby"));
}

TEST_F(PlainChatTest, SpeaksOnlyWhenItIsAMember) {
  std::string join;  // to be answered later
  server_.on_command = [&](Peer&, const Command& command) {
    if (!std::holds_alternative<RpcCommand>(command.method)) return false;
    join = "{\"id\":" + std::to_string(command.id) + ",\"rpc\":{\"data\":{}}}";
    return true;
  };
  start().say("one");
  chat_->say("two");
  chat_->quit();
  ASSERT_TRUE(run([&] { return !join.empty(); }));
  EXPECT_EQ(chat_->unsettled(), 2);
  EXPECT_EQ(server_.log.size(), 2);
  server_.last().send(join);
  ASSERT_TRUE(run([&] { return !display_.end.empty(); }));
  EXPECT_EQ(display_.end, "0 ");
  EXPECT_THAT(server_.log[2], HasSubstr("subscribe"));
  EXPECT_THAT(server_.log[3], HasSubstr("one"));
  EXPECT_THAT(server_.log.back(), HasSubstr("two"));
}

TEST_F(PlainChatTest, JoinsLaterWhenTheServerIsBusy) {
  options_.client.command_timeout_ms = 100;
  std::vector<std::size_t> connections;  // that there had been, at each attempt to join
  server_.on_command = [&](Peer& peer, const Command& command) {
    if (!std::holds_alternative<RpcCommand>(command.method)) return false;
    connections.push_back(server_.peers.size());
    if (connections.size() > 2) return false;
    if (connections.size() == 2) return true;  // without an answer
    std::string reply;
    append_error_reply(reply, command.id, errors::kTooManyRequests);
    peer.send(reply);
    return true;
  };
  start();
  ASSERT_TRUE(run_until_line("-- joined #lobby"));
  EXPECT_EQ(connections.size(), 3);
  EXPECT_THAT(connections, Each(connections[0]));
}

TEST_F(PlainChatTest, EndsWhenItCannotJoinTheRoomItIsToSpeakIn) {
  options_.rooms = {"ops", "lobby"};
  ErrorCode refusal{103, "banned until noon"};
  const auto end_of = [&] {
    server_.on_command = [&](Peer& peer, const Command& command) {
      const auto* rpc = std::get_if<RpcCommand>(&command.method);
      const auto* subscribe = std::get_if<SubscribeCommand>(&command.method);
      const bool is_refused = (rpc != nullptr && rpc->data.find("ops") != std::string_view::npos) ||
                              (subscribe != nullptr && subscribe->channel == "room:ops");
      if (!is_refused) return false;
      std::string reply;
      append_error_reply(reply, command.id, rpc == nullptr ? errors::kPermissionDenied : refusal);
      peer.send(reply);
      return true;
    };
    display_.end.clear();
    start().say("deployed");
    EXPECT_TRUE(run([&] { return !display_.end.empty(); }));
    return display_.end;
  };
  EXPECT_EQ(end_of(), "1 cannot join #ops: banned until noon");
  refusal = {404, "no such room"};
  EXPECT_EQ(end_of(),
            "1 cannot join #ops: no such room; make it with /create in chirm at a terminal");
  refusal = errors::kNotAvailable;
  EXPECT_EQ(end_of(), "1 cannot join #ops: permission denied");
}

TEST_F(PlainChatTest, FollowsARoomThatNobodyHasToMake) {
  for (const ErrorCode& refusal :
       {ErrorCode{404, "no such room"}, errors::kBadRequest, errors::kNotAvailable}) {
    server_.on_command = [&](Peer& peer, const Command& command) {
      if (!std::holds_alternative<RpcCommand>(command.method)) return false;
      std::string reply;
      append_error_reply(reply, command.id, refusal);
      peer.send(reply);
      return true;
    };
    display_.lines.clear();
    start();
    EXPECT_TRUE(run_until_line("-- joined #lobby")) << refusal.message;
  }
}

TEST_F(PlainChatTest, EndsWhenItIsSentAwayFromAllRooms) {
  options_.rooms = {"lobby", "dev"};
  start();
  ASSERT_TRUE(run_until_line("-- joined #dev"));
  const auto kick = [&](const std::string& room) {
    server_.last().send(R"({"push":{"channel":"room:)" + room +
                        R"(","unsubscribe":{"code":2000,"reason":"kicked"}}})");
  };
  kick("lobby");
  ASSERT_TRUE(run_until_line("-- sent away from #lobby: kicked (2000)"));
  chat_->say("hi");
  EXPECT_TRUE(display_.has("-- not sent: you are not in the room any more"));
  EXPECT_EQ(display_.end, "");
  kick("dev");
  ASSERT_TRUE(run([&] { return !display_.end.empty(); }));
  EXPECT_EQ(display_.end, "1 sent away from #dev: kicked (2000)");
}

TEST_F(PlainChatTest, SaysWhatWasNotSent) {
  server_.on_command = [](Peer& peer, const Command& command) {
    if (!std::holds_alternative<PublishCommand>(command.method)) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kPermissionDenied);
    peer.send(reply);
    return true;
  };
  start_and_join().say("hi");
  ASSERT_TRUE(run_until_line("-- not sent: permission denied"));
  chat_->quit();
  EXPECT_EQ(display_.end, "1 ");
}

TEST_F(PlainChatTest, EndsWhenAllIsAcknowledged) {
  start_and_join().say("hi");
  chat_->quit();
  EXPECT_EQ(display_.end, "");
  ASSERT_TRUE(run([&] { return !display_.end.empty(); }));
  EXPECT_EQ(display_.end, "0 ");
}

TEST_F(PlainChatTest, EndsAtOnceWhenNothingWaits) {
  start_and_join().quit();
  EXPECT_EQ(display_.end, "0 ");
}

TEST_F(PlainChatTest, LosesPatience) {
  server_.on_command = [](Peer&, const Command& command) {
    return std::holds_alternative<PublishCommand>(command.method);
  };
  options_.patience_ms = 50;
  start_and_join().say("hi");
  chat_->quit();
  ASSERT_TRUE(run([&] { return !display_.end.empty(); }));
  EXPECT_EQ(display_.end, "1 1 message could not be sent");
}

TEST_F(PlainChatTest, EndsWhenTheServerRefuses) {
  server_.on_command = [](Peer& peer, const Command&) {
    peer.close(3501, "bad request");
    return true;
  };
  start();
  ASSERT_TRUE(run([&] { return !display_.end.empty(); }));
  EXPECT_EQ(display_.end,
            "1 refused by " + where_ + ": bad request (3501); it may want a token (--token)");
}

TEST(RoomName, HasNeitherBlanksNorSigns) {
  EXPECT_TRUE(is_room_name("lobby"));
  EXPECT_TRUE(is_room_name("größe-2"));
  EXPECT_FALSE(is_room_name(""));
  EXPECT_FALSE(is_room_name("a b"));
  EXPECT_FALSE(is_room_name("#a"));
  EXPECT_FALSE(is_room_name("a\x1b"));
  EXPECT_FALSE(is_room_name(std::string(300, 'x')));
}

}  // namespace
}  // namespace chirm::terminal
