// SPDX-License-Identifier: MIT
// Messages between nodes, and which nodes there are: on every broker, and on a Redis that fails.

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/core/broker/broker_contract.h"
#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Relay;

// Writes down what it is told, with nodes by the part of their id before the colon.
class Listener final : public NodeListener {
 public:
  explicit Listener(Broker& broker) : bus(broker.nodes()) { bus.add_listener("test", *this); }

  void on_node_message(std::string_view node, std::string_view message) override {
    told.push_back(name(node) + ":" + std::string(message));
  }
  void on_node_joined(std::string_view node) override { told.push_back("+" + name(node)); }
  void on_node_gone(std::string_view node) override { told.push_back("-" + name(node)); }
  void on_node_messages_maybe_missed() override { ++missed; }

  bool has(const std::string& line) const {
    return std::find(told.begin(), told.end(), line) != told.end();
  }

  NodeBus& bus;
  std::vector<std::string> told;
  int missed = 0;

 private:
  static std::string name(std::string_view node) {
    return std::string(node.substr(0, node.find(':')));
  }
};

class NodeBusContract : public testing::BrokerContract {};

TEST_P(NodeBusContract, BringsOwnMessagesBackInOrder) {
  Listener listener(*node_->broker);
  ASSERT_TRUE(node_->run_until_ready());
  const std::string binary("a\0\r\n\xff", 5);
  EXPECT_TRUE(listener.bus.send_all("test", "1"));
  EXPECT_TRUE(listener.bus.send_all("other kind", "never"));
  EXPECT_TRUE(listener.bus.send_all("test", binary));
  EXPECT_TRUE(listener.bus.send(listener.bus.node_id(), "test", "3"));
  EXPECT_TRUE(listener.told.empty()) << "told before the call has returned";
  ASSERT_TRUE(node_->run_until([&] { return listener.told.size() == 3; }));
  EXPECT_TRUE(listener.told[0].ends_with(":1"));
  EXPECT_TRUE(listener.told[1].ends_with(":" + binary));
  EXPECT_TRUE(listener.told[2].ends_with(":3"));
  EXPECT_THAT(listener.bus.nodes(), ElementsAre(listener.bus.node_id()));
}

INSTANTIATE_TEST_SUITE_P(Every, NodeBusContract, testing::every_broker(), testing::name_of_broker);

class RedisNodeBusTest : public testing::RedisTest {
 protected:
  std::unique_ptr<BrokerNode> make_first() {
    node_settings_.beat_period_ms = 20;
    return make_node(server_.unix_url(), "one");
  }

  // A node that can be cut off.
  std::unique_ptr<BrokerNode> make_relayed(const std::string& name) {
    return make_node("redis://127.0.0.1:" + std::to_string(relay_.port()), name);
  }

