// SPDX-License-Identifier: MIT
#include "core/server/readiness.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace chirm {

namespace {

// Operators compare this with logs of other machines: no local time.
std::string utc(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm time{};
  if (gmtime_r(&seconds, &time) == nullptr) return "?";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &time)};
}

}  // namespace

std::string problems_text(const std::vector<StoreHealth>& stores, std::int64_t now_unix_ms) {
  std::string text;
  for (const StoreHealth& store : stores) {
    if (store.health == Health::kReady) continue;
    text += store.health == Health::kAway ? "away: " : "degraded: ";
    text += store.name + ": " + store.problem + ", since " + utc(store.since_unix_ms);
    // The clock may have been set back.
    const std::int64_t ms = std::max<std::int64_t>(0, now_unix_ms - store.since_unix_ms);
    text += " (" + std::to_string(ms / 1000) + " s)\n";
  }
  return text;
}

}  // namespace chirm
