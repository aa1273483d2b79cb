// SPDX-License-Identifier: MIT
#include "core/broker/position.h"

#include <algorithm>

namespace chirm {

bool LogTop::descends_from(std::string_view its_epoch, std::uint64_t its_offset) const {
  if (its_epoch.empty() || its_epoch == epoch) return true;
  const auto ancestor = std::ranges::find(ancestors, its_epoch, &Ancestor::epoch);
  return ancestor != ancestors.end() && its_offset <= ancestor->offset;
}

}  // namespace chirm
