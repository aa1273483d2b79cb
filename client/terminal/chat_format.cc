// SPDX-License-Identifier: MIT
#include "client/terminal/chat_format.h"

#include "client/terminal/safe_text.h"
#include "protocol/codes.h"

namespace chirm::terminal {

namespace {

std::string name_of(std::string_view user) {
  const std::string name = safe_line(user);
  return name.empty() ? "server" : name;
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

std::string format_for_scripts(const ChatLine& line) {
  std::string out = "#" + safe_line(line.room) + " ";
  append_escaped(out, name_of(line.user), "\\ :");
  out += ": ";
  append_escaped(out, safe_text(line.text), "\\");
  out += '\n';
  return out;
}

std::string seconds_of(std::uint32_t ms) {
  const std::uint32_t tenths = (ms + 99) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string describe_refusal(const client::Disconnected& why, std::string_view where,
                             bool was_connected, bool lacks_token) {
  std::string text = was_connected ? "sent away by " : "refused by ";
  text.append(where).append(": ").append(safe_line(why.reason));
  text += " (" + std::to_string(why.code) + ")";
  const bool may_want_token =
      !was_connected && lacks_token &&
      (why.code == disconnects::kBadRequest.code || why.code == errors::kUnauthorized.code);
  if (may_want_token) text += "; it may want a token (--token)";
  return text;
}

bool is_without_members(const client::CommandError& error) {
  return error.code == errors::kNotAvailable.code || error.code == errors::kMethodNotFound.code;
}

bool is_no_such_room(const client::CommandError& error) { return error.code == 404; }

std::string describe_join_refusal(std::string_view room, const client::CommandError& error) {
  return "cannot join #" + safe_line(room) + ": " + safe_line(error.message);
}

std::string count_of(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace chirm::terminal
