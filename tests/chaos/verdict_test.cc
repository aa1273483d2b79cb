// SPDX-License-Identifier: MIT
#include "tests/chaos/verdict.h"

#include <gmock/gmock.h>

#include "bench/load/report.h"

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
  record.kind.loses_store = true;
  return record;
}

FaultRecord kill(std::uint64_t at_s) {
  FaultRecord record = fault("kill-node", at_s);
  record.kind.kills_node = record.kind.takes_node = true;
  return record;
}

FaultRecord restart(std::uint64_t at_s) {
  FaultRecord record = fault("kill-redis", at_s);
  record.kind.restarts_store = true;
  return record;
}

std::string violation(const std::string& kind, std::uint64_t at_s, std::uint64_t due_s,
                      std::uint64_t acked_s, const std::string& epoch = "e") {
  return R"({"event":"violation","at_us":)" + std::to_string(at_s * kSecondUs) + R"(,"kind":")" +
         kind + R"(","count":1,"channel":"room:x","epoch":")" + epoch +
         R"(","offset":9,"due_us":)" + std::to_string(due_s * kSecondUs) + R"(,"acked_us":)" +
         std::to_string(acked_s * kSecondUs) + "}\n";
}

std::string reset(std::uint64_t at_s, int offset = 9, std::uint64_t gone_s = 0) {
  return R"({"event":"reset","at_us":)" + std::to_string(at_s * kSecondUs) +
         R"(,"channel":"room:x","epoch":"e","offset":)" + std::to_string(offset) +
         R"(,"gone_us":)" + std::to_string(gone_s * kSecondUs) + "}\n";
}

std::string resubscribed(std::uint64_t at_s) {
  return R"({"event":"resubscribed","at_us":)" + std::to_string(at_s * kSecondUs) +
         R"(,"client":1})" + "\n";
}

std::string outage(std::uint64_t gone_us, std::uint64_t caught_up_us, int client = 1) {
  return R"({"event":"outage","at_us":1,"client":)" + std::to_string(client) + R"(,"gone_us":)" +
         std::to_string(gone_us) + R"(,"back_us":1,"caught_up_us":)" +
         std::to_string(caught_up_us) + R"(,"recovered":true})" + "\n";
}

class VerdictTest : public ::testing::Test {
 protected:
  Verdict judged(const std::vector<FaultRecord>& faults) {
    return judge({report_, journal_, faults, {}, more_, totals_, limits_, history_ttl_s_});
  }
  std::vector<std::string> complaints(const std::vector<FaultRecord>& faults) {
    return judged(faults).complaints;
  }
  void happened(const std::string& kind, const std::string& line) {
    ++report_->violations[kind];
    journal_.read(line);
  }

  std::optional<LoadReport> report_ = [] {
    LoadReport report;
    report.delivered = 100;
    return report;
  }();
  LoadJournal journal_{""};
  std::vector<Violation> more_;
  MetricTotals totals_{1};
  TimeLimits limits_;
  std::uint64_t history_ttl_s_ = 0;
};

TEST_F(VerdictTest, IsGoodWhenNothingHappened) { EXPECT_THAT(complaints({kill(5)}), IsEmpty()); }

TEST_F(VerdictTest, IsNotGoodAfterAnyViolation) {
  report_->violations["lost"] = 2;
  EXPECT_THAT(complaints({kill(5), wipe(7)}), ElementsAre("2 lost"));
}

TEST_F(VerdictTest, IsNotGoodWhenAFaultHadNoEffect) {
  FaultRecord idle = kill(5);
  idle.trace.clear();
  EXPECT_THAT(complaints({idle, kill(9)}),
              ElementsAre("the fault had no effect: kill-node, node 1"));
}

TEST_F(VerdictTest, IsNotGoodWhenNothingWasVerified) {
  report_->delivered = 0;
  EXPECT_THAT(complaints({}), ElementsAre("nothing was delivered"));
  report_.reset();
  EXPECT_THAT(complaints({}), ElementsAre("chirm-load gave no whole report"));
}

TEST_F(VerdictTest, IsNotGoodWhenClientsStayAwayOrMessagesAreRefused) {
  report_->away = 1;
  report_->failed = 2;
  EXPECT_THAT(complaints({}),
              ElementsAre("1 clients did not come back", "2 messages were refused for good"));
}

