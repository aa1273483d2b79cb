// SPDX-License-Identifier: MIT
#include "core/chat/tail_memory.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
// However many channels share too little memory, each keeps this much: clients that come back
// within some seconds should not all have to read history.
constexpr std::size_t kTailBytesMin = 32 * 1024;
constexpr std::uint64_t kArrivalUnitNs = 1024;
}  // namespace

// Counts what happens to a log while it lives. Logs reserve memory in steps of their own, so what a
// change costs is only known afterwards.
class TailMemory::Change {
 public:
  Change(const ChannelLog& log, ChatCounters& counters)
      : log_(log), counters_(counters), before_(log.bytes()) {}
  ~Change() { counters_.tail_bytes += log_.bytes() - before_; }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  const ChannelLog& log_;
  ChatCounters& counters_;
  std::size_t before_;
};

// ---- Tails

void TailMemory::append(Channel& channel, std::string_view body) {
  ChannelLog& log = channel.log;
  // A channel that is not dirty begins a round: all who are up to date stand here.
  if (!channel.is_linked()) channel.round.live_from = log.top().offset;
  {
    const Change change(log, counters_);
    log.append(body, arrival_clock());
  }
  ++counters_.publications;
  if (channel.members.empty() || is_far_over(log)) trim(log);
}

void TailMemory::prepend(ChannelLog& log, std::span<const Publication> older) {
  const Change change(log, counters_);
  log.prepend(older);
}

void TailMemory::replace(ChannelLog& log, std::uint64_t offset, std::string_view body) {
  const Change change(log, counters_);
  log.replace(offset, body);
}

void TailMemory::drop(ChannelLog& log, std::uint64_t offset) {
  const Change change(log, counters_);
  log.drop(offset);
}

void TailMemory::reset(ChannelLog& log, LogTop top) {
  const Change change(log, counters_);
  log.reset(std::move(top));
}

void TailMemory::trim(ChannelLog& log) {
  const Change change(log, counters_);
  log.trim(bytes_max());
}

std::size_t TailMemory::bytes_max() const {
  if (counters_.tail_bytes <= settings_.tails_bytes_max) return settings_.tail_bytes_max;
  const std::size_t share =
      settings_.tails_bytes_max / std::max<std::uint64_t>(1, counters_.channels);
  return std::min(settings_.tail_bytes_max, std::max(share, kTailBytesMin));
}

std::uint32_t TailMemory::arrival_clock() {
  return static_cast<std::uint32_t>(Loop::clock_ns() / kArrivalUnitNs);
}

std::uint64_t TailMemory::us_since(std::uint32_t arrived) {
  const std::uint32_t passed = arrival_clock() - arrived;  // right across the end of the numbers
  return std::uint64_t{passed} * kArrivalUnitNs / 1000;
}

// ---- Pages of history

// A quarter of the memory is for pages: more would take tails away from those who are up to date,
// and then they would need pages too.
bool TailMemory::has_room_for_page(std::size_t reads_under_way) const {
  const std::size_t page = 2 * settings_.page_bytes;  // with what frames add to small publications
  const std::size_t bytes = counters_.page_bytes + reads_under_way * page;
  // The first one always has room, or with a small limit nobody would ever catch up.
  return bytes == 0 || bytes + page <= settings_.tails_bytes_max / 4;
}

void TailMemory::fill_page(ChannelLog& page, Position before,
                           std::span<const Publication> publications) {
  const Change change(page, counters_);
  counters_.page_bytes -= page.bytes();
  page.reset(std::move(before));
  for (const Publication& publication : publications) {
    CHIRM_CHECK(publication.offset == page.top().offset + 1, page.channel(), publication.offset);
    page.append(publication.body);
  }
  counters_.page_bytes += page.bytes();
}

void TailMemory::check(const ChannelTable& channels) const {
  std::size_t tails = 0, pages = 0;
  for (const auto& [name, channel] : channels) {
    tails += channel->log.bytes();
    if (channel->catch_up) pages += channel->catch_up->page.bytes();
  }
  CHIRM_CHECK(counters_.channels == channels.size(), counters_.channels, channels.size());
  CHIRM_CHECK(counters_.page_bytes == pages, counters_.page_bytes, pages);
  CHIRM_CHECK(counters_.tail_bytes == tails + pages, counters_.tail_bytes, tails, pages);
}

}  // namespace chirm
