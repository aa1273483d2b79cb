// SPDX-License-Identifier: MIT
#include "bench/load/disturbance.h"

#include <sys/socket.h>

#include <utility>

#include "bench/load/clock.h"

namespace chirm::load {

namespace {

constexpr std::size_t kAbandonedMax = 40;  // connections that stay open, unattended

// Closing it does not say goodbye, but resets the connection.
void reset_on_close(const Socket& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

// A process does its share of what the settings say for all of them.
void Disturbance::run(std::uint64_t ms) {
  const double share = static_cast<double>(ms) / 1000 / settings_.workers;
  for (churn_due_ += settings_.churn * share; churn_due_ >= 1; --churn_due_) churn();
  for (vanish_due_ += settings_.vanish * share; vanish_due_ >= 1; --vanish_due_) vanish();
  for (stall_due_ += settings_.stall * share; stall_due_ >= 1; --stall_due_) stall();
}

Member& Disturbance::random_member() { return *members_[random_.between(0, members_.size() - 1)]; }

void Disturbance::churn() {
  Member& member = random_member();
  if (!member.is_subscribed()) return;
  member.churn(std::exchange(is_next_churn_graceful_, !is_next_churn_graceful_));
}

void Disturbance::vanish() {
  Member& member = random_member();
  if (!member.is_subscribed()) return;
  ++figures_.vanished;
  Socket abandoned = member.vanish();
  // Every other one is as a cable that was pulled: the server hears nothing, and has to find out by
  // its pings. The rest is as a process that was killed.
  if (std::exchange(is_next_vanish_silent_, !is_next_vanish_silent_)) {
    abandoned_.push_back(std::move(abandoned));
    // The oldest ones close: by now the server has given them up, or never will.
    if (abandoned_.size() > kAbandonedMax) abandoned_.pop_front();
  } else {
    reset_on_close(abandoned);
  }
}

// Not publishers: in a closed loop they would wait for themselves.
void Disturbance::stall() {
  Member& member = random_member();
  if (!member.is_subscribed() || member.is_stalled() || settings_.is_publisher(member.number())) {
    return;
  }
  ++figures_.stalled;
  member.stall(true);
  stalls_.push_back({&member, now_us() + static_cast<std::uint64_t>(settings_.stall_s * 1e6)});
}

void Disturbance::end_stalls(std::uint64_t now_us) {
  while (!stalls_.empty() && stalls_.front().ends_us <= now_us) {
    Member& member = *stalls_.front().member;
    stalls_.pop_front();
    if (member.behind() > 0) ++figures_.behind;  // before it catches up
    member.stall(false);
  }
}

}  // namespace chirm::load
