// SPDX-License-Identifier: MIT
#pragma once
// The sets that this node watches, and what the other nodes have told of their parts. Private to
// core/chat.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/string_hash.h"
#include "core/base/turn_slice.h"
#include "core/chat/chat_settings.h"
#include "core/chat/presence/presence_mail.h"
#include "core/chat/presence/presence_owner.h"
#include "core/chat/presence/presence_part.h"
#include "core/loop/loop.h"

namespace chirm {

class PresenceWatches {
 public:
  // All must outlive the watches.
  PresenceWatches(Loop& loop, PresenceOwner& owner, PresenceMail& mail, const PresenceTimes& times);

  // From the first hold() to the last release() a set is watched, and the owner is told its
  // changes. release() must answer a hold().
  void hold(std::string_view set);
  void release(std::string_view set);
  // Watches the set for a while. `done` is called once every node's part is known, or when patience
  // ends, maybe within the call; false when some part is missing.
  void ask(std::string_view set, std::function<void(bool is_complete)> done);

  bool has(std::string_view set) const { return watches_.contains(set); }
  std::uint32_t holds(std::string_view set) const;
  bool is_held(std::string_view set) const { return holds(set) > 0; }
  std::vector<std::string> names() const;
  // Calls part(PresencePart) for each other node.
  template <class Visit>
  void each_part(std::string_view set, Visit part) const {
    const auto found = watches_.find(set);
    if (found == watches_.end()) return;
    for (const auto& [node, its] : found->second.parts) part(its);
  }
  std::size_t count() const { return watches_.size(); }
  std::size_t items() const { return items_; }  // of all parts
  std::uint64_t late() const { return late_; }  // questions answered without some part

  // The other nodes, which are the ones that have parts.
  bool add_peer(std::string_view node);  // false: it is one already
  void remove_peer(std::string_view node);
  const std::unordered_set<std::string>& peers() const { return peers_; }
  // Messages may have been lost, so every part has to come again.
  void doubt();

  // What a peer tells of its part. Ignored when the set is not watched (any more).
  void on_change(const std::string& node, std::string_view set, std::string_view key,
                 const std::string_view* value);
  void on_counts(const std::string& node, std::string_view set, const PresenceCounts& counts);
  void on_list(const std::string& node, const PresenceList& list);

  // Each second, or each patience when that is shorter: asks again for what did not come, answers
  // questions that have waited too long, and ends watches that nobody needs.
  void tick();

  void check() const;

 private:
  struct Question {
    std::uint64_t asked_ms;
    std::function<void(bool)> done;
  };
  struct Watch {
    std::uint32_t holds = 0;
    std::uint64_t wanted_until_ms = 0;          // when it is not held
    std::map<std::string, PresencePart> parts;  // by node: one for each peer
    std::vector<Question> questions;            // none when every part is known; the oldest first

    bool is_complete() const;  // every part is known
    void answer_if_complete();
  };
  using Watches = std::unordered_map<std::string, Watch, StringHash, std::equal_to<>>;

  Watch* find(std::string_view set);
  const Watch* find(std::string_view set) const;
  Watch& at(std::string_view set);  // which is watched
  PresencePart* find_part(std::string_view set, const std::string& node);
  Watch& find_or_add(std::string_view set);
  void end(const std::string& set);
  void tell_difference(std::string_view set, const PresencePart::Items& before,
                       const PresencePart::Items& now);
  void answer_late(Watch& watch);

  Loop& loop_;
  PresenceOwner& owner_;
  PresenceMail& mail_;
  const PresenceTimes times_;
  Watches watches_;  // by the set's name
  std::unordered_set<std::string> peers_;
  std::size_t items_ = 0;
  std::uint64_t late_ = 0;
  mutable TurnSlice checked_;
};

}  // namespace chirm
