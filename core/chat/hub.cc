// SPDX-License-Identifier: MIT
#include "core/chat/hub.h"

#include <algorithm>
#include <memory>

#include "core/base/check.h"
#include "protocol/command.h"
#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm {

namespace {
constexpr std::uint64_t kTickMs = 1000;
// When all server-side subscriptions end at once, their connections are closed one by one, so far
// apart, but all within kLeaveMs: they all come back.
constexpr std::uint64_t kLeaveGapUs = 1'000;
constexpr std::uint64_t kLeaveMs = 5'000;
// Of a subscribe command: an error instead of a subscription that has missed something.
constexpr std::uint32_t kFlagRejectUnrecovered = 2;
// Where invariants are checked: so many looks a turn, on average.
constexpr std::size_t kChecksPerTurn = 500;
}  // namespace

Hub::Hub(Loop& loop, Broker& broker, WsEncoder& encoder, const ChatSettings& settings,
         ChatCounters& counters)
    : loop_(loop),
      broker_(broker),
      encoder_(encoder),
      settings_(settings),
      counters_(counters),
      channels_(counters),
      queue_(counters),
      tails_(settings, counters),
      reader_(
          loop, broker, channels_,
          [this](Channel& channel, const HistoryAnswer& answer) { on_history(channel, answer); }),
      catch_ups_({loop, settings, counters, encoder, reader_, queue_, tails_}),
      recovery_({settings, counters, reader_, queue_, tails_, catch_ups_}),
      fan_out_(loop, counters, queue_, tails_, catch_ups_),
      slow_readers_(loop, counters, queue_, catch_ups_),
      presence_(loop, broker, channels_, settings),
      subscriptions_(loop, counters, queue_, catch_ups_, presence_),
      tick_(loop, [this] { on_tick(); }) {
  broker_.set_listener(*this);
  tick_.start_repeating(kTickMs);
}

Hub::~Hub() = default;

// ---- Channels

Channel& Hub::find_or_open(std::string_view name) {
  if (Channel* channel = channels_.find(name)) return *channel;
  Channel& channel = channels_.open(name, encoder_);
  broker_.subscribe(name,
                    [this, key = std::string(name)](const auto& top) { on_subscribed(key, top); });
  return channel;
}

Channel* Hub::find_subscribed(std::string_view name) const {
  Channel* channel = channels_.find(name);
  if (channel == nullptr || channel->state == ChannelState::kSubscribing) return nullptr;
  return channel;
}

void Hub::on_subscribed(const std::string& name, const Expected<LogTop, ErrorCode>& top) {
  Channel* channel = channels_.find(name);
  if (channel == nullptr || channel->state != ChannelState::kSubscribing) return;
  if (!top) {
    // Taken out first: who asks again while being refused gets a new channel.
    const std::unique_ptr<Channel> refused = channels_.take(name);
    broker_.unsubscribe(name);
    refuse(*refused, std::exchange(refused->joining, {}), top.error());
    return;
  }
  tails_.reset(channel->log, *top);
  channel->state = ChannelState::kLive;
  // A publication can overtake the answer: then it is in the history.
  if (channel->seen > top->offset || channel->must_compare) recovery_.repair(*channel);
  let_in(*channel);
}

// It lingers: whoever lost its connection comes back within seconds and finds the tail. But with
// many channels memory is worth more than that.
bool Hub::is_unused(const Channel& channel, std::uint64_t now_ms) const {
  const bool is_crowded = channels_.size() > settings_.channels_max / 2;
  const std::uint64_t linger_ms = is_crowded ? 0 : 1000ULL * settings_.channel_linger_s;
  return channel.members.empty() && channel.joining.empty() && channel.stored.reading == 0 &&
         channel.state == ChannelState::kLive && now_ms - channel.empty_since_ms >= linger_ms;
}

void Hub::close(Channel& channel) {
  broker_.unsubscribe(channel.name());
  tails_.reset(channel.log, {});
  (void)channels_.take(channel.name());
}

void Hub::for_each_channel(
    const std::function<void(const std::string&, std::size_t)>& visit) const {
  for (const auto& [name, channel] : channels_) {
    if (!channel->members.empty()) visit(name, channel->members.size());
  }
}

// ---- Joining

