// SPDX-License-Identifier: MIT
#pragma once
// What commands of a client end with, and the functions that are told it: once each, on the loop,
// and never after the client was destroyed.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/expected.h"
#include "protocol/message.h"

namespace chirm::client {

// A failed command. Code 0: it got no answer (timeout, connection lost).
struct CommandError {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;
};

struct Present {
  std::string user;
  std::string client;
};

struct PresenceStats {
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
};

// Where a publication has been stored. The view is valid in the call.
struct Published {
  std::uint64_t offset = 0;
  std::string_view epoch;
};

using OnPublished = std::function<void(Expected<Published, CommandError>)>;
using OnPresence = std::function<void(Expected<std::vector<Present>, CommandError>)>;
using OnPresenceStats = std::function<void(Expected<PresenceStats, CommandError>)>;
// Oldest first; the views are valid in the call.
using OnHistory = std::function<void(Expected<std::vector<PublicationView>, CommandError>)>;
// A JSON value, valid in the call.
using OnRpc = std::function<void(Expected<std::string_view, CommandError>)>;

}  // namespace chirm::client
