// SPDX-License-Identifier: MIT
#include "tests/support/sentinel_server.h"

#include <signal.h>

#include <fstream>

#include "core/base/check.h"
#include "tests/support/loop_runner.h"
#include "tests/support/redis_server.h"

namespace chirm::testing {

SentinelServer::SentinelServer(Loop& loop, const Options& options) {
  const std::string path = directory_.path() + "/sentinel.conf";
  std::ofstream(path) << "bind 127.0.0.1\nport " << port() << "\ndir " << directory_.path()
                      << "\nsentinel monitor main 127.0.0.1 " << options.master_port << ' '
                      << options.quorum
                      << "\nsentinel down-after-milliseconds main 3000\n"
                         "sentinel failover-timeout main 10000\n";
  std::ofstream more(path, std::ios::app);
  for (const std::string& line : options.settings) more << line << '\n';
  more.close();
  process_ = std::make_unique<Process>(
      loop, Process::Options{.arguments = {"redis-server", path, "--sentinel"}, .environment = {}});
  watch_ = std::make_unique<DeathWatch>([this] {
    const auto code = process_->exit_code();
    if (!code) return std::string();
    return "a Sentinel has ended by itself, with " + std::to_string(*code) + ":\n" +
           process_->output();
  });
  CHIRM_CHECK(
      run_until(loop, [&] { return process_->output().find("+monitor") != std::string::npos; }),
      process_->output());
}

void SentinelServer::kill() {
  watch_.reset();
  process_->kill();
}

void SentinelServer::suspend() { process_->send_signal(SIGSTOP); }

void SentinelServer::resume() { process_->send_signal(SIGCONT); }

std::string SentinelServer::command(const std::vector<std::string>& arguments) const {
  return redis_command_over_tcp(port(), arguments);
}

}  // namespace chirm::testing
