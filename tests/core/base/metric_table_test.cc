// SPDX-License-Identifier: MIT
#include "core/base/metric_table.h"

#include <gtest/gtest.h>

#include <map>

namespace chirm {
namespace {

struct TwoCounters {
  std::uint64_t sent = 0;
  std::uint64_t waiting = 0;
};
struct CountersWithAMap {
  std::uint64_t sent = 0;
  std::map<int, std::uint64_t> by_code;
};

constexpr auto kSent = counter(&TwoCounters::sent, "sent_total", "Sent");
constexpr auto kWaiting = gauge(&TwoCounters::waiting, "waiting", "Wait");

template <class Counters, class... Metrics>
consteval auto table(Metrics... metrics) {
  return std::array<Metric<Counters>, sizeof...(Metrics)>{metrics...};
}

TEST(MetricTable, CoversAStructWhenItHasEachMemberOnce) {
  EXPECT_TRUE((covers<TwoCounters>(table<TwoCounters>(kSent, kWaiting))));
  EXPECT_FALSE((covers<TwoCounters>(table<TwoCounters>(kSent))));
  EXPECT_FALSE((covers<TwoCounters>(
      table<TwoCounters>(kSent, counter(&TwoCounters::sent, "again_total", "Sent")))));
}

TEST(MetricTable, LeavesOutMembersOfOtherTypesOnlyWhereTheyAreNamed) {
  constexpr auto kTable =
      table<CountersWithAMap>(counter(&CountersWithAMap::sent, "sent_total", ""));
  EXPECT_FALSE((covers<CountersWithAMap>(kTable)));
  EXPECT_TRUE((covers<CountersWithAMap, std::map<int, std::uint64_t>>(kTable)));
}

TEST(MetricTable, WantsNamesThatDifferAndTellCountersFromGauges) {
  EXPECT_FALSE((covers<TwoCounters>(
      table<TwoCounters>(kSent, counter(&TwoCounters::waiting, "sent_total", "")))));
  EXPECT_FALSE((covers<TwoCounters>(
      table<TwoCounters>(kSent, counter(&TwoCounters::waiting, "waiting", "")))));
  EXPECT_FALSE((covers<TwoCounters>(
      table<TwoCounters>(kSent, gauge(&TwoCounters::waiting, "waiting_total", "")))));
}

}  // namespace
}  // namespace chirm
