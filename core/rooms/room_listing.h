// SPDX-License-Identifier: MIT
#pragma once
// What rooms there are, what one of them is like, and who is in it: methods of RPC that change
// nothing, as docs/protocol.md says. Private to core/rooms.

#include <string>
#include <utility>
#include <vector>

#include "core/chat/rpc.h"
#include "core/loop/later_calls.h"
#include "core/rooms/lists/room_directory.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class RoomListing {
 public:
  // All must outlive the listing.
  RoomListing(Loop& loop, RoomStore& store, const RoomDirectory& directory)
      : store_(store), directory_(directory), later_(loop) {}

  Task<RpcResult> rooms(RpcCaller caller, Request request);
  Task<RpcResult> room(RpcCaller caller, Request request);
  Task<RpcResult> members(RpcCaller caller, Request request);

 private:
  struct Page;
  // All of them add to the page.
  Task<Result<void>> read_own(Page& page, std::string user);
  Task<Result<void>> look_up_some(Page& page, const Request& request, const RpcCaller& caller);
  Task<Result<void>> read_some(Page& page, const Request& request, const RpcCaller& caller);
  Task<Result<void>> read_counts(Page& page);

  using People = std::vector<std::pair<std::string, MemberRecord>>;
  // The member records of those whom a collection of marks names.
  Task<Result<People>> read_marked(std::string room, std::string collection);

  RoomStore& store_;
  const RoomDirectory& directory_;
  LaterCalls later_;
};

}  // namespace chirm
