// SPDX-License-Identifier: MIT
#pragma once
// Copies of what the store has on its disk, taken now and then as an operator does, and put back
// much later.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::chaos {

class Copies {
 public:
  // `copy` is given an empty directory. The oldest one goes when there are kCopiesMax.
  void take(const std::function<void(const std::string& directory)>& copy);
  // Once one was taken: the directory of the oldest, and how many seconds ago that was.
  const std::string& oldest() const { return taken_.front().path; }
  std::uint64_t age_s() const;

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

// Of a running Redis: its append-only files and an RDB file.
void copy_redis(const testing::RedisServer& redis, const std::string& directory);
// Redis has ended: starts it with one of the two.
enum class RedisCopy : std::uint8_t { kLog, kSnapshot };
void restore_redis_copy(testing::RedisServer& redis, const std::string& directory, RedisCopy kind);

}  // namespace chirm::chaos
