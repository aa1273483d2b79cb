// SPDX-License-Identifier: MIT
#pragma once
// Copies of what Redis has on its disk, taken now and then as an operator does, and put back much
// later.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::chaos {

class RedisCopies {
 public:
  enum class Kind : std::uint8_t { kLog, kSnapshot };  // the append-only files; an RDB file

  // Of a running Redis, both kinds. The oldest copy goes when there are kCopiesMax.
  void take(const testing::RedisServer& redis);
  bool is_empty() const { return taken_.empty(); }
  // How many seconds ago the oldest one was taken.
  std::uint64_t age_s() const;
  // Redis has ended: starts it with the oldest copy.
  void restore(testing::RedisServer& redis, Kind kind) const;

 private:
  static constexpr std::size_t kCopiesMax = 12;
  struct Copy {
    std::string path;
    std::uint64_t at_us;
  };

  testing::TempDirectory directory_;
  std::deque<Copy> taken_;
  std::uint64_t count_ = 0;
};

}  // namespace chirm::chaos
