// SPDX-License-Identifier: MIT
#pragma once
// Reads chirm-load's journal (bench/load/journal.h) while that is being written.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chirm::chaos {

// Times are microseconds of the monotonic clock.
struct Outage {
  std::uint64_t client = 0;
  std::uint64_t gone_us = 0;
  std::uint64_t caught_up_us = 0;
};

struct Reset {
  std::uint64_t at_us = 0;
  std::string channel;
  std::string epoch;
  std::uint64_t offset = 0;   // where the client goes on
  std::uint64_t gone_us = 0;  // when it lost its connection, 0 when it had not
};

struct Violation {
  std::string kind;
  std::uint64_t count = 0;
  std::uint64_t at_us = 0;     // when it was found
  std::uint64_t due_us = 0;    // when the message was due, 0 when not known
  std::uint64_t acked_us = 0;  // when the message was acked, 0 when it is not about that
  std::string channel;
  std::string epoch;         // "" when it does not matter
  std::uint64_t offset = 0;  // of the message, 0 when not known
  std::string line;          // as written
};

class LoadJournal {
 public:
  explicit LoadJournal(std::string path) : path_(std::move(path)) {}

  // Reads the lines that have been added.
  void update();
  // Takes whole lines.
  void read(std::string_view lines);

  bool has_started() const { return has_started_; }
  const std::vector<Outage>& outages() const { return outages_; }
  const std::vector<Reset>& resets() const { return resets_; }
  const std::vector<Violation>& violations() const { return violations_; }
  // When clients subscribed again without having lost their connection.
  const std::vector<std::uint64_t>& resubscribed_us() const { return resubscribed_us_; }
  // How many different clients lost their connection in [from_us, to_us) and have caught up.
  std::size_t count_victims(std::uint64_t from_us, std::uint64_t to_us) const;

 private:
  void take(std::string_view line);

  std::string path_;
  std::uint64_t read_bytes_ = 0;
  bool has_started_ = false;
  std::vector<Outage> outages_;
  std::vector<Reset> resets_;
  std::vector<std::uint64_t> resubscribed_us_;
  std::vector<Violation> violations_;
};

}  // namespace chirm::chaos
