// SPDX-License-Identifier: MIT
#pragma once
// One subscriber of a room: verifies that it gets every publication exactly once and in order, by
// comparing what it receives with the room's log. Pure.

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/load/room.h"

namespace chirm::load {

// The state that a subscribe reply tells.
struct Joined {
  std::uint64_t offset = 0;
  std::string_view epoch;
  bool was_recovering = false;
  bool recovered = false;
  std::uint64_t at_us = 0;    // when it arrived
  std::uint64_t gone_us = 0;  // when the connection before was lost, 0 when it was not
};

class Follower {
 public:
  // The room must outlive the follower.
  explicit Follower(Room& room) : room_(room) {}

  void on_joined(const Joined& how);

  // Takes the publications of the room that `bytes` starts with, as far as they are whole frames.
  // Returns how many bytes that was. `now_us` is when they were received.
  std::size_t take(std::string_view bytes, std::uint64_t now_us);
  // One publication that was decoded elsewhere.
  void take(std::string_view data, std::uint64_t offset, std::uint64_t now_us);
  // True when `bytes`, the start of a frame, can only become a publication of the room.
  bool starts_publication(std::string_view bytes) const;

  // From now on its latencies are nobody's. For a publisher, when those of the others are asked
  // for.
  void leave_out_latency() { is_timed_ = false; }

  // The offset that is expected next, 0 when that is not known.
  std::uint64_t next() const { return next_; }
  const Epoch* epoch() const { return epoch_; }
  // How many of the publications before `end` of its epoch it should have got and has not.
  std::uint64_t missing_before(std::uint64_t end) const;
  // Adds them to the violations. At the end of a run.
  void audit(std::uint64_t end);

 private:
  bool take_lines(std::string_view payload, std::uint64_t now_us);
  void take_logged(std::size_t count, std::uint64_t now_us);
  void take_one(const Publication& publication, std::uint64_t now_us);
  void record(std::uint64_t scheduled_us, std::uint64_t now_us);

  Room& room_;
  bool is_timed_ = true;
  Epoch* epoch_ = nullptr;  // null exactly until the first subscribe reply
  std::uint64_t next_ = 0;
  // True from a reply with recovered:true to the next publication.
  bool has_just_recovered_ = false;
  std::vector<std::uint64_t> missing_;  // before next_, ascending
};

}  // namespace chirm::load
