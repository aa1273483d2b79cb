// SPDX-License-Identifier: MIT
#include "client/terminal/chat_format.h"

#include <ctime>

#include "client/terminal/safe_text.h"

namespace chirm::terminal {

namespace {

constexpr std::string_view kIndent = "      ";  // below the user, behind the time

std::string name_of(std::string_view user) {
  const std::string name = safe_line(user);
  return name.empty() ? "server" : name;
}

std::tm local_time(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

std::string clock_of(std::int64_t time_ms, std::int64_t now_ms) {
  if (time_ms <= 0) return "--:--";
  const std::tm time = local_time(time_ms);
  const std::tm now = local_time(now_ms);
  const bool is_today = time.tm_year == now.tm_year && time.tm_yday == now.tm_yday;
  char text[32];
  const std::size_t length =
      std::strftime(text, sizeof text, is_today ? "%H:%M" : "%Y-%m-%d %H:%M", &time);
  return {text, length};
}

void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

}  // namespace

std::string format_for_people(const ChatLine& line, bool with_room, std::int64_t now_ms) {
  std::string out;
  if (with_room) out += "#" + safe_line(line.room) + " ";
  out += clock_of(line.time_ms, now_ms) + " " + name_of(line.user) + ": ";
  for (const char c : safe_text(line.text)) {
    out += c;
    if (c == '\n') out += kIndent;
  }
  return out;
}

std::string format_for_scripts(const ChatLine& line) {
  std::string out = "#" + safe_line(line.room) + " ";
  append_escaped(out, name_of(line.user), "\\ :");
  out += ": ";
  append_escaped(out, safe_text(line.text), "\\");
  out += '\n';
  return out;
}

std::string count_of(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace chirm::terminal
