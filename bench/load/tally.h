// SPDX-License-Identifier: MIT
#pragma once
// What a run counts. Plain numbers, carried between the processes of a run as they are. Pure.

#include <array>
#include <cstdint>

#include "bench/histogram.h"
#include "bench/load/scene.h"

namespace chirm::load {

class Journal;

// What a server must never do. Counted per subscriber that saw it, unless it says otherwise.
struct Violations {
  std::uint64_t lost = 0;        // owed, and never received
  std::uint64_t duplicated = 0;  // received twice
  std::uint64_t reordered = 0;   // received after a later one
  std::uint64_t altered = 0;     // nothing that anybody has published
  // Messages at an epoch and offset where somebody else got another one, or was acked another one.
  // Counted once, also where epochs go on from one another.
  std::uint64_t forked = 0;
  std::uint64_t misrouted = 0;        // belongs to another room
  std::uint64_t false_recovered = 0;  // told recovered:true, and then there was a gap
  std::uint64_t stored_twice = 0;     // messages that got two offsets
  std::uint64_t acked_lost = 0;       // messages that were acked and that nobody received
  std::uint64_t acked_wrong = 0;      // messages received under another offset than acked

  struct Kind;
  static const std::array<Kind, 10> kKinds;

  std::uint64_t total() const;
  void add(const Violations& other);
};

struct Violations::Kind {
  const char* name;
  const char* text;  // for people, behind the count
  std::uint64_t Violations::*count;
};

inline constexpr std::array<Violations::Kind, 10> Violations::kKinds{
    {{"lost", "lost", &Violations::lost},
     {"duplicated", "duplicated", &Violations::duplicated},
     {"reordered", "reordered", &Violations::reordered},
     {"altered", "altered", &Violations::altered},
     {"forked", "different at the same offset", &Violations::forked},
     {"misrouted", "misrouted", &Violations::misrouted},
     {"false_recovered", "recovered:true with a gap", &Violations::false_recovered},
     {"stored_twice", "stored twice", &Violations::stored_twice},
     {"acked_lost", "acked and lost", &Violations::acked_lost},
     {"acked_wrong", "acked with another offset", &Violations::acked_wrong}}};

inline std::uint64_t Violations::total() const {
  std::uint64_t sum = 0;
  for (const Kind& kind : kKinds) sum += this->*kind.count;
  return sum;
}

inline void Violations::add(const Violations& other) {
  for (const Kind& kind : kKinds) this->*kind.count += other.*kind.count;
}

// Totals from the start of the run.
struct Counts {
  std::uint64_t sent = 0;       // messages given to the client library
  std::uint64_t acked = 0;      // messages
  std::uint64_t failed = 0;     // messages refused, or lost with their fate unknown
  std::uint64_t delivered = 0;  // publications times subscribers
  std::uint64_t foreign = 0;    // publications in the rooms that are not of this run
  std::uint64_t resets = 0;     // subscribers told recovered:false
  std::uint64_t missed = 0;     // publications in those gaps, as far as the epoch stayed the same
  // Messages that a room has behind a later one of the same publisher, e.g. for they were resent.
  std::uint64_t out_of_order = 0;

  void add(const Counts& other) {
    sent += other.sent;
    acked += other.acked;
    failed += other.failed;
    delivered += other.delivered;
    foreign += other.foreign;
    resets += other.resets;
    missed += other.missed;
    out_of_order += other.out_of_order;
  }
  Counts since(const Counts& earlier) const {
    return {sent - earlier.sent,       acked - earlier.acked,
            failed - earlier.failed,   delivered - earlier.delivered,
            foreign - earlier.foreign, resets - earlier.resets,
            missed - earlier.missed,   out_of_order - earlier.out_of_order};
  }
};

// The figures of one group of rooms: those under load, or the probe rooms.
struct Tally {
  Counts counts;
  Violations violations;
  Histogram delivery;  // from when a message was due to its arrival at each subscriber
  Histogram ack;       // from when a message was due to its ack
  // Messages that were due before this are not in the histograms (warm-up).
  std::uint64_t measure_from_us = UINT64_MAX;
  Journal* journal = nullptr;  // none: only counted

  // Counts, and writes it down.
  void violate(std::uint64_t Violations::*kind, const Scene& scene, std::uint64_t count = 1);
};

}  // namespace chirm::load
