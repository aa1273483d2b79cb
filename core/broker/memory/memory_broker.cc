// SPDX-License-Identifier: MIT
#include "core/broker/memory/memory_broker.h"

#include <algorithm>
#include <utility>

#include "core/broker/history_search.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
constexpr std::uint64_t kRetentionPeriodMs = 10'000;
constexpr std::uint64_t kEmptyChannelMs = 60'000;
constexpr std::size_t kEpochLength = 8;

// What a publication takes: its body, its place in the log, and what the allocator adds.
std::size_t bytes_of(const Publication& publication) {
  return publication.body.size() + sizeof(Publication) + 16;
}

std::string message_key(const PublishRequest& request) {
  if (request.message_id.empty()) return {};
  std::string key(request.user);
  key += '\0';
  return key += request.message_id;
}
}  // namespace

MemoryBroker::MemoryBroker(Loop& loop, const BrokerSettings& settings)
    : loop_(loop),
      settings_(settings),
      documents_(loop),
      nodes_(loop),
      retention_timer_(loop, [this] { forget_old(); }) {
  retention_timer_.start_repeating(kRetentionPeriodMs);
}

MemoryBroker::Log& MemoryBroker::find_or_create(std::string_view channel) {
  auto [entry, is_new] = logs_.try_emplace(std::string(channel));
  if (is_new) entry->second.epoch = random_.name(kEpochLength);
  entry->second.touched_ms = loop_.now_ms();
  return entry->second;
}

void MemoryBroker::publish(const PublishRequest& request, Callback<Position> done) {
  ++counters_.publishes;
  const std::size_t bytes = request.body.size();
  const bool is_full = deferred_bytes_ + bytes > settings_.pending_bytes_max ||
                       deferred_.size() >= settings_.pending_commands_max;
  if (is_full) {
    ++counters_.publish_errors;
    deferred_.push_back(
        [done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kInternal)); });
    return;
  }
  deferred_bytes_ += bytes;
  deferred_.push_back([this, channel = std::string(request.channel), key = message_key(request),
                       body = std::string(request.body), done = std::move(done)]() mutable {
    Log& target = find_or_create(channel);
    const std::uint64_t offset = store(channel, target, key, std::move(body));
    done(Position{offset, target.epoch});
  });
}

std::uint64_t MemoryBroker::store(std::string_view channel, Log& target, const std::string& key,
                                  std::string body) {
  if (!target.kept) target.kept = std::make_unique<Kept>();
  Kept& kept = *target.kept;
  if (!key.empty()) {
    if (const auto first = kept.message_ids.find(key)) {
      ++counters_.duplicates;
      return *first;
    }
    kept.message_ids.add(key, target.top + 1, static_cast<std::int64_t>(loop_.now_ms()));
  }
  ++counters_.published;
  const std::uint64_t offset = ++target.top;
  kept.publications.push_back({offset, std::move(body)});
  if (target.is_subscribed) {
    listener_->on_publication(channel, offset, target.epoch, kept.publications.back().body);
  }
  stored_bytes_ += bytes_of(kept.publications.back());
  by_use_.push_back(target);
  if (kept.publications.size() > settings_.history_size) drop_oldest(target);
  bound_memory();
  return offset;
}

void MemoryBroker::signal(std::string_view channel, std::string_view body) {
  deferred_.push_back([this, name = std::string(channel), body = std::string(body)] {
    const auto found = logs_.find(name);
    if (found != logs_.end() && found->second.is_subscribed) listener_->on_signal(name, body);
  });
}

void MemoryBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  deferred_.push_back([this, channel = std::string(request.channel), offset = request.offset,
                       epoch = std::string(request.epoch), expected = std::string(request.expected),
                       body = std::string(request.body), done = std::move(done)]() mutable {
    const auto found = logs_.find(channel);
    Publication* publication =
        found == logs_.end() ? nullptr : find_publication(found->second, offset);
    if (publication == nullptr || (!epoch.empty() && epoch != found->second.epoch)) {
      return done(Rewritten::kGone);
    }
    if (!expected.empty() && expected != publication->body) return done(Rewritten::kChanged);
    stored_bytes_ -= bytes_of(*publication);
    publication->body = std::move(body);
    stored_bytes_ += bytes_of(*publication);
    if (found->second.is_subscribed) listener_->on_rewritten(channel, offset);
    bound_memory();
    done(Rewritten::kDone);
  });
}

