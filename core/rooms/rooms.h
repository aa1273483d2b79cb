// SPDX-License-Identifier: MIT
#pragma once
// Rooms and private conversations: the access that core/chat asks for, and the chat.* methods. Puts
// the parts together: rights.h says who may, enforcement.h ends what may no longer be,
// publishing.h does what a publish asks for, room_methods.h has the methods. On the loop's thread.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/task.h"
#include "core/chat/access.h"
#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/loop/loop.h"
#include "core/rooms/announcer.h"
#include "core/rooms/direct_messages.h"
#include "core/rooms/enforcement.h"
#include "core/rooms/lists/room_directory.h"
#include "core/rooms/people.h"
#include "core/rooms/publishing.h"
#include "core/rooms/rights.h"
#include "core/rooms/room_methods.h"
#include "core/rooms/room_store.h"

namespace chirm {

class Budgets;
class Hub;
class SessionDirectory;

class Rooms final : public Access {
 public:
  // All must outlive the rooms. Adds its methods to the table, which is not called after the rooms
  // have gone.
  // `budgets` may be null: then anybody may publish as much as a connection may.
  Rooms(Hub& hub, SessionDirectory& directory, const ChatSettings& settings, RpcTable& table,
        Budgets* budgets = nullptr);

  std::optional<Verdict> check(const Session& session, Right right,
                               std::string_view channel) override;
  void check_later(const Session& session, Right right, std::string_view channel,
                   std::function<void(Verdict)> done) override;
  Expected<Progress, RpcError> publish(Session& session, const PublishRequest& request,
                                       std::string_view data,
                                       std::function<void(Published)> done) override;
  void on_connected(Session& session) override;
  void on_role_changed(Session& session) override;
  void on_api_published(std::string_view channel) override;

  // Removes what there is of a guest who will not come back; false: not all of it.
  void forget_guest(const std::string& guest, std::function<void(bool)> done);

 private:
  // Takes one contact from the caller's budget.
  DirectMessages::MayBegin contact_budget(const RpcCaller& caller);
  Expected<void, RpcError> pay(const Session& session, MessageData::Type type, std::size_t bytes);
  Expected<Progress, RpcError> publish_allowed(Session& session, Publishing::Publish publish,
                                               std::string_view data,
                                               std::function<void(Published)> done);
  Task<Published> publish_later(std::shared_ptr<Session*> session,
                                std::optional<RpcCaller> newcomer, Publishing::Publish publish,
                                std::string data);

  const Loop& loop_;
  Budgets* const budgets_;
  TaskScope scope_;
  Enforcement enforcement_;  // refers to the two below
  RoomStore store_;
  Rights rights_;
  Announcer announcer_;
  People people_;
  DirectMessages dms_;
  Publishing publishing_;
  RoomDirectory directory_;
  RoomMethods methods_;
  Loop::TurnEndHook check_hook_;  // null where invariants are not checked
};

}  // namespace chirm
