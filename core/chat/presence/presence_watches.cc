// SPDX-License-Identifier: MIT
// The owner and those who ask may call the sets back, so a Watch is held by address only (the table
// keeps entries where they are, and only tick() removes any), and lists are copied before the owner
// is told of them.
#include "core/chat/presence/presence_watches.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
// A part that was asked for and has not come is asked for again.
constexpr std::uint64_t kRepeatMs = 2000;
}  // namespace

PresenceWatches::PresenceWatches(Loop& loop, PresenceOwner& owner, PresenceMail& mail,
                                 const PresenceTimes& times)
    : loop_(loop), owner_(owner), mail_(mail), times_(times) {}

PresenceWatches::Watch* PresenceWatches::find(std::string_view set) {
  const auto found = watches_.find(set);
  return found == watches_.end() ? nullptr : &found->second;
}

const PresenceWatches::Watch* PresenceWatches::find(std::string_view set) const {
  const auto found = watches_.find(set);
  return found == watches_.end() ? nullptr : &found->second;
}

PresenceWatches::Watch& PresenceWatches::at(std::string_view set) {
  Watch* watch = find(set);
  CHIRM_CHECK(watch != nullptr, set);
  return *watch;
}

PresencePart* PresenceWatches::find_part(std::string_view set, const std::string& node) {
  Watch* watch = find(set);
  if (watch == nullptr) return nullptr;
  const auto part = watch->parts.find(node);
  return part == watch->parts.end() ? nullptr : &part->second;
}

PresenceWatches::Watch& PresenceWatches::find_or_add(std::string_view set) {
  if (Watch* watch = find(set)) return *watch;
  Watch& added = watches_[std::string(set)];
  for (const std::string& node : peers_) added.parts.emplace(node, PresencePart(loop_.now_ms()));
  if (!peers_.empty()) mail_.tell_watch(set);
  return added;
}

void PresenceWatches::end(const std::string& set) {
  for (const auto& [node, part] : at(set).parts) items_ -= part.items().size();
  watches_.erase(set);
  if (!peers_.empty()) mail_.tell_watch(set);
}

std::vector<std::string> PresenceWatches::names() const {
  std::vector<std::string> all;
  all.reserve(watches_.size());
  for (const auto& [set, watch] : watches_) all.push_back(set);
  return all;
}

// ---- Holds and questions

void PresenceWatches::hold(std::string_view set) { ++find_or_add(set).holds; }

// The watch lingers: who leaves a channel and comes back in a moment does not make all nodes send
// their parts again.
void PresenceWatches::release(std::string_view set) {
  Watch* watch = find(set);
  CHIRM_CHECK(watch != nullptr && watch->holds > 0, set);
  if (--watch->holds == 0) watch->wanted_until_ms = loop_.now_ms() + times_.linger_ms;
}

std::uint32_t PresenceWatches::holds(std::string_view set) const {
  const Watch* watch = find(set);
  return watch == nullptr ? 0 : watch->holds;
}

void PresenceWatches::ask(std::string_view set, std::function<void(bool)> done) {
  Watch& watch = find_or_add(set);
  watch.wanted_until_ms = loop_.now_ms() + times_.linger_ms;
  if (watch.is_complete()) return done(true);
  watch.questions.push_back({loop_.now_ms(), std::move(done)});
}

bool PresenceWatches::Watch::is_complete() const {
  return std::all_of(parts.begin(), parts.end(),
                     [](const auto& part) { return part.second.is_known(); });
}

void PresenceWatches::Watch::answer_if_complete() {
  if (questions.empty() || !is_complete()) return;
  for (const Question& question : std::exchange(questions, {})) question.done(true);
}

void PresenceWatches::answer_late(Watch& watch) {
  const std::uint64_t now = loop_.now_ms();
  auto& questions = watch.questions;
  while (!questions.empty() && now - questions.front().asked_ms >= times_.patience_ms) {
    const Question question = std::move(questions.front());
    questions.erase(questions.begin());
    ++late_;
    question.done(false);
  }
}

// ---- Peers

