// SPDX-License-Identifier: MIT
// The methods of the server API that act on connections.
#include "core/server/admin/api_methods.h"

#include <utility>

#include "protocol/json.h"
#include "protocol/limits.h"

namespace chirm {

SessionTarget ApiMethods::read_target(JsonFields& params) {
  return {params.text_or("user", kNames, {}), params.text_or("client", kKeys, {}),
          params.text_or("session", kKeys, {})};
}

// The user of connections without one is empty: all of them would be meant, more often by mistake
// than by intent.
ApiAction ApiMethods::without_user() { return failing(bad_request("user: expected a user")); }

SessionControl::Done ApiMethods::when_done(const ApiDone& done) {
  return [done](bool is_done) {
    is_done ? done("{}") : done(Unexpected<ApiError>(to_api(errors::kInternal)));
  };
}

ApiAction ApiMethods::prepare_disconnect(JsonFields& params) {
  SessionControl::Disconnecting what{read_target(params)};
  what.kept_clients = params.texts("whitelist", kChannelsMax, kKeys);
  JsonFields with(params.raw("disconnect"));
  const std::uint64_t code = with.number_or("code", {0, UINT32_MAX}, what.code);
  what.reason = with.text_or("reason", {0, 123}, what.reason);
  if (!with.is_right()) params.refuse("disconnect", "a code and a reason");
  if (what.target.user.empty()) return without_user();
  if (code < 3000 || code > 4999) {
    return failing(bad_request("disconnect.code: expected 3000 to 4999"));
  }
  // SDKs take a reason that is JSON, or none, for something else (protocol/codes.h).
  if (what.reason.empty() || what.reason.size() > 123 || json::is_valid(what.reason)) {
    return failing(bad_request("disconnect.reason: expected words, at most 123 bytes"));
  }
  what.code = static_cast<std::uint16_t>(code);
  return [this, what](const ApiDone& done) { control_.disconnect(what, when_done(done)); };
}

ApiAction ApiMethods::prepare_subscribe(JsonFields& params) {
  SessionControl::Subscribing what{read_target(params), params.text_or("channel", kNames, {})};
  what.options = {read_payload(params, "info"), read_payload(params, "data")};
  const bool has_expiry = params.number_or("expire_at", JsonFields::kAny, 0) > 0;
  const bool has_override = params.has("override");
  if (params.has("recover_since")) {
    JsonFields since(params.raw("recover_since"));
    what.since = Position{since.number_or("offset", {0, limits::kOffsetMax}, 0),
                          since.text_or("epoch", kKeys, {})};
    if (!since.is_right()) params.refuse("recover_since", "an offset and an epoch");
  }
  if (what.target.user.empty()) return without_user();
  if (auto error = wrong_with(what.channel)) return failing(std::move(*error));
  if (what.options.info.size() > kDataBytes || what.options.data.size() > kDataBytes) {
    return failing(
        bad_request("info, data: expected at most " + std::to_string(kDataBytes) + " bytes"));
  }
  // Refused and not ignored: a caller who limits a subscription relies on that.
  if (has_expiry || has_override) {
    const std::string name = has_expiry ? "expire_at" : "override";
    return failing({errors::kNotAvailable.code, name + ": not available"});
  }
  return [this, what](const ApiDone& done) { control_.subscribe(what, when_done(done)); };
}

ApiAction ApiMethods::prepare_unsubscribe(JsonFields& params) {
  const SessionTarget target = read_target(params);
  const std::string channel = params.text_or("channel", kNames, {});
  if (target.user.empty()) return without_user();
  if (auto error = wrong_with(channel)) return failing(std::move(*error));
  return [this, target, channel](const ApiDone& done) {
    control_.unsubscribe(target, channel, when_done(done));
  };
}

}  // namespace chirm