void Hub::subscribe(Subscriber& subscriber, std::uint32_t command_id,
                    const SubscribeCommand& command) {
  if (channels_.size() >= settings_.channels_max && channels_.find(command.channel) == nullptr) {
    // Of the server's own choice the client knows no limit: it is to try another node.
    return subscriber.on_refused(command_id,
                                 command_id == 0 ? errors::kInternal : errors::kLimitExceeded);
  }
  Channel& channel = find_or_open(command.channel);
  subscriptions_.begin(subscriber, channel, command_id == 0);
  Joining joining{&subscriber,
                  command_id,
                  command.recover,
                  (command.flag & kFlagRejectUnrecovered) != 0,
                  {command.since.offset, std::string(command.since.epoch)},
                  loop_.now_ms(),
                  command.join_leave,
                  command_id == 0 && subscriber.is_connected()};
  const bool has_tail = channel.state != ChannelState::kSubscribing;
  std::vector<Answer> answers;
  if (has_tail && try_let_in(channel, joining, answers)) return answer(channel, answers);
  channel.joining.push_back(std::move(joining));
  if (has_tail) recovery_.look_back(channel);
}

// Lets in whom the channel can serve now, or refuses them; for the others it is read what they have
// to know. Answers come last: a client that is answered goes on with its next command.
void Hub::let_in(Channel& channel) {
  std::vector<Answer> answers;
  for (Joining& joining : std::exchange(channel.joining, {})) {
    if (!try_let_in(channel, joining, answers)) channel.joining.push_back(std::move(joining));
  }
  recovery_.look_back(channel);
  answer(channel, answers);
}

// False: it has to wait.
bool Hub::try_let_in(Channel& channel, Joining& joining, std::vector<Answer>& answers) {
  const auto outcome = recovery_.try_join(channel, joining);
  if (!outcome) return false;
  if (outcome->is_refused) {
    answers.push_back({std::move(joining), *outcome, &errors::kUnrecoverablePosition});
    return true;
  }
  subscriptions_.join(channel, joining, outcome->cursor);
  answers.push_back({std::move(joining), *outcome, nullptr});
  return true;
}

// Nothing of a refused subscription is left when its answer is queued: the client may try again at
// once. The answer to a subscribe carries no publications: what was missed follows as pushes do.
void Hub::answer(Channel& channel, const std::vector<Answer>& answers) {
  for (const Answer& one : answers) {
    if (one.error != nullptr) unsubscribe(*one.asked.subscriber, channel);
  }
  for (const Answer& one : answers) {
    Subscriber& subscriber = *one.asked.subscriber;
    if (one.error != nullptr) {
      subscriber.on_refused(one.asked.command_id, *one.error);
      continue;
    }
    // An answer before this one may have led to its end, which the client has been told.
    if (subscriber.find(channel) == nullptr) continue;
    SubscribeResult result;
    result.position = {one.outcome.cursor, channel.log.top().epoch};
    result.was_recovering = one.asked.recover;
    result.recovered = one.outcome.is_recovered;
    subscriber.on_subscribed(one.asked, channel.name(), result);
  }
}

void Hub::refuse(Channel& channel, const std::vector<Joining>& refused, const ErrorCode& error) {
  std::vector<Answer> answers;
  for (const Joining& one : refused) answers.push_back({one, {}, &error});
  answer(channel, answers);
}

// ---- Leaving

void Hub::forget(Subscriber& subscriber) {
  unsubscribe_all(subscriber);
  queue_.unblock(subscriber);
}

// For want of what the channel cannot give any more.
void Hub::end(Subscriber& subscriber, Channel& channel, const Unsubscribe& why) {
  const bool is_server_side = subscriber.at(channel).is_server_side;
  unsubscribe(subscriber, channel);
  // No client can renew what the server has subscribed it to, unless it connects again.
  if (is_server_side) {
    if (!subscriber.is_leaving()) subscriber.leave_after(next_leave_delay_ms());
    return;
  }
  scratch_.clear();
  append_unsubscribe_push(scratch_, channel.name(), why);
  subscriber.push(scratch_);
}

std::uint64_t Hub::next_leave_delay_ms() {
  const std::uint64_t now_us = 1000 * loop_.now_ms();
  const std::uint64_t due_us = std::max(next_leave_us_, now_us);
  const std::uint64_t share_us = 1000 * kLeaveMs / std::max<std::uint64_t>(1, counters_.sessions);
  next_leave_us_ = due_us + std::min(kLeaveGapUs, share_us);
  return (due_us - now_us) / 1000;
}

std::vector<Subscriber*> Hub::subscribers(std::string_view name) const {
  const Channel* channel = channels_.find(name);
  return channel == nullptr ? std::vector<Subscriber*>() : Subscriptions::asked_for(*channel);
}

