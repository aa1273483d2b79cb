// SPDX-License-Identifier: MIT
#pragma once
// What a user's channels are, and how far they have read in each. Private to core/rooms.

#include <memory>
#include <string>

#include "core/chat/rpc.h"
#include "core/rooms/request.h"
#include "core/rooms/room_store.h"

namespace chirm {

class ReadMarks {
 public:
  // Must outlive this.
  ReadMarks(RoomStore& store, TaskScope& scope) : store_(store), scope_(scope) {}

  // Methods of RPC, as docs/protocol.md says.
  Task<RpcResult> read(RpcCaller caller, Request request);
  Task<RpcResult> sync(RpcCaller caller, Request request);

 private:
  struct Reading;
  Task<bool> describe_some(std::shared_ptr<Reading> reading);
  Task<Result<bool>> describe_room(std::shared_ptr<Reading> reading, std::size_t index);
  Task<Result<bool>> describe_dm(std::shared_ptr<Reading> reading, std::size_t index);
  Task<RpcResult> write_sync(std::shared_ptr<Reading> reading);

  RoomStore& store_;
  TaskScope& scope_;
};

}  // namespace chirm
