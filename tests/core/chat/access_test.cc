// SPDX-License-Identifier: MIT
// What a session makes of an access that knows at once, and of one that has to look things up; and
// calls of methods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeClient;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Knows nothing of channels with "later" in their names until the test answers.
class SlowAccess final : public Access {
 public:
  std::optional<Verdict> check(const Session&, Right, std::string_view channel) override {
    if (channel.find("later") != std::string_view::npos) return std::nullopt;
    if (channel.find("closed") == std::string_view::npos) return Verdict();
    return refusal();
  }
  void check_later(const Session&, Right, std::string_view,
                   std::function<void(Verdict)> done) override {
    checks.push_back(std::move(done));
  }
  Expected<Progress, RpcError> publish(Session&, const PublishRequest& request, std::string_view,
                                       std::function<void(Published)> done) override {
    if (request.channel == "room:closed") return Unexpected<RpcError>(RpcError(103, "no"));
    publishes.push_back(std::move(done));
    return request.channel == "room:later" ? Progress::kWaiting : Progress::kOrdered;
  }
  void on_connected(Session& session) override { connected.push_back(session.user()); }

  static Verdict refusal() { return Unexpected<RpcError>(RpcError(103, "banned")); }
  void answer(const Verdict& verdict) {
    const auto done = std::move(checks.front());
    checks.pop_front();
    done(verdict);
  }

  std::deque<std::function<void(Verdict)>> checks;
  std::deque<std::function<void(Published)>> publishes;
  std::vector<std::string> connected;
};

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() { node.context.rpc = &rpc; }
  std::vector<std::string> after(const std::string& commands) {
    ada.send(commands);
    return settled();
  }
  std::vector<std::string> settled() {
    node.settle();
    return ada.take();
  }

  SlowAccess access;
  RpcTable rpc;
  ChatNode node;
  FakeClient& ada = *[this] {
    node.context.access = &access;
    return &node.add_client("ada");
  }();
};

TEST_F(AccessTest, HearsWhoConnects) { EXPECT_THAT(access.connected, ElementsAre("ada")); }

TEST_F(AccessTest, AnswersWhatIsKnownAtOnce) {
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:closed"}})"),
              ElementsAre("2 error 103"));
  EXPECT_THAT(after(R"({"id":3,"history":{"channel":"room:closed"}})"), ElementsAre("3 error 103"));
  EXPECT_THAT(after(R"({"id":4,"presence":{"channel":"room:closed"}})"),
              ElementsAre("4 error 103"));
  EXPECT_THAT(after(R"({"id":5,"presence_stats":{"channel":"room:closed"}})"),
              ElementsAre("5 error 103"));
  EXPECT_THAT(after(R"({"id":6,"publish":{"channel":"room:closed","data":1}})"),
              ElementsAre("6 error 103"));
}

TEST_F(AccessTest, SubscribesWhenItIsAllowedLater) {
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:later"}})"), IsEmpty());
  EXPECT_THAT(after(R"({"id":3,"subscribe":{"channel":"room:later"}})"),
              ElementsAre("3 error 105"));
  access.answer({});
  ASSERT_TRUE(node.run_until([&] { return ada.events().has("2 subscribe"); }));
}

TEST_F(AccessTest, RefusesLaterAndMayBeAskedAgain) {
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:later"}})"), IsEmpty());
  access.answer(SlowAccess::refusal());
  EXPECT_THAT(settled(), ElementsAre("2 error 103"));
  EXPECT_THAT(after(R"({"id":3,"subscribe":{"channel":"room:later"}})"), IsEmpty());
  access.answer({});
  ASSERT_TRUE(node.run_until([&] { return ada.events().has("3 subscribe"); }));
}

TEST_F(AccessTest, UnsubscribesBehindTheSubscribeThatWaits) {
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:later"}})"
                    "\n"
                    R"({"id":3,"unsubscribe":{"channel":"room:later"}})"),
              IsEmpty());
  access.answer({});
  ASSERT_TRUE(node.run_until([&] { return ada.events().has("3 unsubscribe"); }));
  EXPECT_THAT(ada.take(), ElementsAre(StartsWith("2 subscribe"), StartsWith("3 unsubscribe")));
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST_F(AccessTest, CountsWhatWaitsAsSubscriptions) {
  node.settings.channels_per_client = 1;
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:later"}})"), IsEmpty());
  EXPECT_THAT(after(R"({"id":3,"subscribe":{"channel":"room:a"}})"), ElementsAre("3 error 106"));
}

TEST_F(AccessTest, ForgetsWhatIsAnsweredWhenNobodyIsThereAnyMore) {
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:later"}})"), IsEmpty());
  EXPECT_THAT(after(R"({"id":3,"history":{"channel":"room:later"}})"), IsEmpty());
  ada.session->close(disconnects::kInvalidToken);
  access.answer({});
  EXPECT_EQ(node.counters.subscriptions, 0U);
  ada.vanish();
  access.answer({});
  EXPECT_EQ(node.counters.sessions, 0U);
}

