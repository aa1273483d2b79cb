// SPDX-License-Identifier: MIT
#pragma once
// What the processes of a run tell each other: the coordinator says when, the workers what they
// saw. The order: kReady ↑, kStart ↓, (kProgress ↑ …, kStop ↓), kTips ↑, kRequired ↓, kResult ↑.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/histogram.h"
#include "bench/load/pipe.h"
#include "bench/load/tally.h"

namespace chirm::load {

enum class Kind : std::uint32_t {
  kProgress,  // Progress
  kReady,     // Progress: all clients that could join have
  kStart,     // Plan
  kStop,      // end the traffic now
  kTips,      // Tip …: everything published by this worker has come back to it
  kRequired,  // Tip …: what all subscribers of a room are owed
  kResult,    // Result
};

struct Plan {
  std::uint64_t start_us = 0;         // traffic begins
  std::uint64_t measure_from_us = 0;  // … and what is measured
  std::uint64_t measure_to_us = 0;    // both end
};

struct Progress {
  std::uint64_t joined = 0;   // clients that were subscribed at some time
  std::uint64_t refused = 0;  // clients that will not come back
  std::uint64_t connected = 0;
  std::uint64_t failures = 0;  // of connections, without those of churn
  std::uint64_t first_connect_us = 0;
  std::uint64_t last_join_us = 0;
  Counts counts;
  std::uint64_t violations = 0;
  std::uint64_t p99_us = 0;         // of deliveries since the last report
  std::array<char, 120> trouble{};  // the last failure, for people
};

// How far one worker saw one life of a room's log.
struct Tip {
  std::uint32_t room = 0;
  std::uint64_t epoch = 0;     // a hash of its name
  std::uint64_t named_us = 0;  // when a subscribe reply named it last
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t known = 0;
  std::uint64_t digest = 0;
};

struct GroupFigures {
  Counts measured;  // within the measured interval
  Counts all;
  Violations violations;
  Histogram delivery;
  Histogram ack;

  // Deliveries that subscribers should have got.
  std::uint64_t owed() const { return all.delivered + violations.lost; }
};

// Plain counters.
struct Figures {
  Progress progress;
  std::array<char, 120> refusal{};  // why a message failed last, for people
  std::uint64_t measured_from_us = 0;
  std::uint64_t measured_to_us = 0;
  std::uint64_t cpu_us = 0;  // of the generator, within the measured interval
  std::uint64_t reconnects = 0;
  std::uint64_t recovered = 0;  // reconnects after which nothing was missing
  std::uint64_t tls_connections = 0;
  std::uint64_t tls13_connections = 0;  // of them by TLS 1.3; the others by 1.2
  std::uint64_t tls_resumed = 0;        // of them those that went on from an earlier session
  std::uint64_t resent = 0;             // messages sent again, for want of an ack
  std::uint64_t resubscribed = 0;       // without losing the connection
  std::uint64_t unsubscribed = 0;       // for good
  std::uint64_t vanished = 0;           // went away without closing
  std::uint64_t stalled = 0;            // times that a client did not read for a while
  std::uint64_t behind = 0;             // … and missed publications meanwhile, which it then read
  std::uint64_t away = 0;               // clients that were not subscribed any more at the end
  std::uint64_t unsent = 0;      // messages that were due, and the generator did not come to them
  std::uint64_t unanswered = 0;  // messages whose fate is unknown
};

struct Result {
  Figures figures;
  GroupFigures load;
  GroupFigures probe;
  Histogram joining;      // from connecting to subscribed, at the start
  Histogram recovering;   // from losing a connection to subscribed again
  Histogram catching_up;  // … until nothing that was known of the room by then is missing
  Histogram lateness;     // from when a message was due to its publishing
  std::vector<Tip> tips;

  std::string pack() const;
  static Result unpack(std::string_view bytes);
};

std::uint64_t hash_of(std::string_view text);

}  // namespace chirm::load
