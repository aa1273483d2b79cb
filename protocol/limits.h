// SPDX-License-Identifier: MIT
#pragma once
// The bounds that the wire protocol itself has. What an operator may change is in core's settings.

#include <cstddef>
#include <cstdint>

namespace chirm::limits {

// simdjson may read (not use) this many bytes behind its input.
inline constexpr std::size_t kJsonPadding = 64;
// Nesting of a JSON message. Python's and Go's decoders give up later than this.
inline constexpr std::size_t kJsonDepth = 128;
// A WebSocket message from a client, all its fragments together.
inline constexpr std::size_t kMessageBytes = 64 * 1024;
// Fragments of one message (RFC 6455 §5.4 sets no bound).
inline constexpr std::size_t kMessageFragments = 64;
// What a client library accepts as one message: replies to history and recovery are long.
inline constexpr std::size_t kServerMessageBytes = 16 * 1024 * 1024;
// A channel name, bytes.
inline constexpr std::size_t kChannelBytes = 255;
// A user name or id, bytes.
inline constexpr std::size_t kUserBytes = 128;
// `data.id`, the idempotency key of a publication, bytes.
inline constexpr std::size_t kMessageIdBytes = 64;
// An HTTP request head: request line and headers.
inline constexpr std::size_t kHttpHeadBytes = 8 * 1024;
// Integers up to this stay exact in a JavaScript number.
inline constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 53) - 1;
inline constexpr std::uint64_t kOffsetMax = kNumberMax;
// `data.mentions`: users.
inline constexpr std::size_t kMentionsMax = 10;
// Times that anybody tells, unix milliseconds: to the year 3000. Dates of browsers end at 8.64e15.
inline constexpr std::uint64_t kTimeMaxMs = 32'503'680'000'000;
// Kinds of reactions that a message has in its life.
inline constexpr std::size_t kReactionsMax = 30;

// What one carries fits into the other.
static_assert(kMessageIdBytes + kChannelBytes + kUserBytes < kHttpHeadBytes);
static_assert(kHttpHeadBytes <= kMessageBytes && kMessageBytes <= kServerMessageBytes);

}  // namespace chirm::limits
