// SPDX-License-Identifier: MIT
#pragma once
// Words that both modes of chirm say: counts, delays, names, and why the server refuses. What these
// return is safe to be printed. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "client/events.h"
#include "client/replies.h"

namespace chirm::terminal {

// Of who published a message, in one line: "server" for "".
std::string shown_name(std::string_view user);

// "0.3 s": rounded up, so that it is never 0.
std::string seconds_of(std::uint32_t ms);

// "1 message", "2 messages"
std::string count_of(std::uint64_t count, std::string_view noun);

// Why the server sent one away, or (`was_connected` false) did not let one in, for stderr.
// `where` is the server; `lacks_token`: one connected without a token.
std::string describe_refusal(const client::Disconnected& why, std::string_view where,
                             bool was_connected, bool lacks_token);

// Whether the error says that the server has neither accounts nor rooms that one is a member of.
bool is_without_members(const client::CommandError& error);

// Whether the error says that nobody has made that room.
bool is_no_such_room(const client::CommandError& error);
// Why one is not let into a room.
std::string describe_join_refusal(std::string_view room, const client::CommandError& error);

}  // namespace chirm::terminal
