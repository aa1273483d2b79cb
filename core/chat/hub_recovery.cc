// SPDX-License-Identifier: MIT
// The hub's dealings with the broker's history: sessions that come back and missed something, and
// holes at the tip. History is read once per channel and node, never per client: what is read
// becomes part of the tail, or a page for all who stand before it (hub_catch_up.cc).
#include <algorithm>
#include <utility>

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "protocol/message.h"

namespace chirm {

namespace {
// So long it is believed that the store still has what it had: a client that retention overtakes
// within this time is told while it is being served.
constexpr std::uint64_t kKeptForMs = 1'000;
}  // namespace

// ---- Joining

void Hub::join_all(Channel& channel) {
  std::vector<Joining> waiting = std::exchange(channel.joining, {});
  for (Joining& joining : waiting) {
    if (!try_join(channel, joining)) channel.joining.push_back(joining);
  }
  look_back(channel);
}

// The rules of recovery (https://centrifugal.dev/docs/server/history_and_recovery): the epoch is
// the same or unknown to the client, and everything behind its offset is still there.
bool Hub::try_join(Channel& channel, Joining& joining) {
  const Position& top = channel.log.top();
  const bool is_epoch_right = joining.since.epoch.empty() || joining.since.epoch == top.epoch;
  const bool is_ahead = joining.recover && is_epoch_right && joining.since.offset > top.offset;
  if (is_ahead && !joining.is_compared) {
    // It may come from a node that is ahead of this one: the store knows.
    joining.is_compared = channel.must_compare = true;
    repair(channel);
  }
  if (is_ahead && (channel.must_compare || channel.state == ChannelState::kRepairing)) return false;
  if (!joining.recover || !is_epoch_right || is_ahead ||
      top.offset - joining.since.offset > settings_.recovery_limit) {
    join(channel, joining, false);
    return true;
  }
  const std::uint64_t since = joining.since.offset;
  const bool is_in_tail = channel.log.covers(since);
  if (is_in_tail || since < channel.gone_through || is_kept(channel, since)) {
    join(channel, joining, is_in_tail || since >= channel.gone_through);
    return true;
  }
  return false;
}

// The answer carries no publications. A recovered session's cursor is where the client stands, so
// that what it missed follows as live pushes do, from the same bytes.
void Hub::join(Channel& channel, const Joining& joining, bool recovered) {
  Session& session = *joining.session;
  if (joining.recover) ++(recovered ? counters_.recovered : counters_.unrecovered);
  if (joining.recover && !recovered && joining.reject_unrecovered) {
    refuse(channel, joining, errors::kUnrecoverablePosition);
    return;
  }
  const Position& top = channel.log.top();
  const std::uint64_t cursor = recovered ? joining.since.offset : top.offset;
  auto* subscription = session.find(channel);
  subscription->is_live = true;
  subscription->index = static_cast<std::uint32_t>(channel.members.size());
  channel.members.push_back({&session, cursor});
  if (channel.unflushed > 0) ++channel.unflushed;  // the round that is under way gets longer
  if (!channel.log.covers(cursor)) add_reader(channel, session);
  subscription->wants_presence = joining.wants_presence;
  presence_.on_joined(channel.name(), session, joining.wants_presence);
  SubscribeResult result;
  result.position = {cursor, top.epoch};
  result.was_recovering = joining.recover;
  result.recovered = recovered;
  if (joining.command_id == 0) return session.on_joined(joining, channel.name(), result);
  session.context_.scratch.clear();
  append_subscribe_reply(session.context_.scratch, joining.command_id, result);
  session.send_scratch();
  session.resume();
}

// ---- Before the tail

// Reads history for those that wait for an answer: older publications into the tail when there is
// room for all that is needed, so that who comes next finds them there. Else it is only looked what
// is the oldest that the store has; then they join, and catch up by pages.
void Hub::look_back(Channel& channel) {
  if (channel.reading != 0 || channel.is_doubtful) return;
  std::uint64_t lowest = UINT64_MAX;
  for (const Joining& joining : channel.joining) lowest = std::min(lowest, joining.since.offset);
  const ChannelLog& log = channel.log;
  if (lowest >= log.first() - 1) return;
  if (fits_tail(channel, lowest)) {
    const std::size_t bytes = std::min(settings_.page_bytes, tail_bytes_max() - log.bytes());
    read_back(channel, {log.channel(), log.first(), kPageCount, true, bytes}, &Hub::on_older);
  } else {
    read_back(channel, {log.channel(), lowest, 1, false}, &Hub::on_oldest);
  }
}

bool Hub::fits_tail(const Channel& channel, std::uint64_t since) const {
  const ChannelLog& log = channel.log;
  if (log.bytes() >= tail_bytes_max()) return false;
  const std::uint64_t count = log.first() - 1 - since;
  return count * log.publication_bytes() <= tail_bytes_max() - log.bytes();
}

void Hub::read_back(Channel& channel, const HistoryRequest& request,
                    void (Hub::*on_read)(Channel&, std::uint64_t, const History&)) {
  channel.reading = ++reads_;
  ++reads_under_way_;
  has_resumed_ = true;
  broker_.history(request, [this, name = channel.name(), number = channel.reading,
                            since = request.since, on_read](const auto& history) {
    --reads_under_way_;
    Channel* found = find(name);
    if (found == nullptr || found->reading != number) return;
    found->reading = 0;
    if (history) {
      (this->*on_read)(*found, since, *history);
    } else {
      on_read_failed(*found, history.error());
    }
    join_all(*found);
    if (found->catch_up && found->catch_up->unserved == 0) make_due(*found->catch_up);
  });
}

void Hub::on_older(Channel& channel, std::uint64_t since, const History& history) {
  ChannelLog& log = channel.log;
  if (history.top.epoch != log.top().epoch) return doubt(channel);
  if (log.first() != since) return;  // the tail has moved on
  std::vector<Publication> older;
  for (const Publication& publication : history.publications) {
    if (publication.offset + older.size() + 1 != since) break;
    older.push_back(publication);
  }
  if (older.empty()) channel.gone_through = since - 1;
  std::reverse(older.begin(), older.end());
  const std::size_t before = log.bytes();
  log.prepend(older);
  counters_.tail_bytes += log.bytes() - before;
}

void Hub::on_oldest(Channel& channel, std::uint64_t since, const History& history) {
  if (is_credible(channel, since, history)) {
    note_oldest(channel, since, history);
  } else {
    doubt(channel);
  }
}

// Whether the answer comes from the log that the tail is the end of.
bool Hub::is_credible(const Channel& channel, std::uint64_t since, const History& history) {
  return history.top.epoch == channel.log.top().epoch &&
         (!history.publications.empty() || history.top.offset > since);
}

void Hub::note_oldest(Channel& channel, std::uint64_t since, const History& history) {
  const auto& found = history.publications;
  const std::uint64_t first = found.empty() ? history.top.offset + 1 : found.front().offset;
  if (first > since + 1) channel.gone_through = std::max(channel.gone_through, first - 1);
  const std::uint64_t now = loop_.now_ms();
  const bool is_known = channel.kept_at_ms != 0 && now - channel.kept_at_ms < kKeptForMs;
  if (is_known && channel.kept_behind < first - 1) return;
  channel.kept_behind = first - 1;
  channel.kept_at_ms = now;
}

bool Hub::is_kept(const Channel& channel, std::uint64_t since) const {
  return channel.kept_at_ms != 0 && since >= channel.kept_behind &&
         loop_.now_ms() - channel.kept_at_ms < kKeptForMs;
}

// The clients that wait try again: the error is temporary. Members stay where they are.
void Hub::on_read_failed(Channel& channel, const ErrorCode& error) {
  if (channel.catch_up) channel.catch_up->retry_ms = loop_.now_ms() + kRetryMs;
  refuse_joining(channel, error);
}

// What the store answers does not belong to the log that we follow: nothing is believed until the
// tip has been compared.
void Hub::doubt(Channel& channel) {
  channel.is_doubtful = channel.must_compare = true;
  repair(channel);
}

// Nothing of the subscription is left when the answer is queued: the client may try again at once.
void Hub::refuse(Channel& channel, const Joining& joining, const ErrorCode& error) {
  Session& session = *joining.session;
  unsubscribe(session, channel);
  if (joining.command_id == 0) return session.on_join_refused(error);
  session.reply_error(joining.command_id, error);
  session.resume();
}

void Hub::refuse_joining(Channel& channel, const ErrorCode& error) {
  for (const Joining& joining : std::exchange(channel.joining, {})) {
    refuse(channel, joining, error);
  }
}

// ---- Holes at the tip

void Hub::on_maybe_missed(std::string_view name) {
  Channel* channel = find(name);
  if (channel == nullptr) return;
  channel->must_compare = true;
  if (channel->state == ChannelState::kLive) repair(*channel);
}

void Hub::repair(Channel& channel) {
  if (channel.state == ChannelState::kRepairing && !channel.is_repair_paused) return;
  channel.state = ChannelState::kRepairing;
  channel.must_compare = channel.is_repair_paused = false;
  has_resumed_ = true;
  const std::size_t bytes_max = std::min(settings_.page_bytes, tail_bytes_max() / 2);
  const HistoryRequest request{channel.name(), channel.log.top().offset, kPageCount, false,
                               bytes_max};
  broker_.history(
      request, [this, name = channel.name()](const auto& history) { on_missing(name, history); });
}

void Hub::on_missing(const std::string& name, const Expected<History, ErrorCode>& history) {
  Channel* channel = find(name);
  if (channel == nullptr || channel->state != ChannelState::kRepairing) return;
  channel->state = ChannelState::kLive;
  if (!history) {
    channel->must_compare = true;  // on_tick() tries again
    return;
  }
  const Position& top = channel->log.top();
  const auto& missing = history->publications;
  const bool is_trimmed =
      missing.empty() ? history->top.offset > top.offset : missing.front().offset > top.offset + 1;
  if (history->top.epoch != top.epoch || history->top.offset < top.offset || is_trimmed) {
    start_over(*channel, history->top);
    if (channel->must_compare) repair(*channel);  // told so while this was on the way
    return;
  }
  for (const Publication& publication : missing) {
    if (publication.offset != top.offset + 1) break;
    append(*channel, publication.body);
    ++counters_.holes_healed;
  }
  // What the bus announced and the store does not have is not there.
  if (missing.empty()) channel->seen = top.offset;
  if (top.offset < std::max(channel->seen, history->top.offset) || channel->must_compare) {
    // A long hole is filled as fast as the members take it: nobody is to fall off the tail here.
    const bool is_full = channel->log.bytes() > tail_bytes_max() / 2;
    if (is_full && channel->unflushed > 0) {
      channel->state = ChannelState::kRepairing;
      channel->is_repair_paused = true;
    } else {
      repair(*channel);
    }
  } else {
    channel->is_doubtful = false;
    join_all(*channel);  // who waited for this
  }
}

// The log is not the one that the subscribers have followed, or a part of it is gone: each is told,
// and subscribes again with its position.
void Hub::start_over(Channel& channel, Position top) {
  ++counters_.epoch_changes;
  counters_.tail_bytes -= channel.log.bytes();
  channel.seen = top.offset;
  channel.is_doubtful = false;
  channel.reading = channel.gone_through = channel.kept_at_ms = 0;
  if (channel.catch_up) end_catch_up(channel);
  while (!channel.members.empty()) {
    end_subscription(*channel.members.back().session, channel, unsubscribes::kInsufficientState);
  }
  channel.log.reset(std::move(top));
  join_all(channel);
}

}  // namespace chirm
