// SPDX-License-Identifier: MIT
#include "client/terminal/model/chat_model.h"

#include <algorithm>
#include <utility>

namespace chirm::terminal {

namespace {

bool stands_before(const Conversation& a, const Conversation& b) {
  if (a.info.is_dm != b.info.is_dm) return b.info.is_dm;
  return a.info.is_dm ? a.info.user < b.info.user : a.info.room < b.info.room;
}

}  // namespace

std::string Conversation::label() const {
  if (!info.is_dm) return "#" + info.room;
  return info.name.empty() ? info.user : info.name;
}

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

Conversation* ChatModel::find(std::string_view channel) {
  const auto found = std::find_if(conversations_.begin(), conversations_.end(),
                                  [&](const auto& one) { return one->info.channel == channel; });
  return found == conversations_.end() ? nullptr : found->get();
}

Conversation* ChatModel::find_room(std::string_view room) {
  return find("room:" + std::string(room));
}

Conversation& ChatModel::open(const ChannelInfo& info) {
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
  current_ = nullptr;
  if (!conversations_.empty()) select(*conversations_[place == 0 ? 0 : place - 1]);
}

void ChatModel::select(Conversation& conversation) {
  if (current_ == &conversation) return;
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
  ChatEvent dated = event;
  if (dated.time_ms == 0) dated.time_ms = unix_ms;
  const bool is_new = conversation.log.add(dated, unix_ms);
  conversation.top = std::max(conversation.top, event.offset);
  if (event.type == ChatEvent::Type::kMessage) conversation.typing.erase(event.user);
  if (!is_new || event.type != ChatEvent::Type::kMessage || event.user == me_) return;
  if (is_visible(conversation)) return;
  if (event.offset != 0 && event.offset <= conversation.read) return;
  ++conversation.unread;
  const Message* message = conversation.log.find(event.offset);
  if (message != nullptr && message->mentions_me) conversation.is_mentioned = true;
}

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

}  // namespace chirm::terminal
