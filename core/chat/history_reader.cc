// SPDX-License-Identifier: MIT
#include "core/chat/history_reader.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
// So long it is believed that the store still has what it had: a client that retention overtakes
// within this time is told while it is being served.
constexpr std::uint64_t kKeptForMs = 1'000;
}  // namespace

HistoryReader::HistoryReader(Loop& loop, Broker& broker, ChannelTable& channels, OnAnswer on_answer)
    : loop_(loop), broker_(broker), channels_(channels), on_answer_(std::move(on_answer)) {}

// The channel may be closed, and another one of its name be there, when the answer comes: it is
// looked up again, and the read is known by its number.
void HistoryReader::read(Channel& channel, HistoryUse use, const Range& range) {
  CHIRM_CHECK(channel.stored.reading == 0 && use != HistoryUse::kMissing, channel.name());
  channel.stored.reading = ++reads_;
  ++under_way_;
  has_asked_ = true;
  const bool is_reverse = use == HistoryUse::kOlder;
  const HistoryRequest request{channel.name(), range.since, range.count_max, is_reverse,
                               range.bytes_max};
  broker_.history(request, [this, name = channel.name(), number = channel.stored.reading, use,
                            since = range.since](const auto& history) {
    --under_way_;
    Channel* found = channels_.find(name);
    if (found == nullptr || found->stored.reading != number) return;
    found->stored.reading = 0;
    on_answer_(*found, {use, since, history});
  });
}

void HistoryReader::read_missing(Channel& channel, std::size_t bytes_max) {
  CHIRM_CHECK(channel.state == ChannelState::kRepairing, channel.name());
  has_asked_ = true;
  const std::uint64_t since = channel.log.top().offset;
  const HistoryRequest request{channel.name(), since, kPublicationsMax, false, bytes_max};
  broker_.history(request, [this, name = channel.name(), since](const auto& history) {
    Channel* found = channels_.find(name);
    if (found == nullptr || found->state != ChannelState::kRepairing) return;
    on_answer_(*found, {HistoryUse::kMissing, since, history});
  });
}

bool HistoryReader::take_has_asked() { return std::exchange(has_asked_, false); }

// A log that has nothing behind `since`, although our tail stands there, is another one. Going
// backwards nothing may be left: that only means that retention has taken it.
bool HistoryReader::is_credible(const Channel& channel, const HistoryAnswer& answer) {
  const History& history = *answer.history;
  if (history.top.epoch != channel.log.top().epoch) return false;
  return answer.use == HistoryUse::kOlder || !history.publications.empty() ||
         history.top.offset > answer.since;
}

void HistoryReader::note_oldest(Channel& channel, std::uint64_t since, const History& history) {
  const auto& found = history.publications;
  const std::uint64_t first = found.empty() ? history.top.offset + 1 : found.front().offset;
  StoredHistory& stored = channel.stored;
  if (first > since + 1) stored.gone_through = std::max(stored.gone_through, first - 1);
  const std::uint64_t now = loop_.now_ms();
  const bool is_known = stored.kept_at_ms != 0 && now - stored.kept_at_ms < kKeptForMs;
  if (is_known && stored.kept_behind < first - 1) return;  // that says more than this one
  stored.kept_behind = first - 1;
  stored.kept_at_ms = now;
}

bool HistoryReader::is_kept(const Channel& channel, std::uint64_t since) const {
  const StoredHistory& stored = channel.stored;
  return stored.kept_at_ms != 0 && since >= stored.kept_behind &&
         loop_.now_ms() - stored.kept_at_ms < kKeptForMs;
}

}  // namespace chirm
