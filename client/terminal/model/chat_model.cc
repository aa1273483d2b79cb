// SPDX-License-Identifier: MIT
#include "client/terminal/model/chat_model.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm::terminal {

namespace {

bool stands_before(const Conversation& a, const Conversation& b) {
  if (a.info.is_dm != b.info.is_dm) return b.info.is_dm;
  return a.info.is_dm ? a.info.user < b.info.user : a.info.room < b.info.room;
}

}  // namespace

ChannelInfo room_info(std::string_view room) {
  ChannelInfo info;
  info.room = room;
  info.channel = "room:" + info.room;
  return info;
}

std::string Conversation::label() const {
  if (!info.is_dm) return "#" + info.room;
  return info.name.empty() ? info.user : info.name;
}

// What is not sent yet stays in the log: it has no place in the server's that could be missed.
void Conversation::forget_log() {
  log.reset();
  is_loaded = is_loading = false;
  has_older = true;
  typing.clear();
}

void Conversation::forget_positions() {
  top = read = new_behind = chosen = 0;
  unread = 0;
  is_mentioned = false;
}

void ChatModel::set_me(std::string user, bool is_checked) {
  me_ = std::move(user);
  is_checked_ = is_checked;
}

// A person has some dozens of conversations, which stand in the order in which they are shown: an
// index by channel would be one more thing to keep right.
const Conversation* ChatModel::find(std::string_view channel) const {
  const auto found = std::find_if(conversations_.begin(), conversations_.end(),
                                  [&](const auto& one) { return one->info.channel == channel; });
  return found == conversations_.end() ? nullptr : found->get();
}

Conversation* ChatModel::find(std::string_view channel) {
  return const_cast<Conversation*>(std::as_const(*this).find(channel));
}

Conversation* ChatModel::find_room(std::string_view room) { return find(room_info(room).channel); }

Conversation& ChatModel::open(const ChannelInfo& info) {
  // Conversations are on the heap each, so that pointers to them outlive changes of the list.
  if (Conversation* known = find(info.channel)) {
    known->info = info;
    return *known;
  }
  auto added = std::make_unique<Conversation>(info, MessageLog(me_, is_checked_ && info.is_listed));
  Conversation& conversation = *added;
  const auto place = std::find_if(conversations_.begin(), conversations_.end(),
                                  [&](const auto& one) { return stands_before(*added, *one); });
  conversations_.insert(place, std::move(added));
  if (current_ == nullptr) select(conversation);
  return conversation;
}

void ChatModel::close(std::string_view channel) {
  const auto found = std::find_if(conversations_.begin(), conversations_.end(),
                                  [&](const auto& one) { return one->info.channel == channel; });
  if (found == conversations_.end()) return;
  const bool was_current = found->get() == current_;
  const auto place = static_cast<std::size_t>(found - conversations_.begin());
  conversations_.erase(found);
  if (!was_current) return;
  current_ = nullptr;  // first: select() would write to the one that is gone
  if (!conversations_.empty()) select(*conversations_[place == 0 ? 0 : place - 1]);
}

void ChatModel::select(Conversation& conversation) {
  CHIRM_CHECK(find(conversation.info.channel) == &conversation, conversation.info.channel);
  if (current_ == &conversation) return;
  // Who comes back finds no line above what they have seen, and commands are about the newest
  // again.
  if (current_ != nullptr) current_->new_behind = current_->chosen = 0;
  current_ = &conversation;
  conversation.opened = ++opened_;
  conversation.position = {};
  if (conversation.unread > 0) conversation.new_behind = conversation.read;
}

void ChatModel::select_next(int step) {
  if (conversations_.empty()) return;
  const auto found = std::find_if(conversations_.begin(), conversations_.end(),
                                  [&](const auto& one) { return one.get() == current_; });
  const auto count = static_cast<std::ptrdiff_t>(conversations_.size());
  const auto next = (found - conversations_.begin() + step % count + count) % count;
  select(*conversations_[static_cast<std::size_t>(next)]);
}

void ChatModel::select_number(std::size_t number) {
  if (number < conversations_.size()) select(*conversations_[number]);
}

