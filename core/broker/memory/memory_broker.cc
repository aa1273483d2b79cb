// SPDX-License-Identifier: MIT
#include "core/broker/memory/memory_broker.h"

#include <utility>

#include "core/base/check.h"
#include "core/base/random.h"
#include "core/broker/history_search.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
constexpr std::uint64_t kRetentionPeriodMs = 10'000;
}  // namespace

MemoryBroker::MemoryBroker(Loop& loop, const BrokerSettings& settings)
    : loop_(loop),
      settings_(settings),
      documents_(loop),
      nodes_(loop),
      logs_(settings, Random()),
      retention_timer_(loop, [this] { logs_.forget_old(now_ms()); }) {
  retention_timer_.start_repeating(kRetentionPeriodMs);
}

// Without pauses of the process: a retry that waited through one is recognised.
std::uint64_t MemoryBroker::now_ms() const { return loop_.now_ms() - loop_.paused_ms(); }

void MemoryBroker::set_listener(BrokerListener& listener) {
  CHIRM_CHECK(listener_ == nullptr);
  listener_ = &listener;
}

// No call calls back before it has returned, nor changes a log: all wait for the end of the turn,
// in order.
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
  deferred_.push_back(
      [this, channel = std::string(request.channel),
       key = message_key(request.user, request.message_id), body = std::string(request.body),
       done = std::move(done)]() mutable { append(channel, key, std::move(body), done); });
}

void MemoryBroker::append(std::string_view channel, const std::string& message_key,
                          std::string body, const Callback<Position>& done) {
  const std::uint64_t now = now_ms();
  MemoryLogs::Log& log = logs_.find_or_create(channel, now);
  const MemoryLogs::Appended added = logs_.append(log, message_key, std::move(body), now);
  if (added.body == nullptr) {
    ++counters_.duplicates;
  } else {
    ++counters_.published;
    if (log.is_subscribed) {
      listener_->on_publication(channel, added.offset, log.epoch, *added.body);
    }
    logs_.bound(log);  // may drop the body that was just delivered
  }
  done(Position{added.offset, log.epoch});
}

void MemoryBroker::signal(std::string_view channel, std::string_view body) {
  deferred_.push_back([this, name = std::string(channel), body = std::string(body)] {
    const MemoryLogs::Log* const log = logs_.find(name);
    if (log != nullptr && log->is_subscribed) listener_->on_signal(name, body);
  });
}

void MemoryBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  deferred_.push_back([this, channel = std::string(request.channel), offset = request.offset,
                       epoch = std::string(request.epoch), expected = std::string(request.expected),
                       body = std::string(request.body), done = std::move(done)]() mutable {
    MemoryLogs::Log* const log = logs_.find(channel);
    if (log == nullptr || (!epoch.empty() && epoch != log->epoch)) return done(Rewritten::kGone);
    const Rewritten result = logs_.rewrite(*log, offset, expected, body);
    if (result == Rewritten::kDone) {
      if (log->is_subscribed) listener_->on_rewritten(channel, offset, body);
      logs_.bound(*log);
    }
    done(result);
  });
}

void MemoryBroker::subscribe(std::string_view channel, Callback<LogTop> done) {
  deferred_.push_back([this, name = std::string(channel), done = std::move(done)] {
    MemoryLogs::Log& log = logs_.find_or_create(name, now_ms());
    CHIRM_CHECK(!log.is_subscribed, name);
    log.is_subscribed = true;
    done(LogTop(log.position()));
  });
}

void MemoryBroker::unsubscribe(std::string_view channel) {
  deferred_.push_back([this, name = std::string(channel)] {
    if (MemoryLogs::Log* const log = logs_.find(name)) log->is_subscribed = false;
  });
}

void MemoryBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++counters_.histories;
  deferred_.push_back([this, channel = std::string(request.channel), request = request,
                       done = std::move(done)]() mutable {
    request.channel = channel;
    done(logs_.read(logs_.find_or_create(channel, now_ms()), request));
  });
}

void MemoryBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  search_history(*this, request, std::move(done));
}

void MemoryBroker::flush() {
  // What the callbacks queue in turn runs as well: nothing waits for a turn that may not come.
  while (!deferred_.empty()) {
    deferred_bytes_ = 0;  // what is added from now on counts anew
    for (auto& call : std::exchange(deferred_, {})) call();
  }
  if constexpr (kChecksInvariants) logs_.check();
}

std::vector<StoreHealth> MemoryBroker::stores() const { return {{.name = "memory"}}; }

}  // namespace chirm
