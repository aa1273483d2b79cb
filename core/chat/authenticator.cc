// SPDX-License-Identifier: MIT
#include "core/chat/authenticator.h"

#include <algorithm>

#include "core/loop/loop.h"
#include "protocol/channel_name.h"
#include "protocol/jwt.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

bool is_user_name(std::string_view user) {
  return user.size() <= limits::kUserBytes && std::none_of(user.begin(), user.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

// "#<a>,<b>" with a before b, so that a conversation has one name.
bool is_conversation(std::string_view name) {
  const std::size_t comma = name.find(',');
  if (!name.starts_with('#') || comma == std::string_view::npos) return false;
  const std::string_view a = name.substr(1, comma - 1);
  const std::string_view b = name.substr(comma + 1);
  const bool are_names =
      a.find('#') == std::string_view::npos && b.find_first_of("#,") == std::string_view::npos;
  return are_names && !a.empty() && a < b;
}

Expected<Identity, Refusal> verify(std::string_view token, std::string_view secret) {
  const std::int64_t now = Loop::unix_ms() / 1000;
  const auto claims = verify_connection_token(token, secret, now);
  if (!claims) {
    if (claims.error() == TokenError::kExpired) return Unexpected<Refusal>(errors::kTokenExpired);
    return Unexpected<Refusal>(disconnects::kInvalidToken);
  }
  if (claims->expires_at && *claims->expires_at <= now) {  // `expire_at`
    return Unexpected<Refusal>(errors::kExpired);
  }
  if (!is_user_name(claims->user)) return Unexpected<Refusal>(disconnects::kInvalidToken);
  return Identity{claims->user, claims->info, claims->expires_at};
}

}  // namespace

Expected<Identity, Refusal> Authenticator::authenticate(const ConnectCommand& command) const {
  if (settings_.is_insecure) {
    if (!is_user_name(command.data_name)) return Unexpected<Refusal>(errors::kBadRequest);
    return Identity{std::string(command.data_name), {}, std::nullopt};
  }
  if (command.token.empty()) return Unexpected<Refusal>(disconnects::kBadRequest);
  return verify(command.token, settings_.token_hmac_secret);
}

Expected<Identity, Refusal> Authenticator::refresh(std::string_view user,
                                                   std::string_view token) const {
  // In insecure mode there is nothing that a client could refresh.
  if (settings_.is_insecure || token.empty()) return Unexpected<Refusal>(disconnects::kBadRequest);
  auto identity = verify(token, settings_.token_hmac_secret);
  if (!identity && std::holds_alternative<ErrorCode>(identity.error())) {
    return Unexpected<Refusal>(disconnects::kExpired);
  }
  if (identity && identity->user != user) return Unexpected<Refusal>(disconnects::kInvalidToken);
  return identity;
}

std::optional<ErrorCode> Authenticator::check_channel(std::string_view user,
                                                      std::string_view channel) const {
  if (!is_channel_name(channel)) return errors::kBadRequest;
  if (settings_.is_insecure) return std::nullopt;
  const std::string_view space = channel_namespace(channel);
  const std::string_view name = channel.substr(std::min(channel.size(), space.size() + 1));
  if (space == "room") {
    if (name.empty() || is_user_limited(channel)) return errors::kBadRequest;
    return std::nullopt;
  }
  if (space == "user") {
    if (!user.empty() && name == "#" + std::string(user)) return std::nullopt;
    return errors::kPermissionDenied;
  }
  if (space == "dm") {
    if (!is_conversation(name)) return errors::kBadRequest;
    if (!user.empty() && allows_user(channel, user)) return std::nullopt;
    return errors::kPermissionDenied;
  }
  return errors::kUnknownChannel;
}

}  // namespace chirm