void Hub::end_subscription(Subscriber& subscriber, std::string_view name, const Unsubscribe& why) {
  const Subscription* subscription = subscriber.find(name);
  if (subscription == nullptr || subscription->is_server_side) return;
  Channel& channel = *subscription->channel;
  if (subscription->is_live) return end(subscriber, channel, why);
  const auto joining = std::ranges::find(channel.joining, &subscriber, &Joining::subscriber);
  CHIRM_CHECK(joining != channel.joining.end(), name);
  refuse(channel, {*joining}, errors::kPermissionDenied);
}

void Hub::take_away(Subscriber& subscriber, std::string_view name, const Unsubscribe& why) {
  const Subscription* subscription = subscriber.find(name);
  if (subscription == nullptr || subscriber.is_closing()) return;
  if (!subscription->is_server_side) return end_subscription(subscriber, name, why);
  scratch_.clear();
  append_unsubscribe_push(scratch_, name, why);
  unsubscribe(subscriber, *subscription->channel);
  subscriber.push(scratch_);
}

// ---- What the broker says

void Hub::on_publication(std::string_view name, std::uint64_t offset, std::string_view epoch,
                         std::string_view body) {
  Channel* channel = channels_.find(name);
  if (channel == nullptr) return;
  if (channel->state == ChannelState::kSubscribing) {
    channel->seen = std::max(channel->seen, offset);
    return;
  }
  const Position& top = channel->log.top();
  // Another log's. Or an old one's, that was long on the way: the store knows which it is.
  if (epoch != top.epoch) {
    channel->must_compare = true;
    recovery_.repair(*channel);
    return;
  }
  channel->seen = std::max(channel->seen, offset);
  if (offset <= top.offset) {
    ++counters_.duplicates_dropped;
  } else if (channel->state == ChannelState::kRepairing) {
    // It is in the history that has been asked for, or will be asked for behind it.
  } else if (offset == top.offset + 1) {
    tails_.append(*channel, body);
    queue_.add(*channel);
  } else {
    // After a read of history failed it is the same hole.
    if (!channel->must_compare) counters_.holes_found += offset - top.offset - 1;
    recovery_.repair(*channel);
  }
}

// Encoded once; a copy goes into each member's private lane that is nearly empty.
void Hub::on_signal(std::string_view name, std::string_view body) {
  Channel* channel = channels_.find(name);
  if (channel == nullptr || channel->members.empty()) return;
  std::string payload;
  append_publication_push(payload, name, body, 0);
  std::string frame;
  encoder_.append(frame, Opcode::kText, payload);
  for (const Member& member : channel->members) {
    if (member.subscriber->offer(frame)) queue_.add_dirty(*member.subscriber);
  }
}

// Who stands before what remains reads it from the history, like one that fell off the tail.
void Hub::on_rewritten(std::string_view name, std::uint64_t offset, std::string_view body) {
  Channel* channel = find_subscribed(name);
  if (channel == nullptr) return;
  if (body.empty()) {
    tails_.drop(channel->log, offset);
  } else {
    tails_.replace(channel->log, offset, body);
  }
  catch_ups_.on_rewritten(*channel, offset);
}

void Hub::on_maybe_missed(std::string_view name) {
  Channel* channel = channels_.find(name);
  if (channel == nullptr) return;
  channel->must_compare = true;  // a repair that is under way may have been answered before that
  recovery_.repair_if_due(*channel);
}

Position Hub::known_position(std::string_view name) {
  const Channel* channel = find_subscribed(name);
  if (channel == nullptr) return {};
  return channel->log.top();
}

std::vector<Publication> Hub::tail(std::string_view name, std::uint64_t since,
                                   std::size_t bytes_max) {
  const Channel* channel = find_subscribed(name);
  if (channel == nullptr) return {};
  return channel->log.publications(since, bytes_max);
}

// ---- History

void Hub::on_history(Channel& channel, const HistoryAnswer& answer) {
  if (answer.use == HistoryUse::kMissing) return on_missing(channel, answer.history);
  const bool is_unwanted = answer.use == HistoryUse::kPage && !channel.catch_up;
  if (!answer.history) {
    // The clients that wait try again: the error is temporary.
    catch_ups_.on_read_failed(channel);
    refuse(channel, std::exchange(channel.joining, {}), answer.history.error());
  } else if (is_unwanted) {
    // All who needed the page have left.
  } else if (!HistoryReader::is_credible(channel, answer)) {
    recovery_.doubt(channel);
  } else if (answer.use == HistoryUse::kOlder) {
    recovery_.on_older(channel, answer.since, *answer.history);
  } else if (answer.use == HistoryUse::kOldest) {
    recovery_.on_oldest(channel, answer.since, *answer.history);
  } else {
    for (Subscriber* overtaken : catch_ups_.on_page(channel, answer.since, *answer.history)) {
      if (overtaken->find(channel) == nullptr) continue;  // closed, when it was told of another one
      ++counters_.overtaken;
      end(*overtaken, channel, unsubscribes::kInsufficientState);
    }
  }
  let_in(channel);
  if (channel.catch_up) catch_ups_.look_soon(*channel.catch_up);
}

