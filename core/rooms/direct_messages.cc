// SPDX-License-Identifier: MIT
#include "core/rooms/direct_messages.h"

#include <array>
#include <utility>

#include "core/rooms/rules/names.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

Unexpected<RpcError> not_oneself() {
  return bad_request("user: expected the name of somebody else");
}

Result<bool> show(Kept<ListRecord>& kept) {
  const bool is_shown = kept.exists() && !kept.record.is_hidden;
  kept.record.is_hidden = false;
  return !is_shown;
}

}  // namespace

// Only the caller's list: the other one need not hear of a conversation in which nothing was said.
Task<RpcResult> DirectMessages::dm(RpcCaller caller, Request request) {
  const auto channel = channel_of_dm(caller.user, request.user);
  if (!channel) co_return not_oneself();
  (void)co_await ok(people_.find(request.user));
  const bool is_new = co_await ok(list(caller.user, *channel));
  if (is_new) announcer_.tell_listed(caller.user, *channel);
  JsonWriter json;
  json.open();
  json.add("channel", *channel);
  json.close();
  co_return json.take();
}

Task<RpcResult> DirectMessages::hide(RpcCaller caller, Request request) {
  const auto hide = [](Kept<ListRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return not_found("no such channel");
    return !std::exchange(kept.record.is_hidden, true);
  };
  if (kind_of(request.channel) != ChannelKind::kDm) {
    co_return bad_request("channel: expected a private conversation");
  }
  const auto hidden = co_await ok(store_.update_list(caller.user, request.channel, hide));
  if (hidden.is_changed) announcer_.tell_listed(caller.user, request.channel);
  co_return kEmptyResult;
}

Task<RpcResult> DirectMessages::block(RpcCaller caller, Request request) {
  if (request.user == caller.user) co_return not_oneself();
  (void)co_await ok(people_.find(request.user));
  const bool is_there = co_await ok(store_.has_blocked(caller.user, request.user));
  if (is_there) co_return kEmptyResult;
  const std::uint64_t blocked = co_await ok(store_.count(blocked_by(caller.user)));
  if (blocked >= kBlocksOfUserMax) co_return limit_exceeded("too many are blocked");
  co_await ok(store_.mark(blocked_by(caller.user), request.user, true));
  co_return kEmptyResult;
}

Task<RpcResult> DirectMessages::unblock(RpcCaller caller, Request request) {
  co_await ok(store_.mark(blocked_by(caller.user), request.user, false));
  co_return kEmptyResult;
}

// ---- Lists

bool DirectMessages::is_listed_now(std::string_view channel, std::string_view user) {
  for (const std::string_view one : {user, other_of(channel, user)}) {
    const auto* entry = store_.lists.find(dms_of(one), channel);
    if (entry == nullptr || !entry->exists() || entry->record.is_hidden) return false;
  }
  return true;
}

// The other one first: if the second step fails, whoever speaks is told, and tries again.
Task<Result<void>> DirectMessages::list_for_both(std::string channel, std::string user) {
  const std::string other(other_of(channel, user));
  const bool is_new_to_other = co_await ok(list(other, channel));
  if (is_new_to_other) announcer_.tell_listed(other, channel);
  const bool is_new = co_await ok(list(user, channel));
  if (is_new) announcer_.tell_listed(user, channel);
  co_return {};
}

Task<bool> DirectMessages::list_if_known(std::string channel) {
  const std::string user(first_of_dm(channel));
  const std::array both{user, std::string(other_of(channel, user))};
  for (const std::string& one : both) {
    const auto person = co_await store_.person(one);
    if (!person || !person->exists()) co_return false;
  }
  const auto listed = co_await list_for_both(channel, user);
  co_return listed.has_value();
}

Task<Result<bool>> DirectMessages::list(std::string user, std::string channel) {
  const Kept<ListRecord> entry = co_await ok(store_.lists.get(dms_of(user), channel));
  if (!entry.exists()) co_await ok(make_space(user));
  const auto shown = co_await ok(store_.update_list(user, channel, show));
  co_return shown.is_changed;
}

// Nobody can be kept from hearing of somebody new by a full list, as long as something in it can
// give way: first what the user has hidden, which comes back with the next message there; then what
// nobody can answer any more, because the other one was a guest who has gone.
Task<Result<void>> DirectMessages::make_space(std::string user) {
  const std::string collection = dms_of(user);
  const std::uint64_t count = co_await ok(store_.count(collection));
  if (count < kDmsOfUserMax) co_return {};
  const std::vector<NamedDocument> listed =
      co_await ok(store_.list(collection, {}, DocumentStore::kListMax));
  for (const NamedDocument& one : listed) {
    if (!ListRecord::decode(one.document.value).is_hidden) continue;
    const auto removed = co_await store_.lists.put(collection, one.id, one.document.version, "");
    if (removed && *removed) co_return {};
  }
  // Where rooms are open, people need not have signed in to be there.
  const bool is_open = settings_.has_open_rooms();
  for (const NamedDocument& one : listed) {
    const auto person = co_await store_.person(std::string(other_of(one.id, user)));
    if (is_open || !person || person->exists()) continue;
    const auto removed = co_await store_.lists.put(collection, one.id, one.document.version, "");
    if (removed && *removed) co_return {};
  }
  co_return limit_exceeded("there are too many private conversations");
}

}  // namespace chirm