// The wipe lasts from 11 to 12.
TEST_F(VerdictTest, ExcusesWhatAStoreThatLostSomethingCannotHelp) {
  happened("acked_lost", violation("acked_lost", 90, 10, 10));
  happened("stored_twice", violation("stored_twice", 12, 9, 0));
  report_->resets = report_->resubscribed = 1;
  journal_.read(reset(12) + resubscribed(12));
  EXPECT_THAT(complaints({wipe(11)}), IsEmpty());
  EXPECT_EQ(complaints({kill(11)}).size(), 4);
  const Verdict verdict = judged({wipe(11)});
  EXPECT_EQ(verdict.excused, 2);
  EXPECT_EQ(verdict.resets, 1);
  EXPECT_EQ(verdict.resubscribed, 1);
}

TEST_F(VerdictTest, ExcusesNothingThatWasBeforeTheLossOrLongAfterIt) {
  happened("acked_lost", violation("acked_lost", 90, 5, 5));
  happened("acked_lost", violation("acked_lost", 90, 36, 36));
  happened("acked_wrong", violation("acked_wrong", 15, 15, 15));
  happened("stored_twice", violation("stored_twice", 10, 9, 0));
  happened("stored_twice", violation("stored_twice", 14, 13, 0));
  happened("stored_twice", violation("stored_twice", 33, 11, 0));
  report_->resets = report_->resubscribed = 2;
  journal_.read(reset(10) + reset(23) + resubscribed(10) + resubscribed(23));
  EXPECT_THAT(complaints({wipe(11)}),
              ElementsAre("2 acked_lost", "1 acked_wrong", "2 recovered:false without cause",
                          "3 stored_twice", "2 subscriptions ended by the server without cause"));
}

// Acked at 16, as offset 9; at 15 the readers were told to go on behind 9, or only behind 8.
TEST_F(VerdictTest, ExcusesWhatReadersWereToldToHaveMissed) {
  happened("acked_lost", violation("acked_lost", 90, 16, 16));
  report_->resets = 1;
  journal_.read(reset(15, 8));
  EXPECT_THAT(complaints({wipe(11)}), ElementsAre("1 acked_lost"));
  report_->resets = 2;
  journal_.read(reset(15, 9));
  EXPECT_THAT(complaints({wipe(11)}), IsEmpty());
  EXPECT_THAT(complaints({kill(11)}),
              ElementsAre("1 acked_lost", "2 recovered:false without cause"));
}

TEST_F(VerdictTest, ExcusesNothingThatReadersWereToldOfAnotherEpoch) {
  happened("acked_lost", violation("acked_lost", 90, 16, 16, "before"));
  report_->resets = 1;
  journal_.read(reset(15, 9));
  EXPECT_THAT(complaints({wipe(11)}), ElementsAre("1 acked_lost"));
}

// The restart lasts from 11 to 12.
TEST_F(VerdictTest, ExcusesEndedSubscriptionsWhenANodeCouldNotBeAsked) {
  report_->resubscribed = 1;
  journal_.read(resubscribed(13));
  EXPECT_THAT(complaints({restart(11)}),
              ElementsAre("1 subscriptions ended by the server without cause"));
  EXPECT_EQ(complaints({kill(11)}).size(), 1);
  EXPECT_EQ(complaints({restart(11), fault("drain-node", 11)}).size(), 1);
  EXPECT_EQ(complaints({restart(11), kill(4), kill(18)}).size(), 1);
  EXPECT_THAT(complaints({restart(11), kill(6)}), IsEmpty());
  EXPECT_THAT(complaints({kill(17), restart(11)}), IsEmpty());
  EXPECT_EQ(judged({kill(9), restart(11)}).resubscribed, 1);
}

TEST_F(VerdictTest, ExcusesNoLossWhenANodeCouldNotBeAsked) {
  happened("acked_lost", violation("acked_lost", 90, 11, 11));
  happened("stored_twice", violation("stored_twice", 12, 11, 0));
  report_->resets = 1;
  journal_.read(reset(12));
  EXPECT_EQ(complaints({restart(11), kill(11)}).size(), 3);
}

