// SPDX-License-Identifier: MIT
#include "core/rooms/rights.h"

#include <utility>

#include "core/base/check.h"
#include "core/rooms/rules/names.h"
#include "protocol/json_fields.h"

namespace chirm {

namespace {

// A verdict takes three documents at most. What is fetched may be forgotten again before the next
// has come, when the store's link breaks or a copy changes.
constexpr int kFetchesMax = 16;

}  // namespace

template <class Record>
const Kept<Record>* Rights::look_up(RecordCache<Record>& cache, std::string_view collection,
                                    std::string_view id, Missing& missing) {
  const Kept<Record>* found = cache.find(collection, id);
  if (found == nullptr && missing.collection.empty()) {
    missing = {std::string(collection), std::string(id)};
  }
  return found;
}

std::optional<Access::Verdict> Rights::known(Wish wish, std::string_view user, UserRole role,
                                             std::string_view channel) {
  Missing missing;
  return judge_by_copies(wish, user, role, channel, missing);
}

// Asks the same question as known(), after each document that was fetched. So there is one way to a
// verdict, and all its facts are of the moment in which it is given.
Task<Access::Verdict> Rights::find_out(Wish wish, std::string user, UserRole role,
                                       std::string channel) {
  for (int fetches = 0; fetches < kFetchesMax; ++fetches) {
    Missing missing;
    const auto verdict = judge_by_copies(wish, user, role, channel, missing);
    if (verdict) co_return *verdict;
    co_await ok(fetch(std::move(missing)));
  }
  co_return internal_error();
}

// The lobby exists for everybody, also for who comes before the first sign-in has made it.
Task<Result<void>> Rights::fetch(Missing missing) {
  CHIRM_CHECK(!missing.collection.empty());
  if (missing.collection == kRoomCollection && missing.id == kLobby) {
    co_await ok(people_.make_lobby());
  } else {
    co_await ok(store_.fetch(missing.collection, missing.id));
  }
  co_return {};
}

std::optional<Access::Verdict> Rights::judge_by_copies(Wish wish, std::string_view user,
                                                       UserRole role, std::string_view channel,
                                                       Missing& missing) {
  switch (kind_of(channel)) {
    case ChannelKind::kRoom:
      return judge_room(wish, user, role, room_of(channel), missing);
    case ChannelKind::kDm:
      return judge_conversation(wish, user, channel, missing);
    case ChannelKind::kInbox:
      return judge_inbox(wish, settings_.has_open_rooms());
    case ChannelKind::kOther:
      break;
  }
  return Verdict(Unexpected<RpcError>(RpcError(errors::kUnknownChannel)));
}

std::optional<Access::Verdict> Rights::judge_room(Wish wish, std::string_view user, UserRole role,
                                                  std::string_view room, Missing& missing) {
  // Nobody can make a room of such a name, so there is nothing to look up.
  if (!is_room_name(room)) return judge_unmade(settings_.has_open_rooms());
  const auto* its_room = look_up(store_.rooms, kRoomCollection, room, missing);
  if (its_room == nullptr) return std::nullopt;
  if (!its_room->exists() && room == kLobby) {
    missing = {kRoomCollection, std::string(room)};
    return std::nullopt;
  }
  if (!its_room->exists()) return judge_unmade(settings_.has_open_rooms());
  const std::uint64_t now = store_.now();
  if (user.empty()) return judge(wish, its_room->record, {}, user, role, now);
  const auto* member = look_up(store_.members, members_of(room), user, missing);
  if (member == nullptr) return std::nullopt;
  return judge(wish, its_room->record, member->record, user, role, now);
}

// All facts that the wish may depend on are looked up, although the first may decide: a look is
// cheap, and which of them decides is the rules' business.
std::optional<Access::Verdict> Rights::judge_conversation(Wish wish, std::string_view user,
                                                          std::string_view channel,
                                                          Missing& missing) {
  const std::string_view other = other_of(channel, user);
  const auto exists = [&](auto& cache, std::string_view collection,
                          std::string_view id) -> std::optional<bool> {
    const auto* found = look_up(cache, collection, id, missing);
    return found == nullptr ? std::nullopt : std::optional(found->exists());
  };
  DmFacts facts;
  facts.is_other_known = exists(store_.persons, kPersonCollection, other);
  if (facts.is_other_known == false) facts.is_other_known = settings_.has_open_rooms();
  if (wish == Wish::kRead) {
    facts.is_listed = exists(store_.lists, dms_of(user), channel);
    if (facts.is_listed == false) {
      facts.is_listed = exists(store_.lists, requests_of(user), channel);
    }
  } else {
    facts.is_blocked_by_other = exists(store_.marks, blocked_by(other), user);
    facts.is_blocked_by_user = exists(store_.marks, blocked_by(user), other);
  }
  return judge_dm(wish, facts);
}

bool Rights::is_unruled(std::string_view channel, std::string_view data) {
  if (!settings_.has_open_rooms()) return false;
  switch (kind_of(channel)) {
    case ChannelKind::kInbox:
      return true;
    case ChannelKind::kDm:
      // Conversations need not be made, so it is the data that says which kind it is.
      return !JsonFields(data).names("type");
    case ChannelKind::kOther:
      return false;
    case ChannelKind::kRoom:
      break;
  }
  const std::string_view room = room_of(channel);
  if (!is_room_name(room)) return true;
  const auto* its_room = store_.rooms.find(kRoomCollection, room);
  return its_room != nullptr && !its_room->exists();
}

}  // namespace chirm
