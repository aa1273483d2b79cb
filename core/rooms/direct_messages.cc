// SPDX-License-Identifier: MIT
#include "core/rooms/direct_messages.h"

#include <array>
#include <utility>
#include <vector>

#include "core/rooms/lists/bounded_list.h"
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
  const Kept<ListRecord> own = co_await ok(store_.lists.get(dms_of(caller.user), *channel));
  if (!own.exists()) {
    // What would be refused with the first message is refused before it is written.
    const MayBegin is_free;
    co_await ok(check_may_begin(*channel, caller.user, caller.role, is_free));
  }
  const bool is_new = co_await ok(take_up(caller.user, *channel));
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
  std::string collection = dms_of(caller.user);
  const Kept<ListRecord> own = co_await ok(store_.lists.get(collection, request.channel));
  if (!own.exists()) collection = requests_of(caller.user);
  const auto hidden = co_await ok(store_.update(store_.lists, collection, request.channel, hide));
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
  const auto is_shown = [&](const std::string& collection) {
    const auto* entry = store_.lists.find(collection, channel);
    return entry != nullptr && entry->exists() && !entry->record.is_hidden;
  };
  if (!is_shown(dms_of(user))) return false;
  const std::string_view other = other_of(channel, user);
  if (is_shown(dms_of(other))) return true;
  // Of a request the setting holds for each message: they may have changed their mind.
  return is_shown(requests_of(other)) && contacts_.is_open_now(other);
}

// The other one first: if the second step fails, whoever speaks is told, and tries again.
Task<Result<void>> DirectMessages::list_for_both(std::string channel, std::string user,
                                                 UserRole role, MayBegin may_begin) {
  co_await ok(check_may_begin(channel, user, role, may_begin));
  const std::string other(other_of(channel, user));
  const bool is_new_to_other = co_await ok(put_before(other, channel));
  if (is_new_to_other) announcer_.tell_listed(other, channel);
  const bool is_new = co_await ok(take_up(user, channel));
  if (is_new) announcer_.tell_listed(user, channel);
  co_return {};
}

// The operator's own system speaks: nobody's setting is asked, and nobody has taken anything up.
Task<bool> DirectMessages::list_if_known(std::string channel) {
  const std::string user(first_of_dm(channel));
  const std::array both{user, std::string(other_of(channel, user))};
  for (const std::string& one : both) {
    const auto person = co_await store_.person(one);
    if (!person || !person->exists()) co_return false;
  }
  for (const std::string& one : both) {
    const auto is_new = co_await put_before(one, channel);
    if (!is_new) co_return false;
    if (*is_new) announcer_.tell_listed(one, channel);
  }
  co_return true;
}

// Whoever has written to somebody, or opened what they wrote, wants to hear of them; to end that
// they block them. What has been asked already need not be paid for again.
Task<Result<void>> DirectMessages::check_may_begin(std::string channel, std::string user,
                                                   UserRole role, const MayBegin& may_begin) {
  const std::string other(other_of(channel, user));
  const Kept<ListRecord> taken_up = co_await ok(store_.lists.get(dms_of(other), channel));
  if (taken_up.exists()) co_return {};
  co_await ok(contacts_.check(other, user, role));
  const Kept<ListRecord> asked = co_await ok(store_.lists.get(requests_of(other), channel));
  if (may_begin && !asked.exists()) co_await ok(may_begin());
  co_return {};
}

Task<Result<bool>> DirectMessages::take_up(std::string user, std::string channel) {
  const Kept<ListRecord> entry = co_await ok(store_.lists.get(dms_of(user), channel));
  if (!entry.exists()) co_await ok(make_space(user));
  const Kept<ListRecord> request = co_await ok(store_.lists.get(requests_of(user), channel));
  const auto go_on = [&](Kept<ListRecord>& kept) {
    if (!kept.exists()) kept.record.read = request.record.read;
    return show(kept);
  };
  const auto shown = co_await ok(store_.update_list(user, channel, go_on));
  if (request.exists()) co_await ok(store_.unlist_from(requests_of(user), channel));
  co_return shown.is_changed;
}

Task<Result<bool>> DirectMessages::put_before(std::string user, std::string channel) {
  const Kept<ListRecord> taken_up = co_await ok(store_.lists.get(dms_of(user), channel));
  if (taken_up.exists()) {
    const auto shown = co_await ok(store_.update_list(user, channel, show));
    co_return shown.is_changed;
  }
  const std::string collection = requests_of(user);
  const Kept<ListRecord> asked = co_await ok(store_.lists.get(collection, channel));
  std::uint64_t read = 0;
  if (!asked.exists()) {
    (void)co_await ok(make_space_in(store_, collection, kRequestsOfUserMax));
    // What was said before, and dismissed, is not new.
    const History newest = co_await ok(store_.newest(channel));
    read = newest.top.offset;
  }
  const auto ask = [&](Kept<ListRecord>& kept) {
    if (!kept.exists()) kept.record = {.read = read, .is_hidden = false, .since = store_.now()};
    const bool is_there = kept.exists();
    const Result<bool> is_new = show(kept);
    return is_there ? is_new : Result<bool>(true);
  };
  const auto shown = co_await ok(store_.update(store_.lists, collection, channel, ask));
  co_return shown.is_changed;
}

// One note for all, for there may be hundreds: the client asks for its list anyway.
Task<RpcResult> DirectMessages::dismiss(RpcCaller caller, Request request) {
  std::uint64_t dismissed = 0;
  if (request.is_about_invitations) {
    dismissed = co_await ok(invitations_.dismiss_all(caller.user));
  } else {
    const std::string collection = requests_of(caller.user);
    const std::vector<NamedDocument> listed =
        co_await ok(store_.list(collection, {}, DocumentStore::kListMax));
    for (const NamedDocument& one : listed) {
      co_await ok(store_.unlist_from(collection, one.id));
      ++dismissed;
    }
  }
  JsonWriter note;
  note.open();
  note.add("type", "dismissed");
  note.add("what", request.is_about_invitations ? "invitations" : "requests");
  note.close();
  if (dismissed > 0) announcer_.tell_user(caller.user, note.take());
  JsonWriter json;
  json.open();
  json.add("dismissed", dismissed);
  json.close();
  co_return json.take();
}

// Nobody is kept from writing to somebody new by a full list, as long as something in it can give
// way: first what the user has hidden, which comes back with the next message there; then what
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
