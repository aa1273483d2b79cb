// SPDX-License-Identifier: MIT
#pragma once
// Ends subscriptions where the right to read ends, on every node at once: each node is told of
// every record that changes, and looks at its own sessions. The hub does not ask again before it
// delivers, so what is not ended here goes on being delivered. On the loop's thread. Private to
// core/rooms.
//
// Bans and mutes run out with time, without a change of any record. That needs no enforcement: what
// runs out can only give a right back.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/task.h"
#include "core/chat/rpc.h"
#include "core/loop/timer.h"
#include "core/rooms/rights.h"
#include "core/rooms/room_store.h"

namespace chirm {

class Hub;
class SessionDirectory;

class Enforcement final : public RoomStore::Listener {
 public:
  // All must outlive the enforcement. `store` and `rights` are not used before the first call.
  Enforcement(Hub& hub, SessionDirectory& directory, RoomStore& store, Rights& rights);

  void on_room_changed(std::string_view room) override;
  void on_member_changed(std::string_view room, std::string_view user, bool was_member) override;
  // Looks at all subscriptions of this node again, some of them each turn.
  void on_maybe_missed() override;
  // The session's token says another role than before. May end the session.
  void on_role_changed(Session& session);

  // Ends the process where an invariant does not hold.
  void check() const;

 private:
  // A subscription that is to be looked at again.
  struct Unsure {
    std::shared_ptr<Session*> session;  // points to null when it has gone
    std::string channel;
  };

  Task<Result<void>> look_at_member(std::string room, std::string user);
  void recheck(Session& session, std::string_view channel);
  Task<Result<void>> recheck_later(std::shared_ptr<Session*> session, std::string channel);
  void recheck_some();
  void retry_later(Session& session, std::string channel);
  void retry();
  void end(Session& session, std::string_view channel, const RpcError& why);

  Hub& hub_;
  SessionDirectory& directory_;
  RoomStore& store_;
  Rights& rights_;
  std::deque<Unsure> unsure_;
  Timer next_;                 // runs while there are unsure ones
  std::deque<Unsure> failed_;  // the store could not be asked about them
  Timer retry_;                // runs while there are failed ones
  TaskScope scope_;
};

}  // namespace chirm