bool PresenceWatches::add_peer(std::string_view node) {
  if (!peers_.emplace(node).second) return false;
  for (auto& [set, watch] : watches_) {
    watch.parts.emplace(node, PresencePart(loop_.now_ms(), true));
  }
  return true;
}

void PresenceWatches::remove_peer(std::string_view node) {
  const std::string id(node);
  if (peers_.erase(id) == 0) return;
  for (const std::string& set : names()) {
    Watch& watch = at(set);
    const auto part = watch.parts.find(id);
    CHIRM_CHECK(part != watch.parts.end(), set, id);
    const PresencePart gone = std::move(part->second);
    watch.parts.erase(part);
    items_ -= gone.items().size();
    tell_difference(set, gone.items(), {});
    watch.answer_if_complete();  // it may have been the one that was waited for
  }
}

void PresenceWatches::doubt() {
  for (auto& [set, watch] : watches_) {
    for (auto& [node, part] : watch.parts) part.ask(loop_.now_ms());
  }
}

// ---- What peers tell

void PresenceWatches::on_change(const std::string& node, std::string_view set, std::string_view key,
                                const std::string_view* value) {
  PresencePart* part = find_part(set, node);
  if (part == nullptr) return;
  const auto [is_noted, before] = part->change(key, value);
  const bool is_there = value != nullptr;
  if (!is_noted || is_there == before.has_value()) return;  // another value is no news
  items_ += is_there ? 1 : -1;
  if (!is_held(set)) return;
  if (is_there) {
    owner_.on_came(set, key, *value);
  } else {
    owner_.on_went(set, key, *before);
  }
}

void PresenceWatches::on_counts(const std::string& node, std::string_view set,
                                const PresenceCounts& counts) {
  PresencePart* part = find_part(set, node);
  if (part == nullptr) return;
  items_ -= part->items().size();
  part->set_counts(counts);
  at(set).answer_if_complete();
}

void PresenceWatches::on_list(const std::string& node, const PresenceList& list) {
  PresencePart* part = find_part(list.set, node);
  if (part == nullptr) return;
  const bool is_told = part->is_difference_told();
  const auto before = part->add_piece(list);
  if (!before) return;
  items_ += part->items().size() - before->size();
  // A copy, for whoever is told may change the part.
  if (is_told && is_held(list.set)) {
    tell_difference(list.set, *before, PresencePart::Items(part->items()));
  }
  at(list.set).answer_if_complete();
}

void PresenceWatches::tell_difference(std::string_view set, const PresencePart::Items& before,
                                      const PresencePart::Items& now) {
  if (!is_held(set)) return;
  for (const auto& [key, value] : before) {
    if (!now.contains(key)) owner_.on_went(set, key, value);
  }
  for (const auto& [key, value] : now) {
    if (!before.contains(key)) owner_.on_came(set, key, value);
  }
}

// ---- Time

void PresenceWatches::tick() {
  const std::uint64_t now = loop_.now_ms();
  for (const std::string& set : names()) {
    Watch& watch = at(set);
    for (auto& [node, part] : watch.parts) {
      if (!part.is_overdue(now, kRepeatMs)) continue;
      part.ask(now);
      mail_.ask_again(node, set);
    }
    answer_late(watch);
    if (watch.holds == 0 && watch.questions.empty() && now > watch.wanted_until_ms) end(set);
  }
}

void PresenceWatches::check() const {
  const auto check_watch = [&](const Watches::value_type& item) {
    const auto& [set, watch] = item;
    CHIRM_CHECK(watch.parts.size() == peers_.size(), set, watch.parts.size(), peers_.size());
    for (const auto& [node, part] : watch.parts) {
      CHIRM_CHECK(peers_.contains(node), set, node);
      part.check();
    }
    CHIRM_CHECK(watch.questions.empty() || !watch.is_complete(), set, watch.questions.size());
  };
  checked_.visit(watches_, check_watch);
  // The sum over all of them, while they are few.
  constexpr std::size_t kSummed = 64;
  if (watches_.size() > kSummed) return;
  std::size_t sum = 0;
  for (const auto& [set, watch] : watches_) {
    for (const auto& [node, part] : watch.parts) sum += part.items().size();
  }
  CHIRM_CHECK(sum == items_, sum, items_);
}

}  // namespace chirm
