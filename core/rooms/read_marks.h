// SPDX-License-Identifier: MIT
#pragma once
// What channels a user has, and how far they have read in each: methods of RPC, as docs/protocol.md
// says. Private to core/rooms.

#include <cstdint>
#include <memory>
#include <string>

#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class ReadMarks {
 public:
  // All must outlive this.
  ReadMarks(RoomStore& store, Announcer& announcer, TaskScope& scope)
      : store_(store), announcer_(announcer), scope_(scope) {}

  Task<RpcResult> read(RpcCaller caller, Request request);
  Task<RpcResult> sync(RpcCaller caller, Request request);

 private:
  // A call of sync() that is under way. Several tasks work on it side by side.
  struct Reading;
  enum class Source : std::uint8_t;  // which of the user's lists an entry is in
  Task<Result<void>> read_lists(std::shared_ptr<Reading> reading, Request request);
  Task<bool> describe_some(std::shared_ptr<Reading> reading);
  Task<Result<void>> describe_room(std::shared_ptr<Reading> reading, std::size_t index);
  Task<Result<void>> put_right(std::shared_ptr<Reading> reading, std::size_t index,
                               bool is_invited);
  Task<Result<void>> describe_dm(std::shared_ptr<Reading> reading, std::size_t index);
  Task<RpcResult> write_sync(std::shared_ptr<Reading> reading);

  RoomStore& store_;
  Announcer& announcer_;
  TaskScope& scope_;
};

}  // namespace chirm
