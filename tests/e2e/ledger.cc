// SPDX-License-Identifier: MIT
#include "tests/e2e/ledger.h"

#include <gtest/gtest.h>

namespace chirm::testing {

void Ledger::add(std::string_view channel, std::uint64_t offset, std::string_view id) {
  auto& log = logs_[std::string(channel)];
  const auto [entry, is_new_offset] = log.try_emplace(offset, id);
  EXPECT_TRUE(is_new_offset) << channel << ": offset " << offset << " was given to both "
                             << entry->second << " and " << id;
  const auto [known, is_new_id] =
      ids_.try_emplace(std::string(channel).append(" ").append(id), offset);
  EXPECT_TRUE(is_new_id) << channel << ": " << id << " has both offsets " << known->second
                         << " and " << offset;
}

std::vector<Entry> Ledger::entries(std::string_view channel, std::uint64_t offset) const {
  std::vector<Entry> found;
  const auto log = logs_.find(channel);
  if (log == logs_.end()) return found;
  for (auto entry = log->second.upper_bound(offset); entry != log->second.end(); ++entry) {
    found.push_back({entry->first, entry->second});
  }
  return found;
}

std::uint64_t Ledger::top(std::string_view channel) const {
  const auto log = logs_.find(channel);
  return log == logs_.end() ? 0 : log->second.rbegin()->first;
}

std::vector<std::string> Ledger::channels() const {
  std::vector<std::string> names;
  for (const auto& [name, log] : logs_) names.push_back(name);
  return names;
}

}  // namespace chirm::testing
