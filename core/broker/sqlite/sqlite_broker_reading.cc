// SPDX-License-Identifier: MIT
// How a SqliteBroker reads and searches.
#include <algorithm>
#include <memory>
#include <utility>

#include "core/broker/history_search.h"
#include "core/broker/search_text.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "core/loop/worker.h"

namespace chirm {

void SqliteBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++counters_.histories;
  if (read_history({std::string(request.channel), request.since, request.limit, request.reverse,
                    request.bytes_max},
                   done)) {
    return;
  }
  ++counters_.history_errors;
  deferred_.push_back([done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kInternal)); });
}

// Reads again what may have been read before something was rewritten that is told already.
bool SqliteBroker::read_history(const SqliteStore::Range& range, Callback<History> done) {
  const auto started = std::make_shared<std::uint64_t>(0);
  Reading job = reading<History>([range](SqliteStore& store) { return store.read(range); },
                                 [this, range, started, done](auto history) {
                                   if (*started == rewrites_ || !read_history(range, done)) {
                                     on_history(range, std::move(history), done);
                                   }
                                 });
  job.on_start = [this, started] { *started = rewrites_; };
  return read(std::move(job));
}

void SqliteBroker::on_history(const SqliteStore::Range& range, Expected<History, ErrorCode> history,
                              const Callback<History>& done) {
  if (!history) ++counters_.history_errors;
  if (!history || !history->top.epoch.empty()) return done(std::move(history));
  // The channel does not exist, and only the writer can give it an epoch.
  collect(WriteKind::kLook, range.channel, 0, [done](const Expected<Position, ErrorCode>& top) {
    if (top) return done(History{.top = *top, .publications = {}});
    done(Unexpected<ErrorCode>(top.error()));
  });
  start_writing();
}

bool SqliteBroker::read(Reading reading) {
  if (reads_.size() >= settings_.pending_commands_max) return false;
  reads_.push_back(std::move(reading));
  return true;
}

void SqliteBroker::start_reading() {
  if (is_reading_ || reads_.empty()) return;
  is_reading_ = true;
  Reading reading = std::move(reads_.front());
  reads_.pop_front();
  if (reading.on_start) reading.on_start();
  run_on_worker(
      loop_, [work = std::move(reading.work), store = reader_] { work(*store); },
      [done = std::move(reading.done), weak = self_] {
        if (*weak == nullptr) return;
        (*weak)->is_reading_ = false;
        (*weak)->start_reading();
        done();
      });
}

// Without room for the index the log itself is searched.
void SqliteBroker::index_then_search(const SqliteStore::Search& search,
                                     Callback<SearchResult> done) {
  indexings_.push_back(
      {search.channel, [this, search, done](Expected<bool, Error> has_more) {
         if (has_more && *has_more) return index_then_search(search, done);
         const bool is_admitted =
             has_more && read(reading<SearchResult>(
                             [search](SqliteStore& store) { return store.search(search); }, done));
         if (is_admitted) return;
         std::string query;
         for (const std::string& word : search.words) query += word + " ";
         search_history(
             *this,
             {search.channel, query, search.before, static_cast<std::uint32_t>(search.limit)},
             done);
       }});
}

void SqliteBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  SqliteStore::Search search{std::string(request.channel), folded_words(request.query),
                             request.before,
                             std::clamp<std::size_t>(request.limit, 1, SearchRequest::kLimitMax)};
  if (!search.words.empty()) return index_then_search(search, std::move(done));
  deferred_.push_back(
      [done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kBadRequest)); });
}

}  // namespace chirm
