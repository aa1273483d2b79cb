// SPDX-License-Identifier: MIT
#pragma once
// Whether somebody may read or publish in a channel. The rules are those of judge.h; here is where
// their facts come from: from this node's copies at once, or else from the store. Private to
// core/rooms.

#include <optional>
#include <string>
#include <string_view>

#include "core/chat/access.h"
#include "core/chat/chat_settings.h"
#include "core/rooms/people.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/judge.h"

namespace chirm {

class Rights {
 public:
  using Verdict = Access::Verdict;

  // All must outlive the rights.
  Rights(RoomStore& store, People& people, const ChatSettings& settings)
      : store_(store), people_(people), settings_(settings) {}

  // `wish` is kRead or kPublish. The channel is one that the user's name admits (is_for()); the
  // user is "" of a connection without a name.

  // nullopt: this node has no copy of something that the verdict depends on.
  std::optional<Verdict> known(Wish wish, std::string_view user, UserRole role,
                               std::string_view channel);
  // Reads what there is no copy of. Its own error, which is temporary: the store is away.
  Task<Verdict> find_out(Wish wish, std::string user, UserRole role, std::string channel);

  // Whether publications there have no form that is checked, because people talk without having
  // made a room and the operator lets them. The verdict on publishing is known.
  bool is_unruled(std::string_view channel, std::string_view data);

 private:
  // A document that a verdict depends on and that this node does not know; "": there is none.
  struct Missing {
    std::string collection;
    std::string id;
  };
  // Null, and `missing` if that is the first, when it is not known here.
  template <class Record>
  const Kept<Record>* look_up(RecordCache<Record>& cache, std::string_view collection,
                              std::string_view id, Missing& missing);
  std::optional<Verdict> judge_by_copies(Wish wish, std::string_view user, UserRole role,
                                         std::string_view channel, Missing& missing);
  std::optional<Verdict> judge_room(Wish wish, std::string_view user, UserRole role,
                                    std::string_view room, Missing& missing);
  std::optional<Verdict> judge_conversation(Wish wish, std::string_view user,
                                            std::string_view channel, Missing& missing);
  Task<Result<void>> fetch(Missing missing);

  RoomStore& store_;
  People& people_;
  const ChatSettings& settings_;
};

}  // namespace chirm
