// SPDX-License-Identifier: MIT
// The queue beside a simple model of it: a list in which each request knows how far it has got.

#include "core/broker/redis/redis_request_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace chirm {
namespace {

// What happens to the requests, as they tell it.
struct RequestLog {
  std::vector<int> unwanted;
  std::vector<int> deleted;
};

class NumberedRequest final : public RedisRequest {
 public:
  NumberedRequest(int number, RequestLog& log) : number_(number), log_(log) {}
  ~NumberedRequest() override { log_.deleted.push_back(number_); }
  bool is_wanted() const override { return is_wanted_; }
  void write(RedisCommand&, const RedisScriptNames&) override {}
  void on_reply(const RedisReply&) override {}
  void on_error() override {}
  void on_unwanted() override { log_.unwanted.push_back(number_); }
  void on_lost() override {}
  void expire(std::uint64_t now_ms) override {
    if (now_ms >= static_cast<std::uint64_t>(number_)) is_wanted_ = false;
  }

  int number() const { return number_; }
  void give_up() { is_wanted_ = false; }

 private:
  const int number_;
  RequestLog& log_;
  bool is_wanted_ = true;
};

struct ModelRequest {
  enum class State { kWaiting, kSent, kRefused } state = State::kWaiting;
  int number;
  NumberedRequest* request;
  bool is_wanted = true;
};

class RequestQueueRandom : public ::testing::TestWithParam<int> {
 protected:
  using State = ModelRequest::State;

  auto first_sent() {
    return std::find_if(model_.begin(), model_.end(),
                        [](const auto& one) { return one.state == State::kSent; });
  }
  auto first_waiting() {
    return std::find_if(model_.begin(), model_.end(),
                        [](const auto& one) { return one.state == State::kWaiting; });
  }
  // Those that wait and are not wanted go, and are told so in their order.
  void expect_unwanted_gone() {
    std::vector<int> gone;
    std::erase_if(model_, [&](const ModelRequest& one) {
      const bool goes = one.state == State::kWaiting && !one.is_wanted;
      if (goes) gone.push_back(one.number);
      return goes;
    });
    EXPECT_EQ(log_.unwanted, gone);
    log_.unwanted.clear();
  }

  void add() {
    auto request = std::make_unique<NumberedRequest>(++last_, log_);
    model_.push_back({State::kWaiting, last_, request.get()});
    queue_.add(std::move(request));
  }
  // A wanted request is always found; those in front of it that are not wanted may go for that.
  void send() {
    RedisRequest* const next = queue_.next();
    const auto waiting = first_waiting();
    if (waiting != model_.end() && !waiting->is_wanted) expect_unwanted_gone();
    EXPECT_TRUE(log_.unwanted.empty());
    const auto expected = first_waiting();
    ASSERT_EQ(next == nullptr, expected == model_.end());
    if (next == nullptr) return;
    EXPECT_EQ(next, expected->request);
    expected->state = State::kSent;
    queue_.note_sent(random_.between(1, 1000));
  }
  void answer(bool is_refused) {
    const auto sent = first_sent();
    ASSERT_EQ(queue_.is_drained(), sent == model_.end());
    if (sent == model_.end()) return;
    if (is_refused) {
      EXPECT_EQ(&queue_.keep_refused(), sent->request);
      sent->state = State::kRefused;
    } else {
      EXPECT_EQ(queue_.take_answered().get(), sent->request);
      model_.erase(sent);
    }
  }
  void give_one_up() {
    if (model_.empty()) return;
    ModelRequest& one = model_[random_.between(0, model_.size() - 1)];
    one.request->give_up();
    one.is_wanted = false;
  }
  void rewind() {
    std::vector<RedisRequest*> unanswered;
    std::size_t kept = 0;
    for (ModelRequest& one : model_) {
      if (one.state == State::kSent) unanswered.push_back(one.request);
      if (one.state != State::kWaiting) ++kept;
      one.state = State::kWaiting;
    }
    EXPECT_EQ(queue_.unanswered(), unanswered);
    EXPECT_EQ(queue_.rewind(), kept);
  }
  void expire() {
    const int now = last_ - static_cast<int>(random_.between(0, 40));
    for (ModelRequest& one : model_) one.is_wanted &= one.number > now;
    queue_.expire(static_cast<std::uint64_t>(std::max(now, 0)));
    expect_unwanted_gone();
  }

  RequestLog log_;
  Random random_{static_cast<std::uint64_t>(GetParam())};
  RedisRequestQueue queue_;
  std::vector<ModelRequest> model_;
  int last_ = 0;
};

TEST_P(RequestQueueRandom, KeepsTheOrderWhateverIsRefusedLostOrGivenUp) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int step = 0; step < 5000; ++step) {
    const std::uint64_t dice = random_.between(0, 99);
    if (dice < 35) {
      add();
    } else if (dice < 65) {
      send();
    } else if (dice < 88) {
      answer(dice >= 80);
    } else if (dice < 94) {
      give_one_up();
    } else if (dice < 97) {
      rewind();
    } else {
      expire();
    }
    queue_.check();
    if (HasFailure()) FAIL() << "at step " << step;
  }
  // Nothing was forgotten: all is sent, in the order in which it came.
  rewind();
  while (first_waiting() != model_.end() && !HasFailure()) {
    send();
    if (!queue_.is_drained()) answer(false);
  }
  EXPECT_EQ(log_.deleted.size(), static_cast<std::size_t>(last_));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RequestQueueRandom, ::testing::Range(1, 9));

TEST(RequestQueue, SendsNoMoreThanMayBeOnTheWay) {
  RequestLog log;
  RedisRequestQueue queue;
  for (int i = 1; i <= 3; ++i) queue.add(std::make_unique<NumberedRequest>(i, log));
  ASSERT_NE(queue.next(), nullptr);
  queue.note_sent(RedisRequestQueue::kInFlightBytesMax);
  EXPECT_EQ(queue.next(), nullptr);
  (void)queue.take_answered();
  EXPECT_NE(queue.next(), nullptr);
}

TEST(RequestQueueDeathTest, KnowsThatAnAnswerNeedsARequest) {
  RedisRequestQueue queue;
  EXPECT_DEATH((void)queue.take_answered(), "answered_ < sent_");
}

}  // namespace
}  // namespace chirm
