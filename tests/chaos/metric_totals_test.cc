// SPDX-License-Identifier: MIT
#include "tests/chaos/metric_totals.h"

#include <gmock/gmock.h>

namespace chirm::chaos {
namespace {

TEST(MetricTotals, KeepWhatAProcessCountedThatEnded) {
  MetricTotals totals(2);
  totals.update(0, "# HELP a_total x\na_total 3\nsessions 9\n");
  totals.update(1, "a_total 10\n");
  totals.update(0, "a_total 5\n");
  totals.update(1, "");
  EXPECT_EQ(totals.total("a_total"), 15);
  totals.retire(0);
  EXPECT_EQ(totals.total("a_total"), 15);
  totals.update(0, "a_total 1\n");
  EXPECT_EQ(totals.total("a_total"), 16);
  EXPECT_EQ(totals.total("sessions"), 0);
}

TEST(MetricTotals, SumOverLabels) {
  MetricTotals totals(1);
  totals.update(0, "closed_total{code=\"3001\"} 3\nclosed_total{code=\"3012\"} 4\n");
  EXPECT_EQ(totals.total("closed_total"), 7);
  EXPECT_EQ(totals.total("closed_total{code=\"3012\"}"), 4);
}

}  // namespace
}  // namespace chirm::chaos
