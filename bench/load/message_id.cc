// SPDX-License-Identifier: MIT
#include "bench/load/message_id.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace chirm::load {

namespace {

constexpr std::string_view kPrefix = R"({"id":")";

struct Field {
  std::size_t start;
  std::size_t digits;
};
// rrrrrrrr-mmmmmmmm-pppppppp-ssssssss-tttttttttttt
constexpr std::array<Field, 5> kFields{{{0, 8}, {9, 8}, {18, 8}, {27, 8}, {36, 12}}};

void append_hex(std::string& out, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0;) out.push_back("0123456789abcdef"[(value >> (4 * i)) & 15]);
}

}  // namespace

void append_message_id(std::string& out, const MessageId& id) {
  const std::array<std::uint64_t, 5> values{id.run, id.room, id.publisher, id.sequence,
                                            id.scheduled_us};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out.push_back('-');
    append_hex(out, values[i], kFields[i].digits);
  }
}

std::optional<MessageId> parse_message_id(std::string_view text) {
  // Fixed places, for this runs once for each delivery that could not be compared.
  if (text.size() != kMessageIdBytes) return std::nullopt;
  std::array<std::uint64_t, 5> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [start, digits] = kFields[i];
    const char* const first = text.data() + start;
    const char* const last = first + digits;
    if (i != 0 && text[start - 1] != '-') return std::nullopt;
    if (std::from_chars(first, last, values[i], 16).ptr != last) return std::nullopt;
  }
  return MessageId{.run = static_cast<std::uint32_t>(values[0]),
                   .room = static_cast<std::uint32_t>(values[1]),
                   .publisher = static_cast<std::uint32_t>(values[2]),
                   .sequence = static_cast<std::uint32_t>(values[3]),
                   .scheduled_us = values[4]};
}

void append_payload(std::string& out, const MessageId& id, std::string_view text) {
  out.append(kPrefix);
  append_message_id(out, id);
  out.append(R"(","type":"message","text":")").append(text).append(R"("})");
}

std::optional<MessageId> payload_id(std::string_view data) {
  // append_payload() puts the id first, so there is no need to read the JSON; what does not begin
  // so is not a message of any run.
  if (!data.starts_with(kPrefix)) return std::nullopt;
  return parse_message_id(data.substr(kPrefix.size()).substr(0, kMessageIdBytes));
}

}  // namespace chirm::load
