// SPDX-License-Identifier: MIT
#include "core/server/drain.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/server/connection_registry.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"

namespace chirm {

namespace {
constexpr std::uint64_t kTickMs = 100;
}  // namespace

Drain::Drain(Loop& loop, const ServerSettings& settings, const ServerCounters& counters,
             ConnectionRegistry& connections)
    : settings_(settings),
      counters_(counters),
      connections_(connections),
      timer_(loop, [this] { send_some_away(); }) {}

void Drain::begin(std::function<void()> on_done) {
  CHIRM_CHECK(ticks_ == 0 && on_done != nullptr, ticks_);
  on_done_ = std::move(on_done);
  total_ = counters_.connections;
  timer_.start_repeating(kTickMs);
  send_some_away();  // the first go at once; with drain_s 0 these are all
}

void Drain::finish() {
  timer_.stop();
  std::exchange(on_done_, nullptr)();
}

void Drain::finish_if_empty() {
  if (on_done_ && connections_.empty()) finish();
}

// By tick k of n, k/n of those that were there at the beginning have been sent away. Clients that
// leave by themselves do not change the pace: there is just nobody left for the last ticks.
void Drain::send_some_away() {
  ++ticks_;
  const std::uint64_t limit_ms = 1000ULL * (settings_.drain_s + settings_.close_timeout_s);
  if (ticks_ * kTickMs > limit_ms && on_done_) return finish();  // some publish was never answered
  const std::uint64_t ticks = std::max<std::uint64_t>(1, 1000ULL * settings_.drain_s / kTickMs);
  const std::uint64_t due = (total_ * ticks_ + ticks - 1) / ticks;
  for (; sent_away_ < due; ++sent_away_) {
    if (!connections_.send_away()) break;
  }
}

}  // namespace chirm