TEST_F(VerdictTest, ExcusesForFaultsAtOnceWhatEachOfThemExcuses) {
  happened("acked_lost", violation("acked_lost", 90, 19, 19));
  happened("lost", violation("lost", 90, 11, 11));
  report_->resets = report_->resubscribed = 1;
  journal_.read(reset(27) + resubscribed(27));
  EXPECT_EQ(complaints({wipe(11), kill(11), restart(11)}).size(), 4);
  // Together they last until 20.
  std::vector<FaultRecord> together = {wipe(11), kill(11)};
  for (FaultRecord& one : together) one.end_us = 20 * kSecondUs;
  EXPECT_THAT(complaints(together), ElementsAre("1 lost"));
  together[0].kind.loses_store = false;
  EXPECT_EQ(complaints(together).size(), 4);
}

TEST_F(VerdictTest, ExcusesNoMoreThanWasCounted) {
  journal_.read(reset(12) + violation("acked_lost", 90, 10, 10));
  EXPECT_THAT(complaints({wipe(11)}),
              ElementsAre("the journal has more than the report: acked_lost",
                          "the journal has more than the report: recovered:false without cause"));
}

TEST_F(VerdictTest, IsNotGoodWhenNothingHadToBeMended) {
  EXPECT_THAT(complaints({fault("lose-answers", 5)}).size(), 3);
  totals_.update(0,
                 "# TYPE chirm_broker_duplicates_total counter\nchirm_broker_duplicates_total 1\n"
                 "# TYPE chirm_broker_resent_total counter\nchirm_broker_resent_total 1\n"
                 "# TYPE chirm_holes_healed_total counter\nchirm_holes_healed_total 1\n");
  EXPECT_THAT(complaints({fault("lose-answers", 5)}), IsEmpty());
}

TEST_F(VerdictTest, NeverExcusesWhatIsHidden) {
  for (const char* kind :
       {"lost", "duplicated", "reordered", "altered", "forked", "false_recovered"}) {
    happened(kind, violation(kind, 12, 11, 0));
  }
  EXPECT_EQ(complaints({wipe(11)}).size(), 6);
}

// The wipe lasts from 11 to 12.
TEST_F(VerdictTest, ExcusesThatWhoWasAwaySinceALossIsToldLate) {
  report_->resets = 1;
  journal_.read(reset(40, 9, 20));
  EXPECT_THAT(complaints({wipe(11)}), IsEmpty());
  EXPECT_THAT(complaints({wipe(50)}), ElementsAre("1 recovered:false without cause"));
  report_->resets = 2;
  journal_.read(reset(40, 9, 23));
  EXPECT_THAT(complaints({wipe(11)}), ElementsAre("1 recovered:false without cause"));
}

TEST_F(VerdictTest, ExcusesWhatHasLapsedWhileAClientWasAway) {
  report_->resets = 3;
  journal_.read(reset(50, 9, 43) + reset(50, 9, 47) + reset(50));
  EXPECT_THAT(complaints({}), ElementsAre("3 recovered:false without cause"));
  history_ttl_s_ = 8;
  EXPECT_THAT(complaints({}), ElementsAre("2 recovered:false without cause"));
}

// The wipe lasts from 11 to 12.
TEST_F(VerdictTest, ExcusesWhatTheHistoryLacksOnlyWhenItWasLostSince) {
  const auto at = [](const char* kind, std::uint64_t acked_s) {
    Violation found;
    found.kind = kind;
    found.count = 1;
    found.due_us = found.acked_us = found.at_us = acked_s * kSecondUs;
    return found;
  };
  more_ = {at("api_lost", 5), at("edit_lost", 12), at("api_stored_twice", 12)};
  EXPECT_THAT(complaints({wipe(11)}), IsEmpty());
  EXPECT_THAT(complaints({kill(11)}),
              ElementsAre("1 api_lost", "1 api_stored_twice", "1 edit_lost"));
  more_ = {at("api_lost", 15), at("api_stored_twice", 13)};
  EXPECT_EQ(complaints({wipe(11)}).size(), 2);
}

TEST_F(VerdictTest, CountsAsLostTimeWhatTheClientsOfAKilledNodeTook) {
  journal_.read(outage(5'010'000, 5'100'000) + outage(5'020'000, 5'900'000) +
                outage(7'000'000, 9'000'000));  // this one was not on the node
  const Verdict verdict = judged({kill(5)});
  EXPECT_EQ(verdict.node_kills, 1);
  EXPECT_EQ(verdict.caught_up.count, 2);
  EXPECT_EQ(verdict.caught_up.p50_ms, 100);
  EXPECT_EQ(verdict.caught_up.max_ms, 900);
}

