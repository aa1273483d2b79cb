// SPDX-License-Identifier: MIT
#pragma once
// CHIRM_CHECK: a bug ends the process with the values that show it. Never for what a peer or the
// environment can cause.

#include <sstream>
#include <string>

namespace chirm {

// True in builds that check, at the end of each turn, what structures promise of themselves
// (CMake's CHIRM_INVARIANTS: the presets dev, asan, tsan and fuzz). A structure has `void check()
// const`, which ends the process through CHIRM_CHECK; who owns it calls that `if constexpr
// (kChecksInvariants)`. In other builds the call is compiled and thrown away.
inline constexpr bool kChecksInvariants = CHIRM_INVARIANTS != 0;

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& values);

template <class... Values>
std::string check_values(const Values&... values) {
  std::ostringstream text;
  ((text << ' ' << values), ...);
  return text.str();
}

}  // namespace chirm

// CHIRM_CHECK(a <= b, a, b)
#define CHIRM_CHECK(condition, ...)                                                     \
  (static_cast<bool>(condition) ? static_cast<void>(0)                                  \
                                : ::chirm::check_failed(__FILE__, __LINE__, #condition, \
                                                        ::chirm::check_values(__VA_ARGS__)))
