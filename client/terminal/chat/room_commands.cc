// SPDX-License-Identifier: MIT
#include "client/terminal/chat/room_commands.h"

#include <algorithm>
#include <utility>

#include "client/terminal/chat/command_arguments.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "protocol/channel_name.h"
#include "protocol/codes.h"

namespace chirm::terminal {

namespace {

// The same for both: the two names are in the order of the alphabet.
std::string dm_channel(const std::string& a, const std::string& b) {
  return "dm:#" + std::min(a, b) + "," + std::max(a, b);
}

}  // namespace

void RoomCommands::enter_wanted() {
  for (const std::string& room : chat_.options.rooms) {
    Conversation* known = chat_.model.find_room(room);
    const bool is_first = room == chat_.options.rooms.front();
    // The default is no wish: who has left the lobby stays out of it.
    if (known == nullptr && chat_.options.has_chosen_rooms) enter(room, is_first);
    if (known != nullptr && is_first) chat_.model.select(*known);
  }
}

void RoomCommands::open_wanted() {
  if (!wanted_channel_) return;
  const std::string channel = *wanted_channel_;
  open_when_known(channel, std::exchange(wanted_text_, {}));
}

// Looks at it, at once or when the list of channels has it.
void RoomCommands::open_when_known(const std::string& channel, std::string say_then) {
  Conversation* conversation = chat_.model.find(channel);
  if (conversation == nullptr) {
    wanted_channel_ = channel;
    wanted_text_ = std::move(say_then);
    return;
  }
  // Whoever was waited for before is not any more: the person has gone elsewhere.
  wanted_channel_.reset();
  wanted_text_.clear();
  chat_.model.select(*conversation);
  following_.follow_recent();
  if (!say_then.empty()) messages_.say(say_then);
  chat_.events.on_changed();
}

CommandUse RoomCommands::join(std::string_view argument) {
  const std::string room = take_name(argument);
  if (room.empty() || !is_channel_name(room_info(room).channel)) return CommandUse::kWrong;
  if (Conversation* known = chat_.model.find_room(room)) {
    chat_.model.select(*known);
  } else {
    enter(room, true);
  }
  return CommandUse::kRight;
}

void RoomCommands::enter(const std::string& room, bool is_looked_at) {
  if (!chat_.is_checked) {  // there is nothing to be a member of
    chat_.model.select(chat_.model.open(room_info(room)));
    return following_.follow_recent();
  }
  const auto join = [this, is_looked_at](std::string_view json) {
    const ChannelInfo info = read_room(json);
    names_.remove_invitation(info.room);
    Conversation& conversation = chat_.model.open(info);
    if (is_looked_at) chat_.model.select(conversation);
    following_.follow_recent();
  };
  const auto refused = [this, room, is_looked_at](const client::CommandError& error) {
    // Such a room cannot be joined, but may be open to everybody. The bad request: names of such
    // rooms have fewer rules than those of rooms that are made.
    const bool is_unmade = is_no_such_room(error) || error.code == errors::kBadRequest.code;
    if (is_unmade) return following_.visit(room, is_looked_at, error);
    chat_.note(describe_join_refusal(room, error), true);
  };
  chat_.call("chat.join", object_of("room", room), "join #" + safe_line(room), join, refused);
}

void RoomCommands::leave(std::string_view argument) {
  const std::string room = take_name(argument);
  Conversation* conversation = room.empty() ? chat_.model.current() : chat_.model.find_room(room);
  if (conversation == nullptr) return chat_.note("you are not in that room", true);
  const std::string channel = conversation->info.channel;
  const auto gone = [this, channel] {
    following_.leave(channel);
    chat_.events.on_changed();
  };
  if (!chat_.is_checked || !conversation->info.is_listed) return gone();
  // Nobody can leave a conversation of two: it is hidden until something is said there.
  const bool is_dm = conversation->info.is_dm;
  const std::string body =
      is_dm ? object_of("channel", channel) : object_of("room", conversation->info.room);
  chat_.call(is_dm ? "chat.hide" : "chat.leave", body, "leave " + safe_line(conversation->label()),
             [gone](std::string_view) { gone(); });
}

CommandUse RoomCommands::create(std::string_view argument) {
  const std::string room = take_name(argument);
  const std::string visibility(take_word(argument));
  const bool is_wrong = !visibility.empty() && visibility != "private" && visibility != "public";
  if (room.empty() || is_wrong) return CommandUse::kWrong;
  const auto given = visibility.empty() ? std::nullopt : std::optional(visibility);
  chat_.call("chat.create", object_of("room", room, "visibility", given),
             "create #" + safe_line(room), [this](std::string_view json) {
               chat_.model.select(chat_.model.open(read_room(json)));
               following_.follow_recent();
             });
  return CommandUse::kRight;
}

// The room is always named: a command that was meant for another window takes none with it.
CommandUse RoomCommands::remove(std::string_view argument) {
  const std::string room = take_name(argument);
  const std::string_view confirmed = take_word(argument);
  if (room.empty() || (!confirmed.empty() && confirmed != "yes")) return CommandUse::kWrong;
  const std::string label = "#" + safe_line(room);
  if (confirmed.empty()) {
    chat_.note("this deletes " + label +
                   " with all its messages, members and invitations, for everybody and for good. "
                   "To do it: /delete-room " +
                   safe_line(room) + " yes",
               true);
    return CommandUse::kRight;
  }
  chat_.call("chat.delete", object_of("room", room), "delete " + label,
             [this, label](std::string_view) { chat_.note(label + " is deleted"); });
  return CommandUse::kRight;
}

CommandUse RoomCommands::open_dm(std::string_view argument) {
  const std::string user = take_name(argument);
  if (user.empty()) return CommandUse::kWrong;
  const std::string text(argument);
  if (!chat_.is_checked) {
    // There the channel's name is all that makes it private, so that it is made here.
    if (user == chat_.me) {
      chat_.note("that is you", true);
      return CommandUse::kRight;
    }
    ChannelInfo info;
    info.channel = dm_channel(chat_.me, user);
    info.is_dm = true;
    info.user = info.name = user;
    chat_.model.open(info);
    open_when_known(info.channel, text);
    return CommandUse::kRight;
  }
  chat_.call("chat.dm", object_of("user", user), "write to " + safe_line(user),
             [this, text](std::string_view json) {
               const std::string channel = read_channel(json);
               // The answer has no more than the channel: what is shown of it comes with the list.
               if (chat_.model.find(channel) == nullptr) list_.read();
               open_when_known(channel, text);
             });
  return CommandUse::kRight;
}

}  // namespace chirm::terminal
