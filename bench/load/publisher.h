// SPDX-License-Identifier: MIT
#pragma once
// The messages that one client publishes: numbers them, and follows each one until it was acked and
// has come back to its publisher, checking that both tell the same offset. Pure.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/message_id.h"
#include "bench/load/tally.h"

namespace chirm::load {

class Publisher {
 public:
  // How many messages settle() released.
  struct Released {
    std::size_t delivered = 0;
    std::size_t failed = 0;
  };

  // tally and channel must outlive the publisher. `author` names whose messages these are.
  Publisher(const MessageId& author, std::string_view channel, Tally& tally)
      : author_(author), channel_(channel), tally_(tally) {}

  // A new message. It is on its way until settle() releases it.
  MessageId next(std::uint64_t scheduled_us);

  // offset 0: the server does not tell. That is wrong of one that did before.
  struct Ack {
    std::uint64_t offset = 0;
    std::string_view epoch = {};  // "": the server does not tell
    std::uint64_t at_us = 0;
  };
  void on_acked(std::uint32_t sequence, const Ack& ack);
  void on_failed(std::uint32_t sequence);
  // Somebody received the message under that offset.
  void on_logged(std::uint32_t sequence, std::uint64_t offset);

  // The publisher was told that not everything could be recovered: what somebody has received need
  // not come back to it any more.
  void on_reset();

  // Releases, from the oldest on, what is acked and was received by its publisher, who has got
  // everything before `received_end`; and what has failed.
  Released settle(std::uint64_t received_end);

  // Messages that are on their way.
  std::size_t in_flight() const { return messages_.size(); }
  // Messages that are neither acked nor failed.
  std::size_t unanswered() const { return unanswered_; }
  // Adds acked messages that nobody received to the violations. At the end of a run.
  void audit();

 private:
  struct Message {
    std::uint64_t scheduled_us;
    std::uint64_t logged = 0;  // offset, 0 while nobody has received it
    std::uint64_t acked = 0;   // offset, 0 when not told
    std::uint64_t acked_us = 0;
    std::size_t epoch = 0;    // of the ack, in epochs_
    bool is_excused = false;  // need not come back
    bool is_acked = false;
    bool is_failed = false;
  };
  // nullptr when the message was released, and forgotten.
  Message* find(std::uint32_t sequence);
  std::size_t index_of(std::string_view epoch);
  void compare(const Message& message);
  Scene scene(const Message& message) const;

  MessageId author_;
  std::string_view channel_;
  Tally& tally_;
  std::uint32_t first_ = 0;  // sequence number of messages_[0]
  std::deque<Message> messages_;
  std::vector<std::string> epochs_ = {""};  // those that acks have named
  std::size_t unanswered_ = 0;
  bool tells_offsets_ = false;
};

}  // namespace chirm::load
