// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/explorer.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "tests/core/broker/redis/model/rest.h"

namespace chirm::model {

World start(SteppedStore& steps, const Protocol& protocol, bool has_message) {
  const Events events(steps, protocol);
  Rest rest(steps, protocol, events);
  World world;
  for (std::size_t i = 0; i < kNodes; ++i) {
    world.nodes[i].is_alive = true;
    world.nodes[i].name = std::string(1, static_cast<char>('a' + world.names++));
  }
  CHIRM_CHECK(rest.reach_all(world), world.how);
  if (has_message) {
    world.left.publishes = 1;
    events.apply(world, {.kind = Event::Kind::kPublish, .who = 0});
    CHIRM_CHECK(rest.reach_all(world), world.how);
  }
  for (std::uint8_t node = 0; node < kNodes; ++node) {  // which then knows the other
    world.left.renewals = 1;
    events.apply(world, {.kind = Event::Kind::kRenewLease, .who = node});
  }
  return world;
}

std::string Explorer::Result::summary() const {
  return std::to_string(states) + " states" + (is_complete ? ", which are all" : "") + ", " +
         std::to_string(transitions) + " transitions";
}

Explorer::Explorer(SteppedStore& steps, const Protocol& protocol, std::size_t states_max)
    : steps_(steps), protocol_(protocol), states_max_(states_max), events_(steps, protocol) {}

Explorer::Result Explorer::explore(const World& start, const std::vector<Invariant>& watched) {
  start_ = start;
  if (!watched.empty()) start_.ignored = ~0U;
  for (const Invariant one : watched) start_.ignored &= ~(1U << static_cast<unsigned>(one));
  known_ = {{0, {}}};
  numbers_ = {{fingerprint(start), 0}};
  well_.clear();
  result_ = {};
  std::vector<Open> open;
  open.push_back({start_, 0});
  while (!open.empty() && result_.broken == Invariant::kNone && known_.size() < states_max_) {
    std::vector<Open> next;
    for (const Open& one : open) {
      expand(one, next);
      if (result_.broken != Invariant::kNone || known_.size() >= states_max_) break;
    }
    open = std::move(next);
  }
  result_.is_complete = open.empty();
  result_.states = known_.size();
  return result_;
}

void Explorer::expand(const Open& open, std::vector<Open>& next) {
  for (const Event& event : events_.possible(open.world)) {
    World world = open.world;
    events_.apply(world, event);
    ++result_.transitions;
    if (world.broken != Invariant::kNone) return found(world, open.number, &event, false);
    const auto number = static_cast<std::uint32_t>(known_.size());
    if (!numbers_.try_emplace(fingerprint(world), number).second) continue;
    known_.push_back({open.number, event});
    check_rest_of(world, number);
    if (result_.broken != Invariant::kNone) return;
    next.push_back({std::move(world), number});
  }
}

// What is on the way to rest from one state mostly is from others, too.
void Explorer::check_rest_of(const World& world, std::uint32_t number) {
  std::vector<Fingerprint> way;
  Rest rest(steps_, protocol_, events_);
  World at = world;
  at.left = {};
  const bool is_new = rest.reach(at, [&](const World& one) {
    way.push_back(fingerprint(one));
    return !well_.contains(way.back());
  });
  if (is_new) rest.check(at);
  if (at.broken == Invariant::kNone) {
    well_.insert(way.begin(), way.end());
  } else {
    found(at, number, nullptr, true);
  }
}

void Explorer::found(const World& broken, std::uint32_t number, const Event* last,
                     bool is_at_rest) {
  result_.broken = broken.broken;
  result_.trace = tell(number, last, is_at_rest) + "  so it is broken that " +
                  name_of(broken.broken) + ":\n  " + broken.how + "\n";
}

std::string Explorer::tell(std::uint32_t number, const Event* last, bool is_at_rest) const {
  std::vector<Event> events;
  if (last != nullptr) events.push_back(*last);
  for (; number != 0; number = known_[number].parent) events.push_back(known_[number].event);
  std::ranges::reverse(events);
  World world = start_;
  std::string story;
  for (const Event& event : events) events_.apply(world, event, &story);
  if (!is_at_rest) return story;
  story += "  then nothing fails any more:\n";
  world.left = {};
  Rest rest(steps_, protocol_, events_, &story);
  if (rest.reach(world, {})) rest.check(world);
  return story;
}

}  // namespace chirm::model
