// SPDX-License-Identifier: MIT
#pragma once
// Who there is: everybody who has signed in once, and is in the lobby since. Private to core/rooms.

#include <string>
#include <string_view>

#include "core/chat/rpc.h"
#include "core/rooms/room_store.h"

namespace chirm {

inline constexpr std::string_view kLobby = "lobby";

class People {
 public:
  // Must outlive the people.
  explicit People(RoomStore& store) : store_(store) {}

  // Nothing to do for who is known by that name and role; true then.
  bool is_known(std::string_view user, std::string_view name, UserRole role);
  Task<Result<bool>> sign_in(std::string user, std::string name, UserRole role);

  // Removes what there is of a guest who will not come back; what others keep about them stays.
  Task<Result<bool>> forget(std::string guest);

  // The lobby is there afterwards.
  Task<Result<bool>> make_lobby();
  // The user whom that name means, however it is written; the name itself when there is none.
  Task<std::string> known_as(std::string name);
  // 404 when nobody of that name has signed in yet.
  Task<Result<PersonRecord>> find(std::string user);

 private:
  Task<Result<bool>> enter_lobby(std::string user, std::string name);

  RoomStore& store_;
};

}  // namespace chirm
