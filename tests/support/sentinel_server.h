// SPDX-License-Identifier: MIT
#pragma once
// A real Redis Sentinel for one test: a child process with a directory and a port of its own. Ends
// with the test, however that ends.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/death_watch.h"
#include "tests/support/process.h"
#include "tests/support/reserved_port.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

class SentinelServer {
 public:
  struct Options {
    std::uint16_t master_port;
    int quorum = 1;
    std::vector<std::string> settings = {};  // lines of its configuration
  };

  // Watches a master called "main" on this machine. The loop must outlive it.
  SentinelServer(Loop& loop, const Options& options);

  void kill();     // SIGKILL
  void suspend();  // SIGSTOP
  void resume();   // SIGCONT
  const std::string& log() const { return process_->output(); }
  std::uint16_t port() const { return port_.number(); }
  std::string place() const { return "127.0.0.1:" + std::to_string(port()); }

  // Runs one command on a connection of its own, as RedisServer::command() does.
  std::string command(const std::vector<std::string>& arguments) const;

 private:
  TempDirectory directory_;
  ReservedPort port_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<DeathWatch> watch_;  // null once it was killed
};

}  // namespace chirm::testing
