// SPDX-License-Identifier: MIT
#pragma once
// A redis-server of the benchmark's own, and a blocking connection to it that counts replies.

#include <sys/types.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace chirm {

// One command as it goes over the wire.
std::string redis_command(std::initializer_list<std::string_view> arguments);

class RedisProcess {
 public:
  // Without persistence, on a Unix socket. Aborts when redis-server cannot be started.
  RedisProcess();
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  const std::string& socket_path() const { return socket_path_; }

 private:
  std::string directory_;
  std::string socket_path_;
  pid_t pid_ = -1;
};

// Costs as little as can be, so that Redis is what is measured.
class BareRedisClient {
 public:
  explicit BareRedisClient(const std::string& socket_path);
  ~BareRedisClient();
  BareRedisClient(const BareRedisClient&) = delete;
  BareRedisClient& operator=(const BareRedisClient&) = delete;

  // Sends commands that have so many replies, and waits for those. Aborts at an error reply.
  void run(std::string_view commands, std::size_t replies);
  // One command's reply as it came.
  std::string ask(std::initializer_list<std::string_view> arguments);
  // What has come in and was not asked for (a subscriber's messages): its bytes.
  std::size_t drain();
  // CPU that Redis' main thread has used, in seconds.
  double cpu_s();

 private:
  void read_some();
  bool skip_reply();  // false: more bytes are needed

  int fd_ = -1;
  std::string bytes_;  // read and not yet skipped, from at_ on
  std::size_t at_ = 0;
};

}  // namespace chirm
