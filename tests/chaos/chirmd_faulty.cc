// SPDX-License-Identifier: MIT
// chirmd-faulty FAULT EVERY CHIRMD …: runs chirmd with a relay in front of it that breaks a promise
// now and then, so that it can be seen whether that is found. For tests only.
//
//   drop, double, swap   one delivery in EVERY is lost, comes twice, comes after the next one
//   ack                  publishes are acked before they are stored, one in EVERY never is
#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "core/loop/signal_watcher.h"
#include "tests/chaos/tampering.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"

namespace {

using namespace chirm;

const std::map<std::string, chaos::Tampering> kKinds = {{"drop", chaos::Tampering::kDrop},
                                                        {"double", chaos::Tampering::kDouble},
                                                        {"swap", chaos::Tampering::kSwap},
                                                        {"ack", chaos::Tampering::kAck}};

// The number behind "listening on 127.0.0.1:" in a log, 0 when that is not there yet.
std::uint16_t port_in(const std::string& log) {
  const std::string words = "listening on 127.0.0.1:";
  const std::size_t found = log.find(words);
  if (found == log.npos || log.find('\n', found) == log.npos) return 0;
  return static_cast<std::uint16_t>(std::atoi(log.c_str() + found + words.size()));
}

int run(chaos::Tampering kind, std::uint64_t every, std::vector<std::string> command) {
  std::string public_port = "0";
  for (std::size_t i = 1; i + 1 < command.size(); ++i) {
    if (command[i] == "--port") public_port = std::exchange(command[i + 1], "0");
  }
  command.insert(command.end(), {"--node-name", "faulty:" + public_port});
  Loop loop;
  testing::Process chirmd(loop, {.arguments = std::move(command), .environment = {}});
  const bool is_listening =
      testing::run_until(loop, [&] { return chirmd.exit_code() || port_in(chirmd.errors()) != 0; });
  if (!is_listening || chirmd.exit_code()) {
    std::cerr << chirmd.errors();
    return 1;
  }
  SignalWatcher on_term(loop, SIGTERM, [&] { chirmd.send_signal(SIGTERM); });
  chaos::TamperingCounter counter(every);
  testing::Relay relay(loop, port_in(chirmd.errors()),
                       static_cast<std::uint16_t>(std::stoi(public_port)));
  relay.set_filter([&] { return chaos::make_tampering(kind, counter); });
  std::cerr << "listening on 127.0.0.1:" << relay.port() << std::endl;
  while (!testing::run_until(
      loop, [&] { return chirmd.exit_code().has_value(); }, 60'000)) {
  }
  std::cerr << chirmd.errors();
  return *chirmd.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3 || !kKinds.contains(arguments[0])) {
    std::cerr << "usage: chirmd-faulty drop|double|swap|ack EVERY CHIRMD [OPTION …]\n";
    return 2;
  }
  (void)signal(SIGPIPE, SIG_IGN);
  return run(kKinds.at(arguments[0]), std::stoull(arguments[1]),
             {arguments.begin() + 2, arguments.end()});
}
