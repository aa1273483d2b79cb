// SPDX-License-Identifier: MIT
// Sets as their owner sees them, and other nodes' parts. What goes out: presence_sets_flush.cc.
#include "core/chat/presence_sets.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
constexpr std::string_view kKind = "presence";
constexpr std::uint64_t kTickMs = 1000;
// An unanswered question for a part is repeated.
constexpr std::uint64_t kRepeatMs = 2000;
}  // namespace

PresenceSets::PresenceSets(Loop& loop, NodeBus& bus, PresenceOwner& owner, std::size_t list_max,
                           const PresenceTimes& times)
    : loop_(loop),
      bus_(bus),
      owner_(owner),
      list_max_(list_max),
      times_(times),
      flush_timer_(loop, [this] { flush(); }),
      tick_timer_(loop, [this] { tick(); }) {
  bus_.add_listener(kKind, *this);  // which tells of the nodes that are there
  tick_timer_.start_repeating(std::min(kTickMs, times_.patience_ms));
}

PresenceSets::Set* PresenceSets::find(std::string_view name) {
  const auto found = sets_.find(name);
  return found == sets_.end() ? nullptr : &found->second;
}

const PresenceSets::Set* PresenceSets::find(std::string_view name) const {
  const auto found = sets_.find(name);
  return found == sets_.end() ? nullptr : &found->second;
}

PresenceSets::Set& PresenceSets::find_or_add(std::string_view name) {
  if (Set* set = find(name)) return *set;
  Set& added = sets_[std::string(name)];
  added.is_listed = fits(name);
  return added;
}

std::vector<std::string> PresenceSets::names() const {
  std::vector<std::string> all;
  all.reserve(sets_.size());
  for (const auto& [name, set] : sets_) all.push_back(name);
  return all;
}

// ---- This node's part

void PresenceSets::add(std::string_view name, std::string_view key, std::string_view value) {
  change(name, key, {false, true, std::string(value)});
}

void PresenceSets::replace(std::string_view name, std::string_view key, std::string_view value) {
  change(name, key, {true, true, std::string(value)});
}

void PresenceSets::remove(std::string_view name, std::string_view key, std::string_view value) {
  change(name, key, {true, false, std::string(value)});
}

void PresenceSets::change(std::string_view name, std::string_view key, Change change) {
  Set* set = find(name);
  if (set == nullptr) return;  // nobody wants to know
  const auto [pending, is_new] = set->changes.try_emplace(std::string(key), change);
  if (!is_new) change.was_there = pending->second.was_there;
  if (change.was_there || change.is_there) {
    pending->second = std::move(change);
  } else {
    set->changes.erase(pending);
  }
  mark_dirty(name, *set);
}

// ---- Watching

void PresenceSets::hold(std::string_view name) {
  Set& set = watch(name);
  ++set.holds;
}

void PresenceSets::release(std::string_view name) {
  Set* set = find(name);
  CHIRM_CHECK(set != nullptr && set->holds > 0, name);
  if (--set->holds == 0) set->wanted_until_ms = loop_.now_ms() + times_.linger_ms;
}

void PresenceSets::ask(std::string_view name, std::function<void(bool)> done) {
  Set& set = watch(name);
  set.wanted_until_ms = loop_.now_ms() + times_.linger_ms;
  if (is_complete(set)) return done(true);
  set.questions.push_back({loop_.now_ms(), std::move(done)});
}

PresenceSets::Set& PresenceSets::watch(std::string_view name) {
  Set& set = find_or_add(name);
  if (set.is_watched) return set;
  set.is_watched = true;
  ++watched_;
  for (const std::string& node : peers_) set.parts[node].asked_ms = loop_.now_ms();
  if (peers_.empty()) return set;
  watch_changes_.emplace(name);
  schedule();
  return set;
}

