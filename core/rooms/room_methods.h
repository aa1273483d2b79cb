// SPDX-License-Identifier: MIT
#pragma once
// The chat.* methods by name: what a call of each carries, and which part of core/rooms answers it.
// Private to core/rooms.

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/task.h"
#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/rooms/announcer.h"
#include "core/rooms/direct_messages.h"
#include "core/rooms/lists/room_directory.h"
#include "core/rooms/membership.h"
#include "core/rooms/moderation.h"
#include "core/rooms/people.h"
#include "core/rooms/read_marks.h"
#include "core/rooms/rights.h"
#include "core/rooms/room_deletion.h"
#include "core/rooms/room_listing.h"
#include "core/rooms/room_settings.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/request.h"
#include "core/rooms/whereabouts.h"

namespace chirm {

class Hub;

class RoomMethods {
 public:
  // What the methods work on: an aggregate of references. All must outlive the methods; none is
  // used before add_to().
  struct Context {
    Hub& hub;
    RoomStore& store;
    Announcer& announcer;
    People& people;
    Rights& rights;
    DirectMessages& dms;
    const RoomDirectory& directory;
    const ChatSettings& settings;
    TaskScope& scope;
  };
  explicit RoomMethods(const Context& context);

  // To be called once. The table must not be called after the methods have gone.
  void add_to(RpcTable& table);

 private:
  using Handler = std::function<Task<RpcResult>(RpcCaller, Request)>;
  void add(RpcTable& table, const char* name, Schema schema, Handler handler,
           std::uint32_t weight = 1);
  Task<RpcResult> call(const Handler& handler, RpcCaller caller, Request request);
  Task<RpcResult> presence(RpcCaller caller, Request request);
  Task<RpcResult> search(RpcCaller caller, Request request);
  // Lets those pass who may read the channel.
  Task<Result<void>> admit_reader(RpcCaller caller, std::string channel);

  RoomStore& store_;
  People& people_;
  Rights& rights_;
  DirectMessages& dms_;
  TaskScope& scope_;
  Membership membership_;
  RoomListing listing_;
  RoomSettings settings_;
  RoomDeletion deletion_;
  Moderation moderation_;
  ReadMarks read_marks_;
  Whereabouts whereabouts_;
};

}  // namespace chirm
