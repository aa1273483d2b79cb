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
      waiting_(std::make_shared<FlushList>()) {
  loop.add_turn_end_hook([list = std::weak_ptr<FlushList>(waiting_)] {
    const auto waiting = list.lock();
    if (!waiting || waiting->empty()) return Loop::TurnEnd::kDone;
    // Whoever asks again while it is flushed gets another turn: a list that is added to while it is
    // gone through might never end.
    FlushList due;
    due.take(*waiting);
    while (Flushable* target = due.pop_front()) target->flush();
    return waiting->empty() ? Loop::TurnEnd::kDone : Loop::TurnEnd::kMore;
  });
}

void Context::flush_at_turn_end(Flushable& target) { waiting_->push_back(target); }

}  // namespace chirm::client
