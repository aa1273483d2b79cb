// SPDX-License-Identifier: MIT
#include "core/server/admin/node_statistics.h"

#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

void write(JsonWriter& json, std::string_view name, const NodeStatistics::Percentiles& values) {
  json.open(name);
  json.add("p50", values.p50_us);
  json.add("p99", values.p99_us);
  json.close();
}

std::uint64_t read_count(JsonFields& fields, std::string_view name) {
  return fields.number(name, JsonFields::kAny);
}

NodeStatistics::Percentiles read_percentiles(JsonFields& fields, std::string_view name) {
  JsonFields values(fields.raw(name));
  const std::uint64_t p50 = read_count(values, "p50");
  const std::uint64_t p99 = read_count(values, "p99");
  if (!values.is_right()) fields.refuse(name, "percentiles");
  return {p50, p99};
}

}  // namespace

std::string NodeStatistics::json() const {
  JsonWriter json;
  json.open();
  json.add("node", std::string_view(node));
  json.add("version", std::string_view(version));
  json.add("uptime", uptime_s);
  json.add("connections", connections);
  json.add("users", users);
  json.add("channels", channels);
  json.add("subscriptions", subscriptions);
  json.add("published", published);
  json.add("delivered", delivered);
  write(json, "delivery_us", delivery);
  write(json, "loop_lag_us", loop_lag);
  json.add("slow_readers", slow_readers);
  json.add("memory", memory_bytes);
  json.add("cpu_ms", cpu_ms);
  json.close();
  return json.take();
}

// Unknown members are skipped, so that nodes of a newer version, which tell more, can be read while
// a cluster is being upgraded.
std::optional<NodeStatistics> NodeStatistics::parse(std::string_view json) {
  JsonFields fields(json);
  NodeStatistics read;
  read.node = fields.text("node", {1, 1024});
  read.version = fields.text("version", {1, 1024});
  read.uptime_s = read_count(fields, "uptime");
  read.connections = read_count(fields, "connections");
  read.users = read_count(fields, "users");
  read.channels = read_count(fields, "channels");
  read.subscriptions = read_count(fields, "subscriptions");
  read.published = read_count(fields, "published");
  read.delivered = read_count(fields, "delivered");
  read.delivery = read_percentiles(fields, "delivery_us");
  read.loop_lag = read_percentiles(fields, "loop_lag_us");
  read.slow_readers = read_count(fields, "slow_readers");
  read.memory_bytes = read_count(fields, "memory");
  read.cpu_ms = read_count(fields, "cpu_ms");
  return fields.is_right() ? std::optional(read) : std::nullopt;
}

}  // namespace chirm
