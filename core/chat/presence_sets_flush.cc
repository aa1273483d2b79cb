// SPDX-License-Identifier: MIT
// What goes out of the sets: first to all nodes, then to single ones. All of it is of one moment,
// so that a part and the changes behind it fit together.
#include <utility>

#include "core/chat/presence_sets.h"

namespace chirm {

namespace {
constexpr std::string_view kKind = "presence";
// Between the counts of a set; also a part that has become small enough waits so long for its list.
constexpr std::uint64_t kRestMs = 1000;
}  // namespace

void PresenceSets::mark_dirty(std::string_view name, Set& set) {
  if (!std::exchange(set.is_dirty, true)) dirty_.emplace_back(name);
  schedule();
}

void PresenceSets::schedule() {
  if (flush_timer_.is_running()) return;
  const std::uint64_t due = flushed_ms_ + times_.period_ms;
  const std::uint64_t now = loop_.now_ms();
  flush_timer_.start(flushed_ms_ == 0 || due <= now ? 0 : due - now);
}

void PresenceSets::flush() {
  flushed_ms_ = loop_.now_ms();
  // What is not sent makes the bus tell both sides that something was missed.
  PresenceWriter all([this](std::string_view message) { (void)bus_.send_all(kKind, message); });
  flush_watches(all);
  const auto changes = flush_changes(all);
  all.finish();
  for (const auto& [node, post] : std::exchange(posts_, {})) flush_to(node, post);
  if (!dirty_.empty()) schedule();
  for (const auto& [name, its] : changes) tell_owner(name, its);
}

void PresenceSets::flush_watches(PresenceWriter& out) {
  for (const std::string& name : std::exchange(watch_changes_, {})) {
    const Set* set = find(name);
    if (set != nullptr && set->is_watched) {
      out.watch(name);
    } else {
      out.unwatch(name);
    }
  }
}

std::vector<PresenceSets::NamedChanges> PresenceSets::flush_changes(PresenceWriter& out) {
  std::vector<NamedChanges> told;
  for (std::string& name : std::exchange(dirty_, {})) {
    Set* set = find(name);
    set->is_dirty = false;
    flush_changes(out, name, *set);
    Changes changes = std::exchange(set->changes, {});
    if (set->holds > 0) told.emplace_back(std::move(name), std::move(changes));
  }
  return told;
}

void PresenceSets::flush_changes(PresenceWriter& out, const std::string& name, Set& set) {
  const bool does_fit = fits(name);
  const bool is_told = !set.watchers.empty();
  if (set.is_listed && does_fit) {
    if (!is_told) return;
    for (const auto& [key, change] : set.changes) {
      if (change.is_there) {
        out.came(name, key, change.value);
      } else {
        out.went(name, key);
      }
    }
    return;
  }
  if (is_told && !set.is_listed && loop_.now_ms() < set.rest_until_ms) {
    return mark_dirty(name, set);
  }
  set.is_listed = does_fit;
  set.rest_until_ms = loop_.now_ms() + kRestMs;
  if (is_told) put_part(out, name, set);
}

void PresenceSets::flush_to(const std::string& node, const Post& post) {
  PresenceWriter out([&](std::string_view message) { (void)bus_.send(node, kKind, message); });
  if (post.has_hello) {
    out.hello(post.wants_answer);
    for (const auto& [name, set] : sets_) {
      if (set.is_watched) out.watch(name);
    }
  }
  for (const std::string& name : post.repeated) {
    const Set* set = find(name);
    if (!post.has_hello && set != nullptr && set->is_watched) out.watch(name);
  }
  for (const std::string& name : post.asked) {
    if (const Set* set = find(name)) put_part(out, name, *set);
  }
  out.finish();
}

bool PresenceSets::fits(std::string_view name) const {
  return name.empty() || owner_.own_clients(name) <= list_max_;
}

void PresenceSets::put_part(PresenceWriter& out, const std::string& name, const Set& set) const {
  if (!set.is_listed) return out.counts(name, owner_.own_counts(name));
  out.begin_list(name);
  owner_.each_own(name,
                  [&](std::string_view key, std::string_view value) { out.item(key, value); });
  out.end_list();
}

void PresenceSets::tell_owner(const std::string& name, const Changes& changes) {
  for (const auto& [key, change] : changes) {
    if (change.is_there == change.was_there) continue;
    if (change.is_there) {
      owner_.on_came(name, key, change.value);
    } else {
      owner_.on_went(name, key, change.value);
    }
  }
}

}  // namespace chirm
