// SPDX-License-Identifier: MIT
#pragma once
// Requests in the order in which they came, and how far each has got. Nothing here sends: it keeps
// the order over refusals and lost connections. Private to core/broker.
//
//   requests_:  refused   sent, not answered   waiting
//              0       answered_              sent_       size
//
// Answers come in the order of the sending. A request that is answered leaves the queue, or leaves
// a hole (null) where a refused one is in front of it. rewind() makes all that is left wait again.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/broker/redis/redis_request.h"

namespace chirm {

class RedisRequestQueue {
 public:
  // What may be sent and not answered. Redis works on it one by one; more only makes hiredis'
  // output buffer long, which is quadratic to drain.
  static constexpr std::size_t kInFlightBytesMax = 4 * 1024 * 1024;
  static constexpr std::size_t kInFlightMax = 10'000;

  void add(std::unique_ptr<RedisRequest> request) { requests_.push_back(std::move(request)); }

  // The next one to be sent; null when none waits, or enough is on the way. Those that are not
  // wanted any more are told so and go; they may add others.
  RedisRequest* next();
  // That one was sent, in so many bytes.
  void note_sent(std::size_t bytes);

  // The oldest one that was sent is answered. One must be on the way.
  std::unique_ptr<RedisRequest> take_answered();
  // Likewise, but it stays for another try.
  RedisRequest& keep_refused();
  // No answer is missing.
  bool is_drained() const { return answered_ == sent_; }
  // Those whose answers are missing, oldest first.
  std::vector<RedisRequest*> unanswered() const;
  // What was sent, and has not left the queue, waits again in its old order, before what is newer.
  // Says how many those are.
  std::size_t rewind();

  // Calls expire() of each, then lets go of those that wait and are not wanted any more.
  void expire(std::uint64_t now_ms);

  std::size_t size() const { return requests_.size(); }
  // What the members promise of each other; looks at some of the entries.
  void check() const;

 private:
  void count_answer();
  void drop_unwanted();

  std::deque<std::unique_ptr<RedisRequest>> requests_;  // null: answered, behind refused ones
  std::size_t answered_ = 0;
  std::size_t sent_ = 0;
  std::deque<std::size_t> in_flight_bytes_;  // of each that was sent and is not answered
  std::size_t in_flight_bytes_sum_ = 0;
};

}  // namespace chirm
