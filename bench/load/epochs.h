// SPDX-License-Identifier: MIT
#pragma once
// The epochs of a room's log, and which of them go on from one another. Whoever stood at an offset
// of an epoch and was told recovered:true in another one has shown that both hold the same
// publications up to there, under the same offsets; of what is behind that, it shows nothing.
//
//   e1   1 … 95 | 96 … 100      told recovered:true in e2 at 95, and somebody else at 100:
//   e2   1 … 95 | 96 … 100 101  they are linked up to 100
//
// Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/load/room_log.h"

namespace chirm::load {

// One life of a room's log (the server's `epoch`).
struct Epoch {
  std::string name;
  RoomLog log;
  std::uint64_t named_us = 0;  // when a subscribe reply named it last
  // By offset, the key of what was acked there and nobody has received yet.
  std::unordered_map<std::uint64_t, std::uint64_t> acked;
};

class Epochs {
 public:
  // The epoch of that name; a new one starts behind `offset`.
  Epoch& get(std::string_view name, std::uint64_t offset);
  // nullptr when nobody was told of it.
  Epoch* find(std::string_view name);
  const std::vector<std::unique_ptr<Epoch>>& all() const { return epochs_; }

  struct Fork {
    std::uint64_t count = 0;  // how many offsets hold different messages
    std::uint64_t first = 0;  // of them
  };
  // One goes on from the other: they are the same up to `offset`. Returns where they are not.
  Fork link(const Epoch& from, const Epoch& to, std::uint64_t offset);

  // What epochs that are linked with this one at that offset hold there; 0: nothing is known.
  std::uint64_t linked_key(const Epoch& epoch, std::uint64_t offset) const;
  // Whether an epoch that is linked with this one, wherever, has that message at that offset. Where
  // exactly they part is not known: who was told of it need not have stood at the last offset that
  // they have in common.
  bool has_linked(const Epoch& epoch, std::uint64_t offset, std::uint64_t key) const;

 private:
  struct Link {
    const Epoch* from;
    const Epoch* to;
    std::uint64_t offset;
  };
  // The first one, of those that links at `offset` or behind it lead to, of which that is true.
  template <typename Predicate>
  const Epoch* find_linked(const Epoch& epoch, std::uint64_t offset, Predicate predicate) const;
  std::uint64_t oldest() const;

  std::vector<std::unique_ptr<Epoch>> epochs_;
  std::vector<Link> links_;
};

}  // namespace chirm::load