void PresenceSets::unwatch(const std::string& name, Set& set) {
  set.is_watched = false;
  --watched_;
  for (auto& [node, part] : set.parts) items_ -= part.items.size();
  set.parts.clear();
  if (peers_.empty()) return;
  watch_changes_.insert(name);
  schedule();
}

bool PresenceSets::is_complete(const Set& set) {
  return std::all_of(set.parts.begin(), set.parts.end(),
                     [](const auto& part) { return part.second.is_known; });
}

void PresenceSets::answer_questions(Set& set) {
  if (set.questions.empty() || !is_complete(set)) return;
  for (const Question& question : std::exchange(set.questions, {})) question.done(true);
}

// ---- What is known of others

std::size_t PresenceSets::others_listed(std::string_view name) const {
  std::size_t sum = 0;
  if (const Set* set = find(name)) {
    for (const auto& [node, part] : set->parts) sum += part.items.size();
  }
  return sum;
}

PresenceCounts PresenceSets::others_counted(std::string_view name) const {
  PresenceCounts sum;
  if (const Set* set = find(name)) {
    for (const auto& [node, part] : set->parts) {
      sum.clients += part.counts.clients;
      sum.users += part.counts.users;
    }
  }
  return sum;
}

void PresenceSets::each_other(std::string_view name, const PresenceItem& item) const {
  const Set* set = find(name);
  if (set == nullptr) return;
  for (const auto& [node, part] : set->parts) {
    for (const auto& [key, value] : part.items) item(key, value);
  }
}

void PresenceSets::each_other_value(std::string_view name, std::string_view key,
                                    const std::function<void(std::string_view)>& item) const {
  const Set* set = find(name);
  if (set == nullptr) return;
  for (const auto& [node, part] : set->parts) {
    const auto found = part.items.find(key);
    if (found != part.items.end()) item(found->second);
  }
}

// ---- Nodes

void PresenceSets::on_node_joined(std::string_view node) {
  if (!peers_.emplace(node).second) return;
  for (auto& [name, set] : sets_) {
    if (!set.is_watched) continue;
    Part& part = set.parts[std::string(node)];
    part.is_news = true;
    part.asked_ms = loop_.now_ms();
  }
  posts_[std::string(node)] = {.has_hello = true, .wants_answer = true};
  schedule();
}

void PresenceSets::on_node_gone(std::string_view node) {
  const std::string key(node);
  if (peers_.erase(key) == 0) return;
  posts_.erase(key);
  for (const std::string& name : names()) {
    Set* set = find(name);
    std::erase(set->watchers, node);
    const auto found = set->parts.find(key);
    if (found == set->parts.end()) continue;
    replace_items(name, *set, found->second, {});
    set->parts.erase(key);
    answer_questions(*set);
  }
}

void PresenceSets::on_node_messages_maybe_missed() {
  for (auto& [name, set] : sets_) {
    for (auto& [node, part] : set.parts) {
      part.is_asked = true;
      part.asked_ms = loop_.now_ms();
    }
  }
  for (const std::string& node : peers_) {
    posts_[node].has_hello = true;
    posts_[node].wants_answer = true;
  }
  if (!peers_.empty()) schedule();
}

void PresenceSets::on_node_message(std::string_view node, std::string_view message) {
  if (node == bus_.node_id() || !peers_.contains(std::string(node))) return;
  sender_ = node;
  read(message);
}

void PresenceSets::on_hello(bool wants_answer) {
  for (auto& [name, set] : sets_) std::erase(set.watchers, sender_);
  if (!wants_answer) return;
  posts_[sender_].has_hello = true;
  schedule();
}

void PresenceSets::on_watch(std::string_view name) {
  Set& set = find_or_add(name);
  if (std::find(set.watchers.begin(), set.watchers.end(), sender_) == set.watchers.end()) {
    set.watchers.push_back(sender_);
  }
  posts_[sender_].asked.emplace(name);
  flush_timer_.start(0);  // who comes from now on is news to the watcher
}

