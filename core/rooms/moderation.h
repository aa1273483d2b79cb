// SPDX-License-Identifier: MIT
#pragma once
// What moderators and owners do to rooms and to people in them. Private to core/rooms.

#include <string>

#include "core/chat/rpc.h"
#include "core/rooms/people.h"
#include "core/rooms/request.h"
#include "core/rooms/room_store.h"

namespace chirm {

// Methods of RPC, as docs/protocol.md says.
class Moderation {
 public:
  // Must outlive the moderation.
  Moderation(RoomStore& store, People& people) : store_(store), people_(people) {}

  Task<RpcResult> invite(RpcCaller caller, Request request);
  Task<RpcResult> kick(RpcCaller caller, Request request);
  Task<RpcResult> ban(RpcCaller caller, Request request);
  Task<RpcResult> unban(RpcCaller caller, Request request);
  Task<RpcResult> mute(RpcCaller caller, Request request);
  Task<RpcResult> unmute(RpcCaller caller, Request request);
  Task<RpcResult> role(RpcCaller caller, Request request);
  Task<RpcResult> set(RpcCaller caller, Request request);
  Task<RpcResult> archive(RpcCaller caller, Request request);

 private:
  // The caller in the room, if they may do what takes that rank there.
  Task<Result<Standing>> actor(RpcCaller caller, std::string room, Rank needed);
  Task<Result<Standing>> actor_on(RpcCaller caller, const Request& request, Rank needed);
  Task<Result<bool>> keep_owner(std::string room, std::string user);
  Task<bool> take_out(std::string room, std::string user, std::string reason);
  Task<RpcResult> forgive(RpcCaller caller, Request request, Sanction MemberRecord::*sanction,
                          std::string event);
  Task<RpcResult> hand_over(Standing actor, Request request);

  RoomStore& store_;
  People& people_;
};

}  // namespace chirm
