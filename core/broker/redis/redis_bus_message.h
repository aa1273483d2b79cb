// SPDX-License-Identifier: MIT
#pragma once
// Reads what comes on a channel's topic. Pure; private to core/broker.
//
//   publications   <offset of the first>:<epoch>:  and for each, in order,
//                  <size of the body>:<body>, or <size of the body>,<size of the key>:<key><body>
//                  when the body does not say what it is known by (redis_scripts.h)
//   a signal       s<body>
//   a rewrite      r<offset>:<rewrites so far>:<epoch>:<the new body>
//
// Offsets and numbers of rewrites begin with 1. What is none, or larger than the scripts can count,
// makes the message invalid: it would be taken for the newest of all.

#include <cstdint>
#include <optional>
#include <string_view>

namespace chirm {

// Publications. Views into the message.
class RedisBusMessage {
 public:
  // Up to here Lua's numbers are exact.
  static constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 53;
  // First letters of the other two kinds.
  static constexpr char kSignal = 's';
  static constexpr char kRewrite = 'r';

  struct Item {
    std::uint64_t offset;
    std::string_view key;  // "" when there is none apart from the body
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

struct RedisRewriteNotice {
  std::uint64_t offset;    // of the publication that was rewritten
  std::uint64_t rewrites;  // in the channel, this one included
  std::string_view epoch;  // views into the message
  std::string_view body;

  // nullopt when it is none. `message` begins with RedisBusMessage::kRewrite.
  static std::optional<RedisRewriteNotice> parse(std::string_view message);
};

}  // namespace chirm
