// SPDX-License-Identifier: MIT
// The deadlines of a client: opening, pings, commands, retries.
#include <algorithm>
#include <optional>

#include "client/client_impl.h"

namespace chirm::client {

namespace {
// After a new token was asked for, when it is asked for again if none was accepted by then.
constexpr std::uint64_t kRefreshAgainMs = 15'000;
}  // namespace

// Only ever earlier: a deadline that has moved on is found not to have passed when the entry fires,
// which is cheaper than moving the entry with every ping and every reply.
void ClientImpl::arm(std::uint64_t at_ms) {
  if (at_ms >= armed_at_ms_) return;
  armed_at_ms_ = at_ms;
  context_.wheel.set(*this, at_ms > now_ms() ? at_ms - now_ms() : 0);
}

std::uint64_t ClientImpl::ping_deadline_ms() const {
  if (ping_ms_ == 0) return kNever;
  return connection_.last_read_ms() + ping_ms_ + options_.ping_delay_max_ms;
}

// kIdle is for good until connect(): then what is in the outbox waits, however old it becomes.
std::uint64_t ClientImpl::next_deadline_ms() const {
  if (state_ == State::kIdle) return kNever;
  std::uint64_t next = kNever;
  if (const auto first_ms = outbox_.oldest_resend_ms()) {
    next = *first_ms + options_.resend_limit_ms + 1;
  }
  if (state_ == State::kAuthorizing) return next;
  if (state_ == State::kWaiting) return std::min(next, reconnect_at_ms_);
  if (state_ == State::kOpening) return std::min(next, opening_ends_ms_);
  next = std::min({next, ping_deadline_ms(), refresh_at_ms_});
  next = std::min(next, commands_.deadline_ms().value_or(kNever));
  if (const auto sent_ms = outbox_.oldest_sent_ms()) {
    next = std::min(next, *sent_ms + options_.publish_timeout_ms);
  }
  if (outbox_resumes_ms_ > now_ms()) next = std::min(next, outbox_resumes_ms_);
  for (const auto& [channel, sub] : subs_) {
    if (sub.state == Subscription::State::kRetrying) next = std::min(next, sub.retry_at_ms);
  }
  return next;
}

void ClientImpl::on_deadline() {
  armed_at_ms_ = kNever;
  give_up_resending();
  if (state_ == State::kWaiting) {
    if (now_ms() >= reconnect_at_ms_) open();
  } else if (state_ == State::kOpening) {
    if (now_ms() >= opening_ends_ms_) {
      connection_.close();
      lost(0,
           opening_error_.empty() ? "no answer from " + options_.url.authority() : opening_error_,
           true);
    }
  } else if (is_online()) {
    run_online_deadlines();
  }
  arm(next_deadline_ms());
}

// Each step may end the connection.
void ClientImpl::run_online_deadlines() {
  const auto give_up = [this](std::string_view why) {
    connection_.close();
    lost(0, why, true);
  };
  if (now_ms() >= ping_deadline_ms()) return give_up("no ping");
  const auto sent_ms = outbox_.oldest_sent_ms();
  if (sent_ms && now_ms() >= *sent_ms + options_.publish_timeout_ms) {
    return give_up("a publication got no answer");
  }
  for (auto& [channel, sub] : subs_) {
    if (sub.state == Subscription::State::kRetrying && now_ms() >= sub.retry_at_ms) {
      send_subscribe(channel, sub);
    }
  }
  if (now_ms() >= refresh_at_ms_) {
    // The old token holds for some time yet, so that a failed attempt can be made up for.
    refresh_at_ms_ = now_ms() + kRefreshAgainMs;
    want_token();
  }
  pump_outbox();
  expire_commands();
}

// Sent once more, it might be stored a second time.
void ClientImpl::give_up_resending() {
  if (now_ms() < options_.resend_limit_ms) return;
  for (const Outbox::Entry& entry : outbox_.take_sent_before(now_ms() - options_.resend_limit_ms)) {
    if (entry.done) entry.done(Unexpected<CommandError>(entry.error));
  }
}

void ClientImpl::expire_commands() {
  while (std::optional<PendingCommand> expired = commands_.take_expired(now_ms())) {
    const bool is_about_state = expired->is<PendingCommand::Connect>() ||
                                expired->is<PendingCommand::Subscribe>() ||
                                expired->is<PendingCommand::Unsubscribe>();
    if (is_about_state) {
      // Nobody can know what the server did: a new connection begins anew.
      connection_.close();
      return lost(0, "no answer from " + options_.url.authority(), true);
    }
    expired->fail({0, "no answer", false});
  }
}

}  // namespace chirm::client