Publication* MemoryBroker::find_publication(Log& log, std::uint64_t offset) {
  if (!log.kept || offset > log.top) return nullptr;
  auto& all = log.kept->publications;
  const std::uint64_t first = log.top - all.size() + 1;
  return offset < first ? nullptr : &all[offset - first];
}

void MemoryBroker::drop_oldest(Log& log) {
  stored_bytes_ -= bytes_of(log.kept->publications.front());
  log.kept->publications.pop_front();
}

void MemoryBroker::bound_memory() {
  while (stored_bytes_ > settings_.memory_bytes_max) {
    Log& oldest = *by_use_.front();
    drop_oldest(oldest);
    if (oldest.kept->publications.empty()) oldest.unlink();
  }
}

void MemoryBroker::subscribe(std::string_view channel, Callback<Position> done) {
  deferred_.push_back([this, name = std::string(channel), done = std::move(done)] {
    Log& target = find_or_create(name);
    target.is_subscribed = true;
    done(Position{target.top, target.epoch});
  });
}

void MemoryBroker::unsubscribe(std::string_view channel) {
  deferred_.push_back([this, name = std::string(channel)] {
    const auto found = logs_.find(name);
    if (found != logs_.end()) found->second.is_subscribed = false;
  });
}

void MemoryBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++counters_.histories;
  deferred_.push_back([this, channel = std::string(request.channel), since = request.since,
                       limit = request.limit, reverse = request.reverse,
                       bytes_left = request.bytes_max, done = std::move(done)]() mutable {
    const Log& target = find_or_create(channel);
    History result{{target.top, target.epoch}, {}};
    static const std::deque<Publication> kNone;
    const auto& all = target.kept ? target.kept->publications : kNone;
    // Offsets in the log have no holes, so a place follows from an offset.
    const std::uint64_t first = target.top - all.size() + 1;
    const auto add = [&](std::uint64_t offset) {
      const Publication& one = result.publications.emplace_back(all[offset - first]);
      bytes_left -= std::min(bytes_left, one.body.size());
    };
    const auto has_room = [&] { return result.publications.size() < limit && bytes_left > 0; };
    if (reverse) {
      const std::uint64_t end = since == 0 ? target.top + 1 : std::min(since, target.top + 1);
      for (std::uint64_t at = end; at > first && has_room(); --at) add(at - 1);
    } else {
      for (std::uint64_t at = std::max(since + 1, first); at <= target.top && has_room(); ++at) {
        add(at);
      }
    }
    done(std::move(result));
  });
}

void MemoryBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  search_history(*this, request, std::move(done));
}

void MemoryBroker::flush() {
  // What the callbacks queue in turn runs as well: nothing waits for a turn that may not come.
  while (!deferred_.empty()) {
    deferred_bytes_ = 0;
    for (auto& call : std::exchange(deferred_, {})) call();
  }
}

std::vector<StoreHealth> MemoryBroker::stores() const { return {{.name = "memory"}}; }

void MemoryBroker::forget_old() {
  const std::uint64_t now = loop_.now_ms();
  const std::uint64_t ids_until =
      now > settings_.idempotency_ttl_ms ? now - settings_.idempotency_ttl_ms : 0;
  for (auto entry = logs_.begin(); entry != logs_.end();) {
    Log& old = entry->second;
    if (old.kept) old.kept->message_ids.forget_until(static_cast<std::int64_t>(ids_until));
    // A channel that was only asked for has nothing to lose but its epoch.
    const std::uint64_t ttl_ms = old.top == 0 ? kEmptyChannelMs : settings_.history_ttl_ms;
    const bool is_gone = !old.is_subscribed && old.touched_ms + ttl_ms <= now;
    while (is_gone && old.kept && !old.kept->publications.empty()) drop_oldest(old);
    entry = is_gone ? logs_.erase(entry) : std::next(entry);
  }
}

}  // namespace chirm
