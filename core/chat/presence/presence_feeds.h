// SPDX-License-Identifier: MIT
#pragma once
// This node's parts of sets, as they are told to the nodes that watch them: as a list and what
// changes in it, or, when a part is too large for that, as counts. Private to core/chat.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/string_hash.h"
#include "core/base/turn_slice.h"
#include "core/chat/presence/presence_mail.h"
#include "core/chat/presence/presence_owner.h"
#include "core/chat/presence/presence_records.h"
#include "core/loop/loop.h"

namespace chirm {

class PresenceFeeds {
 public:
  // Of a key. At least one of the two is true.
  struct Change {
    bool was_there;  // when it was last told
    bool is_there;
    std::string value;
  };
  using Changes = std::map<std::string, Change>;  // by key
  using SetChanges = std::pair<std::string, Changes>;

  // All must outlive the feeds. A part of more than `list_max` keys is told as counts, but for the
  // set "".
  PresenceFeeds(Loop& loop, const PresenceOwner& owner, PresenceMail& mail, std::size_t list_max);

  // From now on changes of the set are noted.
  void open(std::string_view set);
  // False: nobody wants to know of its changes.
  bool has(std::string_view set) const { return feeds_.contains(set); }
  // Forgets the sets that no other node watches and whose changes have been told, unless
  // is_watched(set), by this node.
  void close_unused(const std::function<bool(const std::string&)>& is_watched);

  // The owner's part has changed. `was_there` must be what the change before has left.
  void note(std::string_view set, std::string_view key, Change change);

  void add_watcher(std::string_view set, const std::string& node);
  void remove_watcher(std::string_view set, std::string_view node);
  void remove_watcher(std::string_view node);  // of all sets

  // Writes to all nodes what has changed since the last call. Returns all of that, also what no
  // other node was to be told.
  std::vector<SetChanges> flush(PresenceWriter& to_all);
  // Writes this node's part of the set, which must be open. Only right after flush(): so a part and
  // the changes that follow it fit together.
  void put_part(PresenceWriter& out, std::string_view set) const;

  void check(const std::function<bool(const std::string&)>& is_peer) const;

 private:
  struct Feed {
    bool is_listed = true;              // as others have been told last
    bool is_dirty = false;              // exactly while its name is in dirty_
    std::uint64_t rest_until_ms = 0;    // no counts before that, nor a list after counts
    std::vector<std::string> watchers;  // other nodes
    Changes changes;                    // not told yet; the feed is dirty while there are any
  };
  using Feeds = std::unordered_map<std::string, Feed, StringHash, std::equal_to<>>;

  Feed* find(std::string_view set);
  Feed& find_or_add(std::string_view set);
  void mark_dirty(std::string_view set, Feed& feed);
  void flush(PresenceWriter& out, const std::string& set, Feed& feed);
  bool fits(std::string_view set) const;

  Loop& loop_;
  const PresenceOwner& owner_;
  PresenceMail& mail_;
  const std::size_t list_max_;
  Feeds feeds_;  // by the set's name
  std::vector<std::string> dirty_;
  mutable TurnSlice checked_;
};

}  // namespace chirm
