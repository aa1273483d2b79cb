// SPDX-License-Identifier: MIT
#pragma once
// The wall clock of another process, which is set while that runs: libfaketime, of Debian's package
// of that name, reads it from a file. The process' monotonic clock is the machine's.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_directory.h"

namespace chirm::testing {

class SteppedClock {
 public:
  // Where Debian has the library; nullopt when it is not installed.
  static std::optional<std::string> find_library();
  // So long after set() the process has noticed.
  static constexpr std::uint64_t kNoticedMs = 2000;

  explicit SteppedClock(const std::string& library);
  ~SteppedClock();
  SteppedClock(const SteppedClock&) = delete;
  SteppedClock& operator=(const SteppedClock&) = delete;

  // NAME=value, for the process.
  const std::vector<std::string>& environment() const { return environment_; }
  // So many seconds ahead of the machine's, or, below 0, behind it.
  void set(std::int64_t seconds);

 private:
  TempDirectory directory_;
  std::vector<std::string> environment_;
};

}  // namespace chirm::testing
