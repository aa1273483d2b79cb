// SPDX-License-Identifier: MIT
#pragma once
// What a broker keeps and how long it waits; the same for every store.

#include <cstddef>
#include <cstdint>

namespace chirm {

struct BrokerSettings {
  // A channel's log keeps this many of its newest publications; a store may keep some more.
  std::uint32_t history_size = 10'000;
  // A channel in which nothing was published for this long loses them all; not its numbering.
  std::uint64_t history_ttl_ms = 30ULL * 24 * 3600 * 1000;
  // A channel's numbering (its epoch, and how far it has got) stays as long as anybody follows the
  // channel, and at least this long after: who has seen everything has missed nothing, however long
  // nobody spoke. It takes about a hundred bytes.
  static constexpr std::uint64_t kNumberingMs = 24ULL * 3600 * 1000;
  // With less free on its disk than that, a store in a file takes no publications; at most a tenth
  // of the disk. 0: nothing is kept free.
  std::uint64_t disk_reserve_bytes = 256ULL * 1024 * 1024;
  // What a store in a file may hold; 0: as much as the disk.
  std::uint64_t store_bytes_max = 0;
  // All publications of a store in memory together, in bytes.
  std::size_t memory_bytes_max = 1024ULL * 1024 * 1024;
  // A repeated message id is recognised this long.
  std::uint64_t idempotency_ttl_ms = 5ULL * 60 * 1000;
  // While the store is away, commands wait this long, then fail with a temporary error: before SDKs
  // give up, which is after 5 s.
  std::uint64_t hold_ms = 4'000;
  // What may wait or be in flight before new commands fail with a temporary error at once.
  std::size_t pending_bytes_max = 64ULL * 1024 * 1024;
  std::size_t pending_commands_max = 100'000;
};

}  // namespace chirm
