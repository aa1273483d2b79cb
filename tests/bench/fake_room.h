// SPDX-License-Identifier: MIT
#pragma once
// A room with the frames that a server would send for it, to feed to followers.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/follower.h"
#include "bench/load/room.h"
#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm::load {

class FakeRoom final : private Room::Events {
 public:
  static constexpr std::uint32_t kRun = 77;
  static constexpr std::uint64_t kScheduledUs = 1000;
  static constexpr std::uint64_t kReceivedUs = 1500;

  static MessageId id(std::uint32_t publisher, std::uint32_t sequence) {
    return {.run = kRun,
            .room = 3,
            .publisher = publisher,
            .sequence = sequence,
            .scheduled_us = kScheduledUs};
  }

  // A follower that has subscribed when the log's top was `offset`.
  Follower join(std::uint64_t offset = 0) {
    Follower follower(room);
    follower.on_joined({.offset = offset, .epoch = kEpoch});
    return follower;
  }

  static std::string line(std::uint64_t offset, const MessageId& id) {
    std::string data;
    append_payload(data, id, std::string(20 + 100 * (offset % 3), 'x'));
    std::string body;
    append_publication_body(body, data, {"user", "client", {}}, 0);
    std::string json;
    append_publication_push(json, kChannel, body, offset);
    return json;
  }
  std::string frame(const std::string& payload) {
    std::string bytes;
    encoder_.append(bytes, Opcode::kText, payload);
    return bytes;
  }
  // The publication at an offset, where message n of publisher 1 has offset n + 1.
  std::string frame(std::uint64_t offset) {
    return frame(line(offset, id(1, static_cast<std::uint32_t>(offset - 1))));
  }
  std::string frames(std::uint64_t first, std::uint64_t last) {
    std::string bytes;
    for (std::uint64_t offset = first; offset <= last; ++offset) bytes += frame(offset);
    return bytes;
  }

  static constexpr const char* kEpoch = "e1";
  static constexpr const char* kChannel = "room:load-77-3";
  Tally tally;
  MessageDecoder decoder;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> logged;  // sequence, offset
  Room room{{kRun, 3, kChannel}, decoder, tally, *this};

 private:
  void on_logged(std::uint32_t, std::uint32_t sequence, std::uint64_t offset) override {
    logged.emplace_back(sequence, offset);
  }

  WsEncoder encoder_{WsRole::kServer};
};

}  // namespace chirm::load
