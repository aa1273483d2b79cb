// SPDX-License-Identifier: MIT
#pragma once
// Publications until they are acknowledged, in the order of their publishing. Knows which of them
// are on the wire, that is, sent and not answered, and which are to be sent (again). Pure: no loop,
// no socket. Private to client/.
//
//   entries   a b c d e f g      in the order of publishing
//             ^^^^^ | ^^^^
//     on the wire   |   anything up to the first that was never sent; all behind that were not
//                 unsent_

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/replies.h"

namespace chirm::client {

class Outbox {
 public:
  struct Entry {
    std::string channel;
    std::string data;
    OnPublished done;
    std::uint32_t command_id = 0;                     // 0 exactly while it is not on the wire
    std::uint64_t sent_ms = 0;                        // the last time; loop time, as all times here
    std::optional<std::uint64_t> first_sent_ms = {};  // nullopt: never yet
    // Of the last refusal. Before there was one: nobody knows what became of it.
    CommandError error = {0, "connection lost", false};
    std::list<Entry*>::iterator on_wire = {};  // its place in on_wire_, while it is on the wire
  };

  void push(std::string_view channel, std::string_view data, OnPublished done);
  // The first entry that is not on the wire, nullptr if there is none.
  Entry* next_unsent();
  // The entry that next_unsent() returned leaves as the command of that id, which is not 0. Times
  // never go back.
  void mark_sent(Entry& entry, std::uint32_t command_id, std::uint64_t now_ms);
  // The entry on the wire with that command id, nullptr if there is none.
  Entry* find(std::uint32_t command_id);
  // Removes and returns an entry that find() found.
  Entry take(Entry& entry);
  // An entry that find() found was refused for now: it is to be sent again, in its old place.
  void put_back(Entry& entry, CommandError error);
  // All that was on the wire is to be sent again, except what the server would store twice should
  // it have it already: that is removed and returned.
  std::vector<Entry> connection_lost();

  // Removes and returns what is to be sent again, but was sent first before `before_ms`.
  std::vector<Entry> take_sent_before(std::uint64_t before_ms);
  // When the first entry that is to be sent again was sent first.
  std::optional<std::uint64_t> oldest_resend_ms() const;

  std::size_t size() const { return entries_.size(); }
  // When that was sent which has waited longest for its answer.
  std::optional<std::uint64_t> oldest_sent_ms() const;
  // How often an entry was sent that had been sent before.
  std::uint64_t resent() const { return resent_; }
  // Ends the process when what it says of itself does not hold; looks at the oldest 64 only.
  void check() const;

 private:
  using Entries = std::list<Entry>;

  void take_off_wire(Entry& entry);

  Entries entries_;
  std::list<Entry*> on_wire_;  // in the order of sending, which is not theirs after put_back()
  std::uint64_t resent_ = 0;
  Entries::iterator unsent_ = entries_.end();  // all entries before it are on the wire
};

// Whether `data` is a JSON object with a string member `id`, which makes publishing it idempotent.
bool has_message_id(std::string_view data);

}  // namespace chirm::client
