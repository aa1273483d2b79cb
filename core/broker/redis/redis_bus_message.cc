// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_bus_message.h"

#include <charconv>

namespace chirm {

namespace {

// Takes `<number>` and the character behind it, one of `ends`, from the front.
struct TakenNumber {
  std::uint64_t value;
  char end;
};
std::optional<TakenNumber> take_number_to(std::string_view& text, std::string_view ends) {
  TakenNumber number{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number.value);
  if (error != std::errc() || at == end || ends.find(*at) == ends.npos) return std::nullopt;
  number.end = *at;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return number;
}

// Takes `<number>:` from the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  const auto number = take_number_to(text, ":");
  if (!number) return std::nullopt;
  return number->value;
}

// The same of an offset, or of the number of a rewrite.
std::optional<std::uint64_t> take_count(std::string_view& text) {
  const auto number = take_number(text);
  return number && *number > 0 && *number <= RedisBusMessage::kNumberMax ? number : std::nullopt;
}

}  // namespace

std::optional<RedisBusMessage> RedisBusMessage::parse(std::string_view text) {
  RedisBusMessage message;
  const auto offset = take_count(text);
  if (!offset) return std::nullopt;
  message.offset_ = *offset;
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  message.epoch_ = text.substr(0, colon);
  message.rest_ = text.substr(colon + 1);
  return message;
}

// One at a time, and not all at once: who gets the first may unsubscribe, and the bodies are not
// copied.
std::optional<RedisBusMessage::Item> RedisBusMessage::next() {
  std::string_view text = rest_;
  const auto size = take_number_to(text, ":,");
  if (!size) return std::nullopt;
  std::string_view key;
  if (size->end == ',') {
    const auto key_size = take_number(text);
    if (!key_size || *key_size == 0 || *key_size > text.size()) return std::nullopt;
    key = text.substr(0, *key_size);
    text.remove_prefix(*key_size);
  }
  if (size->value > text.size()) return std::nullopt;
  rest_ = text.substr(size->value);
  return Item{offset_++, key, text.substr(0, size->value)};
}

std::optional<RedisRewriteNotice> RedisRewriteNotice::parse(std::string_view text) {
  if (!text.starts_with(RedisBusMessage::kRewrite)) return std::nullopt;
  text.remove_prefix(1);
  const auto offset = take_count(text);
  const auto rewrites = offset ? take_count(text) : std::nullopt;
  const std::size_t colon = text.find(':');
  if (!rewrites || colon == text.npos || colon == 0) return std::nullopt;
  return RedisRewriteNotice{*offset, *rewrites, text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace chirm
