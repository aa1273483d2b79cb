// SPDX-License-Identifier: MIT
// chirm-load: load generator and correctness checker.
#include <csignal>

#include "bench/load/coordinator.h"
#include "bench/load/settings.h"

int main(int argc, char** argv) {
  const auto parsed = chirm::load::parse_settings(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  (void)std::signal(SIGPIPE, SIG_IGN);
  const auto& settings = std::get<chirm::load::Settings>(parsed);
  return chirm::load::Coordinator(settings).run();
}
