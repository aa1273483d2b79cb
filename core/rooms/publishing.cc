// SPDX-License-Identifier: MIT
#include "core/rooms/publishing.h"

#include <algorithm>

#include "core/rooms/names.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::uint64_t kTypingMs = 3'000;
constexpr std::uint64_t kTypingSweepMs = 1'000;
constexpr std::size_t kTypingMax = 10'000;
constexpr int kAttempts = 8;
constexpr std::uint16_t kIdTaken = 409;  // what check_stored() answers of it

Unexpected<RpcError> no_such_message() {
  return Unexpected<RpcError>(RpcError(404, "no such message"));
}

}  // namespace

// What only has to be stored goes to the broker at once, in the order in which it came.
Access::Progress Publishing::start(const Publish& publish, Done done) {
  if (publish.message.type == MessageData::Type::kTyping) {
    signal(publish, done);
    return Access::Progress::kOrdered;
  }
  if (needs_time(publish)) {
    scope_.start(publish_in_steps(publish), std::move(done));
    return Access::Progress::kWaiting;
  }
  carry(publish, std::move(done));
  return Access::Progress::kOrdered;
}

bool Publishing::needs_time(const Publish& publish) {
  const auto type = publish.message.type;
  if (type != MessageData::Type::kMessage && type != MessageData::Type::kOther) return true;
  if (!publish.message.mentions.empty()) return true;
  return kind_of(publish.channel) == ChannelKind::kDm &&
         !dms_.is_listed_now(publish.channel, publish.user);
}

void Publishing::carry(const Publish& publish, Done done) {
  store_.broker().publish({.channel = publish.channel,
                           .body = publish.body,
                           .user = publish.user,
                           .message_id = publish.message_id},
                          [done = std::move(done)](const auto& position) {
                            if (position) return done(*position);
                            done(Unexpected<RpcError>(RpcError(position.error())));
                          });
}

// Nobody waits for it, so more than one in three seconds is answered and goes no further.
void Publishing::signal(const Publish& publish, const Done& done) {
  const std::uint64_t now = RoomStore::now();
  if (typing_.size() >= kTypingMax && now - typing_swept_ms_ >= kTypingSweepMs) {
    typing_swept_ms_ = now;
    std::erase_if(typing_, [&](const auto& one) { return now - one.second >= kTypingMs; });
  }
  const std::string key = publish.channel + '\n' + publish.user;
  const auto known = typing_.find(key);
  const bool is_due =
      known == typing_.end() ? typing_.size() < kTypingMax : now - known->second >= kTypingMs;
  if (is_due) {
    typing_[key] = now;
    store_.broker().signal(publish.channel, publish.body);
  }
  later_.add([done] { done(Position{}); });
}

Task<Access::Published> Publishing::store(const Publish& publish) {
  Future<Access::Published> future;
  carry(publish, future.setter());
  co_return co_await future;
}

Task<Access::Published> Publishing::publish_in_steps(Publish publish) {
  if (publish.message.target != 0) {
    const auto target = co_await target_of(publish);
    if (!target) co_return Unexpected<RpcError>(target.error());
  }
  if (kind_of(publish.channel) == ChannelKind::kDm) {
    // First: whoever it is for finds the conversation, whatever breaks then.
    const auto listed = co_await dms_.list_for_both(publish.channel, publish.user);
    if (!listed) co_return Unexpected<RpcError>(listed.error());
  }
  if (publish.message.type == MessageData::Type::kDelete) {
    // Also first: nobody is told that something is gone which is still there.
    const auto rewritten = co_await rewrite_target(publish, 0);
    if (!rewritten) co_return Unexpected<RpcError>(rewritten.error());
  }
  const auto position = co_await store(publish);
  if (!position) co_return position;
  const auto follows = co_await check_stored(publish, position->offset);
  const bool is_taken = !follows && follows.error().code == kIdTaken;
  if (is_taken && publish.message.type == MessageData::Type::kDelete) {
    // It is deleted, so that has to be told, under no id.
    publish.message_id.clear();
    co_return co_await store(publish);
  }
  if (!follows) co_return Unexpected<RpcError>(follows.error());
  if (!*follows) co_return position;
  if (publish.message.type == MessageData::Type::kEdit) {
    const auto rewritten = co_await rewrite_target(publish, position->offset);
    if (!rewritten) co_return Unexpected<RpcError>(rewritten.error());
  }
  if (!publish.message.mentions.empty()) {
    scope_.start(tell_mentioned(publish, position->offset));
  }
  co_return position;
}

// What has come to stand at the offset that the broker answered. With an id that was used before
// that is something else, or this, which was told earlier. False: nothing is left to be done.
Task<Result<bool>> Publishing::check_stored(const Publish& publish, std::uint64_t offset) {
  const auto stored = co_await read_publication(publish.channel, offset);
  if (!stored && stored.error().code == 404) co_return false;
  if (!stored) co_return Unexpected<RpcError>(stored.error());
  const MessageData& message = publish.message;
  const bool is_own = stored->user == publish.user;
  switch (message.type) {
    case MessageData::Type::kMessage:
      // Edited or deleted since then; or another text, which is not to be told of.
      co_return is_own && stored->type == "message" && stored->text == message.text;
    case MessageData::Type::kEdit:
      if (is_own && is_overtaken(*stored)) co_return false;
      if (is_own && stored->type == "edit" && stored->target == message.target &&
          stored->text == message.text) {
        co_return true;
      }
      break;
    case MessageData::Type::kDelete:
      if (is_own && stored->type == "delete" && stored->target == message.target) co_return true;
      break;
    case MessageData::Type::kReaction:
    case MessageData::Type::kTyping:
    case MessageData::Type::kOther:
      co_return true;
  }
  co_return Unexpected<RpcError>(RpcError(kIdTaken, "its id was used for something else"));
}