void ChatModel::select_unread() {
  const auto found = [&](auto is_wanted) {
    return std::find_if(conversations_.begin(), conversations_.end(), is_wanted);
  };
  // Somebody waits for an answer there.
  auto wanted = found([](const auto& one) { return one->is_mentioned; });
  if (wanted == conversations_.end()) {
    wanted = found([](const auto& one) { return one->unread > 0; });
  }
  if (wanted != conversations_.end()) select(**wanted);
}

void ChatModel::set_positions(Conversation& conversation, std::uint64_t top, std::uint64_t read) {
  conversation.top = std::max(conversation.top, top);
  if (!conversation.is_loaded) {
    // Changes of messages count as well: nobody knows more before the past is read.
    conversation.unread = static_cast<std::size_t>(top > read ? top - read : 0);
  }
  conversation.read = std::max(conversation.read, read);
  set_read(conversation, read);
}

void ChatModel::set_read(Conversation& conversation, std::uint64_t offset) {
  // Marks cross on their way between devices: an older one does not make anything unread.
  conversation.read = std::max(conversation.read, offset);
  if (conversation.read < conversation.top) return;
  conversation.unread = 0;
  conversation.is_mentioned = false;
}

bool ChatModel::is_visible(const Conversation& conversation) const {
  return &conversation == current_ && conversation.position.is_at_end;
}

void ChatModel::receive(Conversation& conversation, const ChatEvent& event, std::int64_t unix_ms,
                        std::uint64_t now_ms) {
  if (event.type == ChatEvent::Type::kTyping) {
    if (event.user != me_) conversation.typing[event.user] = now_ms + kTypingMs;
    return;
  }
  // Live, it was said just now. What the past has without a time stays without.
  ChatEvent dated = event;
  if (dated.time_ms == 0) dated.time_ms = unix_ms;
  const bool is_new = conversation.log.add(dated, unix_ms);
  conversation.top = std::max(conversation.top, event.offset);
  // What was being typed is this message.
  if (event.type == ChatEvent::Type::kMessage) conversation.typing.erase(event.user);
  if (!is_new || event.type != ChatEvent::Type::kMessage || event.user == me_) return;
  if (is_visible(conversation)) return;
  // Read on another device, whose mark has come first.
  if (event.offset != 0 && event.offset <= conversation.read) return;
  ++conversation.unread;
  const Message* message = conversation.log.find(event.offset);
  if (message != nullptr && message->mentions_me) conversation.is_mentioned = true;
}

void ChatModel::count_unread(Conversation& conversation) const {
  if (!conversation.is_loaded) return;
  conversation.unread = 0;
  conversation.is_mentioned = false;
  for (const Message* message : conversation.log.messages()) {
    const bool is_unread = message->key.offset > conversation.read && message->key.number == 0 &&
                           message->kind == Message::Kind::kSaid &&
                           message->state == Message::State::kStored && message->user != me_;
    if (!is_unread) continue;
    ++conversation.unread;
    conversation.is_mentioned = conversation.is_mentioned || message->mentions_me;
  }
}

// Nobody says that they have stopped typing.
std::uint64_t ChatModel::expire_typing(std::uint64_t now_ms) {
  std::uint64_t next = 0;
  for (const auto& conversation : conversations_) {
    std::erase_if(conversation->typing, [&](const auto& one) { return one.second <= now_ms; });
    for (const auto& [user, until] : conversation->typing) {
      next = next == 0 ? until : std::min(next, until);
    }
  }
  return next;
}

void ChatModel::check() const {
  bool has_current = conversations_.empty() && current_ == nullptr;
  for (const auto& one : conversations_) {
    CHIRM_CHECK(one->opened <= opened_, one->opened, opened_);
    CHIRM_CHECK(find(one->info.channel) == one.get(), one->info.channel);
    has_current = has_current || one.get() == current_;
  }
  CHIRM_CHECK(has_current, conversations_.size());
  if (current_ != nullptr) current_->log.check();  // of the others nothing is shown
}

}  // namespace chirm::terminal
