// SPDX-License-Identifier: MIT
#include "core/chat/session.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/chat/chat_counters.h"
#include "core/chat/hub.h"
#include "core/loop/loop.h"
#include "protocol/limits.h"
#include "protocol/lines.h"
#include "protocol/message.h"

namespace chirm {

namespace {

// Replies to commands that were already taken in; beyond, the client is not reading.
constexpr std::size_t kLaneBytesMax = 16 * 1024 * 1024;
// What anybody may leave unread: budgets count what is more than that.
constexpr std::size_t kSmallLaneBytes = 4 * 1024;
// What a long reply is taken for until it has been made. Most are shorter. It bounds how many are
// being made at once.
constexpr std::uint32_t kLongReplyBytes = 32 * 1024;
// What a command that is held takes besides its text.
constexpr std::size_t kHeldOverhead = 64;
// Of a message that has come in part: what is not worth counting.
constexpr std::size_t kSmallPartBytes = 2 * 1024;
// A lane that was written in part keeps its memory. What is worth moving the rest for.
constexpr std::size_t kSpareBytes = 64 * 1024;
// What the reference server counts when a client goes; never on the wire.
constexpr std::uint16_t kClosedByPeer = 3000;

}  // namespace

Session::Session(SessionContext& context, Transport& transport, const AddressBytes* address)
    : Subscriber(transport), context_(context), deadlines_(context.settings), address_(address) {
  ++context_.counters.sessions;
  context_.wheel.set(*this, 1000ULL * context_.settings.stale_s);
}

Session::~Session() {
  if (self_) *self_ = nullptr;
  drop_held();
  on_part(0);
  if (context_.budgets != nullptr) {
    context_.budgets->drop_reply(spender(), std::size_t{lane_held_} + long_replies_held_);
  }
  unlist();
  context_.hub.forget(*this);
  --context_.counters.sessions;
}

std::shared_ptr<Session*> Session::self() {
  if (!self_) self_ = std::make_shared<Session*>(this);
  return self_;
}

// ---- Input

// What was held before comes first, so a line is only handled at once when nothing is held.
void Session::on_message(std::string_view message) {
  if (state_ == State::kClosing) return;
  const bool is_well_formed = for_each_line(message, [&](std::string_view line) {
    if (held_ || must_hold()) {
      hold(line);
    } else {
      handle_line(line);
    }
    return state_ != State::kClosing;
  });
  if (!is_well_formed) close(disconnects::kBadRequest);
  resume();
}

// A client that asks faster than it is answered, or than it reads the answers, is not read from
// until that is over. So what one connection keeps in memory is bounded.
bool Session::must_hold() const {
  return is_draining_ || state_ == State::kJoining || waiting_publish_ != 0 ||
         in_flight_ >= context_.settings.publishes_in_flight_max ||
         lane_.size() > context_.settings.private_bytes_max ||
         (lane_.size() > kSmallLaneBytes && context_.budgets != nullptr &&
          context_.budgets->is_out_of_replies(spender()));
}

void Session::hold(std::string_view line) {
  if (!held_) held_ = std::make_unique<std::deque<std::string>>();
  held_->emplace_back(line);
  if (context_.budgets == nullptr) return;
  held_bytes_ += static_cast<std::uint32_t>(line.size() + kHeldOverhead);
  if (!context_.budgets->hold_input(spender(), line.size() + kHeldOverhead)) {
    close(disconnects::kTooManyRequests);
  }
}

void Session::drop_held() {
  held_.reset();
  if (context_.budgets == nullptr) return;
  context_.budgets->drop_input(spender(), std::exchange(held_bytes_, 0));
}

void Session::resume() {
  // A held command that is answered at once comes back here; the loop goes on by itself then.
  if (is_resuming_ || state_ == State::kClosing) return;
  is_resuming_ = true;
  while (held_ && !must_hold() && state_ != State::kClosing) {
    std::string line = std::move(held_->front());
    held_->pop_front();
    const std::size_t size = line.size();
    if (context_.budgets != nullptr) {
      held_bytes_ -= static_cast<std::uint32_t>(size + kHeldOverhead);
      context_.budgets->drop_input(spender(), size + kHeldOverhead);
    }
    const std::size_t behind = held_->size();
    line.append(limits::kJsonPadding, '\0');
    if (held_->empty()) held_.reset();
    handle_line(std::string_view(line).substr(0, size));
    // It has to wait for something else: it was put back at the end, and belongs to the front.
    if (held_ && held_->size() > behind) {
      held_->push_front(std::move(held_->back()));
      held_->pop_back();
      break;
    }
  }
  is_resuming_ = false;
  if (state_ == State::kClosing) return;  // the transport waits for the peer's Close frame
  const bool is_wanted = !held_ && !must_hold();
  if (is_wanted != is_input_wanted_) {
    is_input_wanted_ = is_wanted;
    transport_.set_input_wanted(is_wanted);
  }
}

void Session::handle_line(std::string_view line) {
  if (state_ == State::kRefused) return;
  const auto command = context_.decoder.decode(line);
  if (!command) return close(command.error());
  ++context_.counters.commands;
  const bool is_connect = std::holds_alternative<ConnectCommand>(command->method);
  if (is_connect != (state_ == State::kNew)) return close(disconnects::kBadRequest);
  // An unsubscribe waits until the subscribe before it has been answered. What the server joins
  // behind the connect reply may take long, and has no answer.
  if (const auto* unsubscribe = std::get_if<UnsubscribeCommand>(&command->method)) {
    const Subscription* subscription = find(unsubscribe->channel);
    const bool is_joining = subscription != nullptr && !subscription->is_live;
    if (is_joining && !subscription->is_server_side) return hold(line);
    if (is_checking(unsubscribe->channel)) return hold(line);
  }
  std::visit([&](const auto& method) { handle(command->id, method); }, command->method);
}

void Session::finish(std::uint32_t weight) {
  CHIRM_CHECK(in_flight_ >= weight, in_flight_, weight);
  in_flight_ -= weight;
  if (is_draining_ && in_flight_ == 0) return close(disconnects::kShutdown);
  resume();
}

// ---- Output

void Session::send_scratch() {
  if (state_ == State::kClosing) return;
  context_.encoder.append(lane_, Opcode::kText, context_.scratch);
  context_.hub.mark_dirty(*this);
  count_lane();
  // Input has stopped long before, so these are replies to what was taken in by then.
  if (lane_.size() > kLaneBytesMax) close(disconnects::kSlow);
}

// Who waits is known from connect on: before, there is nothing that would be long.
void Session::count_lane() {
  if (context_.budgets == nullptr || (!is_lane_held_ && lane_.size() <= kSmallLaneBytes)) return;
  if (!is_connected() && !is_lane_held_) return;
  const std::size_t small = std::min(lane_.size(), kSmallLaneBytes);
  const auto size = static_cast<std::uint32_t>(lane_.size() - small);
  if (size > lane_held_) {
    context_.budgets->add_reply(spender(), size - lane_held_);
  } else {
    context_.budgets->drop_reply(spender(), lane_held_ - size);
  }
  lane_held_ = size;
  if (lane_.capacity() > 2 * lane_.size() + kSpareBytes) lane_.shrink_to_fit();
  is_lane_held_ = lane_held_ > 0;
}

// What is held is held as somebody in that role.
void Session::change_role(UserRole role) {
  Budgets* budgets = context_.budgets;
  const std::size_t replies = std::size_t{lane_held_} + long_replies_held_;
  if (budgets != nullptr) {
    budgets->drop_reply(spender(), replies);
    budgets->drop_input(spender(), std::size_t{held_bytes_} + part_bytes_);
  }
  role_ = role;
  if (budgets == nullptr) return;
  budgets->add_reply(spender(), replies);
  if (!budgets->hold_input(spender(), std::size_t{held_bytes_} + part_bytes_))
    close(disconnects::kTooManyRequests);
}

bool Session::begin_long_reply(std::uint32_t id) {
  if (context_.budgets == nullptr) return true;
  if (!context_.budgets->hold_reply(spender(), kLongReplyBytes)) {
    reply_error(id, errors::kTooManyRequests);
    return false;
  }
  long_replies_held_ += kLongReplyBytes;
  return true;
}

void Session::end_long_reply() {
  if (context_.budgets == nullptr) return;
  CHIRM_CHECK(long_replies_held_ >= kLongReplyBytes, long_replies_held_);
  long_replies_held_ -= kLongReplyBytes;
  context_.budgets->drop_reply(spender(), kLongReplyBytes);
}

void Session::send_reply(std::uint32_t id) {
  if (context_.budgets != nullptr && context_.scratch.size() > kSmallLaneBytes &&
      !context_.budgets->has_room_for_reply(spender(), context_.scratch.size())) {
    return reply_error(id, errors::kTooManyRequests);
  }
  send_scratch();
}

void Session::push(std::string_view json) {
  context_.scratch = json;
  send_scratch();
}

bool Session::deliver(std::string_view channel, std::string_view body) {
  const Subscription* subscription = find(channel);
  if (!is_connected() || subscription == nullptr || !subscription->is_live) return false;
  context_.scratch.clear();
  (void)append_publication_push(context_.scratch, channel, body, 0);
  send_scratch();
  return true;
}

void Session::reply_error(std::uint32_t id, const ErrorCode& error) {
  ++context_.counters.errors[error.code];
  context_.scratch.clear();
  append_error_reply(context_.scratch, id, error);
  send_scratch();
}

// Most messages come whole, or nearly.
void Session::on_part(std::size_t bytes) {
  const std::uint32_t counted = bytes > kSmallPartBytes ? static_cast<std::uint32_t>(bytes) : 0;
  if (context_.budgets == nullptr || counted == part_bytes_) return;
  context_.budgets->drop_input(spender(), part_bytes_);
  part_bytes_ = counted;
  if (counted > 0 && !context_.budgets->hold_input(spender(), counted)) {
    close(disconnects::kTooManyRequests);
  }
}

void Session::on_ping(std::string_view payload) {
  // A peer that pings and does not read gets no more pongs than the lane may hold.
  const std::size_t bytes_max =
      is_connected() ? context_.settings.private_bytes_max : kSmallLaneBytes;
  if (state_ == State::kClosing || lane_.size() > bytes_max) return;
  context_.encoder.append(lane_, Opcode::kPong, payload);
  context_.hub.mark_dirty(*this);
  count_lane();
}

void Session::close(const Disconnect& why) {
  if (state_ == State::kClosing) return;
  ++context_.counters.disconnects[why.code];
  begin_close(why.code, why.reason);
}

void Session::leave_after(std::uint64_t delay_ms) {
  if (delay_ms == 0 || state_ != State::kConnected) return close(disconnects::kInsufficientState);
  deadlines_.leave_at(context_.hub.loop().now_ms() + delay_ms);
  schedule();
}

// Who waits for an answer, of a publish for instance, gets it: else it would send it a second time.
void Session::drain() {
  is_draining_ = true;
  if (in_flight_ == 0) return close(disconnects::kShutdown);
  resume();  // which tells the transport that no input is wanted
}

// The Close frame is the last thing in the lane: from here on nothing is added, and subscriptions
// have ended, so that nothing of them comes behind it.
void Session::begin_close(std::uint16_t code, std::string_view reason) {
  state_ = State::kClosing;
  context_.wheel.clear(*this);
  context_.hub.unsubscribe_all(*this);
  drop_held();
  greeting_.reset();
  unlist();
  context_.encoder.append_close(lane_, code, reason);
  context_.hub.mark_dirty(*this);
  transport_.on_closing();
}

void Session::unlist() {
  if (!std::exchange(is_listed_, false)) return;
  context_.directory.remove(*this);
  context_.hub.presence().on_disconnected(user_, is_away_);
}

void Session::set_away(bool is_away) {
  if (!is_connected() || std::exchange(is_away_, is_away) == is_away) return;
  context_.hub.presence().on_away_changed(user_, is_away);
}

void Session::on_peer_close(std::uint16_t code) {
  constexpr std::uint16_t kNoCode = 1005;  // RFC 6455 §7.4.1: never on the wire
  if (state_ == State::kClosing) return;
  ++context_.counters.disconnects[kClosedByPeer];  // not by its code, which the peer chooses
  begin_close(code == kNoCode ? disconnects::kNormal.code : code, "bye");
}

void Session::on_writable() { context_.hub.unblock(*this); }

void Session::on_written() {
  if (is_lane_held_) count_lane();
  if (lane_.empty() && state_ == State::kClosing && !is_end_told_) {
    is_end_told_ = true;
    transport_.on_all_written();
    return;
  }
  if (!is_input_wanted_) resume();
}

// ---- Time

void Session::on_deadline() {
  if (state_ != State::kConnected) return close(disconnects::kStale);
  const Loop& loop = context_.hub.loop();
  const std::uint64_t now = loop.now_ms();
  switch (deadlines_.due(now, loop.unix_ms())) {
    case SessionDeadlines::Due::kLeave:
      return close(disconnects::kInsufficientState);
    case SessionDeadlines::Due::kExpiry:
      return close(disconnects::kExpired);
    case SessionDeadlines::Due::kPing: {
      // A pong that we do not read, because the store is slow to answer, is not missing.
      const bool is_heard = is_input_wanted_ || is_blocked();
      if (deadlines_.is_awaiting_pong() && is_heard) return close(disconnects::kNoPong);
      if (deadlines_.ping(now)) push("{}");
      break;
    }
    case SessionDeadlines::Due::kNothing:
      break;
  }
  schedule();
}

void Session::schedule() {
  const Loop& loop = context_.hub.loop();
  const std::uint64_t delay_ms = deadlines_.delay_ms(loop.now_ms(), loop.unix_ms());
  if (delay_ms == SessionDeadlines::kNone) {
    context_.wheel.clear(*this);
  } else {
    context_.wheel.set(*this, delay_ms);
  }
}

// ---- What others ask

std::vector<std::string> Session::channels(std::size_t count_max) const {
  std::vector<std::string> names;
  for (const Subscription& one : subscriptions_) {
    if (one.is_live && names.size() < count_max) names.push_back(one.channel->name());
  }
  return names;
}

std::vector<std::string> Session::subscribed_channels() const {
  std::vector<std::string> channels;
  for (const Subscription& one : subscriptions_) {
    if (!one.is_server_side) channels.push_back(one.channel->name());
  }
  return channels;
}

}  // namespace chirm
