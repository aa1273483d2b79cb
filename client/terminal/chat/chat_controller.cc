// SPDX-License-Identifier: MIT
#include "client/terminal/chat/chat_controller.h"

#include <utility>

#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "core/base/check.h"

namespace chirm::terminal {

namespace {

// Of a conversation, at least. So many are a day in a busy room and some MB; who wants older ones
// reads them again.
constexpr std::size_t kMessagesKept = 3000;
constexpr std::uint64_t kTypingCheckMs = 1000;

}  // namespace

ChatController::ChatController(client::Context& context, ControllerOptions options,
                               ControllerEvents& events)
    : chat_(context, std::move(options), events, *this),
      connection_(chat_.options.client.url.authority()),
      following_(chat_),
      read_marks_(chat_),
      presence_(chat_),
      history_(chat_, following_),
      list_(chat_, following_, names_,
            {.on_listed = [this](bool is_first) { on_listed(is_first); },
             .on_read = [this] { note_caught_up(); }}),
      commands_{.chat = chat_,
                .messages = {chat_, names_, connection_,
                             [this] {
                               if (is_quitting_) quit();
                             }},
                .rooms = {chat_, following_, names_, list_, commands_.messages},
                .moderation = ModerationCommands(chat_),
                .lists = {chat_, names_},
                .people = {chat_, presence_},
                .quit = [this] { quit(); }},
      typing_timer_(context.loop, [this] { on_typing_time(); }),
      patience_(context.loop, [this] {
        end(1, count_of(chat_.client.outbox_size(), "message") + " could not be sent");
      }) {}

void ChatController::start() { chat_.client.connect(); }

// ---- What the person does

void ChatController::run(std::string_view line) {
  const TypedLine typed = parse_line(line);
  switch (typed.kind) {
    case TypedLine::Kind::kNothing:
      return;
    case TypedLine::Kind::kSay:
      commands_.messages.say(typed.argument);
      break;
    case TypedLine::Kind::kUnknown:
      chat_.note("no such command: " + safe_line(typed.argument) + " (/help lists them)", true);
      break;
    case TypedLine::Kind::kCommand: {
      const ChatCommand& command = *typed.command;
      if (command.run(commands_, typed.argument) == CommandUse::kRight) break;
      chat_.note("usage: " + std::string(command.word) + " " + std::string(command.usage), true);
      break;
    }
  }
  note_changed();
}

void ChatController::note_typing() { commands_.messages.note_typing(); }

void ChatController::note_looking() {
  Conversation* current = chat_.model.current();
  if (current == nullptr || !chat_.has_synced) return;
  // One that was not looked at for long may have given way to others.
  if (!following_.is_followed(*current)) following_.follow_recent();
  if (history_.read_newest(*current)) presence_.read_now();
  if (current->position.is_at_end) read_marks_.mark(*current);
  note_changed();
}

void ChatController::quit() {
  if (chat_.client.outbox_size() == 0) return end(0, "");
  if (!std::exchange(is_quitting_, true)) {
    chat_.note("waiting for " + count_of(chat_.client.outbox_size(), "message") +
               " to be acknowledged; Ctrl-C ends at once");
  }
  // Anew with each acknowledgement: a long outbox may take longer than one answer may.
  patience_.start(chat_.options.patience_ms);
}

void ChatController::end(int exit_code, std::string_view problem) {
  if (std::exchange(chat_.has_ended, true)) return;
  patience_.stop();
  list_.stop();
  // It tells us that the connection is gone, which is no outage any more.
  chat_.client.disconnect();
  chat_.events.on_end(exit_code, problem);
}

// ---- Connection

void ChatController::on_connected(std::string_view, std::string_view) {
  connection_.note_connected();
  following_.on_connected();
  list_.read();
  note_changed();
  chat_.events.on_changed();
}

void ChatController::on_disconnected(const client::Disconnected& why) {
  if (chat_.has_ended) return;
  list_.stop();
  if (!why.retry_in_ms) {
    return end(
        1, describe_refusal(why, chat_.options.client.url.authority(), connection_.was_connected(),
                            chat_.options.client.token.empty()));
  }
  connection_.note_lost(why.reason, chat_.now_ms() + *why.retry_in_ms);
  history_.on_disconnected();
  note_changed();
  chat_.events.on_changed();
}

// All channels are subscribed to and the list is what the server says: what was missed is here, or
// on its way.
void ChatController::note_caught_up() {
  // Without an answer to the list nobody knows which channels there are to subscribe to.
  const bool is_open = connection_.is_catching_up() && following_.is_settled();
  if (!is_open || list_.is_due() || !chat_.has_synced) return;
  connection_.note_caught_up(chat_.now_ms());
  note_changed();
  chat_.events.on_changed();
}

void ChatController::on_listed(bool is_first) {
  if (is_first) {
    commands_.rooms.enter_wanted();
    commands_.lists.learn_rooms();
  }
  commands_.rooms.open_wanted();
}

// ---- Channels

void ChatController::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  const bool has_started_over = following_.on_subscribed(channel, how);
  // How far one has read of the new log, only the list says.
  if (has_started_over && chat_.is_checked) list_.read_soon();
  const Conversation* current = chat_.model.current();
  if (current != nullptr && current->info.channel == channel) presence_.read_now();
  note_caught_up();
  note_changed();
  chat_.events.on_changed();
}

