// SPDX-License-Identifier: MIT
#pragma once
// Who a connection is, by its token, and which channels its name gives it the right to. Answers at
// once, from what the node knows; what a room allows is asked of Access. On the loop's thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/accounts/user_role.h"
#include "core/chat/chat_settings.h"
#include "protocol/codes.h"
#include "protocol/command.h"
#include "protocol/expected.h"
#include "protocol/jwt.h"

namespace chirm {

class Accounts;
class Loop;
class Revocations;

struct Identity {
  std::string user;
  std::string info;                        // conn_info: raw JSON or ""
  std::optional<std::int64_t> expires_at;  // Unix seconds
  // What the server subscribes the connection to: the user's inbox, and what its token names. All
  // are valid names in namespaces that exist.
  TokenChannels channels;
  UserRole role = UserRole::kUser;
  std::uint64_t session = 0;  // of core/accounts; 0: none
};

// An error is sent as a reply, and the client may connect again on the same connection. A
// Disconnect closes it.
using Refusal = std::variant<ErrorCode, Disconnect>;

class Authenticator {
 public:
  // All must outlive the authenticator. Without accounts only tokens of the operator's own system
  // are valid; without revocations nobody is banned.
  Authenticator(const Loop& loop, const ChatSettings& settings, const Accounts* accounts = nullptr,
                const Revocations* revocations = nullptr)
      : loop_(loop), settings_(settings), accounts_(accounts), revocations_(revocations) {}

  // False until the node has read from the store who is banned and which key signs tokens. A client
  // that connects before that is refused with a temporary error.
  bool is_ready() const;

  [[nodiscard]] Expected<Identity, Refusal> authenticate(const ConnectCommand& command) const;
  // Judges a new token for a connection of `user`. Its channels do not count before the next
  // connect.
  [[nodiscard]] Expected<Identity, Disconnect> refresh(std::string_view user,
                                                       std::string_view token) const;

  // Whether tokens of the user or the session have been revoked.
  bool is_revoked(std::string_view user, std::uint64_t session) const;

  // Whether the name admits the user; nullopt: it does. The rule is the same for subscribing,
  // publishing and reading: room:<name> is open to all users, dm:#<a>,<b> and user:#<u> to those
  // who are named, and nothing else exists. In insecure mode everything is allowed.
  std::optional<ErrorCode> check_channel(std::string_view user, std::string_view channel) const;
  // Whether a channel of that name can exist; nullopt: it can.
  std::optional<ErrorCode> check_name(std::string_view channel) const;

 private:
  [[nodiscard]] Expected<Identity, Refusal> verify(std::string_view token) const;
  // Adds the user's inbox. Refused when the token names a channel that cannot exist.
  [[nodiscard]] Expected<Identity, Refusal> with_channels(Identity identity) const;

  const Loop& loop_;
  const ChatSettings& settings_;
  const Accounts* accounts_;
  const Revocations* revocations_;
};

}  // namespace chirm
