// SPDX-License-Identifier: MIT
#pragma once
// What a node tells the others of itself each second. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm {

// 14 plain values, each a member of the JSON object.
struct NodeStatistics {
  struct Percentiles {  // of the last ten seconds
    std::uint64_t p50_us = 0;
    std::uint64_t p99_us = 0;
  };

  std::string node;  // its name
  std::string version;
  std::uint64_t uptime_s = 0;
  std::uint64_t connections = 0;
  std::uint64_t users = 0;
  std::uint64_t channels = 0;  // that it follows
  std::uint64_t subscriptions = 0;
  std::uint64_t published = 0;  // since the node was started
  std::uint64_t delivered = 0;  // since the node was started
  Percentiles delivery;
  Percentiles loop_lag;
  std::uint64_t slow_readers = 0;
  std::uint64_t memory_bytes = 0;  // resident
  std::uint64_t cpu_ms = 0;        // since the node was started

  // As in `admin.nodes`.
  std::string json() const;
  // nullopt for what is not of json().
  static std::optional<NodeStatistics> parse(std::string_view json);
};

}  // namespace chirm
