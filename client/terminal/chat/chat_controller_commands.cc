// SPDX-License-Identifier: MIT
// What a controller does for the person: messages, rooms, people.
#include <algorithm>
#include <utility>

#include "client/terminal/chat/chat_controller.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "client/terminal/text/wording.h"
#include "client/terminal/view/chat_pages.h"
#include "protocol/channel_name.h"
#include "protocol/codes.h"

namespace chirm::terminal {

namespace {

constexpr std::size_t kMessageIdLength = 20;
constexpr std::uint64_t kTypingEveryMs = 3100;  // the server delivers one every 3 s
constexpr std::size_t kMentionsMax = 10;        // the server refuses more

std::string_view without_sign(std::string_view name) {
  if (name.starts_with('#') || name.starts_with('@')) name.remove_prefix(1);
  return name;
}

std::string dm_channel(const std::string& a, const std::string& b) {
  return "dm:#" + std::min(a, b) + "," + std::max(a, b);
}

// The known users whom `text` names with an @, as many as can be told.
std::vector<std::string> mentions_in(std::string_view text, const std::vector<std::string>& users) {
  std::vector<std::string> found;
  if (text.find('@') == std::string_view::npos) return found;
  for (const std::string& user : users) {
    if (found.size() < kMentionsMax && names_user(text, "@" + user)) found.push_back(user);
  }
  return found;
}

}  // namespace

void ChatController::note(std::string_view text, bool is_bad) {
  Conversation* current = model_.current();
  if (current == nullptr) {
    return events_.show_page(text_page("chirm", {std::string(text)}));
  }
  current->log.add_note(safe_text(text), is_bad, Loop::unix_ms(), current->top);
  current->position = {};
  events_.on_changed();
}

void ChatController::note_usage(ChatCommand::Kind kind) {
  for (const ChatCommandHelp& command : chat_commands()) {
    if (command.kind == kind) {
      note("usage: " + std::string(command.word) + " " + std::string(command.usage), true);
    }
  }
}

Conversation* ChatController::current_room() {
  Conversation* current = model_.current();
  if (current != nullptr && !current->info.is_dm) return current;
  note("that is for rooms: go to one first", true);
  return nullptr;
}

void ChatController::note_unchecked(std::string_view what) {
  note("cannot " + std::string(what) + ": this server knows neither accounts nor roles", true);
}

void ChatController::call(std::string_view method, JsonWriter& body, std::string what,
                          OnAnswer done, OnError refused) {
  const std::string data = body.take();
  if (!is_checked_) return note_unchecked(what);
  client_.rpc(method, data,
              [this, what = std::move(what), done = std::move(done),
               refused = std::move(refused)](const auto& answer) {
                if (has_ended_) return;
                if (!answer && refused) return refused(answer.error());
                if (!answer) {
                  return note("cannot " + what + ": " + safe_line(answer.error().message), true);
                }
                if (done) done(*answer);
                events_.on_changed();
              });
}

// ---- Saying

void ChatController::say(std::string_view text, std::uint64_t reply_to) {
  Conversation* current = model_.current();
  if (current == nullptr) return note("you are in no room: /join one first", true);
  ChatEvent message;
  message.id = context_.random.name(kMessageIdLength);
  message.user = me_;
  message.name = name_;
  message.text = to_utf8(text);
  message.time_ms = Loop::unix_ms();
  message.reply_to = reply_to;
  JsonWriter body;
  body.open();
  body.add("id", message.id);
  body.add("type", "message");
  body.add("text", message.text);
  body.add("time", message.time_ms);
  if (reply_to != 0) body.add("reply_to", reply_to);
  const auto mentions = mentions_in(message.text, completion_sources().users);
  if (!mentions.empty() && is_checked_) {
    body.open_array("mentions");
    for (const std::string& user : mentions) body.add_element(user);
    body.close_array();
  }
  body.close();
  current->log.add_pending(message);
  current->new_behind = 0;
  current->position = {};
  typing_sent_ms_ = 0;
  client_.publish(current->info.channel, body.take(),
                  [this, channel = current->info.channel, id = message.id](const auto& ack) {
                    if (has_ended_) return;
                    Conversation* said_in = model_.find(channel);
                    if (!ack && said_in != nullptr) {
                      said_in->log.fail_pending(id, ack.error().message);
                    }
                    if (is_quitting_) quit();
                    events_.on_changed();
                  });
}

// What changes a message: shown when the server delivers it.
void ChatController::publish(std::string_view channel, std::string_view data, std::string what) {
  client_.publish(channel, data, [this, what = std::move(what)](const auto& ack) {
    if (has_ended_) return;
    if (!ack) note("cannot " + what + ": " + safe_line(ack.error().message), true);
    if (is_quitting_) quit();
  });
}

void ChatController::note_typing() {
  const Conversation* current = model_.current();
  // Where nothing is checked, it would be kept like a message.
  const bool is_checked = is_checked_ && current != nullptr && current->info.is_listed;
  const bool is_due = typing_sent_ms_ == 0 || now_ms() >= typing_sent_ms_ + kTypingEveryMs;
  if (!is_checked || !is_due) return;
  if (state_ != ConnectionStatus::State::kConnected || client_.outbox_size() > 0) return;
  typing_sent_ms_ = now_ms();
  client_.publish(current->info.channel, R"({"type":"typing"})", [](const auto&) {});
}

const Message* ChatController::chosen_or(std::string_view user) {
  const Conversation* current = model_.current();
  if (current == nullptr) return nullptr;
  const Message* message =
      current->chosen != 0 ? current->log.find(current->chosen) : current->log.newest_of(user);
  if (message == nullptr) note("there is no such message here", true);
  return message;
}

void ChatController::reply(std::string_view argument) {
  if (argument.empty()) return note_usage(ChatCommand::Kind::kReply);
  const Message* message = chosen_or("");
  if (message == nullptr) return;
  const std::uint64_t offset = message->key.offset;
  model_.current()->chosen = 0;
  say(argument, offset);
}

void ChatController::edit(std::string_view argument) {
  const Message* message = chosen_or(me_);
  if (message == nullptr) return;
  if (argument.empty()) return events_.suggest("/edit " + safe_text(message->text));
  JsonWriter body;
  body.open();
  body.add("id", context_.random.name(kMessageIdLength));
  body.add("type", "edit");
  body.add("target", message->key.offset);
  body.add("text", to_utf8(argument));
  body.close();
  model_.current()->chosen = 0;
  publish(model_.current()->info.channel, body.take(), "edit");
}

void ChatController::delete_message() {
  const Message* message = chosen_or(me_);
  if (message == nullptr) return;
  JsonWriter body;
  body.open();
  body.add("id", context_.random.name(kMessageIdLength));
  body.add("type", "delete");
  body.add("target", message->key.offset);
  body.close();
  model_.current()->chosen = 0;
  publish(model_.current()->info.channel, body.take(), "delete");
}

void ChatController::react(std::string_view argument) {
  const std::string key(take_word(argument));
  if (key.empty()) return note_usage(ChatCommand::Kind::kReact);
  const Message* message = chosen_or("");
  if (message == nullptr) return;
  const auto found = message->reactions.find(key);
  const bool has_reacted = found != message->reactions.end() && found->second.contains(me_);
  JsonWriter body;
  body.open();
  body.add("id", context_.random.name(kMessageIdLength));
  body.add("type", "reaction");
  body.add("target", message->key.offset);
  body.add("key", to_utf8(key));
  body.add("on", !has_reacted);
  body.close();
  publish(model_.current()->info.channel, body.take(), "react");
}

// ---- Rooms and conversations

// Looks at it, at once or when the list of channels has it.
void ChatController::open_when_known(const std::string& channel, std::string say_then) {
  Conversation* conversation = model_.find(channel);
  if (conversation == nullptr) {
    wanted_channel_ = channel;
    wanted_text_ = std::move(say_then);
    return;
  }
  wanted_channel_.reset();
  wanted_text_.clear();
  model_.select(*conversation);
  follow_recent();
  if (!say_then.empty()) say(say_then);
  events_.on_changed();
}

void ChatController::join(std::string_view argument) {
  const std::string room(without_sign(take_word(argument)));
  if (room.empty() || !is_channel_name("room:" + room)) return note_usage(ChatCommand::Kind::kJoin);
  if (Conversation* known = model_.find_room(room)) return model_.select(*known);
  enter_room(room, true);
}

void ChatController::enter_room(const std::string& room, bool is_looked_at) {
  if (!is_checked_) {
    ChannelInfo info;
    info.room = room;
    info.channel = "room:" + room;
    model_.select(model_.open(info));
    return follow_recent();
  }
  JsonWriter body;
  body.open();
  body.add("room", room);
  body.close();
  const auto join = [this, is_looked_at](std::string_view json) {
    const ChannelInfo info = read_room(json);
    invitations_.erase(info.room);
    Conversation& conversation = model_.open(info);
    if (is_looked_at) model_.select(conversation);
    follow_recent();
  };
  const auto refused = [this, room, is_looked_at](const client::CommandError& error) {
    const bool is_unmade = is_no_such_room(error) || error.code == errors::kBadRequest.code;
    if (is_unmade) return visit(room, is_looked_at, error);
    note(describe_join_refusal(room, error), true);
  };
  call("chat.join", body, "join #" + safe_line(room), join, refused);
}

void ChatController::leave(std::string_view argument) {
  const std::string room(without_sign(take_word(argument)));
  Conversation* conversation = room.empty() ? model_.current() : model_.find_room(room);
  if (conversation == nullptr) return note("you are not in that room", true);
  const std::string channel = conversation->info.channel;
  const auto gone = [this, channel] {
    client_.unsubscribe(channel);
    forget(channel);
    events_.on_changed();
  };
  if (!is_checked_ || !conversation->info.is_listed) return gone();
  JsonWriter body;
  body.open();
  if (conversation->info.is_dm) {
    body.add("channel", channel);
  } else {
    body.add("room", conversation->info.room);
  }
  body.close();
  call(conversation->info.is_dm ? "chat.hide" : "chat.leave", body,
       "leave " + safe_line(conversation->label()), [gone](std::string_view) { gone(); });
}

void ChatController::create(std::string_view argument) {
  const std::string room(without_sign(take_word(argument)));
  const std::string_view visibility = take_word(argument);
  const bool is_wrong = !visibility.empty() && visibility != "private" && visibility != "public";
  if (room.empty() || is_wrong) return note_usage(ChatCommand::Kind::kCreate);
  JsonWriter body;
  body.open();
  body.add("room", room);
  if (!visibility.empty()) body.add("visibility", visibility);
  body.close();
  call("chat.create", body, "create #" + safe_line(room), [this](std::string_view json) {
    model_.select(model_.open(read_room(json)));
    follow_recent();
  });
}

void ChatController::open_dm(std::string_view argument) {
  const std::string user(without_sign(take_word(argument)));
  if (user.empty()) return note_usage(ChatCommand::Kind::kDm);
  const std::string text(argument);
  if (!is_checked_) {
    if (user == me_) return note("that is you", true);
    ChannelInfo info;
    info.channel = dm_channel(me_, user);
    info.is_dm = true;
    info.user = info.name = user;
    model_.open(info);
    return open_when_known(info.channel, text);
  }
  JsonWriter body;
  body.open();
  body.add("user", user);
  body.close();
  call("chat.dm", body, "write to " + safe_line(user), [this, user, text](std::string_view json) {
    const std::string channel = read_channel(json);
    if (model_.find(channel) == nullptr) sync();
    open_when_known(channel, text);
  });
}

}  // namespace chirm::terminal
