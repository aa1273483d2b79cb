// SPDX-License-Identifier: MIT
#pragma once
// What this node knows of the rewrites in one channel: how many there were, and the newest of them,
// which a Redis that has lost them is given back. Redis counts a channel's rewrites, and each
// notice and each read of the log carries the count: so a notice that was lost shows by the next
// one, just as a lost publication does. Private to core/broker; loop's thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/redis/kept/redis_kept_memory.h"
#include "core/broker/redis/redis_bus_message.h"

namespace chirm {

class RedisRewrites final : private RedisKeptMemory::Keeper {
 public:
  // Of one channel; the newest stay.
  static constexpr std::size_t kBytesMax = 256 * 1024;
  static constexpr std::size_t kOffsetsMax = 1'000;

  struct Rewrite {
    std::uint64_t number;  // 1 for the channel's first
    std::uint64_t offset;
    std::string body;

    std::size_t bytes() const { return sizeof(*this) + body.size(); }
  };

  // The memory is that of all channels' rewrites, and must outlive it.
  explicit RedisRewrites(RedisKeptMemory& memory) : Keeper(memory) {}

  enum class Seen : std::uint8_t {
    kNothingNew,
    kNext,  // it is the one behind what was known
    kSome,  // there were others, of which it is not known where
  };
  [[nodiscard]] Seen note(const RedisRewriteNotice& notice);
  // A read of the log says how many there were. kNext never.
  [[nodiscard]] Seen note(std::string_view epoch, std::uint64_t rewrites);

  // What a read of the log says was rewritten, no matter when.
  void note_unnumbered(const std::vector<std::uint64_t>& offsets);

  // Whether more is known than a read of the log that says this.
  bool is_ahead_of(std::string_view epoch, std::uint64_t rewrites) const {
    return epoch == epoch_ && rewrites < count_;
  }

  const std::string& epoch() const { return epoch_; }
  std::uint64_t count() const { return count_; }
  bool empty() const { return newest_.empty() && unnumbered_.empty(); }
  // Oldest first, with no number left out, up to count(): none while their notices are on the way.
  // Valid until any channel's note().
  const std::vector<Rewrite>& newest() const;
  // Offsets of others, ascending: their bodies are in the log of the hub.
  std::vector<std::uint64_t> unnumbered() const;
  // As far as it is kept.
  bool is_rewritten(std::uint64_t offset) const;

  // What the members promise of each other.
  void check() const;

 private:
  void keep(const RedisRewriteNotice& notice);
  void keep_offset(std::uint64_t offset);
  void drop_oldest_until(std::size_t bytes);
  void resize();
  void forget() override;

  std::string epoch_;  // "": nothing is known yet
  std::uint64_t count_ = 0;
  // With no number left out, and up to count_ unless a read was faster than the notices.
  std::vector<Rewrite> newest_;
  std::size_t newest_bytes_ = 0;
  std::vector<std::uint64_t> unnumbered_;  // ascending, at most kOffsetsMax
};

}  // namespace chirm
