// SPDX-License-Identifier: MIT
#pragma once
// Rooms and private conversations: who is in them and may do what, and the chat.* methods. Rights
// are looked up in what this node keeps of them, and come true on every node at once: when somebody
// may not read a channel any more, each node ends the subscriptions to it.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/task.h"
#include "core/chat/access.h"
#include "core/chat/chat_settings.h"
#include "core/chat/rpc.h"
#include "core/loop/timer.h"
#include "core/rooms/direct_messages.h"
#include "core/rooms/membership.h"
#include "core/rooms/moderation.h"
#include "core/rooms/people.h"
#include "core/rooms/publishing.h"
#include "core/rooms/read_marks.h"
#include "core/rooms/room_store.h"
#include "core/rooms/whereabouts.h"

namespace chirm {

class Hub;
class SessionDirectory;

class Rooms final : public Access, private RoomStore::Listener {
 public:
  // All must outlive the rooms. Adds its methods to the table.
  Rooms(Hub& hub, SessionDirectory& directory, const ChatSettings& settings, RpcTable& table);

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
  // Methods (rooms_methods.cc)
  using Handler = std::function<Task<RpcResult>(RpcCaller, Request)>;
  void add_methods(RpcTable& table);
  void add(RpcTable& table, const char* name, Schema schema, Handler handler,
           std::uint32_t weight = 1);
  Task<RpcResult> presence(RpcCaller caller, Request request);
  Task<RpcResult> search(RpcCaller caller, Request request);
  Task<Verdict> may_see(RpcCaller caller, std::string channel);
  Task<RpcResult> call(const Handler& handler, RpcCaller caller, Request request);

  // Rights
  enum class Wish : std::uint8_t { kRead, kPublish };
  std::optional<Verdict> verdict_now(Wish wish, std::string_view user, UserRole role,
                                     std::string_view channel);
  std::optional<Verdict> room_verdict_now(Wish wish, std::string_view user, UserRole role,
                                          std::string_view room);
  Task<Verdict> verdict(Wish wish, std::string user, UserRole role, std::string channel);
  Task<Verdict> room_verdict(Wish wish, std::string user, UserRole role, std::string room);
  Verdict without_room() const;
  Task<Published> publish_signed_in(RpcCaller caller, Publishing::Publish publish,
                                    std::string data);
  Task<Published> publish_later(Publishing::Publish publish, std::string data);
  bool is_open() const { return settings_.rooms == ChatSettings::Rooms::kOpen; }
  bool is_unruled(std::string_view channel, std::string_view data);

  // Enforcement (rooms_enforcement.cc)
  void on_room_changed(std::string_view room) override;
  void on_member_changed(std::string_view room, std::string_view user, bool was_member) override;
  void on_maybe_missed() override;
  Task<bool> look_at_member(std::string room, std::string user);
  void recheck(Session& session, std::string_view channel);
  Task<bool> recheck_later(std::shared_ptr<Session*> session, std::string channel);
  void retry_later(Session& session, std::string channel);
  void retry();
  void end(Session& session, std::string_view channel, const RpcError& why);
  void recheck_some();

  Hub& hub_;
  SessionDirectory& directory_;
  const ChatSettings& settings_;
  TaskScope scope_;
  RoomStore store_;
  People people_;
  Membership membership_;
  Moderation moderation_;
  DirectMessages dms_;
  ReadMarks read_marks_;
  Publishing publishing_;
  Whereabouts whereabouts_;
  // Subscriptions that are to be looked at again.
  struct Unsure {
    std::shared_ptr<Session*> session;
    std::string channel;
  };
  std::deque<Unsure> unsure_;
  Timer next_;
  std::deque<Unsure> failed_;  // … a while after the store could not be asked
  Timer retry_;
};

}  // namespace chirm
