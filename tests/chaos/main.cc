// SPDX-License-Identifier: MIT
// chirm-chaos: breaks a cluster under load, and judges whether chirm kept its promises.
#include <csignal>

#include "tests/chaos/director.h"
#include "tests/chaos/settings.h"

int main(int argc, char** argv) {
  const auto parsed = chirm::chaos::parse_settings(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  (void)std::signal(SIGPIPE, SIG_IGN);
  return chirm::chaos::Director(std::get<chirm::chaos::Settings>(parsed)).run();
}
