// SPDX-License-Identifier: MIT
// Who is in a channel, and who is online, as clients and the floors above see it.
#include "core/chat/presence/presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/broker/memory/memory_documents.h"
#include "core/chat/presence/presence_records.h"
#include "tests/core/chat/server_side_fixture.h"
#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeBroker;
using testing::FakeClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

ChatSettings quick_settings(std::size_t list_max = 200) {
  ChatSettings settings = ChatNode::open_settings();
  settings.presence_list_max = list_max;
  settings.presence_times = {.period_ms = 1, .patience_ms = 300, .linger_ms = 20, .seen_ms = 20};
  return settings;
}

class PresenceTest : public ::testing::Test {
 protected:
  explicit PresenceTest(std::size_t list_max = 3) : node(quick_settings(list_max)) {}

  FakeClient& add_watcher(const std::string& name, const std::string& room = "room:a") {
    FakeClient& client = node.add_client(name);
    client.subscribe_to_presence(room);
    EXPECT_TRUE(has(client, room + " joined " + name));
    (void)client.take();
    return client;
  }
  bool has(FakeClient& client, const std::string& line) {
    return node.run_until([&] { return client.events().has(line); });
  }

  ChatNode node;
};

TEST_F(PresenceTest, PushesWhoJoinsAndLeavesToWhoAskedForIt) {
  FakeClient& ada = node.add_client("ada");
  ada.subscribe_to_presence("room:a");
  ASSERT_TRUE(has(ada, "room:a joined ada"));
  EXPECT_THAT(ada.take(), ElementsAre(StartsWith("2 subscribe "), "room:a joined ada"))
      << "its own, behind the reply";
  FakeClient& bob = node.add_client("bob", "room:a");
  ASSERT_TRUE(has(ada, "room:a joined bob"));
  EXPECT_EQ(ada.events().messages.back(),
            R"({"push":{"channel":"room:a","join":{"info":{"user":"bob","client":")" +
                bob.session->client_id() + R"("}}}})");
  (void)node.add_client("eve", "room:b");
  bob.unsubscribe("room:a");
  ASSERT_TRUE(has(ada, "room:a left bob"));
  EXPECT_THAT(ada.take(), ElementsAre("room:a joined bob", "room:a left bob"));
  EXPECT_THAT(bob.take(), ElementsAre(StartsWith("3 unsubscribe"))) << "did not ask";
}

TEST_F(PresenceTest, TellsOfAConnectionThatVanishes) {
  FakeClient& ada = add_watcher("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  ASSERT_TRUE(has(ada, "room:a joined bob"));
  bob.vanish();
  EXPECT_TRUE(has(ada, "room:a left bob"));
}

TEST_F(PresenceTest, TellsNobodyWhoHasLeft) {
  FakeClient& ada = add_watcher("ada");
  FakeClient& bob = add_watcher("bob");
  ada.unsubscribe("room:a");
  ASSERT_TRUE(has(bob, "room:a left ada"));
  EXPECT_FALSE(ada.events().has("room:a left"));
  EXPECT_TRUE(node.run_until([&] { return node.hub.presence().sets().watched() == 1; }));
}

TEST_F(PresenceTest, CountsOnlyWhenTooManyAreThere) {
  FakeClient& ada = add_watcher("ada");
  FakeClient& bob = node.add_client("bob", "room:a");
  FakeClient& eve = node.add_client("eve", "room:a");
  ASSERT_TRUE(has(ada, "room:a joined eve"));
  (void)ada.take();
  FakeClient& ida = node.add_client("ida", "room:a");  // the fourth of three
  ida.send(R"({"id":8,"presence_stats":{"channel":"room:a"}})");
  ida.send(R"({"id":9,"presence":{"channel":"room:a"}})");
  node.settle();
  const auto lines = ida.take();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], R"(8 presence_stats {"num_clients":4,"num_users":4})");
  EXPECT_THAT(lines[1], Not(HasSubstr("ida"))) << "as many as are listed";
  (void)add_watcher("zoe", "room:z");  // what was to tell has been told
  bob.vanish();                        // which makes them three: told again
  ASSERT_TRUE(has(ada, "room:a left bob"));
  eve.vanish();
  ASSERT_TRUE(has(ada, "room:a left eve"));
  EXPECT_THAT(ada.take(), ElementsAre("room:a left bob", "room:a left eve"));
}

