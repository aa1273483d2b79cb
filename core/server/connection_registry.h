// SPDX-License-Identifier: MIT
#pragma once
// Owns the connections of a node. Private to core/server.
//
//   add() → http ─ upgraded() → open ─ send_away() → leaving
//             │                   │                     │
//             └────── their end ──┴─────────────────────┴──→ ended ─ bury() → deleted

#include <cstdint>
#include <memory>

#include "core/base/address_range.h"
#include "core/server/connection_context.h"

namespace chirm {

class ConnectionRegistry {
 public:
  ConnectionRegistry();
  ~ConnectionRegistry();
  ConnectionRegistry(const ConnectionRegistry&) = delete;
  ConnectionRegistry& operator=(const ConnectionRegistry&) = delete;

  // One that has been started.
  void add(std::unique_ptr<Connection> connection);
  // Where they put themselves.
  ConnectionLists& lists() { return lists_; }
  // Ends the HTTP connection that has been silent for longest, among those that are not being
  // answered. False: there is none.
  bool give_way();
  // ... that counts for that network.
  bool give_way(const AddressBytes& network);
  // Drains the one that has been open for longest, those that are upgraded first. False: there is
  // none left.
  bool send_away();
  // Closes all (Connection::drop()).
  void drop_all();
  // Deletes those that have ended. At a turn's end, when nothing of theirs is running any more.
  void bury();
  // Deletes all.
  void clear();

  // There are none, but for those to be buried.
  bool empty() const {
    return lists_.http.empty() && lists_.open.empty() && lists_.leaving.empty();
  }

  // Ends the process unless the lists are sound, and those in them (of long lists only both ends
  // are looked at). `connections`: how many there are, but for those that have ended.
  void check(std::uint64_t connections) const;

 private:
  ConnectionLists lists_;
};

}  // namespace chirm
