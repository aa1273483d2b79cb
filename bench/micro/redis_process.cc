// SPDX-License-Identifier: MIT
#include "bench/micro/redis_process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "core/base/check.h"

namespace chirm {

namespace {

int connect_to(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  CHIRM_CHECK(fd >= 0 && path.size() < sizeof address.sun_path, path);
  path.copy(address.sun_path, path.size());
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

std::string redis_command(std::initializer_list<std::string_view> arguments) {
  std::string bytes = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string_view argument : arguments) {
    bytes += "$" + std::to_string(argument.size()) + "\r\n";
    bytes.append(argument).append("\r\n");
  }
  return bytes;
}

RedisProcess::RedisProcess() {
  std::string pattern = std::filesystem::temp_directory_path() / "chirm-bench-XXXXXX";
  CHIRM_CHECK(mkdtemp(pattern.data()) != nullptr, pattern);
  directory_ = pattern;
  socket_path_ = directory_ + "/redis.sock";
  pid_ = fork();
  CHIRM_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    // Also when the benchmark is killed: no Redis stays behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)freopen("/dev/null", "w", stdout);  // its log
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path_.c_str(),
           "--save", "", "--appendonly", "no", "--dir", directory_.c_str(), "--loglevel", "warning",
           "--stream-node-max-bytes", "1024", nullptr);
    _exit(127);
  }
  // Redis tells nobody when it listens: it is tried until it does, for ten seconds at most.
  for (int i = 0; i < 400; ++i) {
    const int fd = connect_to(socket_path_);
    if (fd >= 0) {
      close(fd);
      return;
    }
    CHIRM_CHECK(waitpid(pid_, nullptr, WNOHANG) == 0, "redis-server has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  CHIRM_CHECK(false, "redis-server does not listen");
}

RedisProcess::~RedisProcess() {
  kill(pid_, SIGKILL);
  (void)waitpid(pid_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

BareRedisClient::BareRedisClient(const std::string& socket_path) : fd_(connect_to(socket_path)) {
  CHIRM_CHECK(fd_ >= 0, socket_path);
}

BareRedisClient::~BareRedisClient() { close(fd_); }

void BareRedisClient::run(std::string_view commands, std::size_t replies) {
  // Sends all before it reads: the replies of one turn fit into the socket's buffer.
  while (!commands.empty()) {
    const ssize_t sent = send(fd_, commands.data(), commands.size(), MSG_NOSIGNAL);
    CHIRM_CHECK(sent > 0, errno);
    commands.remove_prefix(static_cast<std::size_t>(sent));
  }
  while (replies > 0) {
    if (skip_reply()) {
      --replies;
    } else {
      read_some();
    }
  }
  bytes_.erase(0, at_);
  at_ = 0;
}

std::string BareRedisClient::ask(std::initializer_list<std::string_view> arguments) {
  const std::string command = redis_command(arguments);
  CHIRM_CHECK(send(fd_, command.data(), command.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(command.size()));
  while (!skip_reply()) read_some();
  std::string reply = bytes_.substr(0, at_);
  bytes_.erase(0, at_);
  at_ = 0;
  return reply;
}

std::size_t BareRedisClient::drain() {
  char buffer[64 * 1024];
  std::size_t bytes = 0;
  for (ssize_t got = 0; (got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) {
    bytes += static_cast<std::size_t>(got);
  }
  return bytes;
}

double BareRedisClient::cpu_s() {
  const std::string info = ask({"INFO", "cpu"});
  double sum = 0;
  // Of the main thread only: what saves and frees in the background is not what a publication
  // costs.
  for (const std::string_view name : {"used_cpu_sys_main_thread:", "used_cpu_user_main_thread:"}) {
    const std::size_t at = info.find(name);
    CHIRM_CHECK(at != std::string::npos, info);
    sum += std::stod(info.substr(at + name.size()));
  }
  return sum;
}

void BareRedisClient::read_some() {
  char buffer[64 * 1024];
  const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
  CHIRM_CHECK(got > 0, errno);
  bytes_.append(buffer, static_cast<std::size_t>(got));
}

// RESP2: https://redis.io/docs/reference/protocol-spec/
bool BareRedisClient::skip_reply() {
  std::size_t at = at_;
  // An array is its head and so many replies more; nesting needs no stack for skipping.
  for (std::size_t left = 1; left > 0; --left) {
    const std::size_t end = bytes_.find("\r\n", at);
    if (end == std::string::npos) return false;
    const char type = bytes_[at];
    CHIRM_CHECK(type != '-', bytes_.substr(at, end - at));
    long number = 0;
    (void)std::from_chars(bytes_.data() + at + 1, bytes_.data() + end, number);
    at = end + 2;
    if (type == '$' && number >= 0) at += static_cast<std::size_t>(number) + 2;
    if (type == '*' && number > 0) left += static_cast<std::size_t>(number);
    if (at > bytes_.size()) return false;
  }
  at_ = at;
  return true;
}

}  // namespace chirm
