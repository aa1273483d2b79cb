// SPDX-License-Identifier: MIT
#include "core/chat/authenticator.h"

#include <algorithm>

#include "core/accounts/accounts.h"
#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/loop/loop.h"
#include "protocol/channel_name.h"
#include "protocol/json_writer.h"
#include "protocol/jwt.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

bool is_user_name(std::string_view user) {
  // It becomes a part of channel names.
  return user.empty() || (user.size() <= limits::kUserBytes && is_channel_name(user));
}

// "#<user>"; a name may have commas and hashes, for it is compared as a whole.
bool is_inbox(std::string_view name) { return name.size() > 1 && name.starts_with('#'); }

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

// Of a token that was signed by the cluster itself.
Identity own_identity(TokenClaims claims) {
  JsonWriter info;
  info.open();
  info.add("name", claims.name);
  info.close();
  UserRole role = UserRole::kUser;
  if (claims.role == text_of(UserRole::kGuest)) role = UserRole::kGuest;
  if (claims.role == text_of(UserRole::kAdmin)) role = UserRole::kAdmin;
  return {std::move(claims.user),
          info.take(),
          claims.expires_at,
          {},
          role,
          id_from_text(claims.session).value_or(0)};
}

// The operator's system names users as it likes. It cannot make anonymous ones administrators, for
// nobody could say later which of them did something.
Identity external_identity(TokenClaims claims) {
  const bool is_admin = claims.role == text_of(UserRole::kAdmin) && !claims.user.empty();
  return {std::move(claims.user),
          std::move(claims.info),
          claims.expires_at,
          std::move(claims.channels),
          is_admin ? UserRole::kAdmin : UserRole::kUser,
          0};
}

}  // namespace

Expected<Identity, Refusal> Authenticator::authenticate(const ConnectCommand& command) const {
  if (settings_.is_insecure) {
    if (!is_user_name(command.data_name)) return Unexpected<Refusal>(errors::kBadRequest);
    return with_channels(
        {.user = std::string(command.data_name), .info = {}, .expires_at = {}, .channels = {}});
  }
  if (command.token.empty()) return Unexpected<Refusal>(disconnects::kBadRequest);
  return verify(command.token).and_then([this](Identity identity) {
    return with_channels(std::move(identity));
  });
}

bool Authenticator::is_ready() const {
  return (accounts_ == nullptr || accounts_->is_ready()) &&
         (revocations_ == nullptr || revocations_->is_loaded());
}

Expected<Identity, Refusal> Authenticator::verify(std::string_view token) const {
  const std::int64_t now = loop_.unix_ms() / 1000;
  // Before the revocations are read, any token might be a revoked one. A temporary error has
  // clients try again, on this node or another.
  if (!is_ready()) return Unexpected<Refusal>(errors::kInternal);
  // What the cluster's key has not signed may be a token of the operator's system, which has keys
  // of its own.
  const auto own = accounts_ == nullptr ? std::nullopt : accounts_->verify(token);
  const auto claims = own ? *own : verify_connection_token(token, settings_.tokens, now);
  if (!claims) {
    if (claims.error() == TokenError::kExpired) return Unexpected<Refusal>(errors::kTokenExpired);
    return Unexpected<Refusal>(disconnects::kInvalidToken);
  }
  if (claims->expires_at && *claims->expires_at <= now) {  // `expire_at`
    return Unexpected<Refusal>(errors::kExpired);
  }
  // An outside token must not take over a guest, an account's other spelling or an administrator.
  const bool is_user =
      own || (is_external_user(claims->user) &&
              !(accounts_ != nullptr && accounts_->looks_like_account(claims->user)));
  if (!is_user) return Unexpected<Refusal>(disconnects::kInvalidToken);
  Identity identity = own ? own_identity(*claims) : external_identity(*claims);
  // A ban is by name, so it holds for whatever token the user comes with.
  if (is_revoked(identity.user, identity.session)) {
    return Unexpected<Refusal>(disconnects::kInvalidToken);
  }
  return identity;
}

bool Authenticator::is_revoked(std::string_view user, std::uint64_t session) const {
  return revocations_ != nullptr && revocations_->is_revoked(user, session);
}

Expected<Identity, Refusal> Authenticator::with_channels(Identity identity) const {
  for (const auto& [channel, options] : identity.channels) {
    if (const auto error = check_name(channel)) return Unexpected<Refusal>(*error);
  }
  if (settings_.has_inboxes && !identity.user.empty()) {
    (void)identity.channels["user:#" + identity.user];
  }
  return identity;
}

Expected<Identity, Disconnect> Authenticator::refresh(std::string_view user,
                                                      std::string_view token) const {
  // In insecure mode there is nothing that a client could refresh.
  if (settings_.is_insecure || token.empty()) {
    return Unexpected<Disconnect>(disconnects::kBadRequest);
  }
  auto identity = verify(token);
  if (!identity) {
    const auto* why = std::get_if<Disconnect>(&identity.error());
    if (why != nullptr) return Unexpected<Disconnect>(*why);
    // This node cannot judge it yet, so the client is to connect again, maybe to another one.
    const bool is_early = std::get<ErrorCode>(identity.error()) == errors::kInternal;
    return Unexpected<Disconnect>(is_early ? disconnects::kInternal : disconnects::kExpired);
  }
  // A connection stays the user's it was opened for: its subscriptions were allowed to that one.
  if (identity->user != user) return Unexpected<Disconnect>(disconnects::kInvalidToken);
  return std::move(*identity);
}

// Rooms have no '#' in their names: with one, the name would say who may use the channel, and rooms
// decide that by membership.
std::optional<ErrorCode> Authenticator::check_name(std::string_view channel) const {
  if (!is_channel_name(channel)) return errors::kBadRequest;
  if (settings_.is_insecure) return std::nullopt;
  const std::string_view space = channel_namespace(channel);
  const std::string_view name = channel.substr(std::min(channel.size(), space.size() + 1));
  bool is_right = false;
  if (space == "room") {
    is_right = !name.empty() && !is_user_limited(channel);
  } else if (space == "user") {
    is_right = is_inbox(name);
  } else if (space == "dm") {
    is_right = is_conversation(name);
  } else {
    return errors::kUnknownChannel;
  }
  return is_right ? std::nullopt : std::optional(errors::kBadRequest);
}

std::optional<ErrorCode> Authenticator::check_channel(std::string_view user,
                                                      std::string_view channel) const {
  const auto error = check_name(channel);
  if (error || settings_.is_insecure) return error;
  const std::string_view space = channel_namespace(channel);
  if (space == "room") return std::nullopt;
  const bool is_own = !user.empty() && (space == "user" ? channel.substr(space.size() + 2) == user
                                                        : allows_user(channel, user));
  return is_own ? std::nullopt : std::optional(errors::kPermissionDenied);
}

}  // namespace chirm
