// SPDX-License-Identifier: MIT
// Calls of the server's methods, and what a client is told beside publications.
#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ClientRpcTest : public ClientTest {
 protected:
  OnRpc note() {
    return [this](Expected<std::string_view, CommandError> result) {
      answers_.push_back(result ? std::string(*result)
                                : std::to_string(result.error().code) + result.error().message);
    };
  }
  void answer_rpc(const std::string& rest) {
    server_.on_command = [rest](Peer& peer, const Command& command) {
      if (!std::holds_alternative<RpcCommand>(command.method)) return false;
      peer.send("{\"id\":" + std::to_string(command.id) + "," + rest + "}");
      return true;
    };
  }
  bool run_until_answered() {
    return run([&] { return !answers_.empty(); });
  }

  std::vector<std::string> answers_;
};

TEST_F(ClientRpcTest, CallsAndGetsTheResult) {
  answer_rpc(R"("rpc":{"data":{"channel":"dm:#a,b"}})");
  start_in("room:a").rpc("chat.dm", R"({"user":"b"})", note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_THAT(answers_, ElementsAre(R"({"channel":"dm:#a,b"})"));
  EXPECT_THAT(server_.log.back(),
              HasSubstr(R"({"rpc":{"method":"chat.dm","data":{"user":"b"}},"id":)"));
}

TEST_F(ClientRpcTest, TellsWhyItWasRefused) {
  answer_rpc(R"("error":{"code":103,"message":"banned until noon"})");
  start_in("room:a").rpc("chat.join", "", note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_THAT(answers_, ElementsAre("103banned until noon"));
}

TEST_F(ClientRpcTest, TellsWhenNoAnswerWillCome) {
  server_.on_command = [](Peer& peer, const Command& command) {
    if (!std::holds_alternative<RpcCommand>(command.method)) return false;
    peer.drop();
    return true;
  };
  start_in("room:a").rpc("chat.sync", "", note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_THAT(answers_, ElementsAre("0connection lost"));
  client_->disconnect();
  client_->rpc("chat.sync", "", note());
  EXPECT_EQ(answers_.back(), "0not connected");
}

TEST_F(ClientRpcTest, HearsWhoComesAndGoesWhereItAskedTo) {
  start().subscribe("room:a", {.join_leave = true});
  ASSERT_TRUE(run([&] { return events_.count("subscribed") > 0; }));
  EXPECT_THAT(server_.log[0], HasSubstr("\"join_leave\":true"));
  server_.last().send(
      R"({"push":{"channel":"room:a","join":{"info":{"user":"bob","client":"c"}}}})");
  server_.last().send(
      R"({"push":{"channel":"room:b","join":{"info":{"user":"eve","client":"c"}}}})");
  server_.last().send(
      R"({"push":{"channel":"room:a","leave":{"info":{"user":"bob","client":"c"}}}})");
  ASSERT_TRUE(run_until_line("bob leaves room:a"));
  EXPECT_TRUE(events_.has("bob joins room:a"));
  EXPECT_EQ(events_.count("eve"), 0);
}

TEST_F(ClientRpcTest, WhatIsNotStoredComesWithoutMovingThePosition) {
  start_in("room:a");
  server_.last().send_publication("room:a", 1, "1");
  server_.last().send_publication("room:a", 0, R"({"type":"typing"})");
  server_.last().send_publication("room:a", 2, "2");
  ASSERT_TRUE(run_until_line("room:a 2 2"));
  EXPECT_TRUE(events_.has(R"(room:a 0 {"type":"typing"})"));
  EXPECT_EQ(client_->position("room:a"), 2);
}

TEST_F(ClientRpcTest, ReadsThePastInPages) {
  std::vector<std::uint64_t> offsets;
  start_in("room:a").history_before("room:a", 9, "e1", 2, [&](auto page) {
    ASSERT_TRUE(page);
    for (const PublicationView& publication : *page) offsets.push_back(publication.offset);
  });
  server_.on_command = [](Peer& peer, const Command& command) {
    std::string reply;
    append_history_reply(reply, command.id,
                         {{20, "e1"}, R"({"data":8,"offset":8},{"data":7,"offset":7})"});
    peer.send(reply);
    return true;
  };
  ASSERT_TRUE(run([&] { return !offsets.empty(); }));
  EXPECT_THAT(offsets, ElementsAre(7, 8));
  EXPECT_THAT(server_.log.back(),
              HasSubstr(R"("limit":2,"since":{"offset":9,"epoch":"e1"},"reverse":true)"));
}

}  // namespace
}  // namespace chirm::client
