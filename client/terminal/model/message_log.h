// SPDX-License-Identifier: MIT
#pragma once
// The messages of one conversation as they are to be read: a window of its log with edits,
// deletions and reactions folded in, notes of this client between them, and behind them what was
// said here and is not in the log yet. Pure. Private to client/terminal/.

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/model/chat_event.h"

namespace chirm::terminal {

// A plain record of what is shown of a message: its fields have no rules between them.
struct Message {
  enum class Kind : std::uint8_t { kSaid, kEvent, kNote };
  enum class State : std::uint8_t { kStored, kPending, kFailed };

  // The order of display: offset, then what came behind it without one.
  struct Key {
    std::uint64_t offset = 0;
    std::uint32_t number = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  Key key;
  Kind kind = Kind::kSaid;
  State state = State::kStored;
  std::string id;
  std::string user;
  std::string name;
  std::string text;
  std::int64_t time_ms = 0;    // 0 when unknown
  std::uint64_t reply_to = 0;  // offset
  bool is_edited = false;
  bool is_deleted = false;
  bool is_bad = false;  // of a note: something went wrong
  bool mentions_me = false;
  std::string deleted_by;                                  // "" when unknown
  std::string problem;                                     // why it could not be sent
  std::map<std::string, std::set<std::string>> reactions;  // by key: users
};

class MessageLog {
 public:
  // `me`: one's user. Where the server checks nothing, only the author's deletions count.
  explicit MessageLog(std::string me, bool is_checked = true);

  // Takes a publication, live or of the past, in any order; what was taken before is ignored. True
  // when it is a message that was not here.
  bool add(const ChatEvent& event, std::int64_t now_ms);
  // Forgets all but what was not sent yet: there is a hole before what comes next.
  void reset();

  // Forgets the oldest publications when there are more than twice `count`; true when it did.
  bool trim(std::size_t count);

  // Adds a note of this client below everything that is here, and below what the server has up to
  // the offset `top`, which may not have been read yet.
  void add_note(std::string text, bool is_bad, std::int64_t now_ms, std::uint64_t top = 0);
  void add_pending(const ChatEvent& message);
  void fail_pending(std::string_view id, std::string_view problem);

  // In the order of display. Pointers are valid until the next change.
  std::vector<const Message*> messages() const;
  const Message* find(std::uint64_t offset) const;
  // The newest that `user` said or, when that is "", that somebody else than `me` said.
  const Message* newest_of(std::string_view user) const;
  std::uint64_t first_offset() const;  // of the window, 0 when it is empty
  std::uint64_t last_offset() const;
  // Ends the process when what it says of itself does not hold; looks at the newest 64 only.
  void check() const;

 private:
  using Changes = std::map<std::uint64_t, ChatEvent>;  // by their own offset

  bool take_message(const ChatEvent& event, std::int64_t now_ms);
  void take_change(const ChatEvent& event);
  void apply_all(Message& message, const Changes& changes);
  void apply(Message& message, const ChatEvent& change) const;
  Message::Key key_behind(std::uint64_t top) const;
  bool mentions_me(const ChatEvent& event) const;

  std::string me_;
  bool is_checked_;
  std::map<Message::Key, Message> stored_;
  std::vector<Message> pending_;
  std::map<std::uint64_t, Changes> changes_;  // by the offset that they are about
  // Messages as they were published, by offset: of those in stored_ that something has changed.
  std::map<std::uint64_t, Message> unchanged_;
  std::set<std::uint64_t> offsets_;  // of all publications that were taken
  std::uint32_t numbers_ = 0;
};

// Whether `text` names the user, as @user or as a word of its own.
bool names_user(std::string_view text, std::string_view user);

}  // namespace chirm::terminal
