// SPDX-License-Identifier: MIT
// What a controller reads besides what is pushed: the past, who is there, what is unread.
#include <algorithm>
#include <utility>

#include "client/terminal/chat/chat_controller.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kReadDelayMs = 500;       // between marks as read
constexpr std::uint64_t kReadAgainMs = 2000;      // after one was lost
constexpr std::uint64_t kPeopleAgainMs = 30'000;  // nobody tells who goes away

}  // namespace

void ChatController::note_looking() {
  Conversation* current = model_.current();
  if (current == nullptr || !has_synced_) return;
  if (!is_followed(*current)) follow_recent();
  load(*current);
  if (!current->position.is_at_end) return;
  const bool is_news = current->top > current->read || current->unread > 0;
  if (!current->is_loaded || !is_news) return;
  model_.set_read(*current, current->top);
  if (!is_checked_ || !current->info.is_listed) return;
  unsent_reads_.insert(current->info.channel);
  if (!read_timer_.is_running()) read_timer_.start(kReadDelayMs);
}

// Until the server has taken them.
void ChatController::send_read_marks() {
  if (!client_.is_connected() && !unsent_reads_.empty()) return read_timer_.start(kReadAgainMs);
  for (const std::string& channel : std::exchange(unsent_reads_, {})) {
    const Conversation* conversation = model_.find(channel);
    if (conversation == nullptr || conversation->read == 0) continue;
    JsonWriter body;
    body.open();
    body.add("channel", channel);
    body.add("offset", conversation->read);
    body.close();
    client_.rpc("chat.read", body.take(), [this, channel](const auto& answer) {
      const bool is_lost = !answer && (answer.error().code == 0 || answer.error().temporary);
      if (!is_lost || has_ended_) return;
      unsent_reads_.insert(channel);
      if (!read_timer_.is_running()) read_timer_.start(kReadAgainMs);
    });
  }
}

void ChatController::load(Conversation& conversation) {
  if (conversation.is_loaded || conversation.is_loading || !client_.is_connected()) return;
  if (options_.history == 0) {
    conversation.is_loaded = true;
    return;
  }
  conversation.is_loading = true;
  client_.history(conversation.info.channel, options_.history,
                  [this, channel = conversation.info.channel](const auto& page) {
                    on_page(channel, true, page);
                  });
  people_timer_.start(0);
}

void ChatController::load_older() {
  Conversation* current = model_.current();
  if (current == nullptr || !current->is_loaded || current->is_loading || !current->has_older) {
    return;
  }
  const std::uint64_t first = current->log.first_offset();
  if (first <= 1) {
    current->has_older = false;
    return;
  }
  current->is_loading = true;
  const std::uint32_t count = std::max(options_.history, 50U);
  client_.history_before(
      current->info.channel, first, current->epoch, count,
      [this, channel = current->info.channel](const auto& page) { on_page(channel, false, page); });
}

void ChatController::on_page(
    const std::string& channel, bool is_newest,
    const Expected<std::vector<PublicationView>, client::CommandError>& page) {
  Conversation* conversation = model_.find(channel);
  if (has_ended_ || conversation == nullptr || !is_followed(*conversation)) return;
  conversation->is_loading = false;
  if (!page) {
    if (!client_.is_connected()) return;  // later
    conversation->is_loaded = true;
    conversation->has_older = false;
    note("cannot read the past of " + safe_line(conversation->label()) + ": " +
             safe_line(page.error().message),
         true);
    return;
  }
  const std::int64_t unix_ms = Loop::unix_ms();
  for (const PublicationView& publication : *page) {
    conversation->log.add(read_chat_event(publication), unix_ms);
    conversation->top = std::max(conversation->top, publication.offset);
  }
  conversation->has_older = !page->empty() && page->front().offset > 1;
  if (is_newest) {
    conversation->is_loaded = true;
    count_unread(*conversation);
    if (conversation == model_.current() && conversation->unread > 0) {
      conversation->new_behind = conversation->read;
    }
  }
  events_.on_changed();
}

// As exactly as what is here allows.
void ChatController::count_unread(Conversation& conversation) {
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

void ChatController::ask_for_people(Conversation& conversation) {
  if (!client_.is_connected() || !has_synced_) return;
  people_timer_.start(kPeopleAgainMs);
  const auto take = [this, channel = conversation.info.channel](PresenceAnswer answer) {
    Conversation* asked = model_.find(channel);
    if (has_ended_ || asked == nullptr) return;
    asked->people = std::move(answer.people);
    asked->people_count = std::max<std::uint64_t>(answer.count, asked->people.size());
    events_.on_changed();
  };
  if (!is_checked_) {
    client_.presence(conversation.info.channel, [take](const auto& present) {
      if (!present) return;
      std::set<std::string> users;
      for (const client::Present& one : *present) users.insert(one.user);
      PresenceAnswer answer;
      for (const std::string& user : users) answer.people.push_back({user, user, "online"});
      take(std::move(answer));
    });
    return;
  }
  JsonWriter body;
  body.open();
  body.add("channel", conversation.info.channel);
  body.close();
  client_.rpc("chat.presence", body.take(), [take](const auto& answer) {
    if (answer) take(read_presence(*answer));
  });
}

CompletionSources ChatController::completion_sources() const {
  CompletionSources sources;
  std::set<std::string> users;
  std::set<std::string> rooms = known_rooms_;
  for (const auto& one : model_.conversations()) {
    if (one->info.is_dm) users.insert(one->info.user);
    if (!one->info.is_dm) rooms.insert(one->info.room);
  }
  rooms.insert(invitations_.begin(), invitations_.end());
  if (const Conversation* current = model_.current()) {
    for (const Person& person : current->people) users.insert(person.user);
    for (const Message* message : current->log.messages()) {
      if (message->kind == Message::Kind::kSaid) users.insert(message->user);
    }
  }
  users.erase(me_);
  users.erase("");
  for (const std::string& user : users) sources.users.push_back(safe_line(user));
  for (const std::string& room : rooms) sources.rooms.push_back(safe_line(room));
  return sources;
}

}  // namespace chirm::terminal
