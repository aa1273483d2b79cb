// SPDX-License-Identifier: MIT
#pragma once
// Private conversations of two: who has which in their list, and who does not want to hear of whom.
// Whether somebody may read or write there is rights.h's. Private to core/rooms.

#include <string>
#include <string_view>

#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/people.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class DirectMessages {
 public:
  // All must outlive this.
  DirectMessages(RoomStore& store, Announcer& announcer, People& people,
                 const ChatSettings& settings)
      : store_(store), announcer_(announcer), people_(people), settings_(settings) {}

  // Methods of RPC, as docs/protocol.md says.
  Task<RpcResult> dm(RpcCaller caller, Request request);
  Task<RpcResult> hide(RpcCaller caller, Request request);
  Task<RpcResult> block(RpcCaller caller, Request request);
  Task<RpcResult> unblock(RpcCaller caller, Request request);

  // `channel` is a private conversation of `user`'s.

  // Whether this node knows that both have it in their lists, and not hidden.
  bool is_listed_now(std::string_view channel, std::string_view user);
  // Puts it in both lists, and tells those to whom it is new. kLimitExceeded: one of them has too
  // many conversations.
  Task<Result<void>> list_for_both(std::string channel, std::string user);

  // The same, if both of them have signed in once. False: not done.
  Task<bool> list_if_known(std::string channel);

 private:
  // True: it was not there, or hidden.
  Task<Result<bool>> list(std::string user, std::string channel);
  Task<Result<void>> make_space(std::string user);

  RoomStore& store_;
  Announcer& announcer_;
  People& people_;
  const ChatSettings& settings_;
};

}  // namespace chirm
