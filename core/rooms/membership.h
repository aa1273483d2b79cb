// SPDX-License-Identifier: MIT
#pragma once
// Making, entering and leaving rooms: methods of RPC, as docs/protocol.md says. Private to
// core/rooms.

#include <string>

#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/lists/room_quota.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class Membership {
 public:
  // All must outlive the membership.
  Membership(RoomStore& store, Announcer& announcer, const ChatSettings& settings)
      : store_(store), announcer_(announcer), settings_(settings), quota_(store, settings) {}

  Task<RpcResult> create(RpcCaller caller, Request request);
  Task<RpcResult> join(RpcCaller caller, Request request);
  Task<RpcResult> leave(RpcCaller caller, Request request);

 private:
  Task<Result<void>> check_may_create(RpcCaller caller);
  Task<Result<void>> check_unused(RpcCaller caller, std::string room);
  Task<Result<void>> check_list_space(std::string user);
  // False: they were in it already. `name` is theirs, as it is shown.
  Task<Result<bool>> enter(std::string room, Standing standing, std::string name);
  Task<Result<void>> check_was_open(std::string room, Standing before);
  Task<RpcResult> answer_with_room(RpcCaller caller, std::string room);

  RoomStore& store_;
  Announcer& announcer_;
  const ChatSettings& settings_;
  RoomQuota quota_;
};

}  // namespace chirm
