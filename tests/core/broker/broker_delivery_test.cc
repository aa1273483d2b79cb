// SPDX-License-Identifier: MIT
// What broker.h promises about subscribing, tried on every broker.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/core/broker/broker_contract.h"

namespace chirm {
namespace {

using ::testing::IsEmpty;

using BrokerDelivery = testing::BrokerContract;

INSTANTIATE_TEST_SUITE_P(, BrokerDelivery, testing::every_broker(), testing::name_of_broker);

TEST_P(BrokerDelivery, SubscribesToAnEmptyChannel) {
  const auto top = node_->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  EXPECT_EQ((*top)->offset, 0U);
  EXPECT_NE((*top)->epoch, "");
  const auto published = node_->publish("room:a", "x");
  ASSERT_TRUE(published && *published);
  EXPECT_EQ((*published)->epoch, (*top)->epoch);
  ASSERT_TRUE(node_->run_until([&] { return !node_->received.empty(); }));
  EXPECT_EQ(node_->received[0].epoch, (*top)->epoch);
}

TEST_P(BrokerDelivery, DeliversWhatIsPublishedAfterSubscribing) {
  publish_many("room:a", 3);
  const auto top = node_->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  EXPECT_EQ((*top)->offset, 3U);
  ASSERT_TRUE(node_->publish("room:a", "x"));
  ASSERT_TRUE(node_->publish("room:b", "not for us"));
  ASSERT_TRUE(node_->publish("room:a", "y"));
  ASSERT_TRUE(node_->run_until([&] { return node_->received.size() >= 2; }));
  EXPECT_EQ(node_->received_in("room:a"), "4:x 5:y");
  EXPECT_EQ(node_->received.size(), 2U);
}

TEST_P(BrokerDelivery, DeliversEveryPublicationAboveThePositionThatSubscribeGave) {
  std::optional<Position> top;
  int answers = 0;
  for (int i = 1; i <= 500; ++i) {
    node_->broker->publish({"room:a", std::to_string(i), "", ""}, [&](const auto&) {
      if (++answers == 100) {
        node_->broker->subscribe("room:a", [&](const auto& position) {
          EXPECT_THAT(node_->received, IsEmpty());
          top = *position;
        });
      }
      if (answers < 500 || !top) {
        node_->broker->publish({"room:a", "more", "", ""}, [](const auto&) {});
      }
    });
  }
  ASSERT_TRUE(node_->run_until([&] { return top && answers == 500; }));
  const auto last = node_->publish("room:a", "last");
  ASSERT_TRUE(last && *last);
  ASSERT_TRUE(node_->run_until([&] {
    return !node_->received.empty() && node_->received.back().offset == (*last)->offset;
  }));
  std::uint64_t expected = top->offset;
  for (const testing::Received& one : node_->received) {
    if (one.offset <= top->offset) continue;  // the bus may be behind the position
    ASSERT_EQ(one.offset, ++expected);
  }
  EXPECT_EQ(expected, (*last)->offset);
}

TEST_P(BrokerDelivery, DeliversNothingAfterUnsubscribe) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  ASSERT_TRUE(node_->subscribe("room:b"));
  node_->broker->unsubscribe("room:a");
  ASSERT_TRUE(node_->publish("room:a", "x"));
  ASSERT_TRUE(node_->publish("room:b", "y"));
  ASSERT_TRUE(node_->run_until([&] { return !node_->received.empty(); }));
  EXPECT_EQ(node_->received_in("room:a"), "");
  EXPECT_EQ(node_->received_in("room:b"), "1:y");
}

TEST_P(BrokerDelivery, SubscribesAgainRightAfterUnsubscribe) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  for (int i = 0; i < 5; ++i) {
    node_->broker->unsubscribe("room:a");
    const auto top = node_->subscribe("room:a");
    ASSERT_TRUE(top && *top);
    const auto position = node_->publish("room:a", "x");
    ASSERT_TRUE(position && *position);
    ASSERT_TRUE(node_->run_until([&] {
      return !node_->received.empty() && node_->received.back().offset == (*position)->offset;
    }));
  }
  EXPECT_EQ(node_->received_in("room:a"), "1:x 2:x 3:x 4:x 5:x");
}

TEST_P(BrokerDelivery, LastOfManyChangesCounts) {
  int answers = 0;
  const auto count = [&](const auto& position) {
    EXPECT_TRUE(position.has_value());
    ++answers;
  };
  node_->broker->subscribe("room:a", count);
  ASSERT_TRUE(node_->run_until([&] { return answers == 1; }));
  node_->broker->unsubscribe("room:a");
  node_->broker->subscribe("room:a", [](const auto&) {});
  node_->broker->unsubscribe("room:a");
  node_->broker->subscribe("room:b", [](const auto&) {});
  node_->broker->unsubscribe("room:b");
  node_->broker->subscribe("room:b", count);
  ASSERT_TRUE(node_->run_until([&] { return answers == 2; }));
  ASSERT_TRUE(node_->publish("room:a", "x"));
  ASSERT_TRUE(node_->publish("room:b", "y"));
  ASSERT_TRUE(node_->run_until([&] { return node_->received_in("room:b") == "1:y"; }));
  EXPECT_EQ(node_->received_in("room:a"), "");
}

TEST_P(BrokerDelivery, MayBeUsedFromItsCallbacks) {
  std::string order;
  node_->on_received = [&] {
    if (node_->received.size() > 1) return;
    node_->broker->unsubscribe("room:a");
    node_->broker->history({"room:a", 0, 10, false},
                           [&](const auto& history) { order += history ? "h" : "-"; });
  };
  node_->broker->subscribe("room:a", [&](const auto&) {
    node_->broker->publish({"room:a", "1", "", ""}, [&](const auto&) {
      node_->broker->publish({"room:a", "2", "", ""},
                             [&](const auto& position) { order += position ? "p" : "-"; });
    });
  });
  ASSERT_TRUE(node_->run_until([&] { return order.size() == 2; }));
  EXPECT_EQ(order.find('-'), std::string::npos) << order;
  EXPECT_EQ(node_->received_in("room:a"), "1:1");
}

}  // namespace
}  // namespace chirm