void ChatController::on_unsubscribed(std::string_view channel, std::uint32_t code,
                                     std::string_view reason) {
  following_.on_unsubscribed(channel, code, reason);
  note_caught_up();
  note_changed();
  chat_.events.on_changed();
}

void ChatController::on_publication(std::string_view channel, const PublicationView& publication) {
  if (channel.starts_with("user:#")) return on_inbox(publication.data);
  Conversation* conversation = chat_.model.find(channel);
  if (conversation == nullptr) return;
  const ChatEvent event = read_chat_event(publication);
  chat_.model.receive(*conversation, event, chat_.unix_ms(), chat_.now_ms());
  // Not while the person reads older messages: those would be what goes.
  const bool is_at_end = conversation->position.is_at_end;
  if (is_at_end && conversation->log.trim(kMessagesKept)) conversation->has_older = true;
  if (event.type == ChatEvent::Type::kTyping) typing_timer_.start(kTypingCheckMs);
  // What the room is called or who may do what has changed.
  const bool is_about_room =
      event.type == ChatEvent::Type::kEvent && event.event != "join" && event.event != "leave";
  if (is_about_room && chat_.is_checked) list_.read_soon();
  note_changed();
  chat_.events.on_changed();
}

// One's inbox: the server subscribes each user to it, and tells there what concerns only them.
void ChatController::on_inbox(std::string_view data) {
  const InboxEvent event = read_inbox_event(data);
  Conversation* conversation = chat_.model.find(event.channel);
  if (event.type == "channel" || event.type == "dismissed" || event.type == "removed") {
    list_.read_soon();
  } else if (event.type == "read" && conversation != nullptr) {  // on another device
    chat_.model.set_read(*conversation, event.offset);
    if (event.offset > 0) chat_.model.count_unread(*conversation);
  } else if (event.type == "mention" && conversation != nullptr) {
    const bool is_unread =
        event.offset > conversation->read && !chat_.model.is_visible(*conversation);
    if (is_unread) conversation->is_mentioned = true;
  } else if (event.type == "notice") {
    chat_.note("Notice: " + event.text, true);
  }
  note_changed();
  chat_.events.on_changed();
}

void ChatController::on_join(std::string_view channel, const ClientInfoView&) {
  const Conversation* current = chat_.model.current();
  if (current != nullptr && current->info.channel == channel) presence_.read_soon();
}

void ChatController::on_leave(std::string_view channel, const ClientInfoView& who) {
  on_join(channel, who);
}

void ChatController::on_typing_time() {
  const std::uint64_t next_ms = chat_.model.expire_typing(chat_.now_ms());
  if (next_ms > chat_.now_ms()) typing_timer_.start(next_ms - chat_.now_ms());
  chat_.events.on_changed();
}

// ---- Invariants

void ChatController::note_changed() {
  if constexpr (kChecksInvariants) chat_.context.flush_at_turn_end(*this);
}

void ChatController::flush() {
  following_.check();
  read_marks_.check();
  chat_.model.check();
}

}  // namespace chirm::terminal