void PresenceSets::on_unwatch(std::string_view name) {
  if (Set* set = find(name)) std::erase(set->watchers, sender_);
}

// ---- Other nodes' parts

void PresenceSets::on_change(std::string_view name, std::string_view key,
                             const std::string_view* value) {
  Set* set = find(name);
  if (set == nullptr) return;
  const auto found = set->parts.find(sender_);
  if (found == set->parts.end() || !found->second.is_listed) return;  // its list will tell
  Items& items = found->second.items;
  const auto item = items.find(key);
  if (value != nullptr && item == items.end()) {
    items.emplace(key, *value);
    ++items_;
    if (set->holds > 0) owner_.on_came(name, key, *value);
  } else if (value != nullptr) {
    item->second = *value;
  } else if (item != items.end()) {
    const std::string last = std::move(item->second);
    items.erase(item);
    --items_;
    if (set->holds > 0) owner_.on_went(name, key, last);
  }
}

void PresenceSets::on_counts(std::string_view name, const PresenceCounts& counts) {
  Set* set = find(name);
  if (set == nullptr) return;
  const auto found = set->parts.find(sender_);
  if (found == set->parts.end()) return;
  Part& part = found->second;
  items_ -= part.items.size();
  part.items.clear();
  part.counts = counts;
  part.is_listed = false;
  on_part(*set, part);
}

void PresenceSets::on_list(const PresenceList& list) {
  Set* set = find(list.set);
  if (set == nullptr) return;
  const auto found = set->parts.find(sender_);
  if (found == set->parts.end()) return;
  Part& part = found->second;
  if (list.piece == 0) {
    part.incoming.clear();
    part.pieces = 0;
  }
  if (list.piece != part.pieces) return;  // one is missing: it will be asked for again
  ++part.pieces;
  read_presence_items(list.items, [&](std::string_view key, std::string_view value) {
    part.incoming.emplace(key, value);
  });
  if (!list.is_last) return;
  part.pieces = UINT32_MAX;  // the next begins anew
  replace_items(list.set, *set, part, std::exchange(part.incoming, {}));
  on_part(*set, part);
}

void PresenceSets::on_part(Set& set, Part& part) {
  part.is_known = true;
  part.is_asked = false;
  answer_questions(set);
}

void PresenceSets::replace_items(std::string_view name, const Set& set, Part& part, Items items) {
  const bool is_news = part.is_known ? part.is_listed : part.is_news;
  const Items before = std::exchange(part.items, std::move(items));
  items_ += part.items.size() - before.size();
  part.counts = {};
  part.is_listed = true;
  if (!is_news || set.holds == 0) return;
  const Items now = part.items;  // the owner may change what it likes
  for (const auto& [key, value] : before) {
    if (!now.contains(key)) owner_.on_went(name, key, value);
  }
  for (const auto& [key, value] : now) {
    if (!before.contains(key)) owner_.on_came(name, key, value);
  }
}

// ---- Time

void PresenceSets::tick() {
  const std::uint64_t now = loop_.now_ms();
  for (const std::string& name : names()) {
    Set& set = *find(name);
    for (auto& [node, part] : set.parts) {
      if (!part.is_asked || now - part.asked_ms < kRepeatMs) continue;
      part.asked_ms = now;
      posts_[node].repeated.insert(name);
      schedule();
    }
    while (!set.questions.empty() && now - set.questions.front().asked_ms >= times_.patience_ms) {
      const Question question = std::move(set.questions.front());
      set.questions.erase(set.questions.begin());
      ++late_;
      question.done(false);
    }
    const bool is_idle = set.holds == 0 && set.questions.empty() && now > set.wanted_until_ms;
    if (set.is_watched && is_idle) unwatch(name, set);
    if (is_unused(set)) sets_.erase(name);
  }
}

bool PresenceSets::is_unused(const Set& set) {
  return !set.is_watched && set.watchers.empty() && !set.is_dirty;
}

}  // namespace chirm
