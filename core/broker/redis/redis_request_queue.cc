// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_request_queue.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
// A queue that is longer is looked at only in part, so that a turn's checking stays short.
constexpr std::size_t kCheckedRequests = 64;
}  // namespace

RedisRequest* RedisRequestQueue::next() {
  while (sent_ < requests_.size() && sent_ - answered_ < kInFlightMax &&
         in_flight_bytes_sum_ < kInFlightBytesMax) {
    if (requests_[sent_]->is_wanted()) return requests_[sent_].get();
    // All of them at once: taking one after the other out of the middle would be quadratic.
    drop_unwanted();
  }
  return nullptr;
}

void RedisRequestQueue::note_sent(std::size_t bytes) {
  CHIRM_CHECK(sent_ < requests_.size(), sent_, requests_.size());
  ++sent_;
  in_flight_bytes_.push_back(bytes);
  in_flight_bytes_sum_ += bytes;
}

void RedisRequestQueue::count_answer() {
  CHIRM_CHECK(answered_ < sent_, answered_, sent_);
  in_flight_bytes_sum_ -= in_flight_bytes_.front();
  in_flight_bytes_.pop_front();
}

std::unique_ptr<RedisRequest> RedisRequestQueue::take_answered() {
  count_answer();
  std::unique_ptr<RedisRequest> request = std::move(requests_[answered_]);
  if (answered_ == 0) {
    requests_.pop_front();
    --sent_;
  } else {
    ++answered_;  // leaves a hole: those in front of it were refused, and keep their places
  }
  return request;
}

RedisRequest& RedisRequestQueue::keep_refused() {
  count_answer();
  return *requests_[answered_++];
}

std::vector<RedisRequest*> RedisRequestQueue::unanswered() const {
  std::vector<RedisRequest*> all;
  for (std::size_t i = answered_; i < sent_; ++i) all.push_back(requests_[i].get());
  return all;
}

std::size_t RedisRequestQueue::rewind() {
  const auto sent_end = requests_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto kept_end = std::remove(requests_.begin(), sent_end, nullptr);
  const auto kept = static_cast<std::size_t>(kept_end - requests_.begin());
  requests_.erase(kept_end, sent_end);
  answered_ = sent_ = in_flight_bytes_sum_ = 0;
  in_flight_bytes_.clear();
  return kept;
}

// Those who are told may add more: iterators do not stay valid, and new ones have time.
void RedisRequestQueue::expire(std::uint64_t now_ms) {
  const std::size_t count = requests_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (requests_[i] != nullptr) requests_[i]->expire(now_ms);
  }
  drop_unwanted();
}

// Out of those that wait. What was sent stays until its answer comes, wanted or not: the answers
// are told apart by their order alone.
void RedisRequestQueue::drop_unwanted() {
  const auto waiting = requests_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto unwanted = std::stable_partition(
      waiting, requests_.end(), [](const auto& request) { return request->is_wanted(); });
  std::vector<std::unique_ptr<RedisRequest>> dropped(std::make_move_iterator(unwanted),
                                                     std::make_move_iterator(requests_.end()));
  requests_.erase(unwanted, requests_.end());
  for (const auto& request : dropped) request->on_unwanted();
}

void RedisRequestQueue::check() const {
  CHIRM_CHECK(answered_ <= sent_ && sent_ <= requests_.size(), answered_, sent_, requests_.size());
  CHIRM_CHECK(in_flight_bytes_.size() == sent_ - answered_, in_flight_bytes_.size(), sent_,
              answered_);
  CHIRM_CHECK(sent_ - answered_ <= kInFlightMax, sent_, answered_);
  if (in_flight_bytes_.size() <= kCheckedRequests) {
    const std::size_t sum =
        std::accumulate(in_flight_bytes_.begin(), in_flight_bytes_.end(), std::size_t{0});
    CHIRM_CHECK(sum == in_flight_bytes_sum_, sum, in_flight_bytes_sum_);
  }
  // Only a refused request can keep an answered one's hole from being closed.
  CHIRM_CHECK(answered_ == 0 || requests_.front() != nullptr, answered_);
  const std::size_t end = std::min(requests_.size(), answered_ + kCheckedRequests);
  for (std::size_t i = answered_; i < end; ++i) {
    CHIRM_CHECK(requests_[i] != nullptr, i, answered_, sent_, requests_.size());
  }
}

}  // namespace chirm
