// SPDX-License-Identifier: MIT
#include "core/chat/presence/presence_feeds.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
// The least time between two tellings of a set's counts, and between counts and the list that
// follows when the part has become small enough: a part that hovers around list_max would otherwise
// be listed anew in each period.
constexpr std::uint64_t kRestMs = 1000;
}  // namespace

PresenceFeeds::PresenceFeeds(Loop& loop, const PresenceOwner& owner, PresenceMail& mail,
                             std::size_t list_max)
    : loop_(loop), owner_(owner), mail_(mail), list_max_(list_max) {}

PresenceFeeds::Feed* PresenceFeeds::find(std::string_view set) {
  const auto found = feeds_.find(set);
  return found == feeds_.end() ? nullptr : &found->second;
}

PresenceFeeds::Feed& PresenceFeeds::find_or_add(std::string_view set) {
  if (Feed* feed = find(set)) return *feed;
  Feed& added = feeds_[std::string(set)];
  added.is_listed = fits(set);
  return added;
}

void PresenceFeeds::open(std::string_view set) { (void)find_or_add(set); }

void PresenceFeeds::close_unused(const std::function<bool(const std::string&)>& is_watched) {
  std::erase_if(feeds_, [&](const auto& item) {
    const auto& [set, feed] = item;
    return feed.watchers.empty() && !feed.is_dirty && !is_watched(set);
  });
}

// A key that came and went since the last flush is nobody's business: only what it was then and
// what it is now are kept, and when it was not there at either time, nothing.
void PresenceFeeds::note(std::string_view set, std::string_view key, Change change) {
  Feed* feed = find(set);
  if (feed == nullptr) return;  // nobody wants to know
  const auto [noted, is_new] = feed->changes.try_emplace(std::string(key), change);
  if (!is_new) {
    CHIRM_CHECK(change.was_there == noted->second.is_there, set, key, change.was_there);
    change.was_there = noted->second.was_there;
  }
  if (change.was_there || change.is_there) {
    noted->second = std::move(change);
  } else {
    feed->changes.erase(noted);
  }
  mark_dirty(set, *feed);
}

void PresenceFeeds::mark_dirty(std::string_view set, Feed& feed) {
  if (!std::exchange(feed.is_dirty, true)) dirty_.emplace_back(set);
  mail_.schedule();
}

void PresenceFeeds::add_watcher(std::string_view set, const std::string& node) {
  Feed& feed = find_or_add(set);
  if (std::find(feed.watchers.begin(), feed.watchers.end(), node) == feed.watchers.end()) {
    feed.watchers.push_back(node);
  }
  mail_.send_part(node, set);
}

void PresenceFeeds::remove_watcher(std::string_view set, std::string_view node) {
  if (Feed* feed = find(set)) std::erase(feed->watchers, node);
}

void PresenceFeeds::remove_watcher(std::string_view node) {
  for (auto& [set, feed] : feeds_) std::erase(feed.watchers, node);
}

std::vector<PresenceFeeds::SetChanges> PresenceFeeds::flush(PresenceWriter& to_all) {
  std::vector<SetChanges> told;
  for (std::string& set : std::exchange(dirty_, {})) {
    Feed* feed = find(set);
    CHIRM_CHECK(feed != nullptr && feed->is_dirty, set);
    feed->is_dirty = false;
    flush(to_all, set, *feed);
    told.emplace_back(std::move(set), std::exchange(feed->changes, {}));
  }
  return told;
}

void PresenceFeeds::flush(PresenceWriter& out, const std::string& set, Feed& feed) {
  const bool does_fit = fits(set);
  const bool is_told = !feed.watchers.empty();
  if (feed.is_listed && does_fit) {
    if (!is_told) return;
    for (const auto& [key, change] : feed.changes) {
      if (change.is_there) {
        out.came(set, key, change.value);
      } else {
        out.went(set, key);
      }
    }
    return;
  }
  // The part is told as a whole once the rest is over; until then the feed stays dirty. Its changes
  // need not be kept for that.
  if (is_told && !feed.is_listed && loop_.now_ms() < feed.rest_until_ms) {
    return mark_dirty(set, feed);
  }
  feed.is_listed = does_fit;
  feed.rest_until_ms = loop_.now_ms() + kRestMs;
  if (is_told) put_part(out, set);
}

bool PresenceFeeds::fits(std::string_view set) const {
  return set.empty() || owner_.own_clients(set) <= list_max_;
}

void PresenceFeeds::put_part(PresenceWriter& out, std::string_view set) const {
  const auto found = feeds_.find(set);
  CHIRM_CHECK(found != feeds_.end(), set);
  if (!found->second.is_listed) return out.counts(set, owner_.own_counts(set));
  out.begin_list(set);
  owner_.each_own(set, [&](std::string_view key, std::string_view value) { out.item(key, value); });
  out.end_list();
}

void PresenceFeeds::check(const std::function<bool(const std::string&)>& is_peer) const {
  if (!dirty_.empty()) CHIRM_CHECK(mail_.is_scheduled(), dirty_.front());
  CHIRM_CHECK(dirty_.size() <= feeds_.size(), dirty_.size(), feeds_.size());
  checked_.visit(feeds_, [&](const Feeds::value_type& item) {
    const auto& [set, feed] = item;
    // dirty_ can be long: whether the name is there is looked up while it is short.
    constexpr std::size_t kLookedThrough = 64;
    if (dirty_.size() <= kLookedThrough) {
      const auto entries = std::count(dirty_.begin(), dirty_.end(), set);
      CHIRM_CHECK(entries == (feed.is_dirty ? 1 : 0), set, entries, feed.is_dirty);
    }
    CHIRM_CHECK(feed.changes.empty() || feed.is_dirty, set, feed.changes.size());
    for (const auto& [key, change] : feed.changes) {
      CHIRM_CHECK(change.was_there || change.is_there, set, key);
    }
    for (const std::string& node : feed.watchers) {
      CHIRM_CHECK(is_peer(node), set, node);
      CHIRM_CHECK(std::count(feed.watchers.begin(), feed.watchers.end(), node) == 1, set, node);
    }
  });
}

}  // namespace chirm
