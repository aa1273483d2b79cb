// SPDX-License-Identifier: MIT
#pragma once
// What moderators and owners do to the people in a room: methods of RPC, as docs/protocol.md says.
// They only change records; that subscriptions end is enforcement.h's. Private to core/rooms.

#include <string>

#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/lists/invitations.h"
#include "core/rooms/lists/room_quota.h"
#include "core/rooms/people.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class Moderation {
 public:
  // All must outlive the moderation.
  Moderation(RoomStore& store, Announcer& announcer, People& people, const ChatSettings& settings)
      : store_(store),
        announcer_(announcer),
        people_(people),
        invitations_(store),
        quota_(store, settings) {}

  Task<RpcResult> invite(RpcCaller caller, Request request);
  Task<RpcResult> kick(RpcCaller caller, Request request);
  Task<RpcResult> ban(RpcCaller caller, Request request);
  Task<RpcResult> unban(RpcCaller caller, Request request);
  Task<RpcResult> mute(RpcCaller caller, Request request);
  Task<RpcResult> unmute(RpcCaller caller, Request request);
  Task<RpcResult> role(RpcCaller caller, Request request);

 private:
  // The caller in the room, if judge() grants the wish and the request is about somebody else.
  Task<Result<Standing>> actor(Wish wish, RpcCaller caller, const Request& request);
  Task<Result<void>> keep_owner(std::string room, std::string user);
  Task<Result<void>> take_out(std::string room, std::string user, std::string reason);
  Task<RpcResult> forgive(RpcCaller caller, Request request, Sanction MemberRecord::*sanction,
                          std::string event);
  Task<RpcResult> hand_over(Standing actor, Request request);

  RoomStore& store_;
  Announcer& announcer_;
  People& people_;
  Invitations invitations_;
  RoomQuota quota_;
};

}  // namespace chirm
