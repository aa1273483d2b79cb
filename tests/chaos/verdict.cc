// SPDX-License-Identifier: MIT
#include "tests/chaos/verdict.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace chirm::chaos {

namespace {

// So long after the store lost something may its consequences be found.
constexpr std::uint64_t kAftermathUs = 30'000'000;
// Whoever loses the connection within this time after the kill of a node was its client.
constexpr std::uint64_t kVictimUs = 500'000;

// Whether the store lost something in [from_us, to_us] or shortly before.
bool was_store_lost(const std::vector<FaultRecord>& faults, std::uint64_t from_us,
                    std::uint64_t to_us) {
  return std::any_of(faults.begin(), faults.end(), [&](const FaultRecord& fault) {
    return fault.loses_store && fault.begin_us <= to_us && from_us <= fault.end_us + kAftermathUs;
  });
}

// A store that loses a message also loses its id, and a retry is stored again, under another
// offset. What was acked and not delivered is gone. Nothing else may come of it.
bool is_excused(const Violation& violation, const std::vector<FaultRecord>& faults) {
  if (violation.kind == "stored_twice") {
    return was_store_lost(faults, violation.due_us, violation.at_us);
  }
  if (violation.kind == "acked_wrong" || violation.kind == "acked_lost") {
    return was_store_lost(faults, violation.due_us, violation.acked_us + kAftermathUs);
  }
  return false;
}

Percentiles percentiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double rank = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  return {values.size(), at(0.5), at(0.99), values.back()};
}

Percentiles time_to_catch_up(const LoadJournal& journal, const std::vector<FaultRecord>& faults) {
  std::vector<double> times_ms;
  for (const FaultRecord& fault : faults) {
    if (!fault.kills_node) continue;
    for (const Outage& outage : journal.outages()) {
      if (outage.gone_us < fault.begin_us || outage.gone_us >= fault.begin_us + kVictimUs) continue;
      times_ms.push_back(static_cast<double>(outage.caught_up_us - fault.begin_us) / 1000);
    }
  }
  return percentiles(std::move(times_ms));
}

void judge_report(Verdict& verdict, const LoadReport& report) {
  const auto expect_none = [&](std::uint64_t count, const char* what) {
    if (count != 0) verdict.complaints.push_back(std::to_string(count) + ' ' + what);
  };
  for (const auto& [kind, count] : verdict.violations) expect_none(count, kind.c_str());
  expect_none(report.never_joined, "clients could not connect");
  expect_none(report.away, "clients did not come back");
  expect_none(report.gone_for_good, "clients were turned away");
  expect_none(report.failed, "messages were refused for good");
  expect_none(report.unanswered, "messages got no answer");
  if (report.delivered == 0) verdict.complaints.push_back("nothing was delivered");
}

}  // namespace

std::optional<LoadReport> LoadReport::parse(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json).get(root) != simdjson::SUCCESS) return std::nullopt;
  const auto number = [](simdjson::simdjson_result<simdjson::dom::element> element) {
    std::uint64_t value = 0;
    return element.get(value) == simdjson::SUCCESS ? value : 0;
  };
  LoadReport report;
  simdjson::dom::object violations;
  if (root["load"]["violations"].get(violations) != simdjson::SUCCESS) return std::nullopt;
  for (const auto& [kind, count] : violations)
    report.violations[std::string(kind)] = number(simdjson::dom::element(count));
  report.acked = number(root["load"]["all"]["acked"]);
  report.delivered = number(root["load"]["all"]["delivered"]);
  report.failed = number(root["load"]["all"]["failed"]);
  report.unanswered = number(root["unanswered"]);
  report.resets = number(root["resets"]);
  report.resent = number(root["resent"]);
  report.reconnects = number(root["connections"]["reconnects"]);
  report.never_joined = number(root["connections"]["never_joined"]);
  report.away = number(root["connections"]["away"]);
  report.vanished = number(root["connections"]["vanished"]);
  report.stalled_behind = number(root["connections"]["stalled_behind"]);
  report.gone_for_good = number(root["connections"]["gone_for_good"]);
  return report;
}

Verdict judge(const std::optional<LoadReport>& report, const LoadJournal& journal,
              const std::vector<FaultRecord>& faults, const std::vector<std::string>& troubles) {
  Verdict verdict;
  verdict.complaints = troubles;
  if (report) verdict.violations = report->violations;
  for (const Violation& violation : journal.violations()) {
    if (!is_excused(violation, faults)) continue;
    verdict.excused += violation.count;
    verdict.violations[violation.kind] -= violation.count;
  }
  std::uint64_t resets = report ? report->resets : 0;
  for (const Reset& reset : journal.resets()) {
    if (!was_store_lost(faults, reset.at_us, reset.at_us)) continue;
    ++verdict.resets;
    --resets;
  }
  if (report) {
    verdict.violations["recovered:false without cause"] = resets;
    judge_report(verdict, *report);
  } else {
    verdict.complaints.emplace_back("chirm-load gave no report");
  }
  for (const FaultRecord& fault : faults) {
    if (!fault.trace.empty()) continue;
    verdict.complaints.push_back("the fault had no effect: " + fault.name + ", " + fault.what);
  }
  verdict.caught_up = time_to_catch_up(journal, faults);
  verdict.node_kills = static_cast<std::size_t>(std::count_if(
      faults.begin(), faults.end(), [](const FaultRecord& fault) { return fault.kills_node; }));
  return verdict;
}

}  // namespace chirm::chaos
