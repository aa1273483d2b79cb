// SPDX-License-Identifier: MIT
#include "client/terminal/chat/message_commands.h"

#include <utility>
#include <vector>

#include "client/terminal/chat/command_arguments.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "protocol/emoji.h"
#include "protocol/limits.h"

namespace chirm::terminal {

namespace {

// Letters and digits of a message's id: the server stores a message that is sent twice once, by it.
constexpr std::size_t kMessageIdLength = 20;
constexpr std::uint64_t kTypingEveryMs = 3100;  // the server delivers one every 3 s

// The known users whom `text` names with an @, as many as can be told.
std::vector<std::string> mentions_in(std::string_view text, const std::vector<std::string>& users) {
  std::vector<std::string> found;
  if (text.find('@') == std::string_view::npos) return found;
  for (const std::string& user : users) {
    if (found.size() < limits::kMentionsMax && names_user(text, "@" + user)) found.push_back(user);
  }
  return found;
}

}  // namespace

void MessageCommands::say(std::string_view text, std::uint64_t reply_to) {
  Conversation* current = chat_.model.current();
  if (current == nullptr) return chat_.note("you are in no room: /join one first", true);
  ChatEvent message;
  message.id = chat_.context.random.name(kMessageIdLength);
  message.user = chat_.me;
  message.name = chat_.name;
  message.text = to_utf8(text);
  message.time_ms = chat_.unix_ms();
  message.reply_to = reply_to;
  const std::string body = message_body(message);
  // Shown at once; the publication that comes back has the same id and takes its place.
  current->log.add_pending(message);
  current->new_behind = 0;
  current->position = {};
  typing_sent_ms_ = 0;
  chat_.client.publish(current->info.channel, body,
                       [this, channel = current->info.channel, id = message.id](const auto& ack) {
                         if (chat_.has_ended) return;
                         Conversation* said_in = chat_.model.find(channel);
                         if (!ack && said_in != nullptr) {
                           said_in->log.fail_pending(id, ack.error().message);
                         }
                         on_answered_();
                         chat_.events.on_changed();
                       });
}

std::string MessageCommands::message_body(const ChatEvent& message) const {
  JsonWriter body;
  body.open();
  body.add("id", message.id);
  body.add("type", "message");
  body.add("text", message.text);
  body.add("time", message.time_ms);
  if (message.reply_to != 0) body.add("reply_to", message.reply_to);
  const auto mentions = mentions_in(message.text, names_.sources(chat_.model, chat_.me).users);
  // Where nothing is checked, nobody is told of mentions; who reads finds the name in the text.
  if (!mentions.empty() && chat_.is_checked) {
    body.open_array("mentions");
    for (const std::string& user : mentions) body.add_element(user);
    body.close_array();
  }
  body.close();
  return body.take();
}

// Edits, deletions and reactions show when the server delivers them, for it may refuse them.
void MessageCommands::publish_change(std::string body, std::string what) {
  chat_.client.publish(
      chat_.model.current()->info.channel, body, [this, what = std::move(what)](const auto& ack) {
        if (chat_.has_ended) return;
        if (!ack) chat_.note("cannot " + what + ": " + safe_line(ack.error().message), true);
        on_answered_();
      });
}

void MessageCommands::note_typing() {
  const Conversation* current = chat_.model.current();
  // Where nothing is checked, it would be kept like a message.
  const bool is_checked = chat_.is_checked && current != nullptr && current->info.is_listed;
  const std::uint64_t now_ms = chat_.now_ms();
  const bool is_due = typing_sent_ms_ == 0 || now_ms >= typing_sent_ms_ + kTypingEveryMs;
  if (!is_checked || !is_due) return;
  // Behind messages that wait to be sent, it would come when nobody types any more.
  if (!connection_.is_connected() || chat_.client.outbox_size() > 0) return;
  // Should it be lost, nobody misses it.
  typing_sent_ms_ = now_ms;
  chat_.client.publish(current->info.channel, R"({"type":"typing"})", [](const auto&) {});
}

const Message* MessageCommands::chosen_or(std::string_view user) {
  const Conversation* current = chat_.model.current();
  if (current == nullptr) return nullptr;
  // Never another message than the one that was chosen, should that be gone.
  const Message* message =
      current->chosen != 0 ? current->log.find(current->chosen) : current->log.newest_of(user);
  if (message == nullptr) chat_.note("there is no such message here", true);
  return message;
}

CommandUse MessageCommands::reply(std::string_view argument) {
  if (argument.empty()) return CommandUse::kWrong;
  const Message* message = chosen_or("");
  if (message == nullptr) return CommandUse::kRight;
  const std::uint64_t offset = message->key.offset;
  chat_.model.current()->chosen = 0;
  say(argument, offset);
  return CommandUse::kRight;
}

void MessageCommands::edit(std::string_view argument) {
  const Message* message = chosen_or(chat_.me);
  if (message == nullptr) return;
  // Without a text, the person gets the present one to change.
  if (argument.empty()) return chat_.events.suggest("/edit " + safe_text(message->text));
  std::string body = object_of("id", chat_.context.random.name(kMessageIdLength), "type", "edit",
                               "target", message->key.offset, "text", to_utf8(argument));
  chat_.model.current()->chosen = 0;
  publish_change(std::move(body), "edit");
}

void MessageCommands::remove() {
  const Message* message = chosen_or(chat_.me);
  if (message == nullptr) return;
  std::string body = object_of("id", chat_.context.random.name(kMessageIdLength), "type", "delete",
                               "target", message->key.offset);
  chat_.model.current()->chosen = 0;
  publish_change(std::move(body), "delete");
}

// The choice stays: people react more than once.
CommandUse MessageCommands::react(std::string_view argument) {
  const std::string key(take_word(argument));
  if (key.empty()) return CommandUse::kWrong;
  if (!is_emoji(key)) {
    chat_.note("a reaction is one emoji, as in /react 👍", true);
    return CommandUse::kRight;
  }
  const Message* message = chosen_or("");
  if (message == nullptr) return CommandUse::kRight;
  const auto found = message->reactions.find(key);
  const bool has_reacted = found != message->reactions.end() && found->second.contains(chat_.me);
  publish_change(object_of("id", chat_.context.random.name(kMessageIdLength), "type", "reaction",
                           "target", message->key.offset, "key", to_utf8(key), "on", !has_reacted),
                 "react");
  return CommandUse::kRight;
}

}  // namespace chirm::terminal