// However late they notice it.
TEST_F(VerdictTest, IsNotGoodWhenTooFewClientsOfAKilledNodeCatchUp) {
  FaultRecord five = kill(5);
  five.clients = 5;
  journal_.read(outage(4'990'000, 5'000'000, 1) + outage(14'990'000, 15'100'000, 2) +
                outage(15'010'000, 15'100'000, 3));
  EXPECT_THAT(complaints({five}), ElementsAre("only 1 of 5 clients of killed nodes caught up"));
  journal_.read(outage(14'000'000, 90'000'000, 4));
  EXPECT_THAT(complaints({five}), IsEmpty());
}

// nginx, say, was killed shortly before.
TEST_F(VerdictTest, CountsWhoLostTheConnectionByAnotherFaultAtOnce) {
  FaultRecord two = kill(5);
  two.clients = 2;
  journal_.read(outage(4'900'000, 5'000'000, 1));
  EXPECT_EQ(complaints({two}).size(), 1);
  two.round_us = 4'500'000;
  EXPECT_THAT(complaints({two}), IsEmpty());
}

TEST_F(VerdictTest, JudgesTheTimesOfTheClientsOfAKilledNode) {
  FaultRecord five = kill(5);
  journal_.read(outage(5'010'000, 5'100'000, 1) + outage(5'020'000, 5'900'000, 2));
  limits_ = {.p50_ms = 100, .p99_ms = 900};
  EXPECT_THAT(complaints({five}), IsEmpty());
  limits_ = {.p50_ms = 99, .p99_ms = 899};
  EXPECT_EQ(complaints({five}).size(), 2);
  EXPECT_EQ(complaints({}).size(), 2);  // nothing was measured
}

TEST(LoadJournal, CountsEachVictimOnceAndOnlyInItsTime) {
  LoadJournal journal("");
  journal.read(outage(5'000'000, 5'100'000) + outage(5'200'000, 5'300'000) +
               outage(7'000'000, 9'000'000, 2));
  EXPECT_EQ(journal.count_victims(5'000'000, 6'000'000), 1);
  EXPECT_EQ(journal.count_victims(5'000'000, 8'000'000), 2);
}

TEST(LoadReport, IsWhatChirmLoadWrites) {
  load::Report written;
  load::Counts& counts = written.total.load.all;
  counts.delivered = 1, counts.failed = 2, counts.resets = 3;
  load::Figures& figures = written.total.figures;
  figures.unanswered = 4, figures.resubscribed = 5, figures.away = 6, figures.unsubscribed = 7;
  figures.vanished = 8;
  written.total.load.violations.lost = 9;
  const auto report = LoadReport::parse(to_json(written, load::Settings{}));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->delivered, 1);
  EXPECT_EQ(report->failed, 2);
  EXPECT_EQ(report->resets, 3);
  EXPECT_EQ(report->unanswered, 4);
  EXPECT_EQ(report->resubscribed, 5);
  EXPECT_EQ(report->away, 6);
  EXPECT_EQ(report->gone_for_good, 7);
  EXPECT_EQ(report->vanished, 8);
  EXPECT_EQ(report->violations.at("lost"), 9);
}

TEST(LoadReport, IsNoneWhenAnythingIsNotInIt) {
  const std::string whole = to_json(load::Report{}, load::Settings{});
  ASSERT_TRUE(LoadReport::parse(whole));
  EXPECT_FALSE(LoadReport::parse(""));
  for (const char* key :
       {"lost", "acked_lost", "stored_twice", "delivered", "failed", "unanswered", "resets",
        "resubscribed", "never_joined", "away", "gone_for_good", "vanished"}) {
    std::string renamed = whole;
    const std::string quoted = '"' + std::string(key) + "\":";
    for (std::size_t at = 0; (at = renamed.find(quoted, at)) != std::string::npos;) {
      renamed.replace(at, 2, "\"_");
    }
    EXPECT_FALSE(LoadReport::parse(renamed)) << key;
  }
}

}  // namespace
}  // namespace chirm::chaos
