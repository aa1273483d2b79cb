// SPDX-License-Identifier: MIT
#pragma once
// Sets of which every node has a part, told to the nodes that watch them: who is in a channel, and
// which users are online (the set with the empty name). Who watches gets all of every other node's
// part, and from then on what changes. A part of a channel that is larger than `list_max` is told
// as counts only. Private to core/chat.
//
// Messages over the bus are made of records (presence_records.h), and leave at most each
// `period_ms`; so what Redis has to do grows with nodes and changes.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/string_hash.h"
#include "core/broker/node_bus.h"
#include "core/chat/chat_settings.h"
#include "core/chat/presence_records.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

// Whose sets they are: has this node's parts. Its calls are made from the loop, never from within a
// call of the sets, and may call them.
class PresenceOwner {
 public:
  virtual std::size_t own_clients(std::string_view set) const = 0;
  virtual PresenceCounts own_counts(std::string_view set) const = 0;
  virtual void each_own(std::string_view set, const PresenceItem& item) const = 0;
  // On any node, while the set is held here. Not told: who was there before it was held, and what
  // changes while a part is told as counts.
  virtual void on_came(std::string_view set, std::string_view key, std::string_view value) = 0;
  virtual void on_went(std::string_view set, std::string_view key, std::string_view value) = 0;

 protected:
  ~PresenceOwner() = default;
};

class PresenceSets final : private NodeListener, private PresenceRecordReader {
 public:
  // All must outlive the sets, and the owner must be complete. The set "" has no list_max.
  PresenceSets(Loop& loop, NodeBus& bus, PresenceOwner& owner, std::size_t list_max,
               const PresenceTimes& times = {});

  // This node's part of a set has changed: the key has come, has another value, has gone.
  void add(std::string_view set, std::string_view key, std::string_view value);
  void replace(std::string_view set, std::string_view key, std::string_view value);
  void remove(std::string_view set, std::string_view key, std::string_view value);

  // From the first hold() to the last release() the set is watched, and its changes are told.
  void hold(std::string_view set);
  void release(std::string_view set);
  // False: nobody wants to know of its changes.
  bool has(std::string_view set) const { return find(set) != nullptr; }

  // Watches the set for a while. `done` is called once every node's part is known, or when patience
  // ends, maybe within the call; false when some part is missing.
  void ask(std::string_view set, std::function<void(bool is_complete)> done);

  // What is known of other nodes' parts.
  std::size_t others_listed(std::string_view set) const;      // items that they list
  PresenceCounts others_counted(std::string_view set) const;  // … and what they only count
  void each_other(std::string_view set, const PresenceItem& item) const;
  // Its value in each other node's part that has the key.
  void each_other_value(std::string_view set, std::string_view key,
                        const std::function<void(std::string_view value)>& item) const;

  std::size_t watched() const { return watched_; }
  std::size_t items() const { return items_; }  // of other nodes
  std::uint64_t late() const { return late_; }  // questions answered without some part

 private:
  using Items = std::unordered_map<std::string, std::string, StringHash, std::equal_to<>>;
  struct Part {  // another node's
    bool is_asked = true;
    bool is_known = false;  // it has come once
    bool is_news = false;   // who is in it when it first comes has come just now
    bool is_listed = false;
    std::uint64_t asked_ms = 0;
    PresenceCounts counts;  // when it is not listed
    Items items;
    Items incoming;                     // of a list in pieces
    std::uint32_t pieces = UINT32_MAX;  // that have come of a list; UINT32_MAX: of none
  };
  struct Change {
    bool was_there;  // when it was last told
    bool is_there;
    std::string value;
  };
  using Changes = std::map<std::string, Change>;  // by key
  using NamedChanges = std::pair<std::string, Changes>;
  struct Question {
    std::uint64_t asked_ms;
    std::function<void(bool)> done;
  };
  struct Set {
    std::uint32_t holds = 0;
    bool is_watched = false;
    bool is_listed = true;  // this node's part, as others have been told last
    bool is_dirty = false;  // in dirty_
    std::uint64_t wanted_until_ms = 0;
    std::uint64_t rest_until_ms = 0;    // of counts, and of lists after them
    std::map<std::string, Part> parts;  // by node; of all peers, while it is watched
    std::vector<std::string> watchers;  // other nodes
    Changes changes;                    // of this node's part, not told yet
    std::vector<Question> questions;
  };
  struct Post {  // to one node
    bool has_hello = false;
    bool wants_answer = false;
    std::set<std::string> asked = {};     // by it
    std::set<std::string> repeated = {};  // it did not answer
  };
  using Sets = std::unordered_map<std::string, Set, StringHash, std::equal_to<>>;

  void on_node_message(std::string_view node, std::string_view message) override;
  void on_node_joined(std::string_view node) override;
  void on_node_gone(std::string_view node) override;
  void on_node_messages_maybe_missed() override;

  // Records of sender_
  void on_hello(bool wants_answer) override;
  void on_watch(std::string_view set) override;
  void on_unwatch(std::string_view set) override;
  void on_change(std::string_view set, std::string_view key,
                 const std::string_view* value) override;
  void on_counts(std::string_view set, const PresenceCounts& counts) override;
  void on_list(const PresenceList& list) override;

  Set* find(std::string_view set);
  const Set* find(std::string_view set) const;
  Set& find_or_add(std::string_view set);
  Set& watch(std::string_view name);
  void unwatch(const std::string& name, Set& set);
  void on_part(Set& set, Part& part);
  void replace_items(std::string_view name, const Set& set, Part& part, Items items);
  void answer_questions(Set& set);
  std::vector<std::string> names() const;
  static bool is_complete(const Set& set);
  void change(std::string_view set, std::string_view key, Change change);
  void mark_dirty(std::string_view name, Set& set);
  static bool is_unused(const Set& set);

  void schedule();
  void flush();
  void flush_watches(PresenceWriter& out);
  std::vector<NamedChanges> flush_changes(PresenceWriter& out);
  void flush_changes(PresenceWriter& out, const std::string& name, Set& set);
  void flush_to(const std::string& node, const Post& post);
  bool fits(std::string_view name) const;
  void put_part(PresenceWriter& out, const std::string& name, const Set& set) const;
  void tell_owner(const std::string& name, const Changes& changes);
  void tick();

  Loop& loop_;
  NodeBus& bus_;
  PresenceOwner& owner_;
  const std::size_t list_max_;
  const PresenceTimes times_;
  Sets sets_;
  std::unordered_set<std::string> peers_;
  std::vector<std::string> dirty_;
  std::set<std::string> watch_changes_;  // sets that are watched now, or not any more
  std::map<std::string, Post> posts_;
  std::string sender_;  // of the message being read
  std::size_t watched_ = 0;
  std::size_t items_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t flushed_ms_ = 0;
  Timer flush_timer_;
  Timer tick_timer_;
};

}  // namespace chirm
