// SPDX-License-Identifier: MIT
#include "core/chat/recovery.h"

#include <algorithm>
#include <vector>

#include "core/base/check.h"

namespace chirm {

Recovery::Recovery(const Parts& parts)
    : parts_(parts), counters_(parts.counters), reader_(parts.reader), tails_(parts.tails) {}

// ---- Joining

// The rules of recovery (https://centrifugal.dev/docs/server/history_and_recovery): the epoch is
// the same or unknown to the client, and everything behind its offset is still there. With one
// more: a client that stands in an earlier epoch of the log, and not behind where that ended, goes
// on in the new one, which the answer names.
std::optional<Recovery::Outcome> Recovery::try_join(Channel& channel, Joining& joining) {
  CHIRM_CHECK(channel.state != ChannelState::kSubscribing, channel.name());
  const LogTop& top = channel.log.top();
  const std::uint64_t since = joining.since.offset;
  const bool is_epoch_right = top.descends_from(joining.since.epoch, since);
  const bool is_ahead = joining.recover && is_epoch_right && since > top.offset;
  const bool is_strange = joining.recover && !is_epoch_right &&
                          std::ranges::find(top.ancestors, joining.since.epoch, &Ancestor::epoch) ==
                              top.ancestors.end();
  if ((is_ahead || is_strange) && !joining.is_compared) {
    // It may come from a node that is ahead of this one, in this epoch or in one that has not been
    // heard of here: the store knows.
    joining.is_compared = channel.must_compare = true;
    repair(channel);
  }
  if ((is_ahead || is_strange) &&
      (channel.must_compare || channel.state == ChannelState::kRepairing)) {
    return {};
  }
  if (!joining.recover || !is_epoch_right || is_ahead ||
      top.offset - since > parts_.settings.recovery_limit) {
    return join(channel, joining, false);
  }
  if (channel.log.covers(since)) return join(channel, joining, true);
  if (since < channel.stored.gone_through) return join(channel, joining, false);
  if (reader_.is_kept(channel, since)) return join(channel, joining, true);
  return {};
}

// A recovered client's cursor is where it stands, so that what it missed follows as live pushes do,
// from the same bytes.
Recovery::Outcome Recovery::join(const Channel& channel, const Joining& joining,
                                 bool is_recovered) {
  if (joining.recover) ++(is_recovered ? counters_.recovered : counters_.unrecovered);
  const bool is_refused = joining.recover && !is_recovered && joining.reject_unrecovered;
  return {is_refused, is_recovered, is_recovered ? joining.since.offset : channel.log.top().offset};
}

// Older publications are read into the tail when there is room for all that is needed, so that who
// comes next finds them there. Else it is only looked what is the oldest that the store has; then
// those who wait join, and catch up by pages.
void Recovery::look_back(Channel& channel) {
  if (channel.stored.reading != 0 || channel.stored.is_doubtful) return;
  std::uint64_t lowest = UINT64_MAX;
  for (const Joining& joining : channel.joining) {
    const Position& since = joining.since;
    // Who stands in another log waits for the comparison, not for this.
    if (!channel.log.top().descends_from(since.epoch, since.offset)) continue;
    lowest = std::min(lowest, since.offset);
  }
  const ChannelLog& log = channel.log;
  if (lowest >= log.first() - 1) return;
  if (fits_tail(channel, lowest)) {
    const std::size_t room = tails_.bytes_max() - log.bytes();
    reader_.read(channel, HistoryUse::kOlder,
                 {.since = log.first(), .bytes_max = std::min(parts_.settings.page_bytes, room)});
  } else {
    reader_.read(channel, HistoryUse::kOldest, {.since = lowest, .count_max = 1});
  }
}

bool Recovery::fits_tail(const Channel& channel, std::uint64_t since) const {
  const ChannelLog& log = channel.log;
  if (log.bytes() >= tails_.bytes_max()) return false;
  const std::uint64_t count = log.first() - 1 - since;
  return count * log.publication_bytes() <= tails_.bytes_max() - log.bytes();
}

void Recovery::on_older(Channel& channel, std::uint64_t since, const History& history) {
  ChannelLog& log = channel.log;
  if (log.first() != since) return;  // the tail has moved on
  std::vector<Publication> older;
  for (const Publication& publication : history.publications) {
    if (publication.offset + older.size() + 1 != since) break;
    older.push_back(publication);
  }
  if (older.empty()) channel.stored.gone_through = since - 1;
  std::reverse(older.begin(), older.end());
  tails_.prepend(log, older);
}

void Recovery::on_oldest(Channel& channel, std::uint64_t since, const History& history) {
  reader_.note_oldest(channel, since, history);
}

// ---- The tip

void Recovery::repair(Channel& channel) {
  if (channel.state == ChannelState::kRepairing && !channel.is_repair_paused) return;
  channel.state = ChannelState::kRepairing;
  channel.must_compare = channel.is_repair_paused = false;
  // Not more than the tail can take beside what the members have still to be sent.
  reader_.read_missing(channel, std::min(parts_.settings.page_bytes, tails_.bytes_max() / 2));
}

void Recovery::repair_if_due(Channel& channel) {
  if (channel.must_compare && channel.state == ChannelState::kLive) repair(channel);
}

void Recovery::doubt(Channel& channel) {
  channel.stored.is_doubtful = channel.must_compare = true;
  repair(channel);
}

Recovery::Tip Recovery::on_missing(Channel& channel, const Expected<History, ErrorCode>& history) {
  CHIRM_CHECK(channel.state == ChannelState::kRepairing, channel.name());
  channel.state = ChannelState::kLive;
  if (!history) {
    channel.must_compare = true;  // the hub's tick tries again
    return Tip::kUnknown;
  }
  const Position& top = channel.log.top();
  const auto& missing = history->publications;
  const bool is_trimmed =
      missing.empty() ? history->top.offset > top.offset : missing.front().offset > top.offset + 1;
  if (history->top.epoch != top.epoch || history->top.offset < top.offset || is_trimmed) {
    start_over(channel, history->top);
    return Tip::kStartedOver;
  }
  append_missing(channel, missing);
  // What the bus announced and the store does not have is not there.
  if (missing.empty()) channel.seen = top.offset;
  if (top.offset < std::max(channel.seen, history->top.offset) || channel.must_compare) {
    return go_on(channel);
  }
  channel.stored.is_doubtful = false;
  return Tip::kWhole;
}

void Recovery::append_missing(Channel& channel, const std::vector<Publication>& missing) {
  for (const Publication& publication : missing) {
    if (publication.offset != channel.log.top().offset + 1) break;
    tails_.append(channel, publication.body);
    parts_.queue.add(channel);
    ++counters_.holes_healed;
  }
}

// A long hole is filled as fast as the members take it: nobody is to fall off the tail here.
Recovery::Tip Recovery::go_on(Channel& channel) {
  const bool is_full = channel.log.bytes() > tails_.bytes_max() / 2;
  if (is_full && channel.round.left > 0) {
    channel.state = ChannelState::kRepairing;
    channel.is_repair_paused = true;
  } else {
    repair(channel);
  }
  return Tip::kUnknown;
}

// Reads that are under way are of the old log: their answers are not waited for any more.
void Recovery::start_over(Channel& channel, const LogTop& top) {
  ++counters_.epoch_changes;
  for (Joining& waiting : channel.joining) waiting.is_compared = true;  // this is what there is
  channel.seen = top.offset;
  channel.stored = {};
  if (channel.catch_up) parts_.catch_ups.end(channel);
  tails_.reset(channel.log, top);
  channel.round.live_from = top.offset;
}

}  // namespace chirm
