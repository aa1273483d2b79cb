// SPDX-License-Identifier: MIT
#pragma once
// What calls of chat.* methods carry: all members that any of them has, read by one schema, so that
// a member means the same and has the same bounds everywhere. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat/rpc.h"
#include "core/rooms/standing.h"

namespace chirm {

struct Request {
  std::string room;
  std::string user;
  std::string channel;
  std::string after;  // the name to go on behind
  std::string query;
  std::string reason;
  std::string status;
  std::optional<std::string> title;
  std::optional<std::string> topic;
  std::optional<bool> is_public;
  std::optional<std::uint64_t> seconds;
  bool is_archived = false;
  Rank role = Rank::kNone;
  std::uint64_t offset = 0;
  std::uint64_t before = 0;  // offset; 0: from the newest
  std::uint32_t limit = 0;
};

enum class Field : std::uint8_t {
  kRoom,
  kUser,
  kChannel,
  kAfter,
  kQuery,   // text of 0 to 100 characters
  kSearch,  // … of 1 to 100
  kReason,
  kStatus,
  kTitle,
  kTopic,
  kVisibility,
  kSeconds,
  kArchived,
  kRole,
  kOffset,
  kBefore,
  kLimit,
};

struct Schema {
  std::vector<Field> fields;
  std::uint32_t limit = 0;  // when not given; at most ten times that
};

// The error, 107, names the member that is missing or wrong, and what was expected.
Expected<Request, RpcError> read_request(const Schema& schema, std::string_view data);

}  // namespace chirm
