// SPDX-License-Identifier: MIT
#include "core/rooms/direct_messages.h"

#include "core/rooms/names.h"
#include "core/rooms/standing.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr const char* kEmptyResult = "{}";

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
  const auto is_new = co_await list(caller.user, *channel);
  if (!is_new) co_return Unexpected<RpcError>(is_new.error());
  if (*is_new) store_.tell_listed(caller.user, *channel);
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
  const auto is_there = co_await store_.is_marked(block_list(caller.user), request.user);
  if (!is_there) co_return Unexpected<RpcError>(is_there.error());
  if (*is_there) co_return kEmptyResult;
  const auto blocked = co_await store_.count(block_list(caller.user));
  if (!blocked) co_return Unexpected<RpcError>(RpcError(blocked.error()));
  if (*blocked >= kBlocksOfUserMax) {
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

// A conversation with somebody who is not there any more, a guest of days ago, can still be read.
std::optional<Access::Verdict> DirectMessages::may_read_now(std::string_view channel,
                                                            std::string_view user) {
  const auto with_somebody = is_with_somebody_now(channel, user);
  if (!with_somebody || *with_somebody) return with_somebody;
  const auto* entry = store_.lists.find(list_of(user, channel), channel);
  if (entry == nullptr) return std::nullopt;
  return entry->exists() ? Access::Verdict() : with_somebody;
}

Task<Access::Verdict> DirectMessages::may_read(std::string channel, std::string user) {
  const auto with_somebody = co_await is_with_somebody(channel, user);
  if (with_somebody || with_somebody.error().temporary) co_return with_somebody;
  const auto entry = co_await store_.lists.get(list_of(user, channel), channel);
  if (!entry) co_return Unexpected<RpcError>(entry.error());
  if (entry->exists()) co_return Access::Verdict();
  co_return with_somebody;
}

std::optional<Access::Verdict> DirectMessages::is_with_somebody_now(std::string_view channel,
                                                                    std::string_view user) {
  const auto* other = store_.persons.find("person", other_of(channel, user));
  if (other == nullptr) return std::nullopt;
  const bool is_open = settings_.rooms == ChatSettings::Rooms::kOpen;
  if (!other->exists() && !is_open) return Access::Verdict(no_such_user());
  return Access::Verdict();
}

Task<Access::Verdict> DirectMessages::is_with_somebody(std::string channel, std::string user) {
  const auto person = co_await store_.person(std::string(other_of(channel, user)));
  if (!person) co_return Unexpected<RpcError>(person.error());
  const bool is_open = settings_.rooms == ChatSettings::Rooms::kOpen;
  if (!person->exists() && !is_open) co_return Access::Verdict(no_such_user());
  co_return Access::Verdict();
}

std::optional<Access::Verdict> DirectMessages::may_write_now(std::string_view channel,
                                                             std::string_view user) {
  const auto with_somebody = is_with_somebody_now(channel, user);
  if (!with_somebody || !*with_somebody) return with_somebody;
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
  const auto with_somebody = co_await is_with_somebody(channel, user);
  if (!with_somebody) co_return with_somebody;
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
    const auto* entry = store_.lists.find(list_of(one, channel), channel);
    if (entry == nullptr || !entry->exists() || entry->record.is_hidden) return false;
  }
  return true;
}

Task<Result<bool>> DirectMessages::list_for_both(std::string channel, std::string user) {
  const std::string other(other_of(channel, user));
  const auto is_new_to_other = co_await list(other, channel);
  if (!is_new_to_other) co_return Unexpected<RpcError>(is_new_to_other.error());
  if (*is_new_to_other) store_.tell_listed(other, channel);
  const auto is_new = co_await list(user, channel);
  if (!is_new) co_return is_new;
  if (*is_new) store_.tell_listed(user, channel);
  co_return true;
}

Task<bool> DirectMessages::list_if_known(std::string channel) {
  const std::string user(first_of_dm(channel));
  for (const std::string& one : {user, std::string(other_of(channel, user))}) {
    const auto person = co_await store_.person(one);
    if (!person || !person->exists()) co_return false;
  }
  const auto listed = co_await list_for_both(channel, user);
  co_return listed.has_value();
}

Task<Result<bool>> DirectMessages::list(std::string user, std::string channel) {
  const auto entry = co_await store_.lists.get(list_of(user, channel), channel);
  if (!entry) co_return Unexpected<RpcError>(entry.error());
  if (!entry->exists()) {
    const auto space = co_await make_space(user);
    if (!space) co_return space;
  }
  const auto shown = co_await store_.update_list(user, channel, show);
  if (!shown) co_return Unexpected<RpcError>(shown.error());
  co_return shown->is_changed;
}

// What is hidden gives way, for it comes back with the next message there; then what nobody can
// answer any more.
Task<Result<bool>> DirectMessages::make_space(std::string user) {
  const std::string collection = "dms:" + user;
  const auto count = co_await store_.count(collection);
  if (!count) co_return Unexpected<RpcError>(RpcError(count.error()));
  if (*count < kDmsOfUserMax) co_return true;
  const auto listed = co_await store_.list(collection, {}, DocumentStore::kListMax);
  if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
  for (const NamedDocument& one : *listed) {
    if (!ListRecord::decode(one.document.value).is_hidden) continue;
    const auto removed = co_await store_.lists.put(collection, one.id, one.document.version, "");
    if (removed && *removed) co_return true;
  }
  for (const NamedDocument& one : *listed) {
    const auto with_somebody = co_await is_with_somebody(one.id, user);
    if (with_somebody || with_somebody.error().temporary) continue;
    const auto removed = co_await store_.lists.put(collection, one.id, one.document.version, "");
    if (removed && *removed) co_return true;
  }
  co_return Unexpected<RpcError>(
      RpcError(errors::kLimitExceeded.code, "there are too many private conversations"));
}

}  // namespace chirm
