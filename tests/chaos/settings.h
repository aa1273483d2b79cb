// SPDX-License-Identifier: MIT
#pragma once
// What a run of chirm-chaos does, from its flags.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/chaos/verdict.h"

namespace chirm::chaos {

// Where the messages are.
enum class Store : std::uint8_t {
  kRedis,     // with an append-only file
  kSentinel,  // Redis with a replica and a Sentinel
  kFile,      // of a single node
};

struct Settings {
  std::uint32_t nodes = 3;
  std::uint32_t clients = 600;
  std::uint32_t rooms = 20;
  double rate = 200;   // messages a second
  double every_s = 5;  // from the start of a fault to that of the next
  double duration_s = 600;
  std::uint32_t at_once = 1;  // faults, at most; above 1 at least two
  bool is_once = false;       // each fault once, instead of for a time
  std::uint64_t seed = 1;
  std::vector<std::string> faults;  // names
  Store store = Store::kRedis;
  double churn = 1;                 // clients a second that lose or close their connection
  bool has_no_api = false;          // nothing is published through the server API
  std::uint32_t history_ttl_s = 0;  // of the nodes; every third room is silent for longer. 0: never

  bool has(std::string_view fault) const {
    return std::find(faults.begin(), faults.end(), fault) != faults.end();
  }

  std::string faketime;  // libfaketime, "" when there is none or nobody needs it
  std::string programs;  // where chirmd and chirm-load are
  std::string wrapper;   // what to run chirmd with, "" for nothing
  std::string keep;      // directory for logs and reports; "": only when the run fails
  TimeLimits limits;
  std::string json;  // file, "-" for stdout, "" for none
};

// The settings, or the exit code when the program is to end at once: 0 after --help and --list, 2
// after a bad setting, which has been named on stderr in one line.
std::variant<Settings, int> parse_settings(int argc, const char* const* argv);

}  // namespace chirm::chaos