TEST_F(PresenceTest, TellsDistinctUsersAndTheirInfo) {
  (void)node.add_client("bob", "room:a");
  (void)node.add_client("ada", "room:a");
  (void)node.add_client("ada", "room:a");
  ChannelUsers users;
  node.hub.presence().ask_users("room:a", [&](const auto& told) { users = *told; });
  EXPECT_EQ(users.count, 2U);
  ASSERT_EQ(users.users.size(), 2U);
  EXPECT_EQ(users.users[0].user, "ada");
  EXPECT_EQ(users.users[1].user, "bob");
  (void)node.add_client("eve", "room:a");
  node.hub.presence().ask_users("room:a", [&](const auto& told) { users = *told; });
  EXPECT_EQ(users.count, 3U);
  EXPECT_THAT(users.users, IsEmpty());
}

// A client that reads nothing may keep the pushes waiting only so long.
TEST_F(PresenceTest, EndsWhoDoesNotReadItsPushes) {
  FakeClient& ada = add_watcher("ada");
  ada.transport.room = 0;
  const std::string json(1024 * 1024, ' ');
  for (int i = 0; i < 20; ++i) ada.session->push(json);
  EXPECT_TRUE(ada.session->is_closing());
  EXPECT_EQ(node.counters.disconnects[3008], 1U);
}

// Who may subscribe and not see who is there.
class NoPresence final : public Access {
 public:
  std::optional<Verdict> check(const Session&, Right right, std::string_view) override {
    if (right == Right::kPresence) return Unexpected<RpcError>(RpcError(103, "no"));
    return Verdict();
  }
  void check_later(const Session&, Right, std::string_view, std::function<void(Verdict)>) override {
  }
  Expected<Progress, RpcError> publish(Session&, const PublishRequest&, std::string_view,
                                       std::function<void(Published)>) override {
    return Progress::kOrdered;
  }
  void on_connected(Session&) override {}
};

TEST_F(PresenceTest, PushesNothingToWhoMayNotSeeWhoIsThere) {
  NoPresence access;
  node.context.access = &access;
  FakeClient& ada = node.add_client("ada");
  ada.subscribe_to_presence("room:a");
  node.settle();
  EXPECT_THAT(ada.take(), ElementsAre(StartsWith("2 subscribe ")));
  EXPECT_FALSE(node.hub.presence().sets().has("room:a"));
}

// Another node, of which there is nothing but what it says.
class OtherNodeTest : public ::testing::Test {
 protected:
  static constexpr const char* kOther = "node-2";

  static ChatSettings settings() {
    ChatSettings settings = quick_settings();
    settings.is_insecure = false;
    settings.tokens.hmac_secret = testing::kSecret;
    return settings;
  }
  OtherNodeTest() {
    broker.document_store = &documents;
    bus().on_node_joined(kOther);
  }
  FakeClient& add_client(const std::string& user) {
    FakeClient& client = node.add_client();
    client.connect_with(sign_token_hs256(R"({"sub":")" + user + R"("})", testing::kSecret));
    node.settle();
    EXPECT_TRUE(client.events().has("1 connect "));
    (void)client.take();
    return client;
  }
  NodeListener& bus() { return *broker.node_bus.listeners.at("presence"); }
  template <class Write>
  void hear(Write write) {
    PresenceWriter writer(
        [this](std::string_view message) { bus().on_node_message(kOther, message); });
    write(writer);
    writer.finish();
  }
  static std::string value(const std::string& user) {
    std::string packed;
    for (const std::string& text : {user, std::string(R"({"n":1})"), std::string()}) {
      packed += std::string{static_cast<char>(text.size()), '\0', '\0', '\0'} + text;
    }
    return packed;
  }
  std::string seen(const std::string& user) {
    std::string value = "?";
    documents.get("seen", user, [&](const auto& document) { value = document->value; });
    EXPECT_TRUE(node.run_until([&] { return value != "?"; }));
    return value;
  }
  bool is_seen_at_last(const std::string& user) {
    return testing::ask_until([&] { return !seen(user).empty(); });
  }
  UserStatus status(const std::string& user) { return node.hub.presence().status(user); }
  void tell_users(const std::vector<std::string>& users) {
    hear([&](PresenceWriter& out) {
      out.begin_list("");
      for (const std::string& user : users) out.item(user, "1");
      out.end_list();
    });
  }

  FakeBroker broker;
  ChatNode node{settings(), broker};
  MemoryDocuments documents{node.loop};
};

