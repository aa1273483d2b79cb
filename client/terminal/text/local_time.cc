// SPDX-License-Identifier: MIT
#include "client/terminal/text/local_time.h"

namespace chirm::terminal {

std::tm local_time(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

std::string format_time(std::int64_t unix_ms, const char* format) {
  const std::tm local = local_time(unix_ms);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &local)};
}

std::string format_minute(std::int64_t unix_ms) { return format_time(unix_ms, "%Y-%m-%d %H:%M"); }

}  // namespace chirm::terminal
