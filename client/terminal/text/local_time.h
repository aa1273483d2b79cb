// SPDX-License-Identifier: MIT
#pragma once
// Unix times in the time zone of the person. Pure, but for that time zone.

#include <cstdint>
#include <ctime>
#include <string>

namespace chirm::terminal {

std::tm local_time(std::int64_t unix_ms);
// As strftime() formats it; "" when that takes more than 63 bytes.
std::string format_time(std::int64_t unix_ms, const char* format);
// "2026-11-22 14:05"
std::string format_minute(std::int64_t unix_ms);

}  // namespace chirm::terminal
