// SPDX-License-Identifier: MIT
#pragma once
// Owns the connections of a node. Private to core/server.
//
//   add() → open ─ send_away() → leaving
//             │                     │
//             └──── their end ──────┴──→ ended ─ bury() → deleted

#include <cstdint>
#include <memory>

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
  // Drains the one that has been open for longest. False: there is none left.
  bool send_away();
  // Closes all (Connection::drop()).
  void drop_all();
  // Where connections put themselves when they end.
  ConnectionList& ended() { return ended_; }
  // Deletes those. At the end of a turn, when nothing of theirs is running any more.
  void bury();
  // Deletes all.
  void clear();

  // There are none, but for those to be buried.
  bool empty() const { return open_.empty() && leaving_.empty(); }

  // Ends the process unless the lists are sound, and those in them (of long lists only both ends
  // are looked at). `connections`: how many there are.
  void check(std::uint64_t connections) const;

 private:
  ConnectionList open_;
  ConnectionList leaving_;  // told to go
  ConnectionList ended_;
};

}  // namespace chirm
