// SPDX-License-Identifier: MIT
#pragma once
// A real redis-server for one test: a child process with a directory of its own, reached by a Unix
// socket and, when asked for, by TCP on a port of its own. Ends with the test, however that ends.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/death_watch.h"
#include "tests/support/reserved_port.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

class RedisServer {
 public:
  struct Options {
    std::string configuration;           // a file, "" for none
    std::vector<std::string> arguments;  // for redis-server, e.g. {"--requirepass", "x"}
    bool has_tcp = false;
    bool is_started = true;
    std::vector<std::string> environment = {};  // NAME=value, besides the test's own
  };

  explicit RedisServer(Options options);
  RedisServer() : RedisServer(Options{}) {}
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // With the data that the directory holds. Returns once it accepts connections. `more`: arguments
  // for this process only.
  void start(const std::vector<std::string>& more = {});
  void kill();  // SIGKILL
  // While it is not running: what it has on its disk is gone.
  void lose_data();
  void suspend();  // SIGSTOP
  void resume();   // SIGCONT
  bool is_running() const { return pid_ >= 0; }

  std::string unix_url() const { return "unix://" + socket_path(); }
  std::string tcp_url() const { return "redis://127.0.0.1:" + std::to_string(port()); }
  std::string socket_path() const { return directory() + "/socket"; }
  std::uint16_t port() const { return port_ ? port_->number() : 0; }
  // Where its data is.
  const std::string& directory() const { return directory_.path(); }
  // What all its processes have written.
  std::string log() const;

  // Runs one command on a connection of its own and waits for the answer. Arrays are joined with
  // spaces, errors are their text.
  std::string command(const std::vector<std::string>& arguments) const;
  // The same. nullopt when the connection is lost before the answer comes, as Sentinels end all
  // connections of a server that they promote or make a replica.
  std::optional<std::string> try_command(const std::vector<std::string>& arguments) const;
  // Whether it answers a PING in that time.
  bool answers(int patience_ms) const;
  // Runs a script that does not end by itself, until Redis answers BUSY; SCRIPT KILL ends it.
  void block_with_a_script();

 private:
  std::string log_path() const { return log_directory_.path() + "/log"; }
  void wait_until_ready(std::size_t log_begin, int watch_fd);
  // What to say when it has ended by itself, else "".
  std::string death() const;

  Options options_;
  const TempDirectory directory_;
  const TempDirectory log_directory_;  // it is no data
  std::optional<ReservedPort> port_;
  pid_t pid_ = -1;
  int blocker_fd_ = -1;  // the connection that runs the endless script
  const DeathWatch watch_{[this] { return death(); }};
};

// The same with any server that speaks the protocol on this machine.
std::string redis_command_over_tcp(std::uint16_t port, const std::vector<std::string>& arguments);

}  // namespace chirm::testing
