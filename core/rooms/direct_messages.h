// SPDX-License-Identifier: MIT
#pragma once
// Conversations of two, and who does not want to hear of whom. Private to core/rooms.

#include <optional>
#include <string>
#include <string_view>

#include "core/chat/access.h"
#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/rooms/people.h"
#include "core/rooms/request.h"
#include "core/rooms/room_store.h"

namespace chirm {

class DirectMessages {
 public:
  // Must outlive this.
  DirectMessages(RoomStore& store, People& people, const ChatSettings& settings)
      : store_(store), people_(people), settings_(settings) {}

  // Methods of RPC, as docs/protocol.md says.
  Task<RpcResult> dm(RpcCaller caller, Request request);
  Task<RpcResult> hide(RpcCaller caller, Request request);
  Task<RpcResult> block(RpcCaller caller, Request request);
  Task<RpcResult> unblock(RpcCaller caller, Request request);

  // Of a dm channel that is the user's by its name; nullopt: not known here.
  std::optional<Access::Verdict> may_read_now(std::string_view channel, std::string_view user);
  Task<Access::Verdict> may_read(std::string channel, std::string user);
  std::optional<Access::Verdict> may_write_now(std::string_view channel, std::string_view user);
  Task<Access::Verdict> may_write(std::string channel, std::string user);

  // Whether both have it in their lists already, as far as is known here.
  bool is_listed_now(std::string_view channel, std::string_view user);
  // Puts it there. True when it was stored, and the other one is to be told.
  struct Listed {
    bool user_is_new;
    bool other_is_new;
  };
  Task<Result<Listed>> list_for_both(std::string channel, std::string user);

 private:
  RoomStore& store_;
  People& people_;
  const ChatSettings& settings_;
};

}  // namespace chirm
