// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_reply.h"

#include <hiredis/hiredis.h>

namespace chirm {

bool RedisReply::is_error() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR; }

std::string_view RedisReply::text() const {
  if (reply_ == nullptr) return {};
  switch (reply_->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return {reply_->str, reply_->len};
    default:
      return {};
  }
}

std::int64_t RedisReply::integer() const {
  return reply_ != nullptr && reply_->type == REDIS_REPLY_INTEGER ? reply_->integer : 0;
}

std::size_t RedisReply::size() const {
  return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY ? reply_->elements : 0;
}

// An absent reply answers with absent ones, so that a path through an answer needs no checks on the
// way.
RedisReply RedisReply::operator[](std::size_t index) const {
  return RedisReply(index < size() ? reply_->element[index] : nullptr);
}

}  // namespace chirm
