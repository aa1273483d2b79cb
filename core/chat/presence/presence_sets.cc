// SPDX-License-Identifier: MIT
#include "core/chat/presence/presence_sets.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
constexpr std::string_view kKind = "presence";
constexpr std::uint64_t kTickMs = 1000;
}  // namespace

PresenceSets::PresenceSets(Loop& loop, NodeBus& bus, PresenceOwner& owner, std::size_t list_max,
                           const PresenceTimes& times)
    : bus_(bus),
      owner_(owner),
      mail_(loop, times.period_ms, [this] { flush(); }),
      feeds_(loop, owner, mail_, list_max),
      watches_(loop, owner, mail_, times),
      tick_timer_(loop, [this] { tick(); }) {
  bus_.add_listener(kKind, *this);  // which tells of the nodes that are there
  tick_timer_.start_repeating(std::min(kTickMs, times.patience_ms));
}

// ---- This node's part

void PresenceSets::add(std::string_view set, std::string_view key, std::string_view value) {
  feeds_.note(set, key, {false, true, std::string(value)});
}

void PresenceSets::replace(std::string_view set, std::string_view key, std::string_view value) {
  feeds_.note(set, key, {true, true, std::string(value)});
}

void PresenceSets::remove(std::string_view set, std::string_view key, std::string_view value) {
  feeds_.note(set, key, {true, false, std::string(value)});
}

// ---- What is watched

// A set that is watched here has a feed as well, for the owner is told of its own changes, too.
void PresenceSets::hold(std::string_view set) {
  feeds_.open(set);
  watches_.hold(set);
}

void PresenceSets::ask(std::string_view set, std::function<void(bool)> done) {
  feeds_.open(set);
  watches_.ask(set, std::move(done));
}

std::size_t PresenceSets::others_listed(std::string_view set) const {
  std::size_t sum = 0;
  watches_.each_part(set, [&](const PresencePart& part) { sum += part.items().size(); });
  return sum;
}

PresenceCounts PresenceSets::others_counted(std::string_view set) const {
  PresenceCounts sum;
  watches_.each_part(set, [&](const PresencePart& part) {
    sum.clients += part.counts().clients;
    sum.users += part.counts().users;
  });
  return sum;
}

void PresenceSets::each_other(std::string_view set, const PresenceItem& item) const {
  watches_.each_part(set, [&](const PresencePart& part) {
    for (const auto& [key, value] : part.items()) item(key, value);
  });
}

void PresenceSets::each_other_value(std::string_view set, std::string_view key,
                                    const std::function<void(std::string_view)>& item) const {
  watches_.each_part(set, [&](const PresencePart& part) {
    const auto found = part.items().find(key);
    if (found != part.items().end()) item(found->second);
  });
}

// ---- Nodes

void PresenceSets::on_node_joined(std::string_view node) {
  if (watches_.add_peer(node)) mail_.greet(node);
}

void PresenceSets::on_node_gone(std::string_view node) {
  mail_.forget(node);
  feeds_.remove_watcher(node);
  watches_.remove_peer(node);
}

// Both directions are begun anew: the hello makes the other side forget what was watched before,
// and its answer does the same here.
void PresenceSets::on_node_messages_maybe_missed() {
  watches_.doubt();
  for (const std::string& node : watches_.peers()) mail_.greet(node);
}

void PresenceSets::on_node_message(std::string_view node, std::string_view message) {
  if (node == bus_.node_id() || !watches_.peers().contains(std::string(node))) return;
  sender_ = node;
  read(message);
}

void PresenceSets::on_hello(bool wants_answer) {
  feeds_.remove_watcher(sender_);
  if (wants_answer) mail_.answer_hello(sender_);
}

void PresenceSets::on_watch(std::string_view set) { feeds_.add_watcher(set, sender_); }

void PresenceSets::on_unwatch(std::string_view set) { feeds_.remove_watcher(set, sender_); }

void PresenceSets::on_change(std::string_view set, std::string_view key,
                             const std::string_view* value) {
  watches_.on_change(sender_, set, key, value);
}

void PresenceSets::on_counts(std::string_view set, const PresenceCounts& counts) {
  watches_.on_counts(sender_, set, counts);
}

void PresenceSets::on_list(const PresenceList& list) { watches_.on_list(sender_, list); }

// ---- What goes out

// First to all nodes, then to single ones, all of it of one moment: a node that gets a list now
// gets the changes behind it with the next flush, and those before it are in the list. The owner
// comes last, for it may change the sets.
void PresenceSets::flush() {
  mail_.begin();
  // What is not sent makes the bus tell both sides that something was missed.
  PresenceWriter all([this](std::string_view message) { (void)bus_.send_all(kKind, message); });
  for (const std::string& set : mail_.take_watches()) {
    if (watches_.has(set)) {
      all.watch(set);
    } else {
      all.unwatch(set);
    }
  }
  auto changes = feeds_.flush(all);
  all.finish();
  for (const auto& [node, post] : mail_.take_posts()) send_to(node, post);
  std::erase_if(changes, [this](const auto& its) { return !watches_.is_held(its.first); });
  for (const auto& [set, its] : changes) tell_owner(set, its);
}

void PresenceSets::send_to(const std::string& node, const PresenceMail::Post& post) {
  PresenceWriter out([&](std::string_view message) { (void)bus_.send(node, kKind, message); });
  if (post.has_hello) {
    out.hello(post.wants_answer);
    for (const std::string& set : watches_.names()) out.watch(set);
  }
  for (const std::string& set : post.repeated) {
    if (!post.has_hello && watches_.has(set)) out.watch(set);
  }
  for (const std::string& set : post.asked) {
    if (feeds_.has(set)) feeds_.put_part(out, set);
  }
  out.finish();
}

void PresenceSets::tell_owner(const std::string& set, const PresenceFeeds::Changes& changes) {
  for (const auto& [key, change] : changes) {
    if (change.is_there == change.was_there) continue;  // only its value is another
    if (change.is_there) {
      owner_.on_came(set, key, change.value);
    } else {
      owner_.on_went(set, key, change.value);
    }
  }
}

void PresenceSets::tick() {
  watches_.tick();
  feeds_.close_unused([this](const std::string& set) { return watches_.has(set); });
}

void PresenceSets::check() const {
  mail_.check();
  watches_.check();
  feeds_.check([this](const std::string& node) { return watches_.peers().contains(node); });
}

}  // namespace chirm
