// SPDX-License-Identifier: MIT
// Subscriptions end where the right to them ends. A right that only time takes away there is none.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/rooms/names.h"
#include "core/rooms/rooms.h"

namespace chirm {

namespace {

constexpr std::uint64_t kRetryMs = 1'000;

// Sessions as they are now: what is done to one of them may end it, or another.
std::vector<std::shared_ptr<Session*>> guard(std::span<Session* const> sessions) {
  std::vector<std::shared_ptr<Session*>> guarded;
  guarded.reserve(sessions.size());
  for (Session* session : sessions) guarded.push_back(session->self());
  return guarded;
}

// Who was in a public room may subscribe again; but is told that much.
RpcError why_left(const MemberRecord& record) {
  std::string why = "not a member any more";
  if (record.removed && !record.removed->empty()) why.append(": ").append(*record.removed);
  return {errors::kPermissionDenied.code, std::move(why)};
}

}  // namespace

void Rooms::on_room_changed(std::string_view room) {
  const std::string channel = channel_of_room(room);
  std::vector<Session*> sessions;
  for (Subscriber* one : hub_.subscribers(channel)) sessions.push_back(&Session::of(*one));
  for (const auto& session : guard(sessions)) {
    if (*session != nullptr) recheck(**session, channel);
  }
}

void Rooms::on_member_changed(std::string_view room, std::string_view user, bool was_member) {
  const std::span<Session* const> sessions = directory_.of_user(user);
  if (sessions.empty()) return;
  const auto* now = store_.members.find("member:" + std::string(room), user);
  if (now == nullptr) {
    scope_.start(look_at_member(std::string(room), std::string(user)));
    return;
  }
  const std::string channel = channel_of_room(room);
  const bool has_left =
      (was_member || now->record.removed) && now->record.has_left(RoomStore::now());
  const RpcError why = why_left(now->record);
  for (const auto& session : guard(sessions)) {
    if (*session == nullptr) continue;
    has_left ? end(**session, channel, why) : recheck(**session, channel);
  }
}

Task<bool> Rooms::look_at_member(std::string room, std::string user) {
  const auto member = co_await store_.members.get("member:" + room, user);
  if (member && store_.members.find("member:" + room, user) != nullptr) {
    on_member_changed(room, user, false);
    co_return true;
  }
  const std::string channel = channel_of_room(room);
  for (Session* session : directory_.of_user(user)) retry_later(*session, channel);
  co_return false;
}

void Rooms::on_role_changed(Session& session) {
  const auto guarded = session.self();
  for (const std::string& channel : session.subscribed_channels()) {
    if (*guarded != nullptr) recheck(**guarded, channel);
  }
}

void Rooms::on_maybe_missed() {
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

void Rooms::retry_later(Session& session, std::string channel) {
  failed_.push_back({session.self(), std::move(channel)});
  if (!retry_.is_running()) retry_.start(kRetryMs);
}

void Rooms::retry() {
  std::move(failed_.begin(), failed_.end(), std::back_inserter(unsure_));
  failed_.clear();
  recheck_some();
}

void Rooms::recheck(Session& session, std::string_view channel) {
  const auto known = verdict_now(Wish::kRead, session.user(), session.role(), channel);
  if (!known) {
    scope_.start(recheck_later(session.self(), std::string(channel)));
  } else if (!*known) {
    end(session, channel, known->error());
  }
}

Task<bool> Rooms::recheck_later(std::shared_ptr<Session*> session, std::string channel) {
  const UserRole role = (*session)->role();
  const auto allowed = co_await verdict(Wish::kRead, (*session)->user(), role, channel);
  if (*session == nullptr || allowed) co_return true;
  if (!allowed.error().temporary) {
    end(**session, channel, allowed.error());
    co_return true;
  }
  retry_later(**session, channel);
  co_return true;
}

// A bounded number at a time, for each may be a question to the store.
void Rooms::recheck_some() {
  constexpr std::size_t kPerTurn = 200;
  for (std::size_t i = 0; i < kPerTurn && !unsure_.empty(); ++i) {
    const Unsure one = std::move(unsure_.front());
    unsure_.pop_front();
    if (*one.session != nullptr) recheck(**one.session, one.channel);
  }
  if (!unsure_.empty()) next_.start(1);
}

void Rooms::end(Session& session, std::string_view channel, const RpcError& why) {
  hub_.end_subscription(session, channel, {unsubscribes::kServer.code, why.message});
}

}  // namespace chirm
