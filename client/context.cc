// SPDX-License-Identifier: MIT
#include "client/context.h"

#include "protocol/limits.h"

namespace chirm::client {

namespace {
// What one recv may bring: at full load hundreds of publications for one system call.
constexpr std::size_t kReadBytes = 256 * 1024;
}  // namespace

Context::Context(Loop& the_loop) : Context(the_loop, Random()) {}

Context::Context(Loop& the_loop, std::uint64_t seed) : Context(the_loop, Random(seed)) {}

Context::Context(Loop& the_loop, Random the_random)
    : loop(the_loop),
      decoder_pool(WsRole::kClient, limits::kServerMessageBytes),
      random(the_random),
      read_buffer(kReadBytes + limits::kJsonPadding, '\0'),
      flush_hook_(loop.add_turn_end_hook([this] { return flush(); })) {}

void Context::flush_at_turn_end(Flushable& target) { waiting_.push_back(target); }

// Whoever asks again while it is flushed gets another turn: a list that is added to while it is
// gone through might never end.
Loop::TurnEnd Context::flush() {
  FlushList due;
  due.take(waiting_);
  while (Flushable* target = due.pop_front()) target->flush();
  return waiting_.empty() ? Loop::TurnEnd::kDone : Loop::TurnEnd::kMore;
}

}  // namespace chirm::client
