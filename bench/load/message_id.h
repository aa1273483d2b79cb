// SPDX-License-Identifier: MIT
#pragma once
// The identity of a load message: what its `data.id` says. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm::load {

struct MessageId {
  std::uint32_t run = 0;           // tells runs apart: the server stores an id only once
  std::uint32_t room = 0;          // where it was published
  std::uint32_t publisher = 0;     // number of the client
  std::uint32_t sequence = 0;      // counts the publisher's messages from 0
  std::uint64_t scheduled_us = 0;  // when it was due, on the monotonic clock; 48 bits

  // Names the message within its run; never 0, and below 2^63 for fewer than 2^31 publishers.
  std::uint64_t key() const { return ((std::uint64_t{publisher} << 32) | sequence) + 1; }
  struct Author {
    std::uint32_t publisher;
    std::uint32_t sequence;
  };
  static Author of_key(std::uint64_t key) {
    return {static_cast<std::uint32_t>((key - 1) >> 32), static_cast<std::uint32_t>(key - 1)};
  }

  friend bool operator==(const MessageId&, const MessageId&) = default;
};

inline constexpr std::size_t kMessageIdBytes = 48;  // limits::kMessageIdBytes allows 64

// Appends the fields in hexadecimal, joined by '-'.
void append_message_id(std::string& out, const MessageId& id);
// nullopt when `text` is not from append_message_id().
std::optional<MessageId> parse_message_id(std::string_view text);

// Appends a chat message: {"id":"<id>","type":"message","text":"<text>"}. `text` needs no escapes.
void append_payload(std::string& out, const MessageId& id, std::string_view text);
// The id of a payload as append_payload() makes it; nullopt for any other.
std::optional<MessageId> payload_id(std::string_view data);

}  // namespace chirm::load
