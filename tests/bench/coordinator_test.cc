// SPDX-License-Identifier: MIT
#include "bench/load/coordinator.h"

#include <gmock/gmock.h>

namespace chirm::load {
namespace {

Tip tip(std::uint32_t room, std::uint64_t end, std::uint64_t digest) {
  return {.room = room, .epoch = 1, .first = 1, .end = end, .known = end - 1, .digest = digest};
}

TEST(Coordinator, FindsWorkersThatSawDifferentMessages) {
  EXPECT_EQ(compare_tips({tip(0, 5, 7), tip(1, 5, 8), tip(0, 5, 7)}).total(), 0U);
  EXPECT_EQ(compare_tips({tip(0, 5, 7), tip(0, 5, 9)}).forked, 1U);
}

TEST(Coordinator, ComparesOnlyTheSameLifeOfARoom) {
  Tip other_epoch = tip(0, 5, 9);
  other_epoch.epoch = 2;
  Tip other_start = tip(0, 5, 10);
  other_start.first = 3;
  EXPECT_EQ(compare_tips({tip(0, 5, 7), other_epoch, other_start}).total(), 0U);
}

TEST(Coordinator, OwesWhatAnyWorkerSaw) {
  const auto furthest = furthest_tips({tip(0, 5, 7), tip(0, 9, 7), tip(1, 3, 7), tip(0, 8, 7)});
  ASSERT_EQ(furthest.size(), 2U);
  EXPECT_EQ(furthest[0].end, 9U);
  EXPECT_EQ(furthest[1].end, 3U);
}

TEST(Coordinator, KnowsWhichEpochAnyWorkerWasToldLast) {
  Tip told_late = tip(0, 3, 7);
  told_late.named_us = 50;
  Tip told_early = tip(0, 9, 7);
  told_early.named_us = 40;
  const auto furthest = furthest_tips({told_late, told_early});
  ASSERT_EQ(furthest.size(), 1U);
  EXPECT_EQ(furthest[0].end, 9U);
  EXPECT_EQ(furthest[0].named_us, 50U);
}

TEST(Coordinator, PutsResultsTogetherAfterTheirTrip) {
  Result one;
  one.figures.progress.joined = 3;
  one.figures.measured_from_us = 1'000'000;
  one.figures.measured_to_us = 3'000'000;
  one.load.measured.delivered = 100;
  one.load.violations.lost = 2;
  one.load.delivery.record(40);
  one.tips.push_back(tip(0, 5, 7));
  Report report;
  add_result(report.total, Result::unpack(one.pack()));
  add_result(report.total, Result::unpack(one.pack()));
  EXPECT_EQ(report.total.figures.progress.joined, 6U);
  EXPECT_EQ(report.measured_s(), 2);
  EXPECT_EQ(report.deliveries_per_s(), 100);
  EXPECT_EQ(report.violations(), 4U);
  EXPECT_EQ(report.total.load.delivery.count(), 2U);
  EXPECT_EQ(report.total.tips.size(), 2U);
}

TEST(Report, IsNotGoodWhenNothingCouldBeVerified) {
  Settings settings;
  settings.clients = 1;
  Report report;
  report.total.figures.progress.joined = 1;
  EXPECT_TRUE(report.is_good(settings));  // idle
  report.total.load.all.sent = report.total.load.all.failed = 9;
  EXPECT_FALSE(report.is_good(settings));
  report.total.load.all.acked = 1;
  EXPECT_TRUE(report.is_good(settings));
  report.total.figures.away = 1;
  EXPECT_FALSE(report.is_good(settings));
  report.total.figures.away = 0;
  report.total.figures.unanswered = 1;
  EXPECT_FALSE(report.is_good(settings));
}

TEST(Report, IsNotGoodAfterAResetUnlessItWasToBeExpected) {
  Settings settings;
  settings.clients = 1;
  Result result;
  result.figures.progress.joined = 1;
  result.load.all.acked = 1;
  result.probe.all.resets = 1;
  result.probe.all.missed = 3;
  Report report;
  add_result(report.total, Result::unpack(result.pack()));
  EXPECT_EQ(report.violations(), 0U);
  EXPECT_FALSE(report.is_good(settings));
  EXPECT_TRUE(to_text(report, settings).find("1 resets, 3 publications missed") !=
              std::string::npos);
  EXPECT_TRUE(to_json(report, settings).find("\"missed\": 3") != std::string::npos);
  settings.allows_resets = true;
  EXPECT_TRUE(report.is_good(settings));
  EXPECT_EQ(to_text(report, settings).find("not good"), std::string::npos);
}

}  // namespace
}  // namespace chirm::load
