// SPDX-License-Identifier: MIT
#include "core/server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/audit/audit_counters.h"
#include "core/base/durations.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/chat/chat_counters.h"
#include "core/limits/limit_counters.h"
#include "core/loop/loop.h"
#include "core/server/server_counters.h"

namespace chirm {

namespace {

using prometheus::MetricType;

class Families {
 public:
  // A metric for each of the table, without labels.
  template <class Counters, std::size_t kCount>
  void add(const Counters& counters, const std::array<Metric<Counters>, kCount>& table) {
    for (const Metric<Counters>& metric : table) {
      const bool is_gauge = metric.kind == MetricKind::kGauge;
      const auto type = is_gauge ? MetricType::Gauge : MetricType::Counter;
      add_family(metric.name, metric.help, type);
      add_metric(counters.*metric.member / metric.divisor);
    }
  }
  // A counter for each key.
  template <class Counters, class Map>
  void add(const Counters& counters, const LabelledMetric<Counters, Map>& metric) {
    add_family(metric.name, metric.help, MetricType::Counter);
    for (const auto& [key, value] : counters.*metric.member) {
      add_metric(value, metric.label, text_of(key));
    }
  }
  // A gauge for each store.
  void add_gauges(const char* name, const char* help,
                  const std::map<std::string, double>& by_store) {
    add_family(name, help, MetricType::Gauge);
    for (const auto& [store, value] : by_store) add_metric(value, "store", store);
  }
  // Few buckets of those that Durations has, each twice as wide as the one before: a scraper keeps
  // every one of them as a series of its own.
  void add_histogram(const char* name, const char* help, const Durations& durations) {
    add_family(name, help, MetricType::Histogram);
    auto& to = families_.back().metric.emplace_back().histogram;
    to.sample_count = durations.count();
    to.sample_sum = static_cast<double>(durations.sum_us()) / 1e6;
    for (std::uint64_t us = 64; us <= std::uint64_t{1} << 24; us *= 2) {
      to.bucket.push_back({durations.shorter_than(us), static_cast<double>(us) / 1e6});
    }
    to.bucket.push_back({durations.count(), std::numeric_limits<double>::infinity()});
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  static const std::string& text_of(const std::string& key) { return key; }
  static std::string text_of(int code) { return std::to_string(code); }

  void add_family(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
  }
  // Of the newest family.
  template <class Number>
  prometheus::ClientMetric& add_metric(Number value) {
    prometheus::MetricFamily& family = families_.back();
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    (family.type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) =
        static_cast<double>(value);
    return metric;
  }
  template <class Number>
  void add_metric(Number value, const char* label, std::string label_value) {
    add_metric(value).label.push_back({label, std::move(label_value)});
  }

  std::vector<prometheus::MetricFamily> families_;
};

void add_stores(Families& out, const std::vector<StoreHealth>& stores) {
  std::map<std::string, double> ready;
  std::map<std::string, double> away;
  std::map<std::string, double> ages;
  std::map<std::string, double> round_trips;
  for (const StoreHealth& store : stores) {
    ready[store.name] = store.health == Health::kReady ? 1 : 0;
    away[store.name] = store.health == Health::kAway ? 1 : 0;
    // A store within this process is not probed, and 0 s would say more than is known.
    if (!store.probe) continue;
    ages[store.name] = static_cast<double>(store.probe->age_ms) / 1e3;
    round_trips[store.name] = static_cast<double>(store.probe->round_trip_us) / 1e6;
  }
  out.add_gauges("chirm_broker_ready", "1 while delivery through the store is proven", ready);
  out.add_gauges("chirm_broker_away", "1 while the store can do nothing", away);
  out.add_gauges("chirm_broker_probe_age_seconds", "Since the newest probe that came back was sent",
                 ages);
  out.add_gauges("chirm_broker_probe_round_trip_seconds", "Time that the newest probe took",
                 round_trips);
}

}  // namespace

std::string Metrics::text() const {
  Families out;
  out.add(server_, kServerMetrics);
  out.add(server_, kServerResponses);

  out.add(chat_, kChatMetrics);
  out.add(chat_, kChatDisconnects);
  out.add(chat_, kChatErrors);
  out.add(limits_, kLimitMetrics);
  out.add(limits_, kLimitRefusals);
  out.add(audit_, kAuditMetrics);
  out.add_histogram("chirm_delivery_seconds",
                    "From a publication's arrival at this node to its write to a subscriber",
                    chat_.delivery);
  out.add_histogram("chirm_turn_seconds",
                    "Time between the loop's sleeps, in which other events have waited",
                    loop_.turns());

  if (accounts_ != nullptr) {
    const AccountCounters accounts = accounts_->counters();
    out.add(accounts, kAccountLogIns);
    out.add(accounts, kAccountMetrics);
  }
  add_stores(out, broker_.stores());
  out.add(broker_.counters(), kBrokerMetrics);
  return out.text();
}

}  // namespace chirm