  testing::RedisServer server_{
      {.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
  Relay relay_{loop_, server_.port()};
  std::unique_ptr<BrokerNode> one_ = make_first();
  Listener listener_{*one_->broker};
};

TEST_F(RedisNodeBusTest, TellsOfANodeBeforeItsMessagesAndOfItsGoodbye) {
  ASSERT_TRUE(one_->run_until_ready());
  auto other = make_node(server_.unix_url(), "other");
  Listener others(*other->broker);
  ASSERT_TRUE(other->run_until_ready());
  ASSERT_TRUE(others.bus.send_all("test", "hello"));
  ASSERT_TRUE(others.bus.send(listener_.bus.node_id(), "test", "you"));
  ASSERT_TRUE(others.bus.send_all("test", "all"));
  ASSERT_TRUE(one_->run_until([&] { return listener_.told.size() == 4 && others.has("+one"); }));
  EXPECT_EQ(listener_.told[0], "+other");
  EXPECT_THAT(listener_.told, Contains("other:you"));
  EXPECT_FALSE(others.has("other:you"));
  EXPECT_EQ(listener_.bus.nodes().size(), 2U);
  listener_.told.clear();
  other.reset();
  ASSERT_TRUE(one_->run_until([&] { return !listener_.told.empty(); }));
  EXPECT_THAT(listener_.told, ElementsAre("-other"));
  EXPECT_THAT(listener_.bus.nodes(), ElementsAre(listener_.bus.node_id()));
}

TEST_F(RedisNodeBusTest, LosesANodeThatIsSilentAndFindsItAgain) {
  const auto other = make_relayed("other");
  Listener others(*other->broker);
  ASSERT_TRUE(one_->run_until([&] { return listener_.has("+other") && others.has("+one"); }));
  listener_.told.clear();
  relay_.hold(true, false);
  ASSERT_TRUE(one_->run_until([&] { return !listener_.told.empty(); }));
  EXPECT_THAT(listener_.told, ElementsAre("-other"));
  EXPECT_FALSE(others.has("-one"));
  relay_.hold(false, false);
  ASSERT_TRUE(one_->run_until([&] { return listener_.told.size() == 2; }));
  EXPECT_EQ(listener_.told[1], "+other");
}

TEST_F(RedisNodeBusTest, LosesNobodyWhileItHearsNothingItself) {
  const auto other = make_relayed("other");
  Listener others(*other->broker);
  ASSERT_TRUE(one_->run_until([&] { return listener_.has("+other") && others.has("+one"); }));
  relay_.hold(false, true);  // it hears nothing, and the others hear it
  ASSERT_TRUE(testing::run_for(loop_, 20 * node_settings_.beat_period_ms));
  relay_.hold(false, false);
  ASSERT_TRUE(others.bus.send_all("test", "back"));
  ASSERT_TRUE(one_->run_until([&] { return others.has("other:back"); }));
  EXPECT_FALSE(others.has("-one"));
}

TEST_F(RedisNodeBusTest, LosesNobodyWhenRedisWasAway) {
  const auto other = make_node(server_.unix_url(), "other");
  Listener others(*other->broker);
  ASSERT_TRUE(one_->run_until([&] { return listener_.has("+other") && others.has("+one"); }));
  const int missed = listener_.missed;
  server_.kill();
  EXPECT_TRUE(one_->run_until([&] { return !listener_.bus.send_all("test", "lost"); }));
  EXPECT_FALSE(listener_.bus.send(listener_.bus.node_id(), "test", "lost"));
  server_.start();
  ASSERT_TRUE(one_->run_until_ready());
  ASSERT_TRUE(other->run_until_ready());
  ASSERT_TRUE(one_->run_until([&] { return listener_.missed > missed && others.missed > 0; }));
  listener_.told.clear();
  others.told.clear();
  ASSERT_TRUE(listener_.bus.send_all("test", "1"));
  ASSERT_TRUE(one_->run_until([&] { return !others.told.empty(); }));
  EXPECT_THAT(others.told, ElementsAre("one:1"));
}

// Throws one message away that contains a word.
class LoseOne final : public testing::RelayFilter {
 public:
  explicit LoseOne(std::string& word) : word_(word) {}
  std::string from_client(std::string_view bytes, std::string&) override {
    return std::string(bytes);
  }
  // Whole reads: nothing else is on the way.
  std::string from_server(std::string_view bytes) override {
    if (word_.empty() || bytes.find(word_) == bytes.npos) return std::string(bytes);
    word_.clear();
    return {};
  }
  std::string overdue() override { return {}; }

 private:
  std::string& word_;
};

TEST_F(RedisNodeBusTest, NoticesALostMessage) {
  std::string word;
  relay_.set_filter([&] { return std::make_unique<LoseOne>(word); });
  const auto other = make_relayed("other");
  Listener others(*other->broker);
  ASSERT_TRUE(one_->run_until([&] { return listener_.has("+other") && others.has("+one"); }));
  ASSERT_TRUE(other->run_until_ready());
  const int missed = others.missed;
  word = "to be lost";
  ASSERT_TRUE(listener_.bus.send_all("test", word));
  ASSERT_TRUE(one_->run_until([&] { return word.empty(); }));
  ASSERT_TRUE(one_->run_until([&] { return others.missed > missed; }));
  EXPECT_FALSE(others.has("one:to be lost"));
}

}  // namespace
}  // namespace chirm
