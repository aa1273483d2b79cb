// SPDX-License-Identifier: MIT
#pragma once
// Who is here and who is online: methods that ask the hub's presence. Private to core/rooms.

#include "core/chat/rpc.h"
#include "core/rooms/people.h"
#include "core/rooms/request.h"

namespace chirm {

class Hub;

// Methods of RPC, as docs/protocol.md says.
class Whereabouts {
 public:
  // Must outlive this.
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
