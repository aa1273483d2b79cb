// SPDX-License-Identifier: MIT
// Redis goes away, comes back or hangs.

#include "tests/core/broker/redis/redis_failure_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::Answer;
using testing::Relay;

class RedisFailure : public testing::RedisFailureTest {};

TEST_F(RedisFailure, HoldsWhatIsAskedBeforeRedisIsThere) {
  node_settings_.return_ms = 100;  // for the node of the first round
  for (const std::string& url : {server_.tcp_url(), server_.unix_url()}) {
    const auto node = make_node(url);
    Answer published;
    Answer subscribed;
    node->broker->publish({"room:a", "x", "", ""}, published.callback());
    node->broker->subscribe("room:a", subscribed.callback());
    ASSERT_TRUE(node->run_until([&] { return times_logged("retrying") == 2; }));
    EXPECT_NE(node->broker->health(), Health::kReady);
    EXPECT_FALSE(published.is_there || subscribed.is_there);
    server_.start();
    ASSERT_TRUE(node->run_until([&] { return published.is_there && subscribed.is_there; }));
    EXPECT_FALSE(published.is_error || subscribed.is_error);
    EXPECT_TRUE(node->run_until_ready());
    server_.kill();
    log_.str("");
  }
}

TEST_F(RedisFailure, FailsWhatHasWaitedTooLongButNotSubscriptions) {
  settings_.hold_ms = 50;
  const auto node = make_node(server_.tcp_url());
  Answer subscribed;
  node->broker->subscribe("room:a", subscribed.callback());
  const auto published = node->publish({"room:a", "x", "ada", "id"});
  ASSERT_TRUE(published.has_value());
  ASSERT_FALSE(published->has_value());
  EXPECT_EQ(published->error(), errors::kInternal);
  const auto history = node->history({"room:a", 0, 10, false});
  ASSERT_TRUE(history.has_value());
  EXPECT_FALSE(history->has_value());
  EXPECT_FALSE(subscribed.is_there);
  server_.start();
  ASSERT_TRUE(node->run_until([&] { return subscribed.is_there; }));
  EXPECT_FALSE(subscribed.is_error);
  EXPECT_EQ(subscribed.position.offset, 0U);  // what failed was not stored later
}

TEST_F(RedisFailure, GoesOnAfterRedisWasKilledAndRestarted) {
  server_.start();
  const auto node = make_node(server_.tcp_url());
  const auto other = make_node(server_.unix_url());
  const auto top = node->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  ASSERT_TRUE(node->subscribe("room:b"));
  ASSERT_TRUE(node->publish("room:a", "before"));
  ASSERT_TRUE(node->run_until([&] { return node->received.size() == 1; }));
  node->known = {1, (*top)->epoch};

  server_.kill();
  ASSERT_TRUE(node->run_until([&] { return node->broker->health() != Health::kReady; }));
  Answer held;
  node->broker->publish({"room:a", "held", "", ""}, held.callback());
  server_.start();
  ASSERT_TRUE(node->run_until([&] { return held.is_there; }));
  EXPECT_FALSE(held.is_error);
  EXPECT_EQ(held.position.offset, 2U);
  EXPECT_EQ(held.position.epoch, (*top)->epoch);

  ASSERT_TRUE(node->run_until([&] { return node->maybe_missed.size() == 2; }));
  EXPECT_THAT(node->maybe_missed, ::testing::UnorderedElementsAre("room:a", "room:b"));
  node->received.clear();
  const auto last = other->publish("room:a", "after");
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->offset, 3U);
  ASSERT_TRUE(node->run_until(
      [&] { return !node->received.empty() && node->received.back().body == "after"; }));
  EXPECT_EQ(bodies(*node, "room:a"), "before held after");
}

TEST_F(RedisFailure, StoresEachMessageIdOnceAndInOrderWhileRedisIsKilled) {
  server_.start();
  const auto node = make_node(server_.tcp_url());
  publish_all(*node, 3000, [&](int sent) {
    if (sent % 1000 != 500) return;
    server_.kill();
    server_.start();
  });
  EXPECT_EQ(bodies(*node, "room:a"), numbers(3000));
}

TEST_F(RedisFailure, StoresEachMessageIdOnceAndInOrderWhileConnectionsAreCut) {
  server_.start();
  const auto node = make_node(server_.tcp_url());
  publish_all(*node, 5000, [&](int sent) {
    if (sent % 200 == 100) server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  });
  EXPECT_EQ(bodies(*node, "room:a"), numbers(5000));
  EXPECT_GT(node->broker->counters().link_losses, 5U);
}

TEST_F(RedisFailure, StoresInOrderWhileScriptsAreFlushed) {
  server_.start();
  const auto node = make_node(server_.tcp_url(), "one");
  const auto other = make_node(server_.tcp_url(), "other");  // loads the scripts, too
  Answer others;
  publish_all(*node, 5000, [&](int sent) {
    if (sent % 200 != 100) return;
    server_.command({"SCRIPT", "FLUSH"});
    other->broker->publish({"room:b", "x", "", ""}, [](const auto&) {});
  });
  EXPECT_EQ(bodies(*node, "room:a"), numbers(5000));
  EXPECT_GT(node->broker->counters().script_loads, 10U);
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
}

