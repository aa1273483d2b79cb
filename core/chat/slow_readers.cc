// SPDX-License-Identifier: MIT
#include "core/chat/slow_readers.h"

#include <algorithm>
#include <functional>

namespace chirm {

namespace {
// Places of slow readers that are measured at a time, of each kind. The loop waits meanwhile, for a
// millisecond or so. Whoever is left out comes first the next time.
constexpr std::size_t kMeasuredPerTick = 20'000;
constexpr std::size_t kLooksMax = 1'000;
// A socket that is full for a moment is not slow.
constexpr std::uint64_t kSlowMs = 1'000;

std::uint64_t behind(const Channel& channel, std::uint32_t member) {
  return channel.log.top().offset - channel.members[member].cursor;
}
}  // namespace

void SlowReaders::measure() {
  const std::uint64_t now = loop_.now_ms();
  counters_.lag_publications_max = counters_.blocked_ms_max = 0;
  const auto note = [&](const Channel& channel, std::uint32_t member) {
    counters_.lag_publications_max =
        std::max(counters_.lag_publications_max, behind(channel, member));
  };
  ListLook blocked(queue_.blocked());
  for (std::size_t looks = 0; looks < kMeasuredPerTick;) {
    Subscriber* subscriber = blocked.next();
    if (subscriber == nullptr) break;
    looks += 1 + subscriber->subscriptions().size();
    counters_.blocked_ms_max = std::max(counters_.blocked_ms_max, now - subscriber->blocked_ms());
    for (const Subscription& one : subscriber->subscriptions()) {
      if (!one.is_live) continue;
      Channel& channel = *one.channel;
      note(channel, one.index);
      // Nothing is written to it, so the flush does not find out.
      const bool is_fallen = !channel.log.covers(channel.members[one.index].cursor);
      if (is_fallen && !one.is_catching_up) catch_ups_.add_fallen(channel, *subscriber);
    }
  }
  // Of a channel with more readers than may be looked at, the first ones.
  ListLook catching_up(catch_ups_.list());
  for (std::size_t left = kMeasuredPerTick; left > 0;) {
    const CatchUp* up = catching_up.next();
    if (up == nullptr) break;
    const std::size_t count = std::min(left, up->readers.size());
    left -= count;
    for (std::size_t i = 0; i < count; ++i)
      note(up->channel, up->readers[i]->at(up->channel).index);
  }
}

std::vector<SlowReader> SlowReaders::farthest() {
  const std::uint64_t now = loop_.now_ms();
  std::vector<SlowReader> found;
  std::size_t looks = 0;
  const auto note = [&](const Subscriber& subscriber, const Channel& channel,
                        std::uint32_t member) {
    ++looks;
    const std::uint64_t publications = behind(channel, member);
    if (publications > 0) found.push_back({&subscriber, channel.name(), publications});
  };
  // Who catches up is counted below, whether blocked or not.
  ListLook blocked(queue_.blocked());
  while (looks < kLooksMax) {
    const Subscriber* subscriber = blocked.next();
    if (subscriber == nullptr) break;
    ++looks;
    if (now - subscriber->blocked_ms() < kSlowMs) continue;
    for (const Subscription& one : subscriber->subscriptions()) {
      if (one.is_live && !one.is_catching_up) note(*subscriber, *one.channel, one.index);
    }
  }
  ListLook catching_up(catch_ups_.list());
  while (looks < 2 * kLooksMax) {
    const CatchUp* up = catching_up.next();
    if (up == nullptr) break;
    for (const Subscriber* subscriber : up->readers) {
      if (looks >= 2 * kLooksMax) break;
      note(*subscriber, up->channel, subscriber->at(up->channel).index);
    }
  }
  std::ranges::sort(found, std::ranges::greater(), &SlowReader::behind);
  return found;
}

}  // namespace chirm
