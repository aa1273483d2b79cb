// SPDX-License-Identifier: MIT
#include "bench/load/tally.h"

#include "bench/load/journal.h"

namespace chirm::load {

void Tally::violate(std::uint64_t Violations::*kind, const Scene& scene, std::uint64_t count) {
  violations.*kind += count;
  if (journal == nullptr || count == 0) return;
  for (const Violations::Kind& one : Violations::kKinds) {
    if (one.count == kind) journal->violation(one.name, count, scene);
  }
}

}  // namespace chirm::load
