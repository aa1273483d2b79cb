// SPDX-License-Identifier: MIT
#pragma once
// Private conversations of two: who has which in their list, and who does not want to hear of whom.
// Whether somebody may read or write there is rights.h's. Private to core/rooms.
//
//   nothing ── the other one writes ─▶ asked:<user> ── the user writes, or opens it ─▶ dms:<user>
//
// What is in `asked` is a request: of those the newest are kept, and none of them can keep the user
// from anything.

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/lists/contact_settings.h"
#include "core/rooms/lists/invitations.h"
#include "core/rooms/people.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"

namespace chirm {

class DirectMessages {
 public:
  // All must outlive this.
  DirectMessages(RoomStore& store, Announcer& announcer, People& people,
                 const ChatSettings& settings)
      : store_(store),
        announcer_(announcer),
        people_(people),
        settings_(settings),
        contacts_(store),
        invitations_(store) {}

  // Methods of RPC, as docs/protocol.md says.
  Task<RpcResult> dm(RpcCaller caller, Request request);
  Task<RpcResult> hide(RpcCaller caller, Request request);
  Task<RpcResult> block(RpcCaller caller, Request request);
  Task<RpcResult> unblock(RpcCaller caller, Request request);
  Task<RpcResult> contact(RpcCaller caller, Request request) {
    return contacts_.contact(std::move(caller), std::move(request));
  }
  Task<RpcResult> dismiss(RpcCaller caller, Request request);

  // `channel` is a private conversation of `user`'s.

  // Whether this node knows that it is in both lists, and not hidden, so that the user need not be
  // asked about what they say there.
  bool is_listed_now(std::string_view channel, std::string_view user);
  // What is asked before somebody is written to who has not taken up the conversation.
  using MayBegin = std::function<Result<void>()>;
  // For what the user says: takes the conversation up for them, and puts it before the other one,
  // and tells those to whom it is new. kPermissionDenied: the other one does not want to be written
  // to. kLimitExceeded: the user has too many conversations. Or the error of `may_begin`, which may
  // be empty.
  Task<Result<void>> list_for_both(std::string channel, std::string user, UserRole role,
                                   MayBegin may_begin);

  // Puts it before both of them, if they have signed in once. False: not done.
  Task<bool> list_if_known(std::string channel);

 private:
  // Both answer whether it is new to the user: it was not there, or hidden, or a request.
  Task<Result<bool>> take_up(std::string user, std::string channel);
  Task<Result<bool>> put_before(std::string user, std::string channel);
  Task<Result<void>> check_may_begin(std::string channel, std::string user, UserRole role,
                                     const MayBegin& may_begin);
  Task<Result<void>> make_space(std::string user);

  RoomStore& store_;
  Announcer& announcer_;
  People& people_;
  const ChatSettings& settings_;
  ContactSettings contacts_;
  Invitations invitations_;
};

}  // namespace chirm
