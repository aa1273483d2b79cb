// SPDX-License-Identifier: MIT
#include "core/broker/memory/memory_logs.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {

constexpr std::size_t kEpochLength = 8;

// What a publication takes: its body, its place in the log, and what the allocator adds.
std::size_t bytes_of(const Publication& publication) {
  return publication.body.size() + sizeof(Publication) + 16;
}

}  // namespace

MemoryLogs::Log& MemoryLogs::find_or_create(std::string_view channel, std::uint64_t now_ms) {
  auto [entry, is_new] = logs_.try_emplace(std::string(channel));
  if (is_new) entry->second.epoch = random_.name(kEpochLength);
  entry->second.touched_ms = now_ms;
  return entry->second;
}

MemoryLogs::Log* MemoryLogs::find(std::string_view channel) {
  const auto found = logs_.find(std::string(channel));
  return found == logs_.end() ? nullptr : &found->second;
}

MemoryLogs::Appended MemoryLogs::append(Log& log, std::string_view message_key, std::string body,
                                        std::uint64_t now_ms) {
  if (!log.kept) log.kept = std::make_unique<Kept>();
  Kept& kept = *log.kept;
  if (!message_key.empty()) {
    std::string key(message_key);
    if (const auto first = kept.message_ids.find(key)) return {*first, nullptr};
    kept.message_ids.add(std::move(key), log.top + 1, static_cast<std::int64_t>(now_ms));
  }
  kept.published_ms = now_ms;
  const std::uint64_t offset = ++log.top;
  const Publication& added = kept.publications.emplace_back(Publication{offset, std::move(body)});
  stored_bytes_ += bytes_of(added);
  by_use_.push_back(log);  // moves it to the end: it was used last
  return {offset, &added.body};
}

void MemoryLogs::bound(Log& log) {
  if (log.kept && log.kept->publications.size() > settings_.history_size) {
    drop_oldest(log);
    if (log.kept->publications.empty()) log.unlink();
  }
  // That of the channel which was silent longest goes first, down to its last one if need be.
  while (stored_bytes_ > settings_.memory_bytes_max) {
    Log& oldest = *by_use_.front();
    drop_oldest(oldest);
    if (oldest.kept->publications.empty()) oldest.unlink();
  }
}

Rewritten MemoryLogs::rewrite(Log& log, std::uint64_t offset, std::string_view expected,
                              std::string body) {
  Publication* const publication = find_publication(log, offset);
  if (publication == nullptr) return Rewritten::kGone;
  if (!expected.empty() && expected != publication->body) return Rewritten::kChanged;
  stored_bytes_ -= bytes_of(*publication);
  publication->body = std::move(body);
  stored_bytes_ += bytes_of(*publication);
  return Rewritten::kDone;
}

Publication* MemoryLogs::find_publication(Log& log, std::uint64_t offset) {
  if (!log.kept || offset > log.top) return nullptr;
  auto& all = log.kept->publications;
  const std::uint64_t first = log.top - all.size() + 1;
  return offset < first ? nullptr : &all[offset - first];
}

void MemoryLogs::drop_oldest(Log& log) {
  stored_bytes_ -= bytes_of(log.kept->publications.front());
  log.kept->publications.pop_front();
}

History MemoryLogs::read(const Log& log, const HistoryRequest& request) const {
  History result{log.position(), {}};
  static const std::deque<Publication> kNone;
  const auto& all = log.kept ? log.kept->publications : kNone;
  std::size_t bytes_left = request.bytes_max;
  // Offsets in the log have no holes, so a place follows from an offset.
  const std::uint64_t first = log.top - all.size() + 1;
  const auto add = [&](std::uint64_t offset) {
    const Publication& one = result.publications.emplace_back(all[offset - first]);
    bytes_left -= std::min(bytes_left, one.body.size());
  };
  const auto has_room = [&] {
    return result.publications.size() < request.limit && bytes_left > 0;
  };
  if (request.reverse) {
    const std::uint64_t end =
        request.since == 0 ? log.top + 1 : std::min(request.since, log.top + 1);
    for (std::uint64_t at = end; at > first && has_room(); --at) add(at - 1);
  } else {
    const std::uint64_t begin = std::max(request.since + 1, first);
    for (std::uint64_t at = begin; at <= log.top && has_room(); ++at) add(at);
  }
  return result;
}

// A channel that is subscribed keeps its numbering, however silent it is: its subscribers stand in
// it.
void MemoryLogs::forget_old(std::uint64_t now_ms) {
  const std::uint64_t ids_until =
      now_ms > settings_.idempotency_ttl_ms ? now_ms - settings_.idempotency_ttl_ms : 0;
  for (auto entry = logs_.begin(); entry != logs_.end();) {
    Log& log = entry->second;
    if (log.kept) log.kept->message_ids.forget_until(static_cast<std::int64_t>(ids_until));
    if (log.kept && log.kept->published_ms + settings_.history_ttl_ms <= now_ms) drop_all(log);
    const std::uint64_t ttl_ms =
        log.top == 0 ? kEmptyChannelMs
                     : std::max(settings_.history_ttl_ms, BrokerSettings::kNumberingMs);
    const bool is_gone = !log.is_subscribed && log.touched_ms + ttl_ms <= now_ms;
    entry = is_gone ? logs_.erase(entry) : std::next(entry);
  }
}

void MemoryLogs::drop_all(Log& log) {
  while (!log.kept->publications.empty()) drop_oldest(log);
  log.unlink();
}

void MemoryLogs::check() const {
  checked_.visit(logs_, [this](const auto& one) { check(one.first, one.second); });
  CHIRM_CHECK(stored_bytes_ <= settings_.memory_bytes_max, stored_bytes_);
  CHIRM_CHECK(by_use_.empty() == (stored_bytes_ == 0), stored_bytes_);
}

void MemoryLogs::check(std::string_view channel, const Log& log) const {
  CHIRM_CHECK(!log.epoch.empty(), channel);
  CHIRM_CHECK(log.kept || log.top == 0, channel, log.top);
  const bool has_any = log.kept && !log.kept->publications.empty();
  CHIRM_CHECK(log.is_linked() == has_any, channel, has_any);
  if (!log.kept) return;
  log.kept->message_ids.check();
  if (!has_any) return;
  const auto& all = log.kept->publications;
  CHIRM_CHECK(all.size() <= settings_.history_size, channel, all.size());
  // The ends are enough: nothing is ever put between two.
  CHIRM_CHECK(all.back().offset == log.top, channel, all.back().offset, log.top);
  CHIRM_CHECK(all.front().offset == log.top - all.size() + 1, channel, all.front().offset, log.top,
              all.size());
}

}  // namespace chirm
