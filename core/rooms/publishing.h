// SPDX-License-Identifier: MIT
#pragma once
// What becomes of publishes in rooms and private conversations. Private to core/rooms.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/string_hash.h"
#include "core/chat/access.h"
#include "core/loop/later_calls.h"
#include "core/rooms/direct_messages.h"
#include "core/rooms/message.h"
#include "core/rooms/room_store.h"

namespace chirm {

class Publishing {
 public:
  // Must outlive this.
  Publishing(Loop& loop, RoomStore& store, DirectMessages& dms, TaskScope& scope)
      : store_(store), dms_(dms), scope_(scope), later_(loop) {}

  struct Publish {
    std::string channel;
    std::string body;
    std::string user;
    std::string message_id;
    UserRole role = UserRole::kUser;
    MessageData message;
  };
  using Done = std::function<void(Access::Published)>;

  // Of a user who may publish there. Access::publish() says more.
  Access::Progress start(const Publish& publish, Done done);
  // As it is, when whoever publishes turns out to have the right.
  void carry(const Publish& publish, Done done);

 private:
  bool needs_time(const Publish& publish);
  void signal(const Publish& publish, const Done& done);
  Task<Access::Published> publish_in_steps(Publish publish);
  Task<Access::Published> store(const Publish& publish);
  Task<Result<bool>> check_stored(const Publish& publish, std::uint64_t offset);
  Task<Result<StoredMessage>> target_of(const Publish& publish);
  Task<Result<bool>> check_target(const Publish& publish, StoredMessage target);
  Task<Result<bool>> rewrite_target(const Publish& publish, std::uint64_t offset);
  Task<Result<bool>> overtake(std::string channel, std::uint64_t offset, std::uint64_t target);
  Future<Expected<Rewritten, ErrorCode>> rewrite(std::string_view channel, std::uint64_t offset,
                                                 std::string_view expected, std::string_view body);
  Task<bool> tell_mentioned(Publish publish, std::uint64_t offset);
  Task<Result<StoredMessage>> read_publication(std::string channel, std::uint64_t offset);

  RoomStore& store_;
  DirectMessages& dms_;
  TaskScope& scope_;
  LaterCalls later_;
  // When somebody was last told to be typing, by channel and user; old ones are forgotten.
  std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>> typing_;
  std::uint64_t typing_swept_ms_ = 0;
};

}  // namespace chirm
