// SPDX-License-Identifier: MIT
#pragma once
// Who may begin a private conversation with whom. Private to core/rooms.

#include <string>

#include "core/chat/rpc.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class ContactSettings {
 public:
  // The store must outlive the settings.
  explicit ContactSettings(RoomStore& store) : store_(store) {}

  // chat.contact, a method of RPC, as docs/protocol.md says.
  Task<RpcResult> contact(RpcCaller caller, Request request);

  // Whether this node knows that anybody may write to the user.
  bool is_open_now(std::string_view user);
  // Whether `sender` may begin a conversation with the user. kPermissionDenied, with the reason for
  // people: they may not.
  Task<Result<void>> check(std::string user, std::string sender, UserRole sender_role);

 private:
  Task<Result<bool>> share_a_room(std::string one, std::string other);

  RoomStore& store_;
};

}  // namespace chirm
