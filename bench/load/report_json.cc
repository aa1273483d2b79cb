// SPDX-License-Identifier: MIT
#include "bench/load/report.h"
#include "protocol/json_writer.h"

namespace chirm::load {

namespace {

void add_counts(JsonWriter& json, std::string_view name, const Counts& counts) {
  json.open(name);
  json.add("sent", counts.sent);
  json.add("acked", counts.acked);
  json.add("failed", counts.failed);
  json.add("delivered", counts.delivered);
  json.add("foreign", counts.foreign);
  json.add("resets", counts.resets);
  json.add("missed", counts.missed);
  json.add("out_of_order", counts.out_of_order);
  json.close();
}

void add_latency(JsonWriter& json, std::string_view name, const Histogram& histogram) {
  json.open(name);
  json.add("count", histogram.count());
  json.add("min", histogram.min_us());
  json.add("mean", histogram.mean_us());
  json.add("p50", histogram.percentile_us(50));
  json.add("p90", histogram.percentile_us(90));
  json.add("p99", histogram.percentile_us(99));
  json.add("p99.9", histogram.percentile_us(99.9));
  json.add("p99.99", histogram.percentile_us(99.99));
  json.add("max", histogram.max_us());
  json.close();
}

void add_violations(JsonWriter& json, const Violations& violations) {
  json.open("violations");
  for (const Violations::Kind& kind : Violations::kKinds) {
    json.add(kind.name, violations.*kind.count);
  }
  json.close();
}

void add_group(JsonWriter& json, std::string_view name, const GroupFigures& group) {
  json.open(name);
  add_counts(json, "measured", group.measured);
  add_counts(json, "all", group.all);
  json.add("owed", group.owed());
  add_latency(json, "delivery_us", group.delivery);
  add_latency(json, "ack_us", group.ack);
  add_violations(json, group.violations);
  json.close();
}

void add_settings(JsonWriter& json, const Settings& settings) {
  json.open("settings");
  std::string urls;
  for (const client::Url& url : settings.urls) urls += (urls.empty() ? "" : " ") + url.text();
  json.add("url", urls);
  json.add("clients", settings.clients);
  json.add("rooms", settings.rooms);
  json.add("publishers", settings.publishers);
  json.add("rate", settings.rate);
  json.add("window", settings.window);
  json.add("payload_bytes", settings.payload_bytes);
  json.add("idle", settings.is_idle);
  json.add("churn", settings.churn);
  json.add("vanish", settings.vanish);
  json.add("stall", settings.stall);
  json.add("stall_s", settings.stall_s);
  json.add("allow_resets", settings.allows_resets);
  json.add("probe_rooms", settings.probe_rooms);
  json.add("probe_rate", settings.probe_rate);
  json.add("workers", settings.workers);
  json.add("ramp_s", settings.ramp_s);
  json.add("warmup_s", settings.warmup_s);
  json.add("duration_s", settings.duration_s);
  json.add("seed", settings.seed);
  json.close();
}

void add_connections(JsonWriter& json, const Report& report, const Settings& settings) {
  const Figures& figures = report.total.figures;
  json.open("connections");
  json.add("joined", figures.progress.joined);
  json.add("never_joined", report.never_joined(settings));
  json.add("per_s", report.connects_per_s());
  add_latency(json, "joining_us", report.total.joining);
  json.add("failures", figures.progress.failures);
  json.add("last_failure", std::string_view(figures.progress.trouble.data()));
  json.add("reconnects", figures.reconnects);
  json.add("recovered", figures.recovered);
  json.add("tls", figures.tls_connections);
  json.add("tls13", figures.tls13_connections);
  json.add("tls_resumed", figures.tls_resumed);
  json.add("resubscribed", figures.resubscribed);
  json.add("gone_for_good", figures.unsubscribed);
  json.add("away", figures.away);
  json.add("vanished", figures.vanished);
  json.add("stalled", figures.stalled);
  json.add("stalled_behind", figures.behind);
  add_latency(json, "recovering_us", report.total.recovering);
  add_latency(json, "catching_up_us", report.total.catching_up);
  json.close();
}

void add_server(JsonWriter& json, const Report& report) {
  if (!report.server) return;
  json.open("server");
  json.add("cpu_s", report.server_cpu_s());
  json.add("deliveries_per_cpu_s", report.deliveries_per_server_cpu_s());
  json.add("cpu_us_per_delivery", report.server_cpu_us_per_delivery());
  json.add("rss_kib_empty", report.server->empty.rss_kib);
  json.add("rss_kib_connected", report.server->connected.rss_kib);
  json.add("rss_kib_end", report.server->to.rss_kib);
  json.add("rss_kib_per_connection", report.rss_kib_per_connection());
  json.add("connect_cpu_s", report.server->connected.cpu_s - report.server->empty.cpu_s);
  json.close();
}

}  // namespace

std::string to_json(const Report& report, const Settings& settings) {
  JsonWriter json(JsonWriter::Layout::kLines);
  json.open();
  json.add("ok", report.is_good(settings));
  json.add("interrupted", report.is_interrupted);
  add_settings(json, settings);
  add_connections(json, report, settings);
  json.add("measured_s", report.measured_s());
  json.add("deliveries_per_s", report.deliveries_per_s());
  json.add("violations", report.violations());
  json.add("resets", report.counts().resets);
  json.add("missed", report.counts().missed);
  json.add("unanswered", report.total.figures.unanswered);
  json.add("resent", report.total.figures.resent);
  json.add("last_refusal", std::string_view(report.total.figures.refusal.data()));
  add_server(json, report);
  json.open("generator");
  json.add("cpu_s", static_cast<double>(report.total.figures.cpu_us) / 1e6);
  json.add("unsent", report.total.figures.unsent);
  add_latency(json, "late_us", report.total.lateness);
  json.close();
  add_group(json, "load", report.total.load);
  if (settings.probe_rooms > 0) add_group(json, "probe", report.total.probe);
  json.close();
  return json.take();
}

}  // namespace chirm::load
