// SPDX-License-Identifier: MIT
// The hub's dealings with the broker's history: sessions that come back and missed something, and
// holes at the tip. History is read once per channel and node, never per client: what is read
// becomes part of the tail, and sessions are written from there.
#include <algorithm>
#include <utility>

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "protocol/message.h"

namespace chirm {

namespace {
constexpr std::uint32_t kHistoryPage = 500;
}  // namespace

// ---- Joining

void Hub::join_all(Channel& channel) {
  std::vector<Joining> waiting = std::exchange(channel.joining, {});
  for (Joining& joining : waiting) {
    if (!try_join(channel, joining)) channel.joining.push_back(joining);
  }
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
  if (channel.log.covers(joining.since.offset)) {
    join(channel, joining, true);
    return true;
  }
  if (!channel.is_extending) extend_tail(channel);
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
  auto* subscription = session.find(channel.name());
  subscription->is_live = true;
  subscription->index = static_cast<std::uint32_t>(channel.members.size());
  channel.members.push_back({&session, cursor});
  if (channel.unflushed > 0) ++channel.unflushed;  // the round that is under way gets longer
  SubscribeResult result;
  result.position = {cursor, top.epoch};
  result.was_recovering = joining.recover;
  result.recovered = recovered;
  session.context_.scratch.clear();
  append_subscribe_reply(session.context_.scratch, joining.command_id, result);
  session.send_scratch();
  session.resume();
}

// Reads the publications before the tail, a page; join_all() asks for the next while it is needed.
void Hub::extend_tail(Channel& channel) {
  channel.is_extending = true;
  const std::uint64_t since = channel.log.first();
  const HistoryRequest request{channel.name(), since, kHistoryPage, true};
  broker_.history(request, [this, name = channel.name(), since](const auto& history) {
    on_older(name, since, history);
  });
}

void Hub::on_older(const std::string& name, std::uint64_t since,
                   const Expected<History, ErrorCode>& history) {
  Channel* channel = find(name);
  if (channel == nullptr) return;
  channel->is_extending = false;
  if (!history) {  // the clients try again: the error is temporary
    refuse_joining(*channel, history.error());
    return;
  }
  if (channel->log.first() != since) return join_all(*channel);  // the tail has moved on: ask again
  std::vector<Publication> older(history->publications.rbegin(), history->publications.rend());
  const bool fits = history->top.epoch == channel->log.top().epoch && !older.empty() &&
                    older.back().offset + 1 == channel->log.first() &&
                    older.back().offset - older.front().offset + 1 == older.size();
  if (fits) {
    const std::size_t before = channel->log.bytes();
    channel->log.prepend(older);
    counters_.tail_bytes += channel->log.bytes() - before;
  }
  // Nothing older is there, or no more may be held: who needs it cannot be recovered.
  if (!fits || older.size() < kHistoryPage || channel->log.bytes() > tail_bytes_max()) {
    std::vector<Joining> waiting = std::exchange(channel->joining, {});
    for (Joining& joining : waiting) {
      if (joining.since.offset > channel->log.top().offset) {  // waits for something else
        channel->joining.push_back(joining);
      } else {
        join(*channel, joining, channel->log.covers(joining.since.offset));
      }
    }
    return;
  }
  join_all(*channel);
}

// Nothing of the subscription is left when the answer is queued: the client may try again at once.
void Hub::refuse(Channel& channel, const Joining& joining, const ErrorCode& error) {
  Session& session = *joining.session;
  unsubscribe(session, channel);
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
  if (channel.state == ChannelState::kRepairing) return;
  channel.state = ChannelState::kRepairing;
  channel.must_compare = false;
  const HistoryRequest request{channel.name(), channel.log.top().offset, kHistoryPage, false};
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
    repair(*channel);
  } else {
    join_all(*channel);  // who waited for this
  }
}

// The log is not the one that the subscribers have followed, or a part of it is gone: each is told,
// and subscribes again with its position.
void Hub::start_over(Channel& channel, Position top) {
  ++counters_.epoch_changes;
  counters_.tail_bytes -= channel.log.bytes();
  channel.seen = top.offset;
  while (!channel.members.empty()) {
    end_subscription(*channel.members.back().session, channel, unsubscribes::kInsufficientState);
  }
  channel.log.reset(std::move(top));
  join_all(channel);
}

}  // namespace chirm
