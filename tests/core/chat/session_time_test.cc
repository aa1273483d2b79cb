// SPDX-License-Identifier: MIT
// What a session does by itself as time passes. The settings are as short as they can be, whole
// seconds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeBroker;
using testing::FakeClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ChatSettings pinging() {
  ChatSettings settings = ChatNode::open_settings();
  settings.ping_s = 2;
  settings.pong_timeout_s = 1;
  return settings;
}

TEST(SessionTime, TellsHowOftenItPings) {
  ChatNode node(pinging());
  FakeClient& client = node.add_client();
  client.connect("ada");
  node.settle();
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("ping":2,"pong":true)")));
  ChatNode silent;
  FakeClient& other = silent.add_client();
  other.connect("ada");
  silent.settle();
  EXPECT_THAT(other.take(), ElementsAre(::testing::Not(HasSubstr("ping"))));
}

TEST(SessionTime, PingsAndClosesWith3012WhoDoesNotAnswer) {
  ChatNode node(pinging());
  const std::uint64_t start_ms = node.loop.now_ms();
  FakeClient& alive = node.add_client("ada", "room:a");
  FakeClient& dead = node.add_client("bob", "room:a");
  bool has_answered = false;
  EXPECT_TRUE(node.pass_until([&] {
    // At once, for the other may be pinged much later.
    if (!has_answered && alive.events().has("ping")) {
      alive.send("{}");
      has_answered = true;
    }
    return has_answered && dead.events().has("ping");
  }));
  EXPECT_GE(node.loop.now_ms(), start_ms + 1'000);  // half the interval
  EXPECT_TRUE(node.pass_until([&] { return dead.events().close_code != 0; }));
  EXPECT_THAT(dead.take(), ElementsAre("ping", "close 3012 no pong"));
  EXPECT_EQ(node.counters.subscriptions, 1U);
  // The one that answered is pinged again, also when it is busy.
  EXPECT_TRUE(node.pass_until([&] {
    alive.send(R"({"id":9,"rpc":{}})");
    return alive.events().count("ping") == 2;
  }));
  EXPECT_EQ(alive.events().close_code, 0);
}

TEST(SessionTime, ClosesWith3501APongThatNoPingAskedFor) {
  ChatNode node(pinging());
  FakeClient& early = node.add_client("ada");
  early.send("{}");
  node.settle();
  EXPECT_THAT(early.take(), ElementsAre("close 3501 bad request"));

  FakeClient& twice = node.add_client("bob");
  EXPECT_TRUE(node.pass_until([&] { return twice.events().has("ping"); }));
  twice.send("{}");
  node.settle();
  EXPECT_EQ(twice.events().close_code, 0);
  twice.send("{}");
  node.settle();
  EXPECT_THAT(twice.take(), ElementsAre("ping", "close 3501 bad request"));
}

TEST(SessionTime, DoesNotBlameAClientWhosePongItDoesNotRead) {
  ChatSettings settings = pinging();
  settings.publishes_in_flight_max = 1;
  FakeBroker broker;  // the store is away
  ChatNode node(settings, broker);
  FakeClient& ada = node.add_client("ada");
  ada.publish("room:a", "1");
  ASSERT_FALSE(ada.transport.is_input_wanted);
  FakeClient& bob = node.add_client("bob");  // tells when the time is over
  EXPECT_TRUE(node.pass_until([&] { return bob.events().close_code == 3012; }));
  EXPECT_TRUE(node.pass_until([&] { return ada.events().has("ping"); }));
  node.pass_ms(1'500);
  EXPECT_EQ(ada.events().close_code, 0);
  // The pong that was waiting is taken when the store is back.
  broker.answer_publish(Position{1, "e1"});
  EXPECT_TRUE(ada.transport.is_input_wanted);
  ada.send("{}");
  node.settle();
  EXPECT_EQ(ada.events().close_code, 0);
}

TEST(SessionTime, ClosesWith3012APeerThatNeitherReadsNorAnswers) {
  ChatSettings settings = pinging();
  settings.private_bytes_max = 100;
  ChatNode node(settings);
  FakeClient& ada = node.add_client("ada");
  ada.transport.room = 0;
  while (ada.transport.is_input_wanted) {
    ada.send(R"({"id":9,"rpc":{}})");
    node.settle();
  }
  EXPECT_TRUE(node.pass_until([&] { return ada.session->is_closing(); }));
  EXPECT_EQ(node.counters.disconnects[3012], 1U);
}

TEST(SessionTime, ClosesWith3502WhoDoesNotConnect) {
  ChatSettings settings = ChatNode::open_settings();
  settings.stale_s = 1;
  ChatNode node(settings);
  FakeClient& silent = node.add_client();
  FakeClient& refused = node.add_client();
  refused.connect(std::string(1, '\x01'));
  FakeClient& connected = node.add_client("ada");
  EXPECT_TRUE(node.pass_until(
      [&] { return silent.events().close_code != 0 && refused.events().close_code != 0; }));
  EXPECT_THAT(silent.take(), ElementsAre("close 3502 stale"));
  EXPECT_THAT(refused.take(), ElementsAre("1 error 107", "close 3502 stale"));
  EXPECT_THAT(connected.take(), IsEmpty());
}

}  // namespace
}  // namespace chirm
