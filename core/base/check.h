// SPDX-License-Identifier: MIT
#pragma once
// CHIRM_CHECK: a bug ends the process with the values that show it. Never for what a peer or the
// environment can cause.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace chirm {

// True in builds that check, at the end of each turn, what structures promise of themselves
// (CMake's CHIRM_INVARIANTS: the presets dev, asan, tsan and fuzz). A structure has `void check()
// const`, which ends the process through CHIRM_CHECK; who owns it calls that `if constexpr
// (kChecksInvariants)`. In other builds the call is compiled and thrown away.
inline constexpr bool kChecksInvariants = CHIRM_INVARIANTS != 0;

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& values);

// " 3 abc": numbers, enums as numbers, text, and pointers as addresses. No stream, for this header
// is part of most files and <sstream> would be the largest part of it.
template <class... Values>
std::string check_values(const Values&... values) {
  std::string text;
  [[maybe_unused]] const auto append = [&text]<class Value>(const Value& value) {
    text += ' ';
    if constexpr (std::is_same_v<Value, char>) {
      text += value;
    } else if constexpr (std::is_enum_v<Value>) {
      text += std::to_string(static_cast<std::underlying_type_t<Value>>(value));
    } else if constexpr (std::is_arithmetic_v<Value>) {
      text += std::to_string(value);
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      text += std::string_view(value);
    } else {
      text += std::to_string(reinterpret_cast<std::uintptr_t>(value));
    }
  };
  (append(values), ...);
  return text;
}

}  // namespace chirm

// CHIRM_CHECK(a <= b, a, b)
#define CHIRM_CHECK(condition, ...)                                                     \
  (static_cast<bool>(condition) ? static_cast<void>(0)                                  \
                                : ::chirm::check_failed(__FILE__, __LINE__, #condition, \
                                                        ::chirm::check_values(__VA_ARGS__)))
