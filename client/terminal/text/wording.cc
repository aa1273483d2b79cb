// SPDX-License-Identifier: MIT
#include "client/terminal/text/wording.h"

#include "client/terminal/text/safe_text.h"
#include "protocol/codes.h"

namespace chirm::terminal {

namespace {

// As in HTTP; what the server answers about rooms (docs/protocol.md, "RPC").
constexpr std::uint32_t kNotFound = 404;

}  // namespace

std::string shown_name(std::string_view user) {
  const std::string name = safe_line(user);
  return name.empty() ? "server" : name;
}

std::string seconds_of(std::uint32_t ms) {
  const std::uint32_t tenths = (ms + 99) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string count_of(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string describe_refusal(const client::Disconnected& why, std::string_view where,
                             bool was_connected, bool lacks_token) {
  std::string text = was_connected ? "sent away by " : "refused by ";
  text.append(where).append(": ").append(safe_line(why.reason));
  text += " (" + std::to_string(why.code) + ")";
  // Who forgot the token gets one of these two codes, and the server's reason does not say what is
  // missing. After a connection that stood, they have other causes.
  const bool may_want_token =
      !was_connected && lacks_token &&
      (why.code == disconnects::kBadRequest.code || why.code == errors::kUnauthorized.code);
  if (may_want_token) text += "; it may want a token (--token)";
  return text;
}

// chirmd without accounts knows the methods and says that they are not available; a server of
// another make, such as Centrifugo, does not know them.
bool is_without_members(const client::CommandError& error) {
  return error.code == errors::kNotAvailable.code || error.code == errors::kMethodNotFound.code;
}

bool is_no_such_room(const client::CommandError& error) { return error.code == kNotFound; }

std::string describe_join_refusal(std::string_view room, const client::CommandError& error) {
  return "cannot join #" + safe_line(room) + ": " + safe_line(error.message);
}

}  // namespace chirm::terminal
