// SPDX-License-Identifier: MIT
// How a worker ends: what it waits for, what every subscriber is owed, and the results.
#include <algorithm>

#include "bench/load/worker.h"

namespace chirm::load {

// Until a message has come back to its publisher, no log of a room need contain it.
bool Worker::is_answered() const {
  return std::all_of(publishers_.begin(), publishers_.end(),
                     [](const Member* member) { return member->in_flight() == 0; });
}

// Where the room of a member ends, in the epoch that the member is in.
std::uint64_t Worker::owed_end(const Member& member) const {
  const Follower& follower = const_cast<Member&>(member).follower();
  const Epoch& epoch = *follower.epoch();
  const RoomEpoch key{settings_.room_of(member.number()), hash_of(epoch.name)};
  const auto required = required_.find(key);
  return required == required_.end() ? epoch.log.end()
                                     : std::max(required->second, epoch.log.end());
}

bool Worker::is_delivered() {
  return std::all_of(members_.begin(), members_.end(), [this](const auto& member) {
    return !member->has_joined() ||
           (member->is_subscribed() && member->follower().missing_before(owed_end(*member)) == 0);
  });
}

void Worker::audit() {
  for (const auto& member : members_) {
    if (!member->has_joined()) continue;
    Follower& follower = member->follower();
    follower.audit(owed_end(*member));
    if (!member->is_subscribed()) ++result_.figures.away;
    member->audit_publisher();
    result_.figures.unanswered += member->unanswered();
    // Whoever stayed in a former life of the room has got nothing of the present one.
    const Epoch& newest = *member->room().newest_epoch();
    if (follower.epoch() != &newest) {
      member->room().tally().violations.lost += newest.log.end() - newest.log.first();
    }
  }
}

std::vector<Tip> Worker::tips() const {
  std::vector<Tip> tips;
  for (std::uint32_t room = 0; room < rooms_.size(); ++room) {
    for (const auto& epoch : rooms_[room]->epochs()) {
      const RoomLog& log = epoch->log;
      tips.push_back({.room = room,
                      .epoch = hash_of(epoch->name),
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
