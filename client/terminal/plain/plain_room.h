// SPDX-License-Identifier: MIT
#pragma once
// One room of a chat for scripts: how far joining it is, and what has come from it. Plain values.
// Private to client/terminal/.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/replies.h"

namespace chirm::terminal {

struct PlainRoom {
  enum class State : std::uint8_t {
    kOutside,      // to be joined with the next connection
    kJoining,      // the server was asked to make one a member
    kSubscribing,  // for the first time
    kReading,      // its history was asked for; what is said meanwhile is held
    kJoined,
  };
  struct Publication {
    std::uint64_t offset;  // 0 when it is not stored
    std::string user;
    std::string data;
  };

  // One can talk there.
  bool is_in() const { return state >= State::kReading; }

  std::string name;
  State state = State::kOutside;
  // Why one could not become a member, which not all rooms need.
  std::optional<client::CommandError> refusal;
  std::uint64_t offset = 0;  // of the last publication, or where the log stood
  std::string epoch;         // of the log that the offset is of
  std::vector<Publication> held;
};

}  // namespace chirm::terminal
