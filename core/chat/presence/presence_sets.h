// SPDX-License-Identifier: MIT
#pragma once
// Sets of which every node has a part, told to the nodes that watch them: who is in a channel, and
// which users are online (the set with the empty name). Who watches gets all of every other node's
// part, and from then on what changes. A part of a channel that is larger than `list_max` is told
// as counts only. Private to core/chat.
//
//   owner ──add, remove──▶ PresenceFeeds ──▶ PresenceMail ──each period──▶ the bus
//   owner ◀─came, went──── PresenceWatches ◀──PresenceRecordReader──────── the bus
//
// Messages over the bus are made of records (presence_records.h), and leave at most each
// `period_ms`; so what Redis has to do grows with nodes and changes.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/broker/node_bus.h"
#include "core/chat/chat_settings.h"
#include "core/chat/presence/presence_feeds.h"
#include "core/chat/presence/presence_mail.h"
#include "core/chat/presence/presence_owner.h"
#include "core/chat/presence/presence_records.h"
#include "core/chat/presence/presence_watches.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

// As many functions as the two interfaces that it implements, and the questions that it passes on.
class PresenceSets final : private NodeListener, private PresenceRecordReader {
 public:
  // All must outlive the sets, and the owner must be complete. The set "" has no list_max.
  PresenceSets(Loop& loop, NodeBus& bus, PresenceOwner& owner, std::size_t list_max,
               const PresenceTimes& times = {});

  // This node's part of a set has changed: the key has come and was not there, has another value,
  // has gone and was there. `value` is the new one, or the last.
  void add(std::string_view set, std::string_view key, std::string_view value);
  void replace(std::string_view set, std::string_view key, std::string_view value);
  void remove(std::string_view set, std::string_view key, std::string_view value);

  // From the first hold() to the last release() the set is watched, and its changes are told to the
  // owner. release() must answer a hold().
  void hold(std::string_view set);
  void release(std::string_view set) { watches_.release(set); }
  // False: nobody wants to know of its changes.
  bool has(std::string_view set) const { return feeds_.has(set); }
  // hold()s that are not released.
  std::uint32_t holds(std::string_view set) const { return watches_.holds(set); }

  // Watches the set for a while. `done` is called once every node's part is known, or when patience
  // ends, maybe within the call; false when some part is missing.
  void ask(std::string_view set, std::function<void(bool is_complete)> done);

  // What is known of other nodes' parts: the items that they list, and what they only count.
  std::size_t others_listed(std::string_view set) const;
  PresenceCounts others_counted(std::string_view set) const;
  void each_other(std::string_view set, const PresenceItem& item) const;
  // Its value in each other node's part that has the key.
  void each_other_value(std::string_view set, std::string_view key,
                        const std::function<void(std::string_view value)>& item) const;

  std::size_t watched() const { return watches_.count(); }
  std::size_t items() const { return watches_.items(); }  // of other nodes
  std::uint64_t late() const { return watches_.late(); }  // questions answered without some part

  // At the end of a turn; looks at a few of the sets each time.
  void check() const;

 private:
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

  void flush();
  void send_to(const std::string& node, const PresenceMail::Post& post);
  void tell_owner(const std::string& set, const PresenceFeeds::Changes& changes);
  void tick();

  NodeBus& bus_;
  PresenceOwner& owner_;
  PresenceMail mail_;
  PresenceFeeds feeds_;
  PresenceWatches watches_;
  std::string sender_;  // of the message being read
  Timer tick_timer_;
};

}  // namespace chirm
