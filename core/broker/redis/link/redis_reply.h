// SPDX-License-Identifier: MIT
#pragma once
// A reply of Redis, read without knowing hiredis. Private to core/broker.

#include <cstddef>
#include <cstdint>
#include <string_view>

struct redisReply;

namespace chirm {

// A view, valid only inside the callback that got it. Asking for what a reply is not gives "", 0 or
// an absent reply, never a crash: what a server sends is not ours to trust.
class RedisReply {
 public:
  explicit RedisReply(const redisReply* reply) : reply_(reply) {}

  bool is_error() const;
  // A string, a status or an error's message, else "".
  std::string_view text() const;
  std::int64_t integer() const;
  // Elements of an array, else 0.
  std::size_t size() const;
  RedisReply operator[](std::size_t index) const;

 private:
  const redisReply* reply_;  // null: absent
};

}  // namespace chirm