TEST_F(OtherNodeTest, IsToldOfInPushesAndAnswers) {
  FakeClient& ada = add_client("ada");
  ada.subscribe_to_presence("room:a");
  broker.answer_subscribe(Position{0, "e"});
  EXPECT_TRUE(node.run_until([&] { return ada.events().has("room:a joined ada"); }));
  ada.send(R"({"id":9,"presence":{"channel":"room:a"}})");
  node.settle();
  EXPECT_FALSE(ada.events().has("9 ")) << "waits for the other";
  hear([&](PresenceWriter& out) {
    out.begin_list("room:a");
    out.item("c1", value("bob"));
    out.end_list();
    out.came("room:a", "c2", value("eve"));
  });
  node.settle();
  ASSERT_TRUE(ada.events().has("9 presence "));
  EXPECT_THAT(ada.events().lines[2],
              HasSubstr(R"("c1":{"user":"bob","client":"c1","conn_info":{"n":1}})"));
  EXPECT_EQ(ada.events().lines[3], "room:a joined eve");
  (void)ada.take();
  bus().on_node_gone(kOther);
  node.settle();
  EXPECT_THAT(ada.take(), ::testing::UnorderedElementsAre("room:a left bob", "room:a left eve"));
}

TEST_F(OtherNodeTest, IsWaitedForAndThenTheStoreIsAwayOrNot) {
  FakeClient& ada = add_client("ada");
  ada.send(R"({"id":2,"presence_stats":{"channel":"room:a"}})");
  EXPECT_TRUE(node.pass_until([&] { return ada.events().has("2 "); }));
  EXPECT_EQ(ada.take().back(), R"(2 presence_stats {"num_clients":0,"num_users":0})");
  broker.store.health = Health::kAway;
  ada.send(R"({"id":3,"presence":{"channel":"room:b"}})");
  EXPECT_TRUE(node.pass_until([&] { return ada.events().has("3 error 100"); }));
}

TEST_F(OtherNodeTest, HasUsersThatAreOnline) {
  EXPECT_EQ(status("ada"), UserStatus::kOffline);
  FakeClient& ada = add_client("ada");
  FakeClient& again = add_client("ada");
  EXPECT_EQ(status("ada"), UserStatus::kOnline);
  ada.session->set_away(true);
  EXPECT_EQ(status("ada"), UserStatus::kOnline) << "not on both";
  again.session->set_away(true);
  EXPECT_EQ(status("ada"), UserStatus::kAway);
  tell_users({"ada", "bob"});
  EXPECT_EQ(status("ada"), UserStatus::kOnline);
  EXPECT_EQ(status("bob"), UserStatus::kOnline);
  hear([](PresenceWriter& out) { out.came("", "bob", "0"); });
  EXPECT_EQ(status("bob"), UserStatus::kAway);
  hear([](PresenceWriter& out) { out.went("", "ada"); });
  EXPECT_EQ(status("ada"), UserStatus::kAway);
  ada.vanish();
  again.vanish();
  EXPECT_EQ(status("ada"), UserStatus::kOffline);
}

TEST_F(OtherNodeTest, MakesNoLastConnectionWhileTheUserIsThere) {
  FakeClient& ada = add_client("ada");
  tell_users({"ada", "bob", "eve", "~guest"});
  ada.vanish();
  (void)add_client("eve");
  hear([](PresenceWriter& out) {
    for (const char* user : {"bob", "eve", "~guest"}) out.went("", user);
  });
  const std::int64_t now = node.loop.unix_ms();
  ASSERT_TRUE(is_seen_at_last("bob"));
  EXPECT_NEAR(static_cast<double>(std::stoll(seen("bob"))), static_cast<double>(now), 5000);
  EXPECT_EQ(seen("ada"), "");
  EXPECT_EQ(seen("eve"), "");
  EXPECT_EQ(seen("~guest"), "");
  std::optional<std::int64_t> told;
  node.hub.presence().last_seen("bob", [&](const auto& last) { told = *last; });
  EXPECT_TRUE(node.run_until([&] { return told.has_value(); }));
  bus().on_node_gone(kOther);  // with ada's last one
  EXPECT_TRUE(is_seen_at_last("ada"));
}

TEST_F(OtherNodeTest, LeavesTheLastConnectionToBeNotedByOneNode) {
  broker.node_bus.live = {"node-0", broker.node_bus.id};
  FakeClient& ada = add_client("ada");
  ada.vanish();
  bool is_over = false;
  Timer timer(node.loop, [&] { is_over = true; });
  timer.start(30);
  ASSERT_TRUE(node.run_until([&] { return is_over; }));
  EXPECT_EQ(seen("ada"), "");
  // That one has died before it could.
  FakeClient& bob = add_client("bob");
  bob.vanish();
  node.settle();
  broker.node_bus.live = {broker.node_bus.id};
  EXPECT_TRUE(is_seen_at_last("bob"));
}

}  // namespace
}  // namespace chirm
