// SPDX-License-Identifier: MIT
#pragma once
// Builds one Redis command as it goes over the wire (RESP arrays of bulk strings,
// https://redis.io/docs/reference/protocol-spec/). Private to core/broker.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/check.h"

namespace chirm {

// Keeps its memory from one command to the next.
class RedisCommand {
 public:
  RedisCommand() = default;
  RedisCommand(std::initializer_list<std::string_view> arguments);

  // Starts over; exactly `arguments` calls of add() follow.
  RedisCommand& begin(std::size_t arguments);
  RedisCommand& add(std::string_view argument);
  RedisCommand& add(std::uint64_t argument);
  // One argument, in pieces.
  RedisCommand& add_joined(std::initializer_list<std::string_view> pieces);

  // Of a complete command. Valid until the next begin() or add().
  std::string_view bytes() const {
    CHIRM_CHECK(missing_ == 0, missing_);
    return bytes_;
  }

 private:
  void append_header(char type, std::size_t number);
  void note_argument(std::size_t size);

  std::string bytes_;
  std::size_t missing_ = 0;  // so many arguments are still to be added
};

}  // namespace chirm
