// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_subscriber.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/check.h"
#include "core/broker/redis/link/redis_sentinel.h"

namespace chirm {

namespace {
// In calls of check_confirmations(), one a period: longer than a busy Redis takes, shorter than
// people wait.
constexpr std::uint64_t kChecksMax = 5;
}  // namespace

RedisSubscriber::RedisSubscriber(Loop& loop, const RedisUrl& url, const std::string& node_name,
                                 const RedisLinkSettings& settings, BrokerCounters& counters,
                                 std::vector<ControlTopic> control_topics)
    : counters_(counters),
      link_(loop, url, node_name + " pubsub", settings, *this,
            make_master_locator(loop, url, node_name + " pubsub")),
      controls_missing_(control_topics.size()) {
  CHIRM_CHECK(!control_topics.empty());
  for (ControlTopic& control : control_topics) {
    Entry& entry = entries_[control.name];
    entry.topic = &control.topic;
    entry.is_control = true;
    control_names_.push_back(std::move(control.name));
  }
}

// While the link is down nothing is queued: when it is up, everything that is wanted is subscribed.
void RedisSubscriber::add(std::string_view name, RedisTopic& topic) {
  auto found = entries_.find(name);
  if (found == entries_.end()) found = entries_.emplace(name, Entry{}).first;
  CHIRM_CHECK(found->second.topic == nullptr, name);
  found->second.topic = &topic;
  found->second.was_subscribed = false;
  if (link_.is_up()) changes_.push_back({std::string(name), true});
}

void RedisSubscriber::remove(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.topic == nullptr) return;
  found->second.topic = nullptr;
  if (link_.is_up()) {
    // Erased when the change is sent, or when what was sent is confirmed.
    changes_.push_back({std::string(name), false});
  } else {
    entries_.erase(found);
  }
}

// The control topics come first: when they are confirmed the link is of use, however many channels
// there are.
void RedisSubscriber::on_link_up() {
  changes_.clear();
  for (const std::string& name : control_names_) changes_.push_back({name, true});
  for (const auto& [name, entry] : entries_) {
    if (!entry.is_control) changes_.push_back({name, true});
  }
}

// With the connection Redis has forgotten all its subscriptions: what was to be confirmed will not
// be.
void RedisSubscriber::on_link_down() {
  ++counters_.link_losses;
  changes_.clear();
  unconfirmed_ = 0;
  checks_without_confirmation_ = 0;
  controls_missing_ = control_names_.size();
  for (auto item = entries_.begin(); item != entries_.end();) {
    item->second.unconfirmed = 0;
    item = item->second.topic == nullptr ? entries_.erase(item) : std::next(item);
  }
}

// How many changes of the same kind are next, at most kPerCommand.
std::size_t RedisSubscriber::changes_for_next_command() const {
  const std::size_t max = std::min(changes_.size(), kPerCommand);
  std::size_t count = 1;
  while (count < max && changes_[count].subscribe == changes_[0].subscribe) ++count;
  return count;
}

// In lots, with a bound on what is not confirmed: subscribing 100,000 channels keeps Redis busy for
// a third of a second, and what others ask of it must find its way in between.
void RedisSubscriber::flush() {
  while (link_.is_up() && !changes_.empty() && unconfirmed_ < kUnconfirmedMax) {
    const std::size_t count = changes_for_next_command();
    const bool subscribe = changes_.front().subscribe;
    command_.begin(count + 1).add(subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE");
    for (std::size_t i = 0; i < count; ++i) {
      command_.add(changes_.front().name);
      count_change(changes_.front());
      changes_.pop_front();
    }
    link_.subscription_command(command_.bytes());
  }
  link_.flush();
}

// The number of confirmations that are still to come says when a topic is in a known state: they
// name the topic only, and cannot be told apart.
void RedisSubscriber::count_change(const Change& change) {
  if (change.subscribe) {
    ++unconfirmed_;
    ++entries_[change.name].unconfirmed;
    return;
  }
  const auto found = entries_.find(change.name);
  if (found == entries_.end()) return;
  if (found->second.topic == nullptr && found->second.unconfirmed == 0) entries_.erase(found);
}

void RedisSubscriber::check() const {
  link_.check();
  CHIRM_CHECK(controls_missing_ <= control_names_.size(), controls_missing_);
  CHIRM_CHECK(unconfirmed_ < kUnconfirmedMax + kPerCommand, unconfirmed_);
  checked_.visit(entries_, [this](const auto& one) {
    const auto& [name, entry] = one;
    CHIRM_CHECK(!entry.is_control || entry.topic != nullptr, name);
    CHIRM_CHECK(entry.unconfirmed <= unconfirmed_, name, entry.unconfirmed, unconfirmed_);
    // An entry that nobody wants is there for a confirmation or a change that is still to come.
    CHIRM_CHECK(entry.topic != nullptr || entry.unconfirmed > 0 || !changes_.empty(), name);
  });
}

// ["message", topic, payload], ["subscribe" or "unsubscribe", topic, count]
void RedisSubscriber::on_push(const RedisReply& push) {
  ++pushes_;
  const std::string_view kind = push[0].text();
  if (kind == "message") {
    on_message(push[1].text(), push[2].text());
  } else if (kind == "subscribe") {
    on_confirmed(push[1].text());
  }
}

void RedisSubscriber::on_message(std::string_view name, std::string_view payload) {
  const auto found = entries_.find(name);
  if (found != entries_.end() && found->second.topic != nullptr) {
    found->second.topic->on_message(payload);
  }
}

void RedisSubscriber::on_confirmed(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.unconfirmed == 0) return;
  Entry& entry = found->second;
  --unconfirmed_;
  checks_without_confirmation_ = 0;
  if (--entry.unconfirmed != 0) return;  // an UNSUBSCRIBE may be between this and the last one
  if (entry.topic == nullptr) {
    entries_.erase(found);
    return;
  }
  // Not before: a Redis that takes connections and confirms nothing is of no use.
  if (entry.is_control && --controls_missing_ == 0) link_.mark_useful();
  if (std::exchange(entry.was_subscribed, true) && !entry.is_control) ++counters_.resubscribed;
  entry.topic->on_subscribed();
}

// Counted in calls and not in time, for the same reason as RedisConnection counts ticks.
void RedisSubscriber::check_confirmations() {
  if (unconfirmed_ == 0) return;
  if (++checks_without_confirmation_ > kChecksMax) {
    link_.drop("SUBSCRIBE is not confirmed");
  }
}

}  // namespace chirm
