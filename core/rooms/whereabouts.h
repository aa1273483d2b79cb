// SPDX-License-Identifier: MIT
#pragma once
// Who is in a channel and who is online: methods of RPC that ask the hub's presence, as
// docs/protocol.md says. Private to core/rooms.

#include "core/chat/rpc.h"
#include "core/rooms/people.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class Hub;

class Whereabouts {
 public:
  // All must outlive this.
  Whereabouts(Hub& hub, RoomStore& store, People& people)
      : hub_(hub), store_(store), people_(people) {}

  // Of a channel that the caller may read.
  Task<RpcResult> presence(RpcCaller caller, Request request);
  Task<RpcResult> status(RpcCaller caller, Request request);
  Task<RpcResult> user(RpcCaller caller, Request request);

 private:
  Hub& hub_;
  RoomStore& store_;
  People& people_;
};

}  // namespace chirm
