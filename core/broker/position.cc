// SPDX-License-Identifier: MIT
#include "core/broker/position.h"

#include <algorithm>

namespace chirm {

bool LogTop::descends_from(std::string_view its_epoch, std::uint64_t its_offset) const {
  if (its_epoch.empty() || its_epoch == epoch) return true;
  // Each is the same as the one behind it up to its offset, so with the smallest in between.
  std::uint64_t same = UINT64_MAX;
  for (const Ancestor& ancestor : ancestors) {
    same = std::min(same, ancestor.offset);
    if (ancestor.epoch == its_epoch) return its_offset <= same;
  }
  return false;
}

}  // namespace chirm
