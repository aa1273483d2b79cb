// SPDX-License-Identifier: MIT
#pragma once
// What a room says of itself, changed: chat.set and chat.archive, methods of RPC as
// docs/protocol.md says. Private to core/rooms.

#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class RoomSettings {
 public:
  // Both must outlive the settings.
  RoomSettings(RoomStore& store, Announcer& announcer) : store_(store), announcer_(announcer) {}

  Task<RpcResult> set(RpcCaller caller, Request request);
  Task<RpcResult> archive(RpcCaller caller, Request request);

 private:
  void tell_changes(const RpcCaller& caller, const std::string& room, const RoomRecord& before,
                    const RoomRecord& after);

  RoomStore& store_;
  Announcer& announcer_;
};

}  // namespace chirm
