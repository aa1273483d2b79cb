// SPDX-License-Identifier: MIT
#include "core/rooms/direct_messages.h"

#include "core/rooms/names.h"
#include "core/rooms/standing.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr const char* kEmptyResult = "{}";
constexpr std::uint64_t kBlocksMax = 500;
constexpr std::uint64_t kChannelsOfUser = 1'000;

Unexpected<RpcError> bad_user(const char* expected) {
  return Unexpected<RpcError>(
      RpcError(errors::kBadRequest.code, std::string("user: expected ") + expected));
}

Unexpected<RpcError> no_such_user() { return Unexpected<RpcError>(RpcError(404, "no such user")); }

Unexpected<RpcError> is_blocked(bool is_by_other) {
  return not_allowed(is_by_other ? "they do not want to hear of you" : "you have blocked them");
}

std::string block_list(std::string_view user) { return "block:" + std::string(user); }

Result<bool> show(Kept<ListRecord>& kept) {
  const bool is_shown = kept.exists() && !kept.record.is_hidden;
  kept.record.is_hidden = false;
  return !is_shown;
}

}  // namespace

Task<RpcResult> DirectMessages::dm(RpcCaller caller, Request request) {
  const auto channel = channel_of_dm(caller.user, request.user);
  if (!channel) co_return bad_user("the name of somebody else");
  const auto person = co_await people_.find(request.user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  const auto listed = co_await store_.count("list:" + caller.user);
  if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
  if (*listed >= kChannelsOfUser) {
    co_return Unexpected<RpcError>(
        RpcError(errors::kLimitExceeded.code, "the list of channels is full"));
  }
  const auto shown = co_await store_.update_list(caller.user, *channel, show);
  if (!shown) co_return Unexpected<RpcError>(shown.error());
  if (shown->is_changed) store_.tell_listed(caller.user, *channel);
  JsonWriter json;
  json.open();
  json.add("channel", *channel);
  json.close();
  co_return json.take();
}

Task<RpcResult> DirectMessages::hide(RpcCaller caller, Request request) {
  const auto hide = [](Kept<ListRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return Unexpected<RpcError>(RpcError(404, "no such channel"));
    return !std::exchange(kept.record.is_hidden, true);
  };
  if (kind_of(request.channel) != ChannelKind::kDm) {
    co_return Unexpected<RpcError>(
        RpcError(errors::kBadRequest.code, "channel: expected a private conversation"));
  }
  const auto hidden = co_await store_.update_list(caller.user, request.channel, hide);
  if (!hidden) co_return Unexpected<RpcError>(hidden.error());
  if (hidden->is_changed) store_.tell_listed(caller.user, request.channel);
  co_return kEmptyResult;
}

Task<RpcResult> DirectMessages::block(RpcCaller caller, Request request) {
  if (request.user == caller.user) co_return bad_user("the name of somebody else");
  const auto person = co_await people_.find(request.user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  const auto blocked = co_await store_.count(block_list(caller.user));
  if (!blocked) co_return Unexpected<RpcError>(RpcError(blocked.error()));
  if (*blocked >= kBlocksMax) {
    co_return Unexpected<RpcError>(RpcError(errors::kLimitExceeded.code, "too many are blocked"));
  }
  const bool is_done = co_await store_.mark(block_list(caller.user), request.user, true);
  if (is_done) co_return kEmptyResult;
  co_return Unexpected<RpcError>(RpcError(errors::kInternal));
}

Task<RpcResult> DirectMessages::unblock(RpcCaller caller, Request request) {
  const bool is_done = co_await store_.mark(block_list(caller.user), request.user, false);
  if (is_done) co_return kEmptyResult;
  co_return Unexpected<RpcError>(RpcError(errors::kInternal));
}

// ---- Rights

std::optional<Access::Verdict> DirectMessages::may_read_now(std::string_view channel,
                                                            std::string_view user) {
  const auto* other = store_.persons.find("person", other_of(channel, user));
  if (other == nullptr) return std::nullopt;
  const bool is_open = settings_.rooms == ChatSettings::Rooms::kOpen;
  if (!other->exists() && !is_open) return Access::Verdict(no_such_user());
  return Access::Verdict();
}

Task<Access::Verdict> DirectMessages::may_read(std::string channel, std::string user) {
  const auto person = co_await store_.person(std::string(other_of(channel, user)));
  if (!person) co_return Unexpected<RpcError>(person.error());
  const bool is_open = settings_.rooms == ChatSettings::Rooms::kOpen;
  if (!person->exists() && !is_open) co_return Access::Verdict(no_such_user());
  co_return Access::Verdict();
}

std::optional<Access::Verdict> DirectMessages::may_write_now(std::string_view channel,
                                                             std::string_view user) {
  const auto reading = may_read_now(channel, user);
  if (!reading || !*reading) return reading;
  const std::string_view other = other_of(channel, user);
  const auto* by_other = store_.marks.find(block_list(other), user);
  if (by_other == nullptr) return std::nullopt;
  if (by_other->exists()) return Access::Verdict(is_blocked(true));
  const auto* by_user = store_.marks.find(block_list(user), other);
  if (by_user == nullptr) return std::nullopt;
  if (by_user->exists()) return Access::Verdict(is_blocked(false));
  return Access::Verdict();
}

Task<Access::Verdict> DirectMessages::may_write(std::string channel, std::string user) {
  const auto reading = co_await may_read(channel, user);
  if (!reading) co_return reading;
  const std::string other(other_of(channel, user));
  const auto by_other = co_await store_.is_marked(block_list(other), user);
  if (!by_other) co_return Unexpected<RpcError>(by_other.error());
  if (*by_other) co_return Access::Verdict(is_blocked(true));
  const auto by_user = co_await store_.is_marked(block_list(user), other);
  if (!by_user) co_return Unexpected<RpcError>(by_user.error());
  if (*by_user) co_return Access::Verdict(is_blocked(false));
  co_return Access::Verdict();
}

// ---- Lists

bool DirectMessages::is_listed_now(std::string_view channel, std::string_view user) {
  for (const std::string_view one : {user, other_of(channel, user)}) {
    const auto* entry = store_.lists.find("list:" + std::string(one), channel);
    if (entry == nullptr || !entry->exists() || entry->record.is_hidden) return false;
  }
  return true;
}

Task<Result<DirectMessages::Listed>> DirectMessages::list_for_both(std::string channel,
                                                                   std::string user) {
  const std::string other(other_of(channel, user));
  const auto of_other = co_await store_.update_list(other, channel, show);
  if (!of_other) co_return Unexpected<RpcError>(of_other.error());
  const auto of_user = co_await store_.update_list(user, channel, show);
  if (!of_user) co_return Unexpected<RpcError>(of_user.error());
  co_return Listed{of_user->is_changed, of_other->is_changed};
}

}  // namespace chirm
