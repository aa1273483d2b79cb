// SPDX-License-Identifier: MIT
#pragma once
// Reads what the publish script sends to a channel's topic: publications that follow one another,
// `<offset of the first>:<epoch>:` and for each `<size of the body>:<body>`. Pure; private to
// core/broker.

#include <cstdint>
#include <optional>
#include <string_view>

namespace chirm {

// Views into the message.
class RedisBusMessage {
 public:
  struct Item {
    std::uint64_t offset;
    std::string_view body;
  };

  // nullopt when it is none. The bodies are looked at by next() only.
  static std::optional<RedisBusMessage> parse(std::string_view message);

  std::string_view epoch() const { return epoch_; }
  // nullopt at the end, or when the rest cannot be read.
  std::optional<Item> next();
  // True when every publication was read.
  bool is_at_end() const { return rest_.empty(); }

 private:
  std::uint64_t offset_ = 0;
  std::string_view epoch_;
  std::string_view rest_;
};

}  // namespace chirm
