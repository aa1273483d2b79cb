// SPDX-License-Identifier: MIT
#include "core/chat/hub.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/chat/session.h"
#include "protocol/command.h"
#include "protocol/message.h"

namespace chirm {

namespace {
constexpr std::uint64_t kTickMs = 1000;
// When all server-side subscriptions end at once, their connections are closed one by one, so far
// apart, but all within kLeaveMs: they all come back.
constexpr std::uint64_t kLeaveGapUs = 1'000;
constexpr std::uint64_t kLeaveMs = 5'000;
}  // namespace

Hub::Hub(Loop& loop, Broker& broker, WsEncoder& encoder, const ChatSettings& settings,
         ChatCounters& counters)
    : loop_(loop),
      broker_(broker),
      encoder_(encoder),
      settings_(settings),
      counters_(counters),
      tick_(loop, [this] { on_tick(); }),
      catch_up_timer_(loop, [this] { look_round(); }),
      presence_(loop, broker, *this, settings) {
  broker_.set_listener(*this);
  tick_.start_repeating(kTickMs);
}

Hub::~Hub() = default;

Channel* Hub::find(std::string_view name) const {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : found->second.get();
}

Channel& Hub::find_or_open(std::string_view name) {
  if (Channel* channel = find(name)) return *channel;
  auto& channel = channels_[std::string(name)];
  channel = std::make_unique<Channel>(std::string(name), encoder_);
  ++counters_.channels;
  broker_.subscribe(name,
                    [this, key = std::string(name)](const auto& top) { on_subscribed(key, top); });
  return *channel;
}

void Hub::subscribe(Session& session, std::uint32_t command_id, const SubscribeCommand& command) {
  if (channels_.size() >= settings_.channels_max && find(command.channel) == nullptr) {
    if (command_id == 0) return session.on_join_refused(errors::kInternal);
    return session.reply_error(command_id, errors::kLimitExceeded);
  }
  Channel& channel = find_or_open(command.channel);
  Joining joining{&session,
                  command_id,
                  command.recover,
                  (command.flag & 2) != 0,
                  {command.since.offset, std::string(command.since.epoch)},
                  loop_.now_ms(),
                  command.join_leave,
                  command_id == 0 && session.greeting_ == nullptr};
  session.subscriptions_.push_back({&channel, false, command_id == 0, 0});
  ++counters_.subscriptions;
  if (channel.state != ChannelState::kSubscribing && try_join(channel, joining)) return;
  channel.joining.push_back(joining);
  if (channel.state != ChannelState::kSubscribing) look_back(channel);
}

void Hub::on_subscribed(const std::string& name, const Expected<Position, ErrorCode>& top) {
  Channel* channel = find(name);
  if (channel == nullptr || channel->state != ChannelState::kSubscribing) return;
  if (!top) {
    // Who asks again while being refused gets a new channel.
    const std::unique_ptr<Channel> refused = std::move(channels_[name]);
    channels_.erase(name);
    --counters_.channels;
    broker_.unsubscribe(name);
    refuse_joining(*refused, top.error());
    return;
  }
  channel->log.reset(*top);
  channel->state = ChannelState::kLive;
  // A publication can overtake the answer: then it is in the history.
  if (channel->seen > top->offset || channel->must_compare) repair(*channel);
  join_all(*channel);
}

void Hub::unsubscribe(Session& session, Channel& channel) {
  auto* found = session.find(channel);
  CHIRM_CHECK(found != nullptr, channel.name());
  const bool was_live = found->is_live;
  const bool wanted_presence = found->wants_presence;
  if (was_live) {
    const std::uint32_t index = found->index;
    if (found->is_catching_up) remove_reader(channel, session, channel.members[index].cursor);
    channel.members[index] = channel.members.back();
    channel.members.pop_back();
    if (index < channel.members.size()) {
      channel.members[index].session->find(channel)->index = index;
    }
    // The member that took the place may be one that the flush has not come to yet.
    if (channel.unflushed > 0) mark_dirty(channel);
  } else {
    std::erase_if(channel.joining, [&](const Joining& one) { return one.session == &session; });
  }
  *found = session.subscriptions_.back();
  session.subscriptions_.pop_back();
  --counters_.subscriptions;
  if (channel.members.empty()) channel.empty_since_ms = loop_.now_ms();
  if (was_live) presence_.on_left(channel.name(), session, wanted_presence);
}

void Hub::unsubscribe_all(Session& session) {
  while (!session.subscriptions_.empty()) {
    unsubscribe(session, *session.subscriptions_.back().channel);
  }
}

void Hub::end_subscription(Session& session, Channel& channel, const Unsubscribe& why) {
  // No client can renew what the server has subscribed it to, unless it connects again.
  if (session.find(channel)->is_server_side) {
    unsubscribe(session, channel);
    if (!session.is_leaving()) session.leave_after(next_leave_delay_ms());
    return;
  }
  unsubscribe(session, channel);
  session.context_.scratch.clear();
  append_unsubscribe_push(session.context_.scratch, channel.name(), why);
  session.send_scratch();
}

std::uint64_t Hub::next_leave_delay_ms() {
  const std::uint64_t now_us = 1000 * loop_.now_ms();
  const std::uint64_t due_us = std::max(next_leave_us_, now_us);
  const std::uint64_t share_us = 1000 * kLeaveMs / std::max<std::uint64_t>(1, counters_.sessions);
  next_leave_us_ = due_us + std::min(kLeaveGapUs, share_us);
  return (due_us - now_us) / 1000;
}

std::vector<Session*> Hub::subscribers(std::string_view name) {
  std::vector<Session*> found;
  const Channel* channel = find(name);
  if (channel == nullptr) return found;
  const auto add = [&](Session* session) {
    if (!session->find(*channel)->is_server_side) found.push_back(session);
  };
  for (const Member& member : channel->members) add(member.session);
  for (const Joining& joining : channel->joining) add(joining.session);
  return found;
}

void Hub::end_subscription(Session& session, std::string_view name, const Unsubscribe& why) {
  const auto* subscription = session.find(name);
  if (subscription == nullptr || subscription->is_server_side) return;
  Channel& channel = *subscription->channel;
  if (subscription->is_live) return end_subscription(session, channel, why);
  const auto joining = std::find_if(channel.joining.begin(), channel.joining.end(),
                                    [&](const Joining& one) { return one.session == &session; });
  CHIRM_CHECK(joining != channel.joining.end(), name);
  refuse(channel, Joining(*joining), errors::kPermissionDenied);
}

void Hub::mark_dirty(Session& session) { dirty_sessions_.push_back(session); }

// ---- Publications

void Hub::on_publication(std::string_view name, std::uint64_t offset, std::string_view epoch,
                         std::string_view body) {
  Channel* channel = find(name);
  if (channel == nullptr) return;
  if (channel->state == ChannelState::kSubscribing) {
    channel->seen = std::max(channel->seen, offset);
    return;
  }
  const Position& top = channel->log.top();
  if (epoch != top.epoch) {
    channel->must_compare = true;
    repair(*channel);
    return;
  }
  channel->seen = std::max(channel->seen, offset);
  if (offset <= top.offset) {
    ++counters_.duplicates_dropped;
  } else if (channel->state == ChannelState::kRepairing) {
    // It is in the history that has been asked for, or will be asked for behind it.
  } else if (offset == top.offset + 1) {
    append(*channel, body);
  } else {
    // After a read of history failed it is the same hole.
    if (!channel->must_compare) counters_.holes_found += offset - top.offset - 1;
    repair(*channel);
  }
}

// Encoded once; a copy goes into each member's private lane that is nearly empty.
void Hub::on_signal(std::string_view name, std::string_view body) {
  Channel* channel = find(name);
  if (channel == nullptr || channel->members.empty()) return;
  std::string payload;
  append_publication_push(payload, name, body, 0);
  std::string frame;
  encoder_.append(frame, Opcode::kText, payload);
  for (const Member& member : channel->members) member.session->send_signal(frame);
}

// Who stands before what remains reads it from the history, like one that fell off the tail.
void Hub::on_rewritten(std::string_view name, std::uint64_t offset) {
  Channel* channel = find(name);
  if (channel == nullptr || channel->state == ChannelState::kSubscribing) return;
  const std::size_t before = channel->log.bytes();
  channel->log.drop(offset);
  counters_.tail_bytes += channel->log.bytes() - before;
  if (!channel->catch_up) return;
  CatchUp& up = *channel->catch_up;
  if (up.page.first() > std::min(offset, up.page.top().offset)) return;
  reset_page(up, {up.page.first() - 1, up.page.top().epoch});
  up.unserved = 0;
  make_due(up);
}

void Hub::append(Channel& channel, std::string_view body) {
  const std::size_t before = channel.log.bytes();
  if (!channel.is_linked()) channel.live_from = channel.log.top().offset;
  channel.log.append(body, arrival_clock());
  counters_.tail_bytes += channel.log.bytes() - before;
  ++counters_.publications;
  mark_dirty(channel);
  // Else when the members have been written: nobody is to fall behind who had no turn yet.
  const bool is_far_over = channel.log.bytes() > 2 * tail_bytes_max();
  if (channel.members.empty() || is_far_over) trim(channel);
}

void Hub::trim(Channel& channel) {
  const std::size_t before = channel.log.bytes();
  channel.log.trim(tail_bytes_max());
  counters_.tail_bytes += channel.log.bytes() - before;
}

std::size_t Hub::tail_bytes_max() const {
  if (counters_.tail_bytes <= settings_.tails_bytes_max) return settings_.tail_bytes_max;
  const std::size_t share = settings_.tails_bytes_max / std::max<std::size_t>(1, channels_.size());
  return std::min(settings_.tail_bytes_max, std::max<std::size_t>(share, 32 * 1024));
}

void Hub::mark_dirty(Channel& channel) {
  channel.unflushed = channel.members.size();
  if (channel.unflushed > 0 && !channel.is_linked()) dirty_channels_.push_back(channel);
}

std::span<const Member> Hub::members(std::string_view name) const {
  const Channel* channel = find(name);
  if (channel == nullptr) return {};
  return channel->members;
}

Position Hub::known_position(std::string_view name) {
  const Channel* channel = find(name);
  if (channel == nullptr || channel->state == ChannelState::kSubscribing) return {};
  return channel->log.top();
}

std::vector<Publication> Hub::tail(std::string_view name, std::uint64_t since,
                                   std::size_t bytes_max) {
  const Channel* channel = find(name);
  if (channel == nullptr || channel->state == ChannelState::kSubscribing) return {};
  return channel->log.publications(since, bytes_max);
}

// ---- Housekeeping

void Hub::on_tick() {
  const std::uint64_t now = loop_.now_ms();
  std::vector<Channel*> all;
  for (auto& [name, channel] : channels_) all.push_back(channel.get());
  for (Channel* channel : all) {
    if (channel->must_compare && channel->state == ChannelState::kLive) repair(*channel);
    time_out_joining(*channel, now);
    trim(*channel);  // a quiet one too, when the tails together are too large
    if (is_unused(*channel, now)) close(*channel);
  }
  measure_lag();
  counters_.presence_watched = presence_.sets().watched();
  counters_.presence_entries = presence_.sets().items();
  counters_.presence_late = presence_.sets().late();
}

bool Hub::is_unused(const Channel& channel, std::uint64_t now_ms) const {
  const bool is_crowded = channels_.size() > settings_.channels_max / 2;
  const std::uint64_t linger_ms = is_crowded ? 0 : 1000ULL * settings_.channel_linger_s;
  return channel.members.empty() && channel.joining.empty() && channel.reading == 0 &&
         channel.state == ChannelState::kLive && now_ms - channel.empty_since_ms >= linger_ms;
}

void Hub::close(Channel& channel) {
  broker_.unsubscribe(channel.name());
  counters_.tail_bytes -= channel.log.bytes();
  --counters_.channels;
  channels_.erase(std::string(channel.name()));
}

// An SDK drops the whole connection when a command is not answered within 5 s. Who is subscribed by
// the server and misses nothing yet connects, and joins when that is possible.
void Hub::time_out_joining(Channel& channel, std::uint64_t now_ms) {
  const std::uint64_t limit_ms = 1000ULL * settings_.subscribe_timeout_s;
  const auto expired = std::stable_partition(
      channel.joining.begin(), channel.joining.end(), [&](const Joining& joining) {
        return joining.is_late || now_ms - joining.asked_ms < limit_ms;
      });
  const std::vector<Joining> refused(expired, channel.joining.end());
  channel.joining.erase(expired, channel.joining.end());
  for (Joining joining : refused) {
    joining.is_late = joining.command_id == 0 && !joining.recover;
    if (joining.is_late) {
      channel.joining.push_back(joining);
      joining.session->on_join_late();
    } else {
      refuse(channel, joining, errors::kInternal);
    }
  }
}

}  // namespace chirm
