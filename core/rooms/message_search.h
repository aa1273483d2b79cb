// SPDX-License-Identifier: MIT
#pragma once
// Searching what was said in a channel. Private to core/rooms.

#include "core/base/task.h"
#include "core/chat/rpc.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class RoomStore;

// chat.search, as docs/protocol.md says. Whether the caller may read the channel has been found
// out.
Task<RpcResult> search_messages(RoomStore& store, Request request);

}  // namespace chirm
