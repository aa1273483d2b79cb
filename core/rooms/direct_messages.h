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
  // Puts it there, and tells those to whom it is new. Error 106: one of them has too many.
  Task<Result<bool>> list_for_both(std::string channel, std::string user);

  // If both of them have signed in once. False: not done.
  Task<bool> list_if_known(std::string channel);

 private:
  // The other one has signed in, and is not forgotten.
  std::optional<Access::Verdict> is_with_somebody_now(std::string_view channel,
                                                      std::string_view user);
  Task<Access::Verdict> is_with_somebody(std::string channel, std::string user);
  // True: it is new.
  Task<Result<bool>> list(std::string user, std::string channel);
  Task<Result<bool>> make_space(std::string user);

  RoomStore& store_;
  People& people_;
  const ChatSettings& settings_;
};

}  // namespace chirm
