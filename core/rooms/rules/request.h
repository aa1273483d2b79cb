// SPDX-License-Identifier: MIT
#pragma once
// What calls of chat.* methods carry. There is one struct of all members that any method has, so
// that a member means the same and has the same bounds everywhere; a schema says which of them a
// method reads. Pure. Private to core/rooms.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat/rpc.h"
#include "core/rooms/rules/standing.h"

namespace chirm {

// Members that the method does not read have their defaults. A plain aggregate: one member for each
// that the protocol has.
struct Request {
  std::string room;
  std::string user;
  std::string channel;
  std::string after;  // list what comes after this name; "": from the first
  std::string query;
  std::string reason;
  std::string status;
  std::optional<std::string> title;
  std::optional<std::string> topic;
  std::optional<bool> is_public;
  std::optional<ContactRecord::From> from;
  bool is_about_invitations = false;  // or else about requests
  std::optional<std::uint64_t> seconds;
  bool is_archived = false;
  Rank role = Rank::kNone;
  std::uint64_t offset = 0;
  std::uint64_t before = 0;  // search below this offset; 0: from the newest
  std::uint32_t limit = 0;
};

enum class Field : std::uint8_t {
  kRoom,
  kUser,
  kChannel,
  kAfter,
  kQuery,   // "query", which may be missing or empty
  kSearch,  // "query", which may not
  kReason,
  kStatus,
  kTitle,
  kTopic,
  kVisibility,
  kSeconds,
  kArchived,
  kFrom,
  kWhat,
  kRole,
  kOffset,
  kBefore,
  kLimit,
};

struct Schema {
  std::vector<Field> fields;
  // Of kLimit: what is taken when it is missing. At most ten times that may be asked for.
  std::uint32_t limit = 0;
};

// The error, kBadRequest, names the member that is missing or wrong, and what was expected.
Expected<Request, RpcError> read_request(const Schema& schema, std::string_view data);

}  // namespace chirm
