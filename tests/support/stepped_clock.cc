// SPDX-License-Identifier: MIT
#include "tests/support/stepped_clock.h"

#include <filesystem>
#include <fstream>

namespace chirm::testing {

namespace fs = std::filesystem;

std::optional<std::string> SteppedClock::find_library() {
  std::error_code error;
  // In a directory that is named for the architecture.
  for (const auto& entry : fs::directory_iterator("/usr/lib", error)) {
    const fs::path library = entry.path() / "faketime/libfaketimeMT.so.1";
    if (fs::exists(library, error)) return library.string();
  }
  return std::nullopt;
}

SteppedClock::SteppedClock(const std::string& library) {
  // The C library stands before the allocator of Redis, which asks for the time before libfaketime
  // is ready to answer.
  environment_ = {"LD_PRELOAD=" + library + " libc.so.6",
                  "FAKETIME_TIMESTAMP_FILE=" + directory_.path() + "/clock",
                  "FAKETIME_CACHE_DURATION=1", "DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"};
  set(0);
}

void SteppedClock::set(std::int64_t seconds) {
  // In one step, for the process may be reading it.
  const std::string file = directory_.path() + "/clock";
  std::ofstream(file + ".new") << (seconds < 0 ? "" : "+") << seconds << "s\n";
  fs::rename(file + ".new", file);
}

}  // namespace chirm::testing