TEST_F(AccessTest, DrainsOnceChecksAreAnswered) {
  EXPECT_THAT(after(R"({"id":2,"subscribe":{"channel":"room:later"}})"), IsEmpty());
  ada.session->drain();
  EXPECT_FALSE(ada.session->is_closing());
  access.answer({});
  EXPECT_TRUE(ada.session->is_closing());
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

TEST_F(AccessTest, HoldsWhatComesBehindAPublishThatWaits) {
  EXPECT_THAT(after(R"({"id":2,"publish":{"channel":"room:a","data":1}})"
                    "\n"
                    R"({"id":3,"publish":{"channel":"room:later","data":2}})"
                    "\n"
                    R"({"id":4,"publish":{"channel":"room:a","data":3}})"),
              IsEmpty());
  ASSERT_EQ(access.publishes.size(), 2U);
  access.publishes[1](Position{7, "e"});
  ASSERT_EQ(access.publishes.size(), 3U);
  access.publishes[0](Unexpected<RpcError>(RpcError(107, "wrong")));
  EXPECT_THAT(settled(), ElementsAre(StartsWith("3 publish"), "2 error 107"));
}

TEST_F(AccessTest, HoldsItUntilThatPublishIsAnswered) {
  EXPECT_THAT(after(R"({"id":2,"publish":{"channel":"room:a","data":1}})"
                    "\n"
                    R"({"id":3,"publish":{"channel":"room:later","data":2}})"
                    "\n"
                    R"({"id":4,"publish":{"channel":"room:a","data":3}})"),
              IsEmpty());
  access.publishes[0](Position{7, "e"});
  EXPECT_THAT(settled(), ElementsAre(StartsWith("2 publish")));
  EXPECT_EQ(access.publishes.size(), 2U);
  access.publishes[1](Position{8, "e"});
  EXPECT_EQ(access.publishes.size(), 3U);
}

TEST_F(AccessTest, EndsASubscriptionThatIsThereOrOnItsWay) {
  ada.send(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  ASSERT_TRUE(node.run_until([&] { return ada.events().has("2 subscribe"); }));
  (void)ada.take();
  node.hub.end_subscription(*ada.session, "room:a", {2000, "kicked"});
  EXPECT_THAT(settled(), ElementsAre("room:a unsubscribed 2000"));
  ada.send(R"({"id":3,"subscribe":{"channel":"room:b"}})");
  node.hub.end_subscription(*ada.session, "room:b", {2000, "kicked"});
  EXPECT_THAT(settled(), ElementsAre("3 error 103"));
  EXPECT_THAT(node.hub.subscribers("room:a"), IsEmpty());
}

TEST_F(AccessTest, CallsMethodsByName) {
  RpcDone done;
  rpc.add("test.echo", [](const RpcCaller& caller, std::string_view data, const RpcDone& answer) {
    answer("[\"" + caller.user + "\"," + std::string(data) + "]");
  });
  rpc.add("test.later",
          [&](const RpcCaller&, std::string_view, RpcDone answer) { done = std::move(answer); });
  rpc.add("test.wrong", [](const RpcCaller&, std::string_view, const RpcDone& answer) {
    answer(Unexpected<RpcError>(RpcError(404, "no such room")));
  });
  EXPECT_THAT(after(R"({"id":2,"rpc":{"method":"test.echo","data":{"a":1}}})"),
              ElementsAre(R"(2 rpc {"data":["ada",{"a":1}]})"));
  EXPECT_THAT(after(R"({"id":3,"rpc":{"method":"test.wrong"}})"), ElementsAre("3 error 404"));
  EXPECT_THAT(after(R"({"id":4,"rpc":{"method":"test.none"}})"), ElementsAre("4 error 104"));
  EXPECT_THAT(after(R"({"id":5,"rpc":{"method":"test.later"}})"), IsEmpty());
  ada.vanish();
  done("1");
}

TEST_F(AccessTest, KnowsNoChatWithoutMethods) {
  node.context.rpc = nullptr;
  EXPECT_THAT(after(R"({"id":2,"rpc":{"method":"chat.sync"}})"), ElementsAre("2 error 108"));
  EXPECT_THAT(after(R"({"id":3,"rpc":{"method":"x"}})"), ElementsAre("3 error 104"));
}

TEST_F(AccessTest, LimitsTheRateOfPublishesAndCalls) {
  node.settings.is_insecure = false;
  node.settings.publish_rate = 1;
  rpc.add("test.echo", [](const RpcCaller&, std::string_view, const RpcDone& done) { done("1"); });
  const std::string publish = R"({"id":2,"publish":{"channel":"room:closed","data":1}})";
  const std::string call = R"({"id":3,"rpc":{"method":"test.echo"}})";
  EXPECT_THAT(after(publish + "\n" + publish + "\n" + publish),
              ElementsAre("2 error 103", "2 error 103", "2 error 111"));
  EXPECT_THAT(after(call + "\n" + call + "\n" + call),
              ElementsAre("3 rpc {\"data\":1}", "3 rpc {\"data\":1}", "3 error 111"));
}

}  // namespace
}  // namespace chirm
