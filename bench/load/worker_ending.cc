// SPDX-License-Identifier: MIT
// What a worker measures and how it ends: what it waits for, what every subscriber is owed, and the
// results.
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "bench/load/clock.h"
#include "bench/load/worker.h"

namespace chirm::load {

namespace {

constexpr std::uint64_t kSilenceUs = 5'000'000;

std::uint64_t own_cpu_us() {
  rusage usage{};
  (void)getrusage(RUSAGE_SELF, &usage);  // cannot fail with these arguments
  const auto us = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace

void Worker::begin_measuring() {
  is_measuring_ = true;
  result_.figures.measured_from_us = now_us();
  load_before_ = load_.counts;
  probe_before_ = probe_.counts;
  cpu_before_us_ = own_cpu_us();
}

void Worker::end_traffic() {
  // Stopped during the warm-up: the interval is empty, but there is one.
  if (!is_measuring_) begin_measuring();
  for (Pacer* pacer : {pacer_.get(), probe_pacer_.get()}) {
    if (pacer == nullptr) continue;
    pacer->stop();
    // What the generator should have published and did not is no fault of the server's; it says
    // that this machine was too slow for the rate.
    result_.figures.unsent += pacer->count_overdue(std::min(now_us(), plan_.measure_to_us));
  }
  result_.figures.measured_to_us = now_us();
  result_.figures.cpu_us = own_cpu_us() - cpu_before_us_;
  result_.load.measured = load_.counts.since(load_before_);
  result_.probe.measured = probe_.counts.since(probe_before_);
  phase_ = Phase::kAnswers;
  changed_us_ = now_us();
  deadline_us_ = now_us() + static_cast<std::uint64_t>(settings_.drain_s * 1e6);
}

// When a count has not changed for long, it will not change any more: what is missing is lost.
bool Worker::is_silent(std::uint64_t count) {
  const std::uint64_t now = now_us();
  if (count != std::exchange(count_then_, count)) changed_us_ = now;
  return now - changed_us_ > kSilenceUs;
}

// Until a message has come back to its publisher, no log of a room need contain it.
bool Worker::is_answered() {
  std::size_t in_flight = 0;
  std::size_t unanswered = 0;
  for (const Member* member : publishers_) {
    in_flight += member->in_flight();
    unanswered += member->unanswered();
  }
  // Some were acked and have not come back. After a silence they never will: lost, which audit()
  // finds. Those without an answer are waited for until the deadline.
  const bool is_over = is_silent(in_flight);
  return in_flight == 0 || (unanswered == 0 && is_over);
}

bool Worker::is_delivered() {
  return std::all_of(members_.begin(), members_.end(), [this](const auto& member) {
    if (!member->has_joined()) return true;
    const std::uint32_t room = settings_.room_of(member->number());
    return member->is_subscribed() && debts_.are_paid(room, member->follower());
  });
}

void Worker::audit() {
  for (const auto& member : members_) {
    if (!member->has_joined()) continue;
    debts_.audit(settings_.room_of(member->number()), member->follower());
    if (!member->is_subscribed()) ++result_.figures.away;
    member->audit_publisher();
    result_.figures.unanswered += member->unanswered();
    result_.figures.resent += member->resent();
  }
}

std::vector<Tip> Worker::tips() const {
  std::vector<Tip> tips;
  for (std::uint32_t room = 0; room < rooms_.size(); ++room) {
    for (const auto& epoch : rooms_[room]->epochs()) {
      const RoomLog& log = epoch->log;
      tips.push_back({.room = room,
                      .epoch = hash_of(epoch->name),
                      .named_us = epoch->named_us,
                      .first = log.first(),
                      .end = log.end(),
                      .known = log.known(),
                      .digest = log.digest()});
    }
  }
  return tips;
}

void Worker::send_result() {
  (void)progress();  // brings figures.progress up to date
  const auto fill = [](GroupFigures& group, const Tally& tally) {
    group.all = tally.counts;
    group.violations = tally.violations;
    group.delivery = tally.delivery;
    group.ack = tally.ack;
  };
  fill(result_.load, load_);
  fill(result_.probe, probe_);
  result_.tips = tips();
  pipe_.send(static_cast<std::uint32_t>(Kind::kResult), result_.pack());
}

}  // namespace chirm::load
