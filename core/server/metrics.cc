// SPDX-License-Identifier: MIT
#include "core/server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace chirm {

namespace {

class Families {
 public:
  using Values = std::map<std::string, double>;  // by label

  void gauge(const char* name, const char* help, std::uint64_t value) {
    add(name, help, prometheus::MetricType::Gauge).gauge.value = static_cast<double>(value);
  }
  void counter(const char* name, const char* help, std::uint64_t value) {
    add(name, help, prometheus::MetricType::Counter).counter.value = static_cast<double>(value);
  }
  // A metric for each of the values, labelled with its key.
  template <class Map>
  void gauges(const char* name, const char* help, const char* label, const Map& values) {
    add_each(name, help, prometheus::MetricType::Gauge, label, values);
  }
  template <class Map>
  void counters(const char* name, const char* help, const char* label, const Map& values) {
    add_each(name, help, prometheus::MetricType::Counter, label, values);
  }
  void histogram(const char* name, const char* help, const Durations& durations) {
    auto& to = add(name, help, prometheus::MetricType::Histogram).histogram;
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

  template <class Map>
  void add_each(const char* name, const char* help, prometheus::MetricType type, const char* label,
                const Map& values) {
    families_.push_back({name, help, type, {}});
    for (const auto& [key, value] : values) {
      prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
      metric.label.push_back({label, text_of(key)});
      const bool is_gauge = type == prometheus::MetricType::Gauge;
      (is_gauge ? metric.gauge.value : metric.counter.value) = static_cast<double>(value);
    }
  }
  prometheus::ClientMetric& add(const char* name, const char* help, prometheus::MetricType type) {
    families_.push_back({name, help, type, {prometheus::ClientMetric{}}});
    return families_.back().metric.front();
  }
  std::vector<prometheus::MetricFamily> families_;
};

void add_stores(Families& out, const std::vector<StoreHealth>& stores) {
  Families::Values ready;
  Families::Values away;
  Families::Values ages;
  Families::Values round_trips;
  for (const StoreHealth& store : stores) {
    ready[store.name] = store.health == Health::kReady ? 1 : 0;
    away[store.name] = store.health == Health::kAway ? 1 : 0;
    if (!store.probe) continue;
    ages[store.name] = static_cast<double>(store.probe->age_ms) / 1e3;
    round_trips[store.name] = static_cast<double>(store.probe->round_trip_us) / 1e6;
  }
  out.gauges("chirm_broker_ready", "1 while delivery through the store is proven", "store", ready);
  out.gauges("chirm_broker_away", "1 while the store can do nothing", "store", away);
  out.gauges("chirm_broker_probe_age_seconds", "Since the newest probe that came back was sent",
             "store", ages);
  out.gauges("chirm_broker_probe_round_trip_seconds", "Time that the newest probe took", "store",
             round_trips);
}

void add_accounts(Families& out, const AccountCounters& accounts) {
  out.counters("chirm_log_ins_total", "Names with a password, by how they were answered", "result",
               accounts.log_ins);
  out.gauge("chirm_password_queue", "Passwords that wait to be hashed", accounts.hash_queue);
  out.counter("chirm_sign_ins_opened_total", "Sessions opened, of accounts and guests",
              accounts.sessions_opened);
  out.counter("chirm_sign_ins_refreshed_total", "... gone on with a new refresh token",
              accounts.sessions_refreshed);
  out.counter("chirm_sign_ins_ended_total", "... ended before their time", accounts.sessions_ended);
}

}  // namespace

std::string metrics_text(const ServerCounters& server, const ChatCounters& chat,
                         const BrokerCounters& broker, const std::vector<StoreHealth>& stores,
                         const Durations& turns, const std::optional<AccountCounters>& accounts) {
  Families out;
  out.gauge("chirm_connections", "Open sockets", server.connections);
  out.counter("chirm_connections_accepted_total", "Sockets accepted", server.accepted);
  out.counter("chirm_accept_pauses_total", "Times accepting paused for want of files",
              server.accept_pauses);
  out.counter("chirm_received_bytes_total", "Bytes read from clients", server.bytes_received);
  out.counter("chirm_sent_bytes_total", "Bytes written to clients", server.bytes_sent);
  out.counters("chirm_http_responses_total", "HTTP responses; 101 are upgrades", "status",
               server.responses);

  out.gauge("chirm_sessions", "WebSocket connections", chat.sessions);
  out.gauge("chirm_subscriptions", "Subscriptions of all sessions", chat.subscriptions);
  out.gauge("chirm_channels", "Channels that this node follows", chat.channels);
  out.gauge("chirm_tail_bytes", "Bytes of channels' tails and pages in memory", chat.tail_bytes);
  out.gauge("chirm_page_bytes", "Bytes of history on the way to those before a tail",
            chat.page_bytes);
  out.gauge("chirm_blocked_sessions", "Connections whose socket takes no more at the moment",
            chat.blocked_sessions);
  out.gauge("chirm_behind_tail", "Subscriptions that are behind their channel's tail",
            chat.behind_tail);
  out.gauge("chirm_presence_watched", "Sets of who is there that other nodes tell this one of",
            chat.presence_watched);
  out.gauge("chirm_presence_entries", "... and whom they have told", chat.presence_entries);
  out.counter("chirm_presence_late_total", "Questions who is there answered without some node",
              chat.presence_late);
  out.gauge("chirm_lag_publications_max", "How far behind the slowest subscription is",
            chat.lag_publications_max);
  out.gauge("chirm_blocked_seconds_max", "How long a socket has taken nothing",
            chat.blocked_ms_max / 1000);
  out.counter("chirm_commands_total", "Commands from clients", chat.commands);
  out.counter("chirm_publications_total", "Publications received from the broker",
              chat.publications);
  out.counter("chirm_deliveries_total", "Publications written to subscribers", chat.deliveries);
  out.counter("chirm_writes_total", "Writes to client sockets", chat.writes);
  out.counter("chirm_blocked_writes_total", "Writes that the socket took only in part",
              chat.blocked_writes);
  out.counter("chirm_duplicates_dropped_total", "Publications that arrived twice",
              chat.duplicates_dropped);
  out.counter("chirm_holes_found_total", "Publications missing on arrival", chat.holes_found);
  out.counter("chirm_holes_healed_total", "Missed publications read from the broker",
              chat.holes_healed);
  out.counter("chirm_epoch_changes_total", "Channels whose log started over", chat.epoch_changes);
  out.counter("chirm_fell_off_tail_total", "Slow readers that left their channel's tail",
              chat.fell_off_tail);
  out.counter("chirm_overtaken_total", "Readers told 2500, their place left the history",
              chat.overtaken);
  out.counter("chirm_catch_up_rounds_total", "Walks through a channel's history",
              chat.catch_up_rounds);
  out.counter("chirm_catch_up_pages_total", "Pages of history read in them", chat.catch_up_pages);
  out.counter("chirm_recovered_total", "Subscriptions resumed without a loss", chat.recovered);
  out.counter("chirm_unrecovered_total", "Subscriptions that could not be resumed",
              chat.unrecovered);
  out.counters("chirm_disconnects_total", "Connections closed by code", "code", chat.disconnects);
  out.counters("chirm_errors_total", "Error replies by code", "code", chat.errors);

  out.histogram("chirm_delivery_seconds",
                "From a publication's arrival at this node to its write to a subscriber",
                chat.delivery);
  out.histogram("chirm_turn_seconds",
                "Time between the loop's sleeps, in which other events have waited", turns);

  if (accounts) add_accounts(out, *accounts);
  add_stores(out, stores);
  out.counter("chirm_broker_publishes_total", "Publishes asked for", broker.publishes);
  out.counter("chirm_broker_published_total", "Publications stored", broker.published);
  out.counter("chirm_broker_publish_errors_total", "Publishes refused or given up",
              broker.publish_errors);
  out.counter("chirm_broker_duplicates_total", "Publishes recognised by their message id",
              broker.duplicates);
  out.counter("chirm_broker_histories_total", "Reads of a channel's history", broker.histories);
  out.counter("chirm_broker_history_errors_total", "Reads of history that failed",
              broker.history_errors);
  out.counter("chirm_broker_received_total", "Publications received over the bus", broker.received);
  out.counter("chirm_broker_invalid_received_total", "Bus messages that could not be read",
              broker.invalid_received);
  out.counter("chirm_broker_script_loads_total", "Times scripts were loaded into Redis",
              broker.script_loads);
  out.counter("chirm_broker_link_losses_total", "Links to the broker that were lost",
              broker.link_losses);
  out.counter("chirm_broker_resubscribed_total", "Channels subscribed again after a lost link",
              broker.resubscribed);
  out.counter("chirm_broker_resent_total", "Commands sent again after a lost link", broker.resent);
  out.counter("chirm_broker_digests_total", "Messages that say how far channels have got",
              broker.digests);
  out.counter("chirm_broker_digest_gaps_total", "Channels whose lost last message they showed",
              broker.digest_gaps);
  out.gauge("chirm_broker_leases", "Nodes that each store knows, summed over the stores",
            broker.leases);
  out.counter("chirm_broker_store_lives_total",
              "Times the store was restarted or replaced by another", broker.store_lives);
  out.counter("chirm_broker_suspect_lives_total", "... when it may have lost something for good",
              broker.suspect_lives);
  out.counter("chirm_broker_put_back_total", "Publications given back to a store that lost them",
              broker.put_back);
  out.counter("chirm_broker_put_back_errors_total", "Channels that could not be given back",
              broker.put_back_errors);
  out.counter("chirm_broker_store_epoch_changes_total",
              "Channels of which such a store had another content, or lacked too much",
              broker.store_epoch_changes);
  return out.text();
}

}  // namespace chirm
