// SPDX-License-Identifier: MIT
#include "core/rooms/enforcement.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/rooms/rules/names.h"

namespace chirm {

namespace {

constexpr std::uint64_t kRetryMs = 1'000;
// Each may be a question to the store, and a node may have a hundred thousand subscriptions.
constexpr std::size_t kRechecksPerTurn = 200;

// The sessions as they are now. Ending the subscription of one may end that session or another, and
// the span is valid only until a session goes.
std::vector<std::shared_ptr<Session*>> guard(std::span<Session* const> sessions) {
  std::vector<std::shared_ptr<Session*>> guarded;
  guarded.reserve(sessions.size());
  for (Session* session : sessions) guarded.push_back(session->self());
  return guarded;
}

// In a public room they may subscribe again at once, as anybody may; they are told all the same
// that they are no member any more.
RpcError why_left(const MemberRecord& record) {
  std::string why = "not a member any more";
  if (record.removed && !record.removed->empty()) why.append(": ").append(*record.removed);
  return {errors::kPermissionDenied.code, std::move(why)};
}

}  // namespace

Enforcement::Enforcement(Hub& hub, SessionDirectory& directory, RoomStore& store, Rights& rights)
    : hub_(hub),
      directory_(directory),
      store_(store),
      rights_(rights),
      next_(hub.loop(), [this] { recheck_some(); }),
      retry_(hub.loop(), [this] { retry(); }) {}

void Enforcement::on_room_changed(std::string_view room) {
  const std::string channel = channel_of_room(room);
  std::vector<Session*> sessions;
  for (Subscriber* one : hub_.subscribers(channel)) sessions.push_back(&Session::of(*one));
  const auto* its_room = store_.rooms.find(kRoomCollection, room);
  const bool is_deleted = its_room != nullptr && its_room->record.is_deleted;
  const RpcError why(kNotFound, "the room was deleted");
  for (const auto& session : guard(sessions)) {
    if (*session == nullptr) continue;
    is_deleted ? end(**session, channel, why) : recheck(**session, channel);
  }
}

// Who has left a public room may still read there, so asking for the right is not enough: the
// record has to say that they were a member, or this node must have known it.
void Enforcement::on_member_changed(std::string_view room, std::string_view user, bool was_member) {
  const std::span<Session* const> sessions = directory_.of_user(user);
  if (sessions.empty()) return;
  const auto* now = store_.members.find(members_of(room), user);
  if (now == nullptr) {
    scope_.start(look_at_member(std::string(room), std::string(user)));
    return;
  }
  const std::string channel = channel_of_room(room);
  const bool has_left = (was_member || now->record.removed) && now->record.has_left(store_.now());
  const RpcError why = why_left(now->record);
  for (const auto& session : guard(sessions)) {
    if (*session == nullptr) continue;
    has_left ? end(**session, channel, why) : recheck(**session, channel);
  }
}

// A member whom this node has no copy of. If the copy is dropped again before it can be looked at,
// or the store is away, their subscriptions are looked at a while later.
Task<Result<void>> Enforcement::look_at_member(std::string room, std::string user) {
  const auto member = co_await store_.member(room, user);
  if (member && store_.members.find(members_of(room), user) != nullptr) {
    on_member_changed(room, user, false);
    co_return {};
  }
  const std::string channel = channel_of_room(room);
  for (Session* session : directory_.of_user(user)) retry_later(*session, channel);
  co_return {};
}

void Enforcement::on_role_changed(Session& session) {
  const auto guarded = session.self();
  for (const std::string& channel : session.subscribed_channels()) {
    if (*guarded != nullptr) recheck(**guarded, channel);
  }
}

// What was waiting to be looked at is among all of them.
void Enforcement::on_maybe_missed() {
  unsure_.clear();
  failed_.clear();
  for (const auto& [user, sessions] : directory_.all()) {
    for (Session* session : sessions) {
      for (std::string& channel : session->subscribed_channels()) {
        unsure_.push_back({session->self(), std::move(channel)});
      }
    }
  }
  next_.start(0);
}

// ---- Looking again

void Enforcement::recheck(Session& session, std::string_view channel) {
  const auto known = rights_.known(Wish::kRead, session.user(), session.role(), channel);
  if (!known) {
    scope_.start(recheck_later(session.self(), std::string(channel)));
  } else if (!*known) {
    end(session, channel, known->error());
  }
}

// While the store cannot be asked, the subscription goes on: it was allowed, and ending all of them
// whenever Redis fails over would be worse than being late with one.
Task<Result<void>> Enforcement::recheck_later(std::shared_ptr<Session*> session,
                                              std::string channel) {
  const UserRole role = (*session)->role();
  const auto allowed = co_await rights_.find_out(Wish::kRead, (*session)->user(), role, channel);
  if (*session == nullptr || allowed) co_return {};
  if (allowed.error().temporary) {
    retry_later(**session, channel);
  } else {
    end(**session, channel, allowed.error());
  }
  co_return {};
}

void Enforcement::recheck_some() {
  for (std::size_t i = 0; i < kRechecksPerTurn && !unsure_.empty(); ++i) {
    const Unsure one = std::move(unsure_.front());
    unsure_.pop_front();
    if (*one.session != nullptr) recheck(**one.session, one.channel);
  }
  if (!unsure_.empty()) next_.start(1);
}

void Enforcement::retry_later(Session& session, std::string channel) {
  failed_.push_back({session.self(), std::move(channel)});
  if (!retry_.is_running()) retry_.start(kRetryMs);
}

// Behind those that wait already, and by the same budget: a store that is away for long leaves one
// entry for each subscription.
void Enforcement::retry() {
  std::move(failed_.begin(), failed_.end(), std::back_inserter(unsure_));
  failed_.clear();
  recheck_some();
}

void Enforcement::end(Session& session, std::string_view channel, const RpcError& why) {
  hub_.end_subscription(session, channel, {unsubscribes::kServer.code, why.message});
}

void Enforcement::check() const {
  CHIRM_CHECK(unsure_.empty() || next_.is_running(), unsure_.size());
  CHIRM_CHECK(failed_.empty() || retry_.is_running(), failed_.size());
}

}  // namespace chirm