TEST_F(RedisFailure, RepeatsOnlyWhatHasAMessageIdWhenAnAnswerIsLost) {
  server_.start();
  Relay relay(loop_, server_.port());
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(relay.port()));
  ASSERT_TRUE(node->run_until_ready());
  Answer with_id;
  Answer without_id;
  relay.cut_after_client_says("the words");
  node->broker->publish({"room:a", "1", "ada", "id"}, with_id.callback());
  node->broker->publish({"room:a", "the words", "ada", ""}, without_id.callback());
  ASSERT_TRUE(node->run_until([&] { return with_id.is_there && without_id.is_there; }));
  EXPECT_FALSE(with_id.is_error);
  EXPECT_EQ(with_id.position.offset, 1U);
  EXPECT_TRUE(without_id.is_error);  // it was stored; who sent it decides
  EXPECT_EQ(bodies(*node, "room:a"), "1 the words");
  EXPECT_EQ(node->broker->counters().duplicates, 1U);
}

TEST_F(RedisFailure, SubscribesAgainAndSaysSoWhenThePubSubLinkIsCut) {
  server_.start();
  const auto node = make_node(server_.unix_url());
  ASSERT_TRUE(node->subscribe("room:a"));
  ASSERT_TRUE(node->subscribe("room:b"));
  node->broker->unsubscribe("room:b");
  server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  ASSERT_TRUE(node->run_until([&] { return !node->maybe_missed.empty(); }));
  ASSERT_TRUE(node->publish("room:a", "x"));
  ASSERT_TRUE(node->publish("room:b", "x"));
  ASSERT_TRUE(node->run_until([&] { return !node->received.empty(); }));
  EXPECT_THAT(node->maybe_missed, ::testing::ElementsAre("room:a"));
  EXPECT_EQ(node->received_in("room:a"), "1:x");
  EXPECT_EQ(node->received_in("room:b"), "");
  EXPECT_EQ(node->broker->counters().resubscribed, 1U);
}

TEST_F(RedisFailure, ReadsThePositionAfterTheSubscriptionIsConfirmedAgain) {
  server_.start();
  Relay relay(loop_, server_.port());
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(relay.port()));
  ASSERT_TRUE(node->run_until_ready());
  // Confirmed, but the position does not come; then confirmed again, on another connection.
  relay.swallow_answers_where_client_said("XRANGE");
  Answer subscribed;
  node->broker->subscribe("room:a", subscribed.callback());
  const auto confirmed = [&] {
    return server_.command({"PUBSUB", "NUMSUB", "chirm@0:c:room:a"}) == "chirm@0:c:room:a 1";
  };
  ASSERT_TRUE(node->run_until(confirmed));
  server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  ASSERT_TRUE(node->run_until(confirmed));
  EXPECT_FALSE(subscribed.is_there);
  server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  relay.swallow_answers_where_client_said("");
  ASSERT_TRUE(node->run_until([&] { return subscribed.is_there; }));
  ASSERT_TRUE(node->publish("room:a", "x"));
  ASSERT_TRUE(node->run_until([&] { return !node->received.empty(); }));
  EXPECT_EQ(node->received_in("room:a"), "1:x");
}

TEST_F(RedisFailure, LosesNoPublicationAroundSubscribingWhileLinksAreCut) {
  server_.start();
  const auto node = make_node(server_.unix_url());
  const auto other = make_node(server_.unix_url());
  int published = 0;
  std::optional<Position> top;
  for (int round = 0; round < 20; ++round) {
    top.reset();
    node->received.clear();
    node->maybe_missed.clear();
    node->broker->subscribe("room:a", [&](const auto& position) { top = *position; });
    server_.command({"CLIENT", "KILL", "TYPE", round % 2 == 0 ? "pubsub" : "normal"});
    ASSERT_TRUE(node->run_until([&] {
      other->broker->publish({"room:a", "x", "", ""},
                             [&](const auto& position) { published += position ? 1 : 0; });
      return top.has_value();
    }));
    std::optional<Position> last;
    ASSERT_TRUE(testing::ask_until([&] {
      const auto position = other->publish("room:a", "last");
      if (position && *position) last = **position;
      return last.has_value();
    }));
    // Everything above the top, or the word that something may be missing.
    ASSERT_TRUE(node->run_until([&] {
      if (!node->maybe_missed.empty()) return true;
      std::uint64_t expected = top->offset;
      for (const auto& one : node->received) expected += one.offset == expected + 1 ? 1 : 0;
      return expected >= last->offset;
    }));
    node->broker->unsubscribe("room:a");
  }
}

