// SPDX-License-Identifier: MIT
#pragma once
// chat.delete, a method of RPC as docs/protocol.md says, and what follows from it: a deleted room's
// members, invitations, read marks and history are removed, by this node or, if it dies meanwhile,
// by another one. On the loop's thread. Private to core/rooms.
//
//   collection `deletion`, id room: {"by":…,"at":…}, from before the room's record says that it is
//   deleted until nothing is left of the room. `at` is when the node that is at it last said so
//   (Unix ms); others leave it alone for kLeaseMs after that.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/task.h"
#include "core/chat/rpc.h"
#include "core/loop/timer.h"
#include "core/rooms/announcer.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class Loop;

class RoomDeletion {
 public:
  static constexpr std::uint64_t kLeaseMs = 60'000;
  static constexpr std::uint64_t kLookMs = 30'000;  // for what other nodes have left

  // All must outlive it.
  RoomDeletion(Loop& loop, RoomStore& store, Announcer& announcer, TaskScope& scope);

  // Answers when the room is gone for everybody. The rest goes on; until it is done, the name
  // cannot be used again.
  Task<RpcResult> remove(RpcCaller caller, Request request);
  // Whether `body` is what stands in a log instead of a deleted room's message.
  static bool is_blank(std::string_view body);

 private:
  // One deletion that this node is at.
  struct Work {
    std::string room;
    std::string by;
    std::uint64_t version = 0;  // of its document
  };

  void look();
  Task<bool> resume_all();
  Task<bool> purge(Work work);
  Task<Result<void>> purge_members(Work& work);
  Task<Result<void>> purge_marks(Work& work, std::string collection);
  Task<Result<void>> purge_history(Work& work);
  // Whether anything in the log was not blank.
  Task<Result<bool>> blank_history(Work& work);
  Task<Result<std::size_t>> blank(const std::string& channel, const History& page);
  Task<Result<void>> forget_member(const Work& work, NamedDocument member);
  void tell_removed(const Work& work, const std::string& user);
  // Notes that this node is at it, whoever else is.
  Task<Result<void>> take_over(Work& work);
  // An error when the document was changed by somebody else: then they are at it.
  Task<Result<void>> claim(Work& work);
  Task<Result<void>> finish(Work& work);

  RoomStore& store_;
  Announcer& announcer_;
  TaskScope& scope_;
  Timer timer_;
  bool is_looking_ = false;  // true exactly while resume_all() runs
};

}  // namespace chirm
