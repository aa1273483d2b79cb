// SPDX-License-Identifier: MIT
#include "client/terminal/model/message_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/check.h"
#include "protocol/ascii.h"
#include "protocol/limits.h"

namespace chirm::terminal {

namespace {

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (ascii::to_lower(c) >= 'a' && ascii::to_lower(c) <= 'z') ||
         c == '_' || c == '-' || c == '~' || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

bool names_user(std::string_view text, std::string_view user) {
  if (user.empty()) return false;
  const auto same = [](char a, char b) { return ascii::to_lower(a) == ascii::to_lower(b); };
  auto from = text.begin();
  while (true) {
    const auto found = std::search(from, text.end(), user.begin(), user.end(), same);
    if (found == text.end()) return false;
    const auto end = found + static_cast<std::ptrdiff_t>(user.size());
    // "ad" is not named in "had", nor in "~ad-1".
    const bool begins = found == text.begin() || !is_name_character(*(found - 1));
    const bool ends = end == text.end() || !is_name_character(*end);
    if (begins && ends) return true;
    from = found + 1;
  }
}

MessageLog::MessageLog(std::string me, bool is_checked)
    : me_(std::move(me)), is_checked_(is_checked) {}

bool MessageLog::add(const ChatEvent& event, std::int64_t now_ms) {
  using enum ChatEvent::Type;
  const bool is_new = event.offset == 0 || offsets_.insert(event.offset).second;
  switch (event.type) {
    case kMessage:
    case kDeleted:
    case kEvent:
      return is_new && take_message(event, now_ms);
    case kEdit:
    case kDelete:
    case kReaction:
      if (is_new) take_change(event);
      return false;
    case kTyping:
    case kOther:
      return false;
  }
  return false;
}

bool MessageLog::take_message(const ChatEvent& event, std::int64_t now_ms) {
  // What was said here comes back from the server: it stands in its place in the log from now on.
  const bool is_mine = event.user == me_ && !event.id.empty();
  if (is_mine) std::erase_if(pending_, [&](const Message& one) { return one.id == event.id; });
  Message message;
  message.key = event.offset != 0 ? Message::Key{event.offset, 0} : key_behind(0);
  message.kind =
      event.type == ChatEvent::Type::kEvent ? Message::Kind::kEvent : Message::Kind::kSaid;
  message.id = event.id;
  message.user = event.user;
  message.name = event.name;
  message.text = event.type == ChatEvent::Type::kEvent ? describe_event(event) : event.text;
  // By the sender's clock, which may be wrong; but nothing was said in the future.
  message.time_ms = event.time_ms > 0 ? std::min(event.time_ms, now_ms) : 0;
  message.reply_to = event.reply_to;
  message.is_edited = event.is_edited;
  message.is_deleted = event.type == ChatEvent::Type::kDeleted;
  message.deleted_by = message.is_deleted ? event.by : "";
  message.mentions_me = mentions_me(event);
  if (const auto changes = changes_.find(event.offset); changes != changes_.end()) {
    apply_all(message, changes->second);
  }
  stored_.insert_or_assign(message.key, std::move(message));
  return true;
}

// The past is read backwards, page by page: a change can come after later ones to the same message,
// and must not undo them.
void MessageLog::take_change(const ChatEvent& event) {
  if (event.target == 0) return;  // of no message
  Changes& changes = changes_[event.target];
  const bool is_last = changes.empty() || changes.rbegin()->first < event.offset;
  changes.insert_or_assign(event.offset, event);
  const auto found = stored_.find({event.target, 0});
  if (found == stored_.end()) return;
  const auto unchanged = unchanged_.try_emplace(event.target, found->second).first;
  if (is_last || event.offset == 0) return apply(found->second, event);
  Message message = unchanged->second;
  apply_all(message, changes);
  found->second = std::move(message);
}

void MessageLog::apply_all(Message& message, const Changes& changes) {
  unchanged_.try_emplace(message.key.offset, message);
  for (const auto& [offset, change] : changes) apply(message, change);
}

void MessageLog::apply(Message& message, const ChatEvent& change) const {
  // Where the server checks, it has let only those delete who may, moderators among them.
  const bool is_author = change.user == message.user;
  if (message.kind != Message::Kind::kSaid || message.is_deleted) return;
  if (change.type == ChatEvent::Type::kEdit && is_author) {
    message.text = change.text;
    message.is_edited = true;
  } else if (change.type == ChatEvent::Type::kDelete && (is_author || is_checked_)) {
    message.is_deleted = true;
    message.deleted_by = change.user;
    message.text.clear();
    message.reactions.clear();
  } else if (change.type == ChatEvent::Type::kReaction && !change.key.empty()) {
    // As the server, which lets a message have no more kinds.
    const bool is_one_more = change.is_on && !message.reactions.contains(change.key);
    if (is_one_more && message.reactions.size() >= limits::kReactionsMax) return;
    auto& users = message.reactions[change.key];
    if (change.is_on) {
      users.insert(change.user);
    } else {
      users.erase(change.user);
    }
    if (users.empty()) message.reactions.erase(change.key);
  }
}

bool MessageLog::mentions_me(const ChatEvent& event) const {
  // Scripts and other clients name people without listing them as mentions.
  if (event.user == me_ || event.type != ChatEvent::Type::kMessage) return false;
  return std::find(event.mentions.begin(), event.mentions.end(), me_) != event.mentions.end() ||
         names_user(event.text, me_);
}

void MessageLog::reset() {
  stored_.clear();
  changes_.clear();
  unchanged_.clear();
  offsets_.clear();
}

bool MessageLog::trim(std::size_t count) {
  // Only at twice the size, and so rarely: each time all changes are gone through.
  if (offsets_.size() <= 2 * count) return false;
  const auto first = std::prev(offsets_.end(), static_cast<std::ptrdiff_t>(count));
  stored_.erase(stored_.begin(), stored_.lower_bound({*first, 0}));
  unchanged_.erase(unchanged_.begin(), unchanged_.lower_bound(*first));
  // What is known of older messages is needed when they are read again.
  for (auto& [target, changes] : changes_) {
    changes.erase(changes.begin(), changes.lower_bound(*first));
  }
  std::erase_if(changes_, [](const auto& one) { return one.second.empty(); });
  offsets_.erase(offsets_.begin(), first);
  return true;
}

// What has no offset stands behind the one that was the newest when it came, and stays there.
Message::Key MessageLog::key_behind(std::uint64_t top) const {
  top = std::max(top, last_offset());
  if (stored_.empty()) return {top, 1};
  const Message::Key last = stored_.rbegin()->first;
  return last.offset >= top ? Message::Key{last.offset, last.number + 1} : Message::Key{top, 1};
}

void MessageLog::add_note(std::string text, bool is_bad, std::int64_t now_ms, std::uint64_t top) {
  Message note;
  note.key = key_behind(top);
  note.kind = Message::Kind::kNote;
  note.text = std::move(text);
  note.is_bad = is_bad;
  note.time_ms = now_ms;
  stored_.insert_or_assign(note.key, std::move(note));
}

void MessageLog::add_pending(const ChatEvent& message) {
  Message& pending = pending_.emplace_back();
  pending.key = {UINT64_MAX, ++numbers_};  // behind all that has an offset
  pending.state = Message::State::kPending;
  pending.id = message.id;
  pending.user = message.user;
  pending.name = message.name;
  pending.text = message.text;
  pending.time_ms = message.time_ms;
  pending.reply_to = message.reply_to;
}

void MessageLog::fail_pending(std::string_view id, std::string_view problem) {
  // It stays where it is, with the reason: the person may want to say it again.
  for (Message& message : pending_) {
    if (message.id != id) continue;
    message.state = Message::State::kFailed;
    message.problem = problem;
  }
}

// Made anew for each drawing: as many as trim() leaves, of which only pointers are copied.
std::vector<const Message*> MessageLog::messages() const {
  std::vector<const Message*> all;
  all.reserve(stored_.size() + pending_.size());
  for (const auto& [key, message] : stored_) all.push_back(&message);
  for (const Message& message : pending_) all.push_back(&message);
  return all;
}

const Message* MessageLog::find(std::uint64_t offset) const {
  const auto found = stored_.find({offset, 0});
  return found == stored_.end() || offset == 0 ? nullptr : &found->second;
}

// Of those with an offset of their own, by which the server knows what is to be changed.
const Message* MessageLog::newest_of(std::string_view user) const {
  for (auto one = stored_.rbegin(); one != stored_.rend(); ++one) {
    const Message& message = one->second;
    const bool is_right = user.empty() ? message.user != me_ : message.user == user;
    if (message.kind == Message::Kind::kSaid && message.key.number == 0 && !message.is_deleted &&
        is_right) {
      return &message;
    }
  }
  return nullptr;
}

void MessageLog::check() const {
  constexpr std::size_t kCheckedMax = 64;
  std::size_t seen = 0;
  for (auto one = stored_.rbegin(); one != stored_.rend() && seen < kCheckedMax; ++one, ++seen) {
    const auto& [key, message] = *one;
    CHIRM_CHECK(key == message.key && message.state == Message::State::kStored, key.offset);
    CHIRM_CHECK(key.number > 0 || offsets_.contains(key.offset), key.offset);
  }
  seen = 0;
  for (auto one = changes_.rbegin(); one != changes_.rend() && seen < kCheckedMax; ++one, ++seen) {
    CHIRM_CHECK(!one->second.empty(), one->first);
    const std::uint64_t offset = one->second.begin()->first;
    CHIRM_CHECK(offset == 0 || offsets_.contains(offset), offset);
  }
  for (auto one = unchanged_.rbegin(); one != unchanged_.rend() && seen < 2 * kCheckedMax; ++one) {
    ++seen;
    CHIRM_CHECK(stored_.contains({one->first, 0}), one->first);
  }
  std::uint32_t number = 0;
  for (const Message& message : pending_) {
    CHIRM_CHECK(message.state != Message::State::kStored, message.id);
    CHIRM_CHECK(message.key.number > number && message.key.number <= numbers_, number);
    number = message.key.number;
  }
}

std::uint64_t MessageLog::first_offset() const { return offsets_.empty() ? 0 : *offsets_.begin(); }

std::uint64_t MessageLog::last_offset() const { return offsets_.empty() ? 0 : *offsets_.rbegin(); }

}  // namespace chirm::terminal