TEST_F(RedisFailure, NoticesARedisThatDoesNotAnswer) {
  server_.start();
  link_settings_.command_deadline_ms = 300;
  link_settings_.connect_timeout_ms = 100;
  for (const std::string& url : {server_.tcp_url(), server_.unix_url()}) {
    const auto node = make_node(url);
    ASSERT_TRUE(node->run_until_ready());
    const std::string channel = "room:" + url;
    log_.str("");
    server_.suspend();
    Answer with_id;
    Answer without_id;
    node->broker->publish({channel, "with", "ada", "id"}, with_id.callback());
    node->broker->publish({channel, "without", "ada", ""}, without_id.callback());
    ASSERT_TRUE(node->run_until([&] { return without_id.is_there; }));
    EXPECT_TRUE(without_id.is_error);
    EXPECT_FALSE(with_id.is_there);
    EXPECT_NE(node->broker->health(), Health::kReady);
    EXPECT_EQ(times_logged("no answer within 300 ms"), 1U);
    // Redis is still stopped: the next attempts fail, too.
    ASSERT_TRUE(node->run_until([&] { return times_logged("retrying") >= 1; }));
    server_.resume();
    ASSERT_TRUE(node->run_until([&] { return with_id.is_there; }));
    EXPECT_FALSE(with_id.is_error);
    EXPECT_EQ(with_id.position.offset, 1U);
    // Redis has read the first attempt as well; it counts once.
    EXPECT_THAT(bodies(*node, channel), ::testing::AnyOf("with without", "with"));
  }
}

TEST_F(RedisFailure, FailsInTimeWhatIsOnTheWayToARedisThatDoesNotAnswer) {
  server_.start();
  const auto patient = make_node(server_.tcp_url());
  settings_.hold_ms = 500;  // of the one that is not answered
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(patient->run_until_ready());
  ASSERT_TRUE(node->run_until_ready());
  server_.suspend();
  const auto first = node->publish({"room:a", "first", "ada", "id"});
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->has_value());
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
  server_.resume();
  // Its connection is of use, and the late answer was taken for nobody else's.
  const auto top = node->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  EXPECT_EQ((*top)->offset, 1U);  // the first was only slow
  const auto second = patient->publish({"room:a", "second", "", ""});
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->offset, 2U);
  ASSERT_TRUE(node->run_until([&] { return node->received_in("room:a") == "2:second"; }));
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
}

TEST_F(RedisFailure, MakesAPubSubLinkAgainOnWhichNothingArrives) {
  server_.start();
  link_settings_.probe_period_ms = 50;
  Relay relay(loop_, server_.port());
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(relay.port()));
  ASSERT_TRUE(node->subscribe("room:a"));
  relay.swallow_answers_where_client_said("room:a\r\n");
  ASSERT_TRUE(node->run_until([&] { return times_logged("no message arrives") == 1; }));
  relay.swallow_answers_where_client_said("");
  ASSERT_TRUE(node->run_until([&] { return !node->maybe_missed.empty(); }));
  ASSERT_TRUE(node->publish("room:a", "x"));
  ASSERT_TRUE(node->run_until([&] { return !node->received.empty(); }));
}

TEST_F(RedisFailure, MakesAPubSubLinkAgainOnWhichNothingIsConfirmed) {
  server_.start();
  link_settings_.probe_period_ms = 50;
  Relay relay(loop_, server_.port());
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(relay.port()));
  relay.swallow_answers_where_client_said("SUBSCRIBE");
  ASSERT_TRUE(node->run_until([&] { return times_logged("SUBSCRIBE is not confirmed") == 1; }));
  relay.swallow_answers_where_client_said("");
  ASSERT_TRUE(node->run_until_ready());
}

// Sent again, the first would come behind the second.
TEST_F(RedisFailure, FailsWhatWaitsBehindAPublishThatHasWaitedTooLong) {
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(server_.port()), "node");
  Answer first;
  Answer second;
  node->broker->publish({"room:a", "1", "ada", "1"}, first.callback());
  // By more than passes between two looks at what has waited too long.
  testing::pass_ms(loop_, 2 * expiry_period_ms(settings_.hold_ms));
  ASSERT_FALSE(first.is_there);
  node->broker->publish({"room:a", "2", "ada", "2"}, second.callback());
  // In the same moment, though the second has not waited as long.
  bool has_second_when_first_fails = false;
  ASSERT_TRUE(testing::pass_until(loop_, [&] {
    has_second_when_first_fails = second.is_there;
    return first.is_there;
  }));
  EXPECT_TRUE(has_second_when_first_fails);
  EXPECT_TRUE(first.is_error);
  EXPECT_TRUE(second.is_error);
}

TEST_F(RedisFailure, GoesAwayQuietlyAtAnyMoment) {
  server_.start();
  for (int turns = 0; turns < 12; ++turns) {
    const auto node = make_node(turns % 2 == 0 ? server_.tcp_url() : "redis://localhost:1");
    Answer never;
    node->broker->publish({"room:a", "x", "", ""}, [](const auto&) {});
    node->broker->subscribe("room:a", [](const auto&) {});
    int left = turns;
    ASSERT_TRUE(node->run_until([&] { return left-- == 0; }));
  }
}

}  // namespace
}  // namespace chirm