// ---- Targets

Task<Result<StoredMessage>> Publishing::read_publication(std::string channel,
                                                         std::uint64_t offset) {
  Future<Expected<History, ErrorCode>> future;
  store_.broker().history({.channel = channel, .since = offset - 1, .limit = 1}, future.setter());
  const auto history = co_await future;
  if (!history) co_return Unexpected<RpcError>(RpcError(history.error()));
  const bool is_there =
      !history->publications.empty() && history->publications.front().offset == offset;
  if (!is_there) co_return no_such_message();
  co_return read_stored(history->publications.front().body);
}

Task<Result<StoredMessage>> Publishing::target_of(const Publish& publish) {
  auto target = co_await read_publication(publish.channel, publish.message.target);
  if (!target) co_return target;
  const auto checked = co_await check_target(publish, *target);
  if (!checked) co_return Unexpected<RpcError>(checked.error());
  co_return target;
}

Task<Result<bool>> Publishing::check_target(const Publish& publish, StoredMessage target) {
  const bool is_delete = publish.message.type == MessageData::Type::kDelete;
  // What is deleted already may be deleted again: somebody has not heard the answer.
  const bool is_deletable = target.type == "deleted" || target.type.starts_with("x-");
  if (target.type != "message" && !(is_delete && is_deletable)) co_return no_such_message();
  if (publish.message.type == MessageData::Type::kReaction) co_return true;
  if (target.user == publish.user) co_return true;
  if (is_delete && kind_of(publish.channel) == ChannelKind::kRoom) {
    const std::string room(room_of(publish.channel));
    const auto standing = co_await store_.standing(room, publish.user, publish.role);
    if (!standing) co_return Unexpected<RpcError>(standing.error());
    if (standing->power() >= Rank::kModerator) co_return true;
  }
  co_return not_allowed("that is not your message");
}

// ---- What stands in the log

Future<Expected<Rewritten, ErrorCode>> Publishing::rewrite(std::string_view channel,
                                                           std::uint64_t offset,
                                                           std::string_view expected,
                                                           std::string_view body) {
  Future<Expected<Rewritten, ErrorCode>> future;
  store_.broker().rewrite(
      {.channel = channel, .offset = offset, .epoch = {}, .expected = expected, .body = body},
      future.setter());
  return future;
}

// The edit or delete is published at `offset`; now its target becomes what that says, unless a
// later one was quicker. Done again it changes nothing.
Task<Result<bool>> Publishing::rewrite_target(const Publish& publish, std::uint64_t offset) {
  const std::uint64_t target = publish.message.target;
  const bool is_edit = publish.message.type == MessageData::Type::kEdit;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto stored = co_await read_publication(publish.channel, target);
    if (!stored && stored.error().code == 404) co_return true;
    if (!stored) co_return Unexpected<RpcError>(stored.error());
    const bool is_late = is_edit && (stored->type == "deleted" || stored->edit > offset);
    if (is_late) co_return co_await overtake(publish.channel, offset, target);
    if (stored->type == "deleted" || (is_edit && stored->edit == offset)) co_return true;
    if (stored->edit != 0) {
      const auto overtaken = co_await overtake(publish.channel, stored->edit, target);
      if (!overtaken) co_return overtaken;
    }
    const std::string body =
        is_edit ? edited_body(*stored, publish.message.text, RoomStore::now(), offset)
                : deleted_body(*stored, publish.user);
    const auto rewritten = co_await rewrite(publish.channel, target, stored->body, body);
    if (!rewritten) co_return Unexpected<RpcError>(RpcError(rewritten.error()));
    if (*rewritten != Rewritten::kChanged) co_return true;
  }
  co_return Unexpected<RpcError>(RpcError(409, "it was changed at the same time", true));
}

// An earlier edit: nobody is to find its text any more.
Task<Result<bool>> Publishing::overtake(std::string channel, std::uint64_t offset,
                                        std::uint64_t target) {
  const auto edit = co_await read_publication(channel, offset);
  if (!edit && edit.error().code != 404) co_return Unexpected<RpcError>(edit.error());
  if (!edit || edit->type != "edit" || edit->target != target) co_return true;
  const std::string body = overtaken_body(*edit);
  const auto rewritten = co_await rewrite(channel, offset, edit->body, body);
  if (!rewritten) co_return Unexpected<RpcError>(RpcError(rewritten.error()));
  co_return true;
}

// ---- Mentions

// Without its text: what is edited or deleted is not to be found in other places.
Task<bool> Publishing::tell_mentioned(Publish publish, std::uint64_t offset) {
  JsonWriter json;
  json.open();
  json.add("type", "mention");
  json.add("channel", publish.channel);
  json.add("offset", offset);
  json.add("user", publish.user);
  json.close();
  const std::string data = json.take();
  const std::string id = "mention:" + std::to_string(offset) + ":" + publish.channel;
  const bool is_dm = kind_of(publish.channel) == ChannelKind::kDm;
  std::vector<std::string> told;
  for (const std::string& user : publish.message.mentions) {
    if (user == publish.user || std::find(told.begin(), told.end(), user) != told.end()) continue;
    told.push_back(user);
    if (is_dm) {
      if (user == other_of(publish.channel, publish.user)) store_.tell_user(user, data, id);
      continue;
    }
    const std::string members = "member:" + std::string(room_of(publish.channel));
    const auto member = co_await store_.members.get(members, user);
    if (!member || !member->record.is_member()) continue;
    const auto is_blocked = co_await store_.is_marked("block:" + user, publish.user);
    if (is_blocked && !*is_blocked) store_.tell_user(user, data, id);
  }
  co_return true;
}

}  // namespace chirm
