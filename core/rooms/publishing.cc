// SPDX-License-Identifier: MIT
#include "core/rooms/publishing.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/rooms/rules/names.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

// Of a rewrite that others are faster with: some more than people who may edit or delete it at
// once.
constexpr int kAttempts = 8;

Unexpected<RpcError> no_such_message() { return not_found("no such message"); }

}  // namespace

// What only has to be stored goes to the broker at once, in the order in which it came, and the
// connection may go on. What takes several steps holds the connection up until it is done: else
// what it publishes next would overtake this.
Access::Progress Publishing::start(const Publish& publish, Done done) {
  if (publish.message.type == MessageData::Type::kTyping) {
    signal_typing(publish, done);
    return Access::Progress::kOrdered;
  }
  if (needs_steps(publish)) {
    scope_.start(publish_in_steps(publish), std::move(done));
    return Access::Progress::kWaiting;
  }
  carry(publish, std::move(done));
  return Access::Progress::kOrdered;
}

bool Publishing::needs_steps(const Publish& publish) {
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

// A client may say at every key that somebody is typing. It is answered each time, but told only
// now and then; nobody waits for it.
void Publishing::signal_typing(const Publish& publish, const Done& done) {
  if (typing_.take(publish.channel, publish.user, store_.now())) {
    store_.broker().signal(publish.channel, publish.body);
  }
  later_.add([done] { done(Position{}); });
}

Task<Access::Published> Publishing::store(const Publish& publish) {
  Future<Access::Published> future;
  carry(publish, future.setter());
  co_return co_await future;
}

// The order of the steps decides what is true if we die between two of them, and every step may be
// done again by a client that repeats its publish under the same message id.
Task<Access::Published> Publishing::publish_in_steps(Publish publish) {
  const auto type = publish.message.type;
  if (publish.message.target != 0) co_await ok(check_target(publish));
  // The lists come before the message: whoever it is for finds the conversation whatever breaks.
  if (kind_of(publish.channel) == ChannelKind::kDm) {
    const auto listed =
        co_await dms_.list_for_both(publish.channel, publish.user, publish.role, publish.may_begin);
    if (!listed) {
      // Copies may have been enough to refuse it: then the caller of start() has not yet been told
      // that it is waiting (Access::publish()).
      Future<bool> turn;
      later_.add([next = turn.setter()] { next(true); });
      (void)co_await turn;
    }
    co_await ok(listed);
  }
  if (type == MessageData::Type::kReaction) co_await ok(note_reaction(publish));
  // A delete also rewrites first: nobody is told that something is gone which is still there.
  if (type == MessageData::Type::kDelete) co_await ok(rewrite_target(publish, 0));
  const Position position = co_await ok(store(publish));
  const Stored stored = co_await ok(look_at_stored(publish, position.offset));
  if (stored == Stored::kIsDone) co_return position;
  if (stored == Stored::kIdIsTaken) {
    if (type != MessageData::Type::kDelete) {
      co_return conflict("its id was used for something else");
    }
    // The target is gone already, so that has to be told, under no id.
    publish.message_id.clear();
    co_return co_await store(publish);
  }
  // An edit rewrites last: only now its offset is known, by which the newest of several wins.
  if (type == MessageData::Type::kEdit) co_await ok(rewrite_target(publish, position.offset));
  if (!publish.message.mentions.empty()) {
    scope_.start(tell_mentioned(publish, position.offset));
  }
  co_return position;
}

// The broker answers a message id that it has seen with the offset of what was published under it
// first. That is this publish, which was told before and lost its answer; or something else, by
// whoever guessed or repeated the id. So what stands there is read before anything follows from it.
Task<Result<Publishing::Stored>> Publishing::look_at_stored(const Publish& publish,
                                                            std::uint64_t offset) {
  const auto stored = co_await ok(find_publication(publish.channel, offset));
  if (!stored) co_return Stored::kIsDone;
  const MessageData& message = publish.message;
  const bool is_own = stored->user == publish.user;
  switch (message.type) {
    case MessageData::Type::kMessage:
      // If the text differs it was edited or deleted since, or is another text: neither is to be
      // told to who was mentioned.
      co_return is_own && stored->type == "message" && stored->text == message.text
          ? Stored::kIsThere
          : Stored::kIsDone;
    case MessageData::Type::kEdit:
      if (is_own && is_overtaken(*stored)) co_return Stored::kIsDone;
      if (is_own && stored->type == "edit" && stored->target == message.target &&
          stored->text == message.text) {
        co_return Stored::kIsThere;
      }
      co_return Stored::kIdIsTaken;
    case MessageData::Type::kDelete:
      if (is_own && stored->type == "delete" && stored->target == message.target) {
        co_return Stored::kIsThere;
      }
      co_return Stored::kIdIsTaken;
    case MessageData::Type::kReaction:
    case MessageData::Type::kTyping:
    case MessageData::Type::kOther:
      break;
  }
  co_return Stored::kIsThere;
}

// ---- Targets

Task<Result<std::optional<StoredMessage>>> Publishing::find_publication(std::string channel,
                                                                        std::uint64_t offset) {
  if (offset == 0) co_return std::optional<StoredMessage>();
  Future<Expected<History, ErrorCode>> future;
  store_.broker().history({.channel = channel, .since = offset - 1, .limit = 1}, future.setter());
  const History history = co_await ok(std::move(future));
  // Where it is gone, the first one after it is what there is.
  if (history.publications.empty() || history.publications.front().offset != offset) {
    co_return std::optional<StoredMessage>();
  }
  co_return std::optional(read_stored(history.publications.front().body));
}

// Whether there is a message to be edited, deleted or reacted to, and the user may do that to it.
Task<Result<void>> Publishing::check_target(const Publish& publish) {
  const auto target = co_await ok(find_publication(publish.channel, publish.message.target));
  if (!target) co_return no_such_message();
  const bool is_delete = publish.message.type == MessageData::Type::kDelete;
  // What is deleted already may be deleted again: the client may not have heard the answer.
  const bool is_deletable = target->type == "deleted" || target->type.starts_with("x-");
  if (target->type != "message" && !(is_delete && is_deletable)) co_return no_such_message();
  if (publish.message.type == MessageData::Type::kReaction) co_return {};
  if (target->user == publish.user) co_return {};
  if (is_delete && kind_of(publish.channel) == ChannelKind::kRoom) {
    const std::string room(room_of(publish.channel));
    const Standing standing = co_await ok(store_.standing(room, publish.user, publish.role));
    if (judge(Wish::kModerate, standing)) co_return {};
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

// Makes the target say what the edit at `offset`, or the delete (0), has made of it. Several may be
// at it at once, on several nodes: each rewrites only what it has read, and the one with the
// highest offset wins, whichever comes last. A delete wins over all. Done again it changes nothing.
Task<Result<void>> Publishing::rewrite_target(const Publish& publish, std::uint64_t offset) {
  const std::uint64_t target = publish.message.target;
  const bool is_edit = publish.message.type == MessageData::Type::kEdit;
  CHIRM_CHECK(is_edit == (offset != 0), offset, target);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto stored = co_await ok(find_publication(publish.channel, target));
    if (!stored) co_return {};
    const bool is_late = is_edit && (stored->type == "deleted" || stored->edit > offset);
    if (is_late) co_return co_await overtake(publish.channel, offset, target);
    if (stored->type == "deleted" || (is_edit && stored->edit == offset)) co_return {};
    // The edit that is being replaced goes first: between the two writes a text may be missing, but
    // is never to be found that has been replaced.
    if (stored->edit != 0) co_await ok(overtake(publish.channel, stored->edit, target));
    const std::string body = is_edit
                                 ? edited_body(*stored, publish.message.text, store_.now(), offset)
                                 : deleted_body(*stored, publish.user);
    const Rewritten rewritten = co_await ok(rewrite(publish.channel, target, stored->body, body));
    if (rewritten != Rewritten::kChanged) co_return {};
  }
  co_return changed_meanwhile(true);
}

// Each kind of reaction that a message gets is noted in it before it is published, so that nobody
// has to read all that came since to know how many there are. A kind that was taken back still
// counts: who gives and takes back would else make the log tell of any number.
Task<Result<void>> Publishing::note_reaction(const Publish& publish) {
  const MessageData& reaction = publish.message;
  if (!reaction.is_on) co_return {};
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto stored = co_await ok(find_publication(publish.channel, reaction.target));
    if (!stored || stored->type != "message") co_return no_such_message();
    const auto& known = stored->reactions;
    if (std::find(known.begin(), known.end(), reaction.key) != known.end()) co_return {};
    if (known.size() >= limits::kReactionsMax) {
      co_return limit_exceeded("a message has at most " + std::to_string(limits::kReactionsMax) +
                               " kinds of reactions: use one that it has");
    }
    const std::string body = reacted_body(*stored, reaction.key);
    const Rewritten rewritten =
        co_await ok(rewrite(publish.channel, reaction.target, stored->body, body));
    if (rewritten != Rewritten::kChanged) co_return {};
  }
  co_return changed_meanwhile(true);
}

// Takes the text out of an edit that a later one or a delete has replaced: nobody is to find it any
// more.
Task<Result<void>> Publishing::overtake(std::string channel, std::uint64_t offset,
                                        std::uint64_t target) {
  const auto edit = co_await ok(find_publication(channel, offset));
  if (!edit || edit->type != "edit" || edit->target != target) co_return {};
  const std::string body = overtaken_body(*edit);
  (void)co_await ok(rewrite(channel, offset, edit->body, body));
  co_return {};
}

// ---- Mentions

// Without the text: what is edited or deleted later must not be found in other places. The message
// id makes each mention be told once, however often the publish is repeated. Only members are told,
// for others cannot look at it.
Task<Result<void>> Publishing::tell_mentioned(Publish publish, std::uint64_t offset) {
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
      if (user == other_of(publish.channel, publish.user)) announcer_.tell_user(user, data, id);
      continue;
    }
    const auto member = co_await store_.member(room_of(publish.channel), user);
    if (!member || !member->record.is_member()) continue;
    const auto is_blocked = co_await store_.has_blocked(user, publish.user);
    if (is_blocked && !*is_blocked) announcer_.tell_user(user, data, id);
  }
  co_return {};
}

}  // namespace chirm
