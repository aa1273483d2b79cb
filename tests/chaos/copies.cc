// SPDX-License-Identifier: MIT
#include "tests/chaos/copies.h"

#include <filesystem>

#include "core/loop/loop.h"

namespace chirm::chaos {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLogs = "/appendonlydir";
constexpr const char* kSnapshot = "/dump.rdb";

std::uint64_t time_us() { return Loop::clock_ns() / 1000; }

}  // namespace

void Copies::take(const std::function<void(const std::string& directory)>& copy) {
  const std::string path = directory_.path() + '/' + std::to_string(count_++);
  fs::create_directory(path);
  copy(path);
  taken_.push_back({path, time_us()});
  if (taken_.size() <= kCopiesMax) return;
  fs::remove_all(taken_.front().path);
  taken_.pop_front();
}

std::uint64_t Copies::age_s() const { return (time_us() - taken_.front().at_us) / 1'000'000; }

void copy_redis(const testing::RedisServer& redis, const std::string& directory) {
  (void)redis.command({"SAVE"});
  fs::copy(redis.directory() + kSnapshot, directory + kSnapshot);
  // Redis may be writing: a torn end of the file is cut off when it is loaded.
  fs::copy(redis.directory() + kLogs, directory + kLogs);
}

void restore_redis_copy(testing::RedisServer& redis, const std::string& directory, RedisCopy kind) {
  fs::remove_all(redis.directory() + kLogs);
  fs::remove(redis.directory() + kSnapshot);
  if (kind == RedisCopy::kLog) {
    fs::copy(directory + kLogs, redis.directory() + kLogs);
    return redis.start();
  }
  // Where there are to be append-only files it does not look at this one.
  fs::copy(directory + kSnapshot, redis.directory() + kSnapshot);
  redis.start({"--appendonly", "no"});
  (void)redis.command({"CONFIG", "SET", "appendonly", "yes"});
}

}  // namespace chirm::chaos
