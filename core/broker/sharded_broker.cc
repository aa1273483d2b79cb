// SPDX-License-Identifier: MIT
#include "core/broker/sharded_broker.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <iterator>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {

constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325U;
constexpr std::uint64_t kFnvPrime = 0x100000001b3U;

void add_to(BrokerCounters& sum, const BrokerCounters& one) {
  // As an array, so that a counter that is added later cannot be forgotten here.
  using Counts = std::array<std::uint64_t, sizeof(BrokerCounters) / sizeof(std::uint64_t)>;
  auto counts = std::bit_cast<Counts>(sum);
  const auto more = std::bit_cast<Counts>(one);
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += more[i];
  sum = std::bit_cast<BrokerCounters>(counts);
}

std::uint64_t fnv_1a(std::uint64_t hash, std::string_view text) {
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * kFnvPrime;
  return hash;
}

// FNV-1a alone leaves the scores of similar names alike in their high bits.
std::uint64_t mixed(std::uint64_t hash) {
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdU;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53U;
  return hash ^ hash >> 33;
}

std::uint64_t score(std::string_view channel, std::string_view name) {
  using namespace std::string_view_literals;
  return mixed(fnv_1a(fnv_1a(fnv_1a(kFnvBasis, name), "\0"sv), channel));
}

}  // namespace

std::size_t shard_of(std::string_view channel, const std::vector<std::string>& names) {
  std::size_t best = 0;
  std::uint64_t best_score = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::uint64_t its_score = score(channel, names[i]);
    if (its_score <= best_score) continue;
    best = i;
    best_score = its_score;
  }
  return best;
}

std::string shards_digest(std::vector<std::string> names) {
  using namespace std::string_view_literals;
  if (names.size() == 1) return "one";
  std::sort(names.begin(), names.end());
  std::uint64_t hash = kFnvBasis;
  for (const std::string& name : names) hash = fnv_1a(fnv_1a(hash, name), "\0"sv);
  std::array<char, 17> text{};
  (void)std::snprintf(text.data(), text.size(), "%016llx",
                      static_cast<unsigned long long>(mixed(hash)));
  return text.data();
}

ShardedBroker::ShardedBroker(std::vector<Shard> shards)
    : shards_(std::move(shards)),
      documents_(
          all_documents(), [this](auto name) -> auto& { return of(name).documents(); }) {
  CHIRM_CHECK(!shards_.empty());
  for (const Shard& shard : shards_) {
    CHIRM_CHECK(shard.broker != nullptr, shard.name);
    CHIRM_CHECK(std::find(names_.begin(), names_.end(), shard.name) == names_.end(), shard.name);
    names_.push_back(shard.name);
  }
}

std::vector<DocumentStore*> ShardedBroker::all_documents() {
  std::vector<DocumentStore*> all;
  for (const Shard& shard : shards_) all.push_back(&shard.broker->documents());
  return all;
}

Broker& ShardedBroker::of(std::string_view channel) {
  const std::size_t shard = shard_of(channel, names_);
  CHIRM_CHECK(shard < shards_.size(), channel, shard, shards_.size());
  return *shards_[shard].broker;
}

void ShardedBroker::set_listener(BrokerListener& listener) {
  for (const Shard& shard : shards_) shard.broker->set_listener(listener);
}

void ShardedBroker::publish(const PublishRequest& request, Callback<Position> done) {
  of(request.channel).publish(request, std::move(done));
}

void ShardedBroker::signal(std::string_view channel, std::string_view body) {
  of(channel).signal(channel, body);
}

void ShardedBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  of(request.channel).rewrite(request, std::move(done));
}

void ShardedBroker::refuse_waiting() {
  for (const Shard& shard : shards_) shard.broker->refuse_waiting();
}

void ShardedBroker::subscribe(std::string_view channel, Callback<LogTop> done) {
  of(channel).subscribe(channel, std::move(done));
}

void ShardedBroker::unsubscribe(std::string_view channel) { of(channel).unsubscribe(channel); }

void ShardedBroker::history(const HistoryRequest& request, Callback<History> done) {
  of(request.channel).history(request, std::move(done));
}

void ShardedBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  of(request.channel).search(request, std::move(done));
}

void ShardedBroker::flush() {
  for (const Shard& shard : shards_) shard.broker->flush();
}

// All shards in the same state are in that state together. Otherwise some channels can be served,
// so clients stay; but not when a shard is another cluster's, because then this node would look for
// channels where other nodes do not.
Health ShardedBroker::health() const {
  const Health first = shards_.front().broker->health();
  const bool are_alike = std::all_of(shards_.begin(), shards_.end(), [&](const Shard& shard) {
    return shard.broker->health() == first;
  });
  if (are_alike) return first;
  const std::vector<StoreHealth> all = stores();
  const bool is_foreign = std::any_of(all.begin(), all.end(),
                                      [](const StoreHealth& store) { return store.is_foreign; });
  return is_foreign ? Health::kAway : Health::kDegraded;
}

std::vector<StoreHealth> ShardedBroker::stores() const {
  std::vector<StoreHealth> all;
  for (const Shard& shard : shards_) {
    std::vector<StoreHealth> its = shard.broker->stores();
    std::move(its.begin(), its.end(), std::back_inserter(all));
  }
  return all;
}

const BrokerCounters& ShardedBroker::counters() const {
  counters_ = {};
  for (const Shard& shard : shards_) add_to(counters_, shard.broker->counters());
  return counters_;
}

}  // namespace chirm