void Hub::on_missing(Channel& channel, const Expected<History, ErrorCode>& history) {
  const Recovery::Tip tip = recovery_.on_missing(channel, history);
  if (tip == Recovery::Tip::kUnknown) return;
  if (tip == Recovery::Tip::kStartedOver) {
    while (!channel.members.empty()) {
      end(*channel.members.back().subscriber, channel, unsubscribes::kInsufficientState);
    }
  }
  let_in(channel);                   // who waited for this
  recovery_.repair_if_due(channel);  // told so while this was on the way
}

// ---- The end of a turn, and housekeeping

Loop::TurnEnd Hub::flush() {
  for (Channel* channel : fan_out_.flush()) recovery_.repair(*channel);
  catch_ups_.advance_due();
  if constexpr (kChecksInvariants) check_by_turns();
  const bool has_resumed = fan_out_.take_has_resumed();
  const bool has_asked = reader_.take_has_asked();
  const bool is_done = queue_.is_empty() && catch_ups_.is_idle() && !has_resumed && !has_asked;
  return is_done ? Loop::TurnEnd::kDone : Loop::TurnEnd::kMore;
}

void Hub::on_tick() {
  const std::uint64_t now = loop_.now_ms();
  std::vector<Channel*> all;  // some of which are closed on the way
  for (const auto& [name, channel] : channels_) all.push_back(channel.get());
  for (Channel* channel : all) {
    recovery_.repair_if_due(*channel);
    time_out_joining(*channel, now);
    tails_.trim(channel->log);  // a quiet one too, when the tails together are too large
    if (is_unused(*channel, now)) close(*channel);
  }
  slow_readers_.measure();
  counters_.presence_watched = presence_.sets().watched();
  counters_.presence_entries = presence_.sets().items();
  counters_.presence_late = presence_.sets().late();
}

// An SDK drops the whole connection when a command is not answered within 5 s. Who is subscribed by
// the server and misses nothing yet connects, and joins when that is possible.
void Hub::time_out_joining(Channel& channel, std::uint64_t now_ms) {
  const std::uint64_t limit_ms = 1000ULL * settings_.subscribe_timeout_s;
  const auto expired = std::stable_partition(
      channel.joining.begin(), channel.joining.end(), [&](const Joining& joining) {
        return joining.is_late || now_ms - joining.asked_ms < limit_ms;
      });
  const std::vector<Joining> over(expired, channel.joining.end());
  channel.joining.erase(expired, channel.joining.end());
  std::vector<Joining> refused;
  std::vector<Subscriber*> late;
  for (Joining joining : over) {
    joining.is_late = joining.command_id == 0 && !joining.recover;
    if (!joining.is_late) {
      refused.push_back(joining);
      continue;
    }
    late.push_back(joining.subscriber);
    channel.joining.push_back(joining);
  }
  refuse(channel, refused, errors::kInternal);
  for (Subscriber* subscriber : late) subscriber->on_join_late();
}

// ---- Checks

// What there is to look at grows with subscriptions, so a look at all of it is paid for by as many
// turns as it is worth: a test with thousands of clients is not slowed down by more than a share.
void Hub::check_by_turns() {
  presence_.check();  // which looks at a few of its sets each time
  if (checked_ahead_ < kChecksPerTurn) checked_ahead_ += check();
  checked_ahead_ -= std::min(checked_ahead_, kChecksPerTurn);
}

// Returns how many looks it was.
std::size_t Hub::check() const {
  std::size_t subscriptions = 0;
  for (const auto& [name, channel] : channels_) {
    CHIRM_CHECK(channel->name() == name, name);
    channel->check();
    Subscriptions::check(*channel);
    presence_.check(*channel);
    subscriptions += channel->members.size() + channel->joining.size();
  }
  CHIRM_CHECK(subscriptions == counters_.subscriptions, subscriptions, counters_.subscriptions);
  tails_.check(channels_);
  queue_.check();
  catch_ups_.check();
  return 2 * channels_.size() + subscriptions + counters_.blocked_sessions;
}

}  // namespace chirm
