// SPDX-License-Identifier: MIT
#include "tests/chaos/redis_copies.h"

#include <filesystem>

#include "core/loop/loop.h"

namespace chirm::chaos {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLogs = "/appendonlydir";
constexpr const char* kSnapshot = "/dump.rdb";

std::uint64_t time_us() { return Loop::clock_ns() / 1000; }

}  // namespace

void RedisCopies::take(const testing::RedisServer& redis) {
  const std::string path = directory_.path() + '/' + std::to_string(count_++);
  fs::create_directory(path);
  (void)redis.command({"SAVE"});
  fs::copy(redis.directory() + kSnapshot, path + kSnapshot);
  // Redis may be writing: a torn end of the file is cut off when it is loaded.
  fs::copy(redis.directory() + kLogs, path + kLogs);
  taken_.push_back({path, time_us()});
  if (taken_.size() <= kCopiesMax) return;
  fs::remove_all(taken_.front().path);
  taken_.pop_front();
}

std::uint64_t RedisCopies::age_s() const { return (time_us() - taken_.front().at_us) / 1'000'000; }

void RedisCopies::restore(testing::RedisServer& redis, Kind kind) const {
  const std::string& copy = taken_.front().path;
  fs::remove_all(redis.directory() + kLogs);
  fs::remove(redis.directory() + kSnapshot);
  if (kind == Kind::kLog) {
    fs::copy(copy + kLogs, redis.directory() + kLogs);
    return redis.start();
  }
  // Where there are to be append-only files it does not look at this one.
  fs::copy(copy + kSnapshot, redis.directory() + kSnapshot);
  redis.start({"--appendonly", "no"});
  (void)redis.command({"CONFIG", "SET", "appendonly", "yes"});
}

}  // namespace chirm::chaos
