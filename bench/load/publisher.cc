// SPDX-License-Identifier: MIT
#include "bench/load/publisher.h"

#include <algorithm>

namespace chirm::load {

MessageId Publisher::next(std::uint64_t scheduled_us) {
  MessageId id = author_;
  id.sequence = first_ + static_cast<std::uint32_t>(messages_.size());
  id.scheduled_us = scheduled_us;
  messages_.push_back({.scheduled_us = scheduled_us});
  ++unanswered_;
  ++tally_.counts.sent;
  return id;
}

Publisher::Message* Publisher::find(std::uint32_t sequence) {
  const std::uint32_t index = sequence - first_;
  return index < messages_.size() ? &messages_[index] : nullptr;
}

// A few at most (epochs.h); the last one is most often the one.
std::size_t Publisher::index_of(std::string_view epoch) {
  const auto found = std::find(epochs_.rbegin(), epochs_.rend(), epoch);
  if (found != epochs_.rend()) return static_cast<std::size_t>(epochs_.rend() - found) - 1;
  epochs_.emplace_back(epoch);
  return epochs_.size() - 1;
}

void Publisher::on_acked(std::uint32_t sequence, const Ack& ack) {
  Message* const message = find(sequence);
  if (message == nullptr || message->is_acked || message->is_failed) return;
  message->is_acked = true;
  message->acked = ack.offset;
  message->acked_us = ack.at_us;
  message->epoch = index_of(ack.epoch);
  // The server need not tell offsets, but it has to do so always or never: one that stops would
  // hide that an ack is wrong.
  tells_offsets_ |= ack.offset != 0;
  if (tells_offsets_ && ack.offset == 0) tally_.violate(&Violations::acked_wrong, scene(*message));
  --unanswered_;
  ++tally_.counts.acked;
  if (message->scheduled_us >= tally_.measure_from_us) {
    tally_.ack.record(ack.at_us - message->scheduled_us);
  }
  compare(*message);
}

void Publisher::on_failed(std::uint32_t sequence) {
  Message* const message = find(sequence);
  if (message == nullptr || message->is_acked || message->is_failed) return;
  message->is_failed = true;
  --unanswered_;
  ++tally_.counts.failed;
}

void Publisher::on_logged(std::uint32_t sequence, std::uint64_t offset) {
  Message* const message = find(sequence);
  if (message == nullptr) return;
  message->logged = offset;
  compare(*message);
}

Scene Publisher::scene(const Message& message) const {
  return {.channel = channel_,
          .epoch = epochs_[message.epoch],
          .offset = message.acked,
          .scheduled_us = message.scheduled_us,
          .acked_us = message.acked_us};
}

void Publisher::compare(const Message& message) {
  if (message.acked != 0 && message.logged != 0 && message.acked != message.logged) {
    tally_.violate(&Violations::acked_wrong, scene(message));
  }
}

void Publisher::on_reset() {
  // What somebody has received is stored, but this publisher was told that it will not get it.
  // Without this settle() would wait for it for ever.
  for (Message& message : messages_) message.is_excused = message.logged != 0;
}

Publisher::Released Publisher::settle(std::uint64_t received_end) {
  Released released;
  while (!messages_.empty()) {
    const Message& oldest = messages_.front();
    // From the oldest on only, so that a sequence number is a place in messages_, counted from
    // first_.
    const bool is_back = oldest.logged != 0 && (oldest.is_excused || oldest.logged < received_end);
    if (!oldest.is_failed && !(oldest.is_acked && is_back)) break;
    ++(oldest.is_failed ? released.failed : released.delivered);
    messages_.pop_front();
    ++first_;
  }
  return released;
}

void Publisher::audit() {
  for (const Message& message : messages_) {
    if (message.is_acked && message.logged == 0) {
      tally_.violate(&Violations::acked_lost, scene(message));
    }
  }
}

}  // namespace chirm::load
