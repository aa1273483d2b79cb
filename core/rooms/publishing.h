// SPDX-License-Identifier: MIT
#pragma once
// What becomes of publishes in rooms and private conversations: messages, edits, deletes, reactions
// and typing. On the loop's thread. Private to core/rooms.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/chat/access.h"
#include "core/loop/later_calls.h"
#include "core/rooms/announcer.h"
#include "core/rooms/direct_messages.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/message.h"
#include "core/rooms/rules/typing_limit.h"

namespace chirm {

class Publishing {
 public:
  // All must outlive this.
  Publishing(Loop& loop, RoomStore& store, Announcer& announcer, DirectMessages& dms,
             TaskScope& scope)
      : store_(store), announcer_(announcer), dms_(dms), scope_(scope), later_(loop) {}

  struct Publish {
    std::string channel;
    std::string body;
    std::string user;
    std::string message_id;
    UserRole role = UserRole::kUser;
    MessageData message = {};  // what `body` says
    DirectMessages::MayBegin may_begin = {};
  };
  using Done = std::function<void(Access::Published)>;

  // Does what the publish asks for; its user may publish there. `done` is called as
  // Access::publish() says.
  Access::Progress start(const Publish& publish, Done done);
  // Stores it as it is.
  void carry(const Publish& publish, Done done);

  // Ends the process where an invariant does not hold.
  void check() const { typing_.check(); }

 private:
  // What is to be done after a publish has been acknowledged with an offset.
  enum class Stored : std::uint8_t {
    kIsThere,    // what follows from it
    kIsDone,     // nothing: it was done before, or must not be done any more
    kIdIsTaken,  // it was not stored: something else was published under its message id
  };

  bool needs_steps(const Publish& publish);
  void signal_typing(const Publish& publish, const Done& done);
  Task<Access::Published> publish_in_steps(Publish publish);
  Task<Access::Published> store(const Publish& publish);
  Task<Result<Stored>> look_at_stored(const Publish& publish, std::uint64_t offset);

  Task<Result<void>> check_target(const Publish& publish);
  Task<Result<void>> note_reaction(const Publish& publish);
  Task<Result<void>> rewrite_target(const Publish& publish, std::uint64_t offset);
  Task<Result<void>> overtake(std::string channel, std::uint64_t offset, std::uint64_t target);
  Future<Expected<Rewritten, ErrorCode>> rewrite(std::string_view channel, std::uint64_t offset,
                                                 std::string_view expected, std::string_view body);
  // nullopt: it is not kept any more, or never was there.
  Task<Result<std::optional<StoredMessage>>> find_publication(std::string channel,
                                                              std::uint64_t offset);

  Task<Result<void>> tell_mentioned(Publish publish, std::uint64_t offset);

  RoomStore& store_;
  Announcer& announcer_;
  DirectMessages& dms_;
  TaskScope& scope_;
  LaterCalls later_;
  TypingLimit typing_;
};

}  // namespace chirm
