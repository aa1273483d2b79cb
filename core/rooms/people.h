// SPDX-License-Identifier: MIT
#pragma once
// Who there is: everybody who has signed in once. Whoever has is in the lobby since. Private to
// core/rooms.

#include <string>
#include <string_view>

#include "core/chat/rpc.h"
#include "core/rooms/room_store.h"

namespace chirm {

// The room that everybody is in who has not left it. It is made when it is first needed, is owned
// by nobody, and can be neither closed nor archived.
inline constexpr const char* kLobby = "lobby";

class People {
 public:
  // The store must outlive the people.
  explicit People(RoomStore& store) : store_(store) {}

  // Whether this node knows them by that name and role: then sign_in() has nothing to do.
  bool is_known(std::string_view user, std::string_view name, UserRole role);
  // Makes them known, by that name and role; the first time they enter the lobby.
  Task<Result<void>> sign_in(std::string user, std::string name, UserRole role);

  // Removes a guest who will not come back, what they were in and what they kept; what others keep
  // about them stays.
  Task<Result<void>> forget(std::string guest);

  // The lobby is there afterwards.
  Task<Result<void>> make_lobby();
  // The user whom that name means, in whatever case it is written; the name itself if there is
  // none.
  Task<std::string> known_as(std::string name);
  // kNotFound: nobody of that name has signed in yet.
  Task<Result<PersonRecord>> find(std::string user);

 private:
  Task<Result<void>> enter_lobby(std::string user, std::string name);
  Task<Result<void>> leave_all(std::string guest);

  RoomStore& store_;
};

}  // namespace chirm
