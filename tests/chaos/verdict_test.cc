// SPDX-License-Identifier: MIT
#include "tests/chaos/verdict.h"

#include <gmock/gmock.h>

namespace chirm::chaos {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kSecondUs = 1'000'000;

FaultRecord fault(std::string name, std::uint64_t at_s) {
  return {.name = std::move(name),
          .begin_us = at_s * kSecondUs,
          .end_us = (at_s + 1) * kSecondUs,
          .what = "node 1",
          .trace = "seen"};
}

FaultRecord wipe(std::uint64_t at_s) {
  FaultRecord record = fault("wipe-redis", at_s);
  record.loses_store = true;
  return record;
}

FaultRecord kill(std::uint64_t at_s) {
  FaultRecord record = fault("kill-node", at_s);
  record.kills_node = true;
  return record;
}

std::string violation(const std::string& kind, std::uint64_t at_s, std::uint64_t due_s,
                      std::uint64_t acked_s) {
  return R"({"event":"violation","at_us":)" + std::to_string(at_s * kSecondUs) + R"(,"kind":")" +
         kind + R"(","count":1,"channel":"room:x","epoch":"e","offset":9,"due_us":)" +
         std::to_string(due_s * kSecondUs) + R"(,"acked_us":)" +
         std::to_string(acked_s * kSecondUs) + "}\n";
}

std::string reset(std::uint64_t at_s) {
  return R"({"event":"reset","at_us":)" + std::to_string(at_s * kSecondUs) +
         R"(,"channel":"room:x","epoch":"e","offset":9})" + "\n";
}

std::string outage(std::uint64_t gone_us, std::uint64_t caught_up_us) {
  return R"({"event":"outage","at_us":1,"client":1,"gone_us":)" + std::to_string(gone_us) +
         R"(,"back_us":1,"caught_up_us":)" + std::to_string(caught_up_us) +
         R"(,"recovered":true})" + "\n";
}

class VerdictTest : public ::testing::Test {
 protected:
  std::vector<std::string> complaints(const std::vector<FaultRecord>& faults) {
    return judge(report_, journal_, faults, {}).complaints;
  }
  void happened(const std::string& kind, const std::string& line) {
    ++report_.violations[kind];
    journal_.read(line);
  }

  LoadReport report_ = [] {
    LoadReport report;
    report.delivered = 100;
    return report;
  }();
  LoadJournal journal_{""};
};

TEST_F(VerdictTest, IsGoodWhenNothingHappened) { EXPECT_THAT(complaints({kill(5)}), IsEmpty()); }

TEST_F(VerdictTest, IsNotGoodAfterAnyViolation) {
  report_.violations["lost"] = 2;
  EXPECT_THAT(complaints({kill(5), wipe(7)}), ElementsAre("2 lost"));
}

TEST_F(VerdictTest, IsNotGoodWhenAFaultHadNoEffect) {
  FaultRecord idle = kill(5);
  idle.trace.clear();
  EXPECT_THAT(complaints({idle, kill(9)}),
              ElementsAre("the fault had no effect: kill-node, node 1"));
}

TEST_F(VerdictTest, IsNotGoodWhenNothingWasVerified) {
  report_.delivered = 0;
  EXPECT_THAT(complaints({}), ElementsAre("nothing was delivered"));
  EXPECT_FALSE(judge(std::nullopt, journal_, {}, {}).is_good());
}

TEST_F(VerdictTest, IsNotGoodWhenClientsStayAwayOrMessagesAreRefused) {
  report_.away = 1;
  report_.failed = 2;
  EXPECT_THAT(complaints({}),
              ElementsAre("1 clients did not come back", "2 messages were refused for good"));
}

TEST_F(VerdictTest, ExcusesWhatAStoreThatLostSomethingCannotHelp) {
  happened("acked_lost", violation("acked_lost", 90, 10, 10));
  happened("stored_twice", violation("stored_twice", 12, 9, 0));
  report_.resets = 1;
  journal_.read(reset(12));
  EXPECT_THAT(complaints({wipe(11)}), IsEmpty());
  EXPECT_EQ(complaints({kill(11)}).size(), 3);
  const Verdict verdict = judge(report_, journal_, {wipe(11)}, {});
  EXPECT_EQ(verdict.excused, 2);
  EXPECT_EQ(verdict.resets, 1);
}

TEST_F(VerdictTest, ExcusesNothingThatWasBeforeTheLossOrLongAfterIt) {
  happened("stored_twice", violation("stored_twice", 5, 4, 0));
  happened("acked_lost", violation("acked_lost", 300, 200, 200));
  report_.resets = 2;
  journal_.read(reset(5) + reset(200));
  EXPECT_THAT(complaints({wipe(100)}),
              ElementsAre("1 acked_lost", "2 recovered:false without cause", "1 stored_twice"));
}

TEST_F(VerdictTest, NeverExcusesWhatIsHidden) {
  for (const char* kind : {"lost", "duplicated", "reordered", "altered", "false_recovered"}) {
    happened(kind, violation(kind, 12, 11, 0));
  }
  EXPECT_EQ(complaints({wipe(11)}).size(), 5);
}

TEST_F(VerdictTest, CountsAsLostTimeWhatTheClientsOfAKilledNodeTook) {
  journal_.read(outage(5'010'000, 5'100'000) + outage(5'020'000, 5'900'000) +
                outage(7'000'000, 9'000'000));  // this one was not on the node
  const Verdict verdict = judge(report_, journal_, {kill(5)}, {});
  EXPECT_EQ(verdict.node_kills, 1);
  EXPECT_EQ(verdict.caught_up.count, 2);
  EXPECT_EQ(verdict.caught_up.p50_ms, 100);
  EXPECT_EQ(verdict.caught_up.max_ms, 900);
}

TEST_F(VerdictTest, KnowsTheReportOfChirmLoad) {
  const auto report = LoadReport::parse(
      R"({"connections":{"away":3},"load":{"all":{"delivered":7},"violations":{"lost":2}}})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->violations.at("lost"), 2);
  EXPECT_EQ(report->delivered, 7);
  EXPECT_EQ(report->away, 3);
  EXPECT_EQ(LoadReport::parse(""), std::nullopt);
}

}  // namespace
}  // namespace chirm::chaos
