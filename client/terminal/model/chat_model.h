// SPDX-License-Identifier: MIT
#pragma once
// What a person at the terminal chats in: the conversations, what was said in them, what is unread,
// who is there, which one is looked at. Pure. Private to client/terminal/.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/terminal/model/message_log.h"

namespace chirm::terminal {

// What the server says of a channel.
struct ChannelInfo {
  std::string channel;
  bool is_dm = false;
  std::string room;  // of a room: its name
  std::string title;
  std::string topic;
  std::string role;  // one's own in the room
  bool is_archived = false;
  bool is_listed = true;  // by the server; a room that nobody has made is not
  std::string user;       // of a conversation of two: the other one
  std::string name;       // as they write it
};

// Of a room of which only the name is known.
ChannelInfo room_info(std::string_view room);

struct Person {
  std::string user;
  std::string name;
  std::string status;  // "online", "away" or "offline"
};

// Which messages are looked at. Anywhere but at the end, `bottom` is the lowest message of which
// something is in sight, and `hidden` says how many of its last lines are not.
struct ViewPosition {
  bool is_at_end = true;
  Message::Key bottom = {};
  int hidden = 0;
};

// A plain record, for most of its fields are shown, and changed by whoever learns something new:
// what holds between them is kept by ChatModel's functions.
struct Conversation {
  Conversation(ChannelInfo the_info, MessageLog the_log)
      : info(std::move(the_info)), log(std::move(the_log)) {}

  ChannelInfo info;
  MessageLog log;
  std::string epoch;
  std::uint64_t top = 0;   // the newest offset
  std::uint64_t read = 0;  // how far one has read
  std::size_t unread = 0;
  bool is_mentioned = false;     // in what is unread
  std::uint64_t new_behind = 0;  // the line of new messages stands behind that offset; 0: none
  bool is_loaded = false;        // the newest page of the past is here
  bool is_loading = false;       // one was asked for
  bool has_older = true;         // the past before what is here
  std::map<std::string, std::uint64_t> typing;  // user: until when, loop time in ms
  std::vector<Person> people;
  std::uint64_t people_count = 0;
  ViewPosition position;
  std::uint64_t chosen = 0;   // offset of the message that commands are about; 0: none
  std::string draft;          // what was being typed when one went elsewhere
  std::uint64_t opened = 0;   // the highest is that of the one opened last; 0: never
  std::uint64_t last_ms = 0;  // unix time when something was said last, as the list has it

  // What people call it: "#lobby", "bob".
  std::string label() const;
  // To be called when something between what is here and what comes next was missed: forgets the
  // messages, so that they are read anew.
  void forget_log();
  // To be called when the server's log has started over: offsets mean nothing any more.
  void forget_positions();
};

class ChatModel {
 public:
  using Conversations = std::vector<std::unique_ptr<Conversation>>;

  void set_me(std::string user, bool is_checked);
  const std::string& me() const { return me_; }

  // Rooms by name, then conversations of two.
  const Conversations& conversations() const { return conversations_; }
  Conversation* find(std::string_view channel);
  const Conversation* find(std::string_view channel) const;
  Conversation* find_room(std::string_view room);
  Conversation* current() { return current_; }
  const Conversation* current() const { return current_; }

  // Adds it, or brings what is known of it up to date.
  Conversation& open(const ChannelInfo& info);
  // Removes it, and looks at a neighbour when it was the current one.
  void close(std::string_view channel);

  // It must be one of these.
  void select(Conversation& conversation);
  void select_next(int step);
  void select_number(std::size_t number);  // from 0
  void select_unread();

  // Takes over what the server says: its newest offset, and how far one has read, here or on
  // another device.
  void set_positions(Conversation& conversation, std::uint64_t top, std::uint64_t read);
  void set_read(Conversation& conversation, std::uint64_t offset);
  // Takes a publication that was made just now; `now_ms` is the loop's time.
  void receive(Conversation& conversation, const ChatEvent& event, std::int64_t unix_ms,
               std::uint64_t now_ms);
  bool is_visible(const Conversation& conversation) const;
  // Counts anew what is unread, as exactly as the messages that are here allow; nothing before they
  // have been loaded.
  void count_unread(Conversation& conversation) const;
  // Forgets those who have said nothing of typing for too long. Returns the loop's time when that
  // will be true of the next one, 0 when nobody types.
  std::uint64_t expire_typing(std::uint64_t now_ms);
  // Ends the process when what it says of itself does not hold.
  void check() const;

 private:
  static constexpr std::uint64_t kTypingMs = 6000;

  std::string me_;
  bool is_checked_ = true;
  std::uint64_t opened_ = 0;  // conversations, so far
  Conversations conversations_;
  Conversation* current_ = nullptr;  // null exactly while there is none
};

}  // namespace chirm::terminal
