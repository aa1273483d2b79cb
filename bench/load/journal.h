// SPDX-License-Identifier: MIT
#pragma once
// What happened to which client and when, one JSON object a line (--journal). All processes of a
// run write to the same file, each whole lines. Times are microseconds of the monotonic clock.

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/scene.h"
#include "core/loop/socket.h"

namespace chirm::load {

// A client's connection was lost, and it came back.
struct Outage {
  std::uint64_t gone_us = 0;       // the connection was lost
  std::uint64_t back_us = 0;       // subscribed again
  std::uint64_t caught_up_us = 0;  // has everything that was known of the room at back_us
  bool recovered = false;          // false: was told that something is missing
};

class Journal {
 public:
  // An empty path: nothing is written. Otherwise the file is made, or emptied.
  // is_open() tells whether that was possible.
  explicit Journal(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool is_open() const { return file_.is_open(); }

  void start(std::uint64_t at_us);
  void outage(std::uint32_t client, const Outage& outage);
  // A client was told recovered:false. gone_us: 0 when it had not lost its connection.
  void reset(std::string_view channel, std::string_view epoch, std::uint64_t offset,
             std::uint64_t gone_us);
  // A client subscribed again without having lost its connection.
  void resubscribed(std::uint32_t client);
  // kind: its name in Violations.
  void violation(std::string_view kind, std::uint64_t count, const Scene& scene);

  // Writes what has gathered.
  void flush();

 private:
  // A server that does everything wrong need not fill the disk.
  static constexpr std::uint64_t kViolationsMax = 10'000;

  Socket file_;
  std::string lines_;
  std::uint64_t violations_ = 0;
};

}  // namespace chirm::load
