// SPDX-License-Identifier: MIT
#include "tests/support/stepped_clock.h"

#include <signal.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdlib>
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

// libfaketime's processes leave memory behind when they are killed.
SteppedClock::~SteppedClock() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/dev/shm", error)) {
    const std::string name = entry.path().filename();
    const std::size_t at = name.rfind('_');
    if (!name.starts_with("faketime_shm_") && !name.starts_with("sem.faketime_sem_")) continue;
    const pid_t pid = std::atoi(name.c_str() + at + 1);
    if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), error);
  }
}

void SteppedClock::set(std::int64_t seconds) {
  // In one step, for the process may be reading it.
  const std::string file = directory_.path() + "/clock";
  std::ofstream(file + ".new") << (seconds < 0 ? "" : "+") << seconds << "s\n";
  fs::rename(file + ".new", file);
}

}  // namespace chirm::testing
