// SPDX-License-Identifier: MIT
#pragma once
// Rooms: finding, making, entering and leaving them. Private to core/rooms.

#include <string>

#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/rooms/people.h"
#include "core/rooms/request.h"
#include "core/rooms/room_store.h"

namespace chirm {

// Methods of RPC, as docs/protocol.md says.
class Membership {
 public:
  // Must outlive the membership.
  Membership(RoomStore& store, const ChatSettings& settings) : store_(store), settings_(settings) {}

  Task<RpcResult> rooms(RpcCaller caller, Request request);
  Task<RpcResult> room(RpcCaller caller, Request request);
  Task<RpcResult> create(RpcCaller caller, Request request);
  Task<RpcResult> join(RpcCaller caller, Request request);
  Task<RpcResult> leave(RpcCaller caller, Request request);
  Task<RpcResult> members(RpcCaller caller, Request request);

 private:
  Task<Result<bool>> may_create(RpcCaller caller);
  Task<Result<bool>> is_unused(RpcCaller caller, std::string room);
  Task<Result<bool>> check_list_space(std::string user);
  Task<Result<bool>> enter(std::string room, Standing standing, std::string name);
  Task<Result<bool>> was_allowed(std::string room, Standing before);
  // room_listing.cc
  struct Listing;
  Task<Result<bool>> read_own(Listing& listing, std::string user);
  Task<Result<bool>> read_page(Listing& listing, const Request& request, const RpcCaller& caller);
  Task<Result<bool>> read_counts(Listing& listing);
  struct Outsiders;
  Task<Result<bool>> read_outsiders(Outsiders& outsiders, std::string room, std::string collection);

  RoomStore& store_;
  const ChatSettings& settings_;
};

}  // namespace chirm
