// SPDX-License-Identifier: MIT
#pragma once
// The nodes that a node hears on its bus: which of them live, and whether a batch of theirs was
// lost. Knows no clock: time is counted in this node's own beats, as they come back over Redis. So
// while Redis or the link is away nobody dies. Private to core/broker.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"

namespace chirm {

class RedisPeers {
 public:
  // A node is gone when so many of our own beats have come back since it was heard last.
  static constexpr std::uint32_t kSilentBeats = 4;

  // The id of this node, whose messages come back, too; it is never one of names().
  explicit RedisPeers(std::string own) : own_id_(std::move(own)) {}

  struct Heard {
    bool is_new;      // it has just joined
    bool has_missed;  // a batch of its was lost
  };
  // A batch or a beat has come. `number` is that of the batch, or of the last one before the beat.
  Heard hear_batch(std::string_view node, std::uint64_t number);
  Heard hear_beat(std::string_view node, std::uint64_t number);
  // It said goodbye, or silent_after_beat() has named it. False when it is not known.
  bool remove(const std::string& node) { return peers_.erase(node) != 0; }
  // Whatever comes next of each is not counted as missed: the subscription was interrupted.
  void forget_numbers();

  // A beat of our own has come back. Names those that were silent for too long.
  std::vector<std::string> silent_after_beat();

  bool is_known(std::string_view node) const { return node == own_id_ || peers_.contains(node); }
  std::vector<std::string> names() const;
  bool empty() const { return peers_.empty(); }

  // What the members promise of each other; at the end of a turn.
  void check() const;

 private:
  struct Peer {
    std::uint64_t number = 0;  // of its last batch that has come
    bool is_numbered = false;  // false: whatever comes next was not missed
    std::uint32_t silent_beats = 0;
  };

  Heard hear(std::string_view node, std::uint64_t number, std::uint64_t batches);

  const std::string own_id_;
  Peer own_;
  std::unordered_map<std::string, Peer, StringHash, std::equal_to<>> peers_;
};

}  // namespace chirm
