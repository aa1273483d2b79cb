// SPDX-License-Identifier: MIT
// A followed channel under messages that are late, lost, repeated or cut off: what the listener was
// told is either all there is, or it was told to compare.

#include "core/broker/redis/redis_subscription.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/loop/loop.h"

namespace chirm {
namespace {

// The log as Redis has it, and what of it is still on the way.
struct ModelLog {
  Position top{0, "e1"};
  std::uint64_t rewrites = 0;
  std::vector<std::string> messages;  // not delivered yet, oldest first

  // As the publish script announces it: up to three publications in a message.
  void publish(std::uint64_t count) {
    std::string message = std::to_string(top.offset + 1) + ':' + top.epoch + ':';
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string body = std::to_string(++top.offset);
      message += std::to_string(body.size()) + ':' + body;
    }
    messages.push_back(std::move(message));
  }
  void rewrite(std::uint64_t offset) {
    messages.push_back('r' + std::to_string(offset) + ':' + std::to_string(++rewrites) + ':' +
                       top.epoch + ":new");
  }
  void change_epoch() {
    top.epoch += 'x';
    rewrites = 0;
  }
  History history() const { return {.top = top, .publications = {}, .rewrites = rewrites}; }
};

class SubscriptionRandom : public ::testing::TestWithParam<int>, public BrokerListener {
 protected:
  SubscriptionRandom() {
    context_.listener = this;
    subscription_ = std::make_unique<RedisSubscription>(
        context_, "room:a", [this](const Expected<Position, ErrorCode>& top) {
          ASSERT_TRUE(top.has_value());
          ASSERT_FALSE(known_.has_value()) << "told twice";
          known_ = *top;
        });
  }

  // What a hub does: it takes what is next, and compares when there is a hole.
  void on_publication(std::string_view, std::uint64_t offset, std::string_view epoch,
                      std::string_view body) override {
    ASSERT_TRUE(known_.has_value()) << "before the position";
    EXPECT_EQ(body, std::to_string(offset));
    if (known_->epoch == epoch && offset <= known_->offset) return;
    if (known_->epoch == epoch && offset == known_->offset + 1) {
      known_->offset = offset;
    } else {
      compare();
    }
  }
  void on_signal(std::string_view, std::string_view) override { ++signals_; }
  void on_rewritten(std::string_view, std::uint64_t offset, std::string_view) override {
    rewritten_until_ = std::max(rewritten_until_, offset);
  }
  void on_maybe_missed(std::string_view) override { compare(); }
  Position known_position(std::string_view) override { return known_.value_or(Position{}); }
  std::vector<Publication> tail(std::string_view, std::uint64_t, std::size_t) override {
    return {};
  }
  void compare() { known_ = log_.top; }

  void deliver_one() {
    if (log_.messages.empty()) return;
    const std::string message = std::move(log_.messages.front());
    log_.messages.erase(log_.messages.begin());
    subscription_->on_message(message);
  }
  void go_live() {
    subscription_->start_reading();
    const History read = log_.history();
    // What comes while the answer is on the way is held.
    for (auto more = random_.between(0, 4); more > 0; --more) {
      log_.publish(random_.between(1, 3));
      deliver_one();
    }
    EXPECT_FALSE(known_.has_value());
    subscription_->go_live(read);
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  Loop loop_;
  RedisContext context_{loop_, BrokerSettings{}, "test:", "test@0:c:"};
  ModelLog log_;
  std::optional<Position> known_;
  int signals_ = 0;
  std::uint64_t rewritten_until_ = 0;
  std::unique_ptr<RedisSubscription> subscription_;
};

TEST_P(SubscriptionRandom, TellsOfAllOrThatSomethingMayBeMissing) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  log_.publish(3);
  deliver_one();  // before the confirmation: counts for nothing
  go_live();
  ASSERT_TRUE(known_.has_value());
  for (int step = 0; step < 3000; ++step) {
    const std::uint64_t dice = random_.between(0, 99);
    if (dice < 40) {
      log_.publish(random_.between(1, 3));
    } else if (dice < 80) {
      deliver_one();
    } else if (dice < 85) {  // the bus loses one
      if (!log_.messages.empty()) log_.messages.erase(log_.messages.begin());
    } else if (dice < 88) {  // or repeats one
      if (!log_.messages.empty()) log_.messages.insert(log_.messages.begin(), log_.messages[0]);
    } else if (dice < 90) {  // or something else speaks on the topic
      subscription_->on_message(dice == 88 ? "no publication" : "7:e1:999:short");
    } else if (dice < 92) {
      log_.change_epoch();
    } else if (dice < 97) {
      // The digest of the node that has stored it comes behind its message, on the same link.
      while (!log_.messages.empty()) deliver_one();
      if (subscription_->has_missed(log_.top)) on_maybe_missed("room:a");
      EXPECT_EQ(known_->epoch, log_.top.epoch) << "step " << step;
      EXPECT_EQ(known_->offset, log_.top.offset) << "step " << step;
    } else {
      subscription_->on_message("shello");
      EXPECT_EQ(std::exchange(signals_, 0), 1);
    }
    subscription_->check();
    if (HasFailure()) FAIL() << "at step " << step;
  }
}

TEST_P(SubscriptionRandom, KnowsOfEveryRewriteByTheNextOneOrTheNextRead) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  log_.publish(9);
  go_live();
  while (!log_.messages.empty()) deliver_one();
  for (int step = 0; step < 1000; ++step) {
    rewritten_until_ = 0;
    std::uint64_t highest = 0;
    std::uint64_t lost = 0;
    for (auto count = random_.between(1, 3); count > 0; --count) {
      const std::uint64_t offset = random_.between(1, log_.top.offset);
      log_.rewrite(offset);
      highest = std::max(highest, offset);
      if (random_.between(0, 2) != 0) continue;
      log_.messages.pop_back();
      ++lost;
    }
    while (!log_.messages.empty()) deliver_one();
    // A read that was sent before the notice came is too old.
    History old = log_.history();
    old.rewrites -= 1;
    if (lost == 0) {
      EXPECT_TRUE(subscription_->is_outdated(old));
    }
    subscription_->compare_rewrites(log_.history());
    EXPECT_GE(rewritten_until_, highest) << "step " << step;
    EXPECT_FALSE(subscription_->is_outdated(log_.history()));
    subscription_->check();
    if (HasFailure()) FAIL() << "at step " << step;
  }
}

TEST_P(SubscriptionRandom, SaysThatSomethingMayBeMissingWhenItWasTooMuchToHold) {
  subscription_->start_reading();
  const History read = log_.history();
  log_.publish(1);
  deliver_one();
  const std::string filler(RedisSubscription::kHeldBytesMax, 's');  // a large signal
  subscription_->on_message(filler);
  log_.publish(1);
  deliver_one();
  subscription_->check();
  subscription_->go_live(read);
  EXPECT_EQ(known_->offset, 2U);  // compared: the second one was not held
  subscription_->check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SubscriptionRandom, ::testing::Range(1, 9));

}  // namespace
}  // namespace chirm
