// SPDX-License-Identifier: MIT
// chirm-chaos: breaks a cluster under load, and judges whether chirm kept its promises.
#include <csignal>
#include <iostream>

#include "tests/chaos/director.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/lossy_network.h"
#include "tests/chaos/settings.h"

int main(int argc, char** argv) {
  const auto parsed = chirm::chaos::parse_settings(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  (void)std::signal(SIGPIPE, SIG_IGN);
  auto settings = std::get<chirm::chaos::Settings>(parsed);
  if (settings.has(chirm::chaos::kLosePackets)) {
    if (const auto refusal = chirm::chaos::enter_lossy_network()) {
      std::cerr << chirm::chaos::kLosePackets << " is skipped: " << *refusal << std::endl;
      std::erase(settings.faults, chirm::chaos::kLosePackets);
    }
  }
  return chirm::chaos::Director(settings).run();
}
