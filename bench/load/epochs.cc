// SPDX-License-Identifier: MIT
#include "bench/load/epochs.h"

#include <algorithm>

namespace chirm::load {

// A handful at most: a room has a new epoch only when the server may have lost some of its log.
// Behind a pointer each, for followers keep references.
Epoch& Epochs::get(std::string_view name, std::uint64_t offset) {
  if (Epoch* const known = find(name)) return *known;
  return *epochs_.emplace_back(new Epoch{std::string(name), RoomLog(offset), 0, {}});
}

Epoch* Epochs::find(std::string_view name) {
  const auto found =
      std::ranges::find_if(epochs_, [&](const auto& epoch) { return epoch->name == name; });
  return found == epochs_.end() ? nullptr : found->get();
}

std::uint64_t Epochs::oldest() const {
  std::uint64_t oldest = UINT64_MAX;
  for (const auto& epoch : epochs_) oldest = std::min(oldest, epoch->log.oldest());
  return oldest;
}

Epochs::Fork Epochs::link(const Epoch& from, const Epoch& to, std::uint64_t offset) {
  auto link = std::ranges::find_if(
      links_, [&](const Link& one) { return one.from == &from && one.to == &to; });
  if (link == links_.end()) link = links_.insert(link, {&from, &to, 0});
  // Up to where they were linked before, they were compared then, and since then by each arrival.
  Fork fork;
  const auto key = [this](const Epoch& epoch, std::uint64_t at) {
    const std::uint64_t own = epoch.log.key(at);
    return own != 0 ? own : linked_key(epoch, at);
  };
  for (std::uint64_t at = std::max(link->offset + 1, oldest()); at <= offset; ++at) {
    const std::uint64_t one = key(from, at);
    const std::uint64_t other = key(to, at);
    if (one == 0 || other == 0 || one == other) continue;
    if (++fork.count == 1) fork.first = at;
  }
  link->offset = std::max(link->offset, offset);
  return fork;
}

template <typename Predicate>
const Epoch* Epochs::find_linked(const Epoch& epoch, std::uint64_t offset,
                                 Predicate predicate) const {
  std::vector<const Epoch*> reached = {&epoch};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const Link& link : links_) {
      if (link.offset < offset || (link.from != reached[i] && link.to != reached[i])) continue;
      const Epoch* const other = link.from == reached[i] ? link.to : link.from;
      if (std::ranges::find(reached, other) != reached.end()) continue;
      if (predicate(*other)) return other;
      reached.push_back(other);
    }
  }
  return nullptr;
}

std::uint64_t Epochs::linked_key(const Epoch& epoch, std::uint64_t offset) const {
  const Epoch* const other =
      find_linked(epoch, offset, [&](const Epoch& one) { return one.log.key(offset) != 0; });
  return other == nullptr ? 0 : other->log.key(offset);
}

bool Epochs::has_linked(const Epoch& epoch, std::uint64_t offset, std::uint64_t key) const {
  return find_linked(epoch, 0, [&](const Epoch& one) { return one.log.key(offset) == key; }) !=
         nullptr;
}

}  // namespace chirm::load
