// SPDX-License-Identifier: MIT
// chirm-chaos: breaks a cluster under load, and judges whether chirm kept its promises.
#include <csignal>
#include <iostream>

#include "tests/chaos/director.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/lossy_network.h"
#include "tests/chaos/settings.h"
#include "tests/support/stepped_clock.h"

namespace {

// Leaves out what cannot be without it. Nothing else is to run with it.
void find_faketime(chirm::chaos::Settings& settings) {
  const auto needs_it = [&] {
    return settings.has(chirm::chaos::kStepNodeClock) ||
           settings.has(chirm::chaos::kStepRedisClock);
  };
  if (!needs_it()) return settings.faketime.clear();
  if (!settings.faketime.empty()) return;
  settings.faketime = chirm::testing::SteppedClock::find_library().value_or("");
  if (!settings.faketime.empty()) return;
  for (const auto name : {chirm::chaos::kStepNodeClock, chirm::chaos::kStepRedisClock}) {
    if (!settings.has(name)) continue;
    std::cerr << name << " is skipped: there is no libfaketime (package libfaketime)" << std::endl;
    std::erase(settings.faults, name);
  }
}

}  // namespace

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
  find_faketime(settings);
  return chirm::chaos::Director(settings).run();
}
