// SPDX-License-Identifier: MIT
#pragma once
// Who did what to whom, from where, and what came of it: an event is a line of JSON, in a file or
// on stderr, and the newest are kept to be asked for. No text of anybody, and no secret, is in it.
// On the loop's thread.
//
//   {"time":"2026-05-01T12:00:00.000Z","node":"n1","event":"sign-in","user":"ada",
//    "address":"192.0.2.1","result":"refused","why":"unauthorized"}

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/audit/audit_counters.h"
#include "core/base/error.h"
#include "core/loop/socket.h"
#include "protocol/expected.h"

namespace chirm {

class Loop;

// Views are valid within the call.
struct AuditEvent {
  std::string_view event;
  std::string_view user = {};     // who did it; "": nobody known
  std::string_view address = {};  // numeric; "": not known
  bool is_done = true;            // false: it was refused, or failed
  bool is_frequent = false;       // what a program may do a hundred times a second
  std::string_view why = {};      // of what was not done, a word
  std::vector<std::pair<std::string_view, std::string_view>> about = {};  // {"room","den"}
};

class AuditLog {
 public:
  // Kept in memory, to be asked for.
  static constexpr std::size_t kKeptMax = 1000;
  // Refusals, or frequent events of one kind, of one address in a minute that have a line each; the
  // others are summed up in one.
  static constexpr std::uint32_t kSinglePerMinute = 20;

  // The loop must outlive the log.
  AuditLog(const Loop& loop, std::string node);
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Writes to that file from now on, which only its owner may read; "-": to stderr. Open again when
  // somebody has moved it away (log rotation). The error names the file.
  [[nodiscard]] Expected<void, Error> open(const std::string& path);

  void add(const AuditEvent& event);

  struct Filter {
    std::string event = {};  // its beginning; "": any
    std::string user = {};   // who did it, or to whom it was done
    std::string address = {};
  };
  // Those of this node that are kept, the newest first.
  std::vector<std::string> find(const Filter& filter, std::size_t count_max) const;

  const AuditCounters& counters() const { return counters_; }

 private:
  struct Kept {
    std::string event;
    std::string user;
    std::string whom;
    std::string address;
    std::string line;
  };

  bool is_summed_up(const AuditEvent& event);
  void tell_sums();
  void write(const AuditEvent& event);
  void write_line(std::string_view line);

  const Loop& loop_;
  const std::string node_;
  Socket file_;  // any descriptor; closed: to no file
  bool is_stderr_ = false;
  bool is_failing_ = false;  // the last line could not be written
  std::deque<Kept> kept_;
  std::int64_t minute_ = 0;  // that counts_ are of
  // By event, which is "" for all refusals, and address.
  std::map<std::pair<std::string, std::string>, std::uint32_t> counts_;
  AuditCounters counters_;
};

}  // namespace chirm
