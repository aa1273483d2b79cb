// SPDX-License-Identifier: MIT
#pragma once
// What the counters of a struct are called in the metrics: a table beside each struct, which does
// not compile when it lacks a member. Pure.
//
//   struct Counters { std::uint64_t sent = 0; std::uint64_t waiting = 0; };
//   inline constexpr auto kMetrics = std::to_array<Metric<Counters>>({
//       counter(&Counters::sent, "sent_total", "Messages sent"),
//       gauge(&Counters::waiting, "waiting", "Messages that wait"),
//   });
//   static_assert(covers<Counters>(kMetrics));

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chirm {

enum class MetricKind : std::uint8_t {
  kGauge,    // how it is now
  kCounter,  // since the process was started; its name ends in _total
};

// A metric without labels.
template <class Counters>
struct Metric {
  std::uint64_t Counters::*member;
  MetricKind kind;
  const char* name;
  const char* help;
  std::uint64_t divisor = 1;  // of the member's value, rounded down: 1000 makes seconds of ms
};

template <class Counters>
constexpr Metric<Counters> gauge(std::uint64_t Counters::*member, const char* name,
                                 const char* help, std::uint64_t divisor = 1) {
  return {member, MetricKind::kGauge, name, help, divisor};
}
template <class Counters>
constexpr Metric<Counters> counter(std::uint64_t Counters::*member, const char* name,
                                   const char* help) {
  return {member, MetricKind::kCounter, name, help};
}

// A counter for each key of a map; the key is the value of the label.
template <class Counters, class Map>
struct LabelledMetric {
  Map Counters::*member;
  const char* name;
  const char* help;
  const char* label;
};
// GCC does without it, clang before version 17 does not.
template <class Counters, class Map>
LabelledMetric(Map Counters::*, const char*, const char*, const char*)
    -> LabelledMetric<Counters, Map>;

// Whether the table has every member of Counters once, under names that differ. Members of the
// types Others are not in it: maps and histograms, which have entries of their own.
template <class Counters, class... Others, std::size_t kCount>
consteval bool covers(const std::array<Metric<Counters>, kCount>& table) {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (table[i].divisor == 0) return false;
    if (std::string_view(table[i].name).ends_with("_total") !=
        (table[i].kind == MetricKind::kCounter)) {
      return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (table[i].member == table[j].member) return false;
      if (std::string_view(table[i].name) == table[j].name) return false;
    }
  }
  return sizeof(Counters) == kCount * sizeof(std::uint64_t) + (sizeof(Others) + ... + 0);
}

}  // namespace chirm
