// SPDX-License-Identifier: MIT
#include "tests/chaos/verdict.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "bench/load/tally.h"

namespace chirm::chaos {

namespace {

// What must have been counted once a fault was injected.
struct Proof {
  const char* fault;
  const char* counter;
};
constexpr std::array<Proof, 3> kProofs{{{"lose-answers", "chirm_broker_duplicates_total"},
                                        {"lose-answers", "chirm_broker_resent_total"},
                                        {"lose-answers", "chirm_holes_healed_total"}}};

constexpr std::uint64_t kSecondUs = 1'000'000;
// Whoever loses the connection within this time after the kill of a node was its client for sure,
// and counts in the times to catch up. On a busy machine most may lose it later: kNoticedUs.
constexpr std::uint64_t kVictimUs = kSecondUs / 2;

bool is_any_loss(const std::vector<FaultRecord>& faults, auto&& is_cause) {
  return std::any_of(faults.begin(), faults.end(), [&](const FaultRecord& fault) {
    return fault.kind.loses_store && is_cause(fault);
  });
}

// A store that loses a message also loses its id, and a retry is stored again, under another
// offset. What was acked shortly before and not yet delivered to all is gone. Nothing else may come
// of it.
bool is_excused(const Violation& violation, const std::vector<FaultRecord>& faults) {
  return is_any_loss(faults, [&](const FaultRecord& fault) {
    if (violation.kind == "stored_twice" || violation.kind == "api_stored_twice") {
      return violation.due_us <= fault.end_us && violation.at_us >= fault.begin_us &&
             violation.at_us <= fault.end_us + 20 * kSecondUs;
    }
    if (violation.kind == "acked_wrong" || violation.kind == "acked_lost") {
      return violation.acked_us + 5 * kSecondUs >= fault.begin_us &&
             violation.acked_us <= fault.end_us + 2 * kSecondUs;
    }
    // Looked for in the history, in the end.
    return (violation.kind == "api_lost" || violation.kind == "edit_lost") &&
           violation.acked_us <= fault.end_us + 2 * kSecondUs;
  });
}

// Whether a client may be told at that time that something is missing.
bool may_be_told(std::uint64_t at_us, const std::vector<FaultRecord>& faults) {
  return is_any_loss(faults, [&](const FaultRecord& fault) {
    return at_us >= fault.begin_us && at_us <= fault.end_us + 10 * kSecondUs;
  });
}

// Whether this one may: also long after the loss, when it was away since then.
bool may_be_told(const Reset& reset, const std::vector<FaultRecord>& faults) {
  if (may_be_told(reset.at_us, faults)) return true;
  return reset.gone_us != 0 && is_any_loss(faults, [&](const FaultRecord& fault) {
           return reset.at_us >= fault.begin_us && reset.gone_us <= fault.end_us + 10 * kSecondUs;
         });
}

// Whether a client was away for so long that what it missed need not be kept any more. It may have
// heard nothing for some seconds before it noticed that its connection was gone.
bool is_lapsed(const Reset& reset, std::uint64_t history_ttl_s) {
  return history_ttl_s != 0 && reset.gone_us != 0 &&
         reset.at_us - reset.gone_us + 4 * kSecondUs >= history_ttl_s * kSecondUs;
}

constexpr std::uint64_t kTogetherUs = 5 * kSecondUs;

// Whether the server may end a subscription at that time, of somebody who has missed nothing: then,
// too, or while the store was restarted when a node that may know more could not be asked. The
// nodes do not wait for it for long, but change the epochs.
bool may_be_ended(std::uint64_t at_us, const std::vector<FaultRecord>& faults) {
  if (may_be_told(at_us, faults)) return true;
  for (const FaultRecord& one : faults) {
    if (!one.kind.restarts_store) continue;
    for (const FaultRecord& other : faults) {
      if (!other.kind.takes_node || other.begin_us > one.end_us + kTogetherUs ||
          one.begin_us > other.end_us + kTogetherUs) {
        continue;
      }
      if (at_us >= std::min(one.begin_us, other.begin_us) &&
          at_us <= std::max(one.end_us, other.end_us) + 10 * kSecondUs) {
        return true;
      }
    }
  }
  return false;
}

// What was acked in a log that started over, before its readers were placed behind it: it is kept,
// and they were told that they missed something.
bool is_told(const Violation& violation, const Evidence& evidence) {
  if (violation.kind != "acked_lost" || violation.offset == 0) return false;
  const auto& resets = evidence.journal.resets();
  return std::any_of(resets.begin(), resets.end(), [&](const Reset& reset) {
    return reset.channel == violation.channel && reset.epoch == violation.epoch &&
           reset.offset >= violation.offset && reset.at_us <= violation.acked_us + 10 * kSecondUs &&
           reset.at_us + 5 * kSecondUs >= violation.acked_us &&
           may_be_told(reset.at_us, evidence.faults);
  });
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
    if (!fault.kind.kills_node) continue;
    for (const Outage& outage : journal.outages()) {
      if (outage.gone_us < fault.begin_us || outage.gone_us >= fault.begin_us + kVictimUs) continue;
      times_ms.push_back(static_cast<double>(outage.caught_up_us - fault.begin_us) / 1000);
    }
  }
  return percentiles(std::move(times_ms));
}

// The report and the journal come from the same counting, so more is never excused than was found.
void excuse(Verdict& verdict, const std::string& kind, std::uint64_t count) {
  std::uint64_t& found = verdict.violations[kind];
  if (count > found) {
    verdict.complaints.push_back("the journal has more than the report: " + kind);
  }
  found -= std::min(found, count);
}

void judge_report(Verdict& verdict, const Evidence& evidence) {
  const LoadReport& report = *evidence.report;
  verdict.violations = report.violations;
  for (const Violation& violation : evidence.more) {
    verdict.violations[violation.kind] += violation.count;
  }
  for (const auto* violations : {&evidence.journal.violations(), &evidence.more}) {
    for (const Violation& violation : *violations) {
      if (!is_excused(violation, evidence.faults) && !is_told(violation, evidence)) continue;
      verdict.excused += violation.count;
      excuse(verdict, violation.kind, violation.count);
    }
  }
  constexpr const char* kReset = "recovered:false without cause";
  verdict.violations[kReset] = report.resets;
  for (const Reset& reset : evidence.journal.resets()) {
    if (may_be_told(reset, evidence.faults) || is_lapsed(reset, evidence.history_ttl_s)) {
      ++verdict.resets;
    }
  }
  excuse(verdict, kReset, verdict.resets);
  constexpr const char* kResubscribed = "subscriptions ended by the server without cause";
  verdict.violations[kResubscribed] = report.resubscribed;
  for (const std::uint64_t at_us : evidence.journal.resubscribed_us()) {
    if (may_be_ended(at_us, evidence.faults)) ++verdict.resubscribed;
  }
  excuse(verdict, kResubscribed, verdict.resubscribed);

  const auto expect_none = [&](std::uint64_t count, const char* what) {
    if (count != 0) verdict.complaints.push_back(std::to_string(count) + ' ' + what);
  };
  for (const auto& [kind, count] : verdict.violations) expect_none(count, kind.c_str());
  expect_none(report.never_joined, "clients could not connect");
  expect_none(report.away, "clients did not come back");
  expect_none(report.gone_for_good, "clients were turned away");
  expect_none(report.failed, "messages were refused for good");
  expect_none(report.unanswered, "messages got no answer");
  if (report.delivered == 0) verdict.complaints.emplace_back("nothing was delivered");
}

// A fault is to have an effect, and together they are to have exercised what mends them.
void judge_effects(Verdict& verdict, const Evidence& evidence) {
  for (const FaultRecord& fault : evidence.faults) {
    if (!fault.trace.empty()) continue;
    verdict.complaints.push_back("the fault had no effect: " + fault.name + ", " + fault.what);
  }
  for (const Proof& proof : kProofs) {
    const auto is_it = [&](const FaultRecord& fault) { return fault.name == proof.fault; };
    if (std::none_of(evidence.faults.begin(), evidence.faults.end(), is_it)) continue;
    if (evidence.totals.total(proof.counter) > 0) continue;
    verdict.complaints.push_back(std::string(proof.counter) + " is 0 in spite of " + proof.fault);
  }
}

void judge_kills(Verdict& verdict, const Evidence& evidence) {
  std::size_t clients = 0;
  std::size_t victims = 0;
  for (const FaultRecord& fault : evidence.faults) {
    if (!fault.kind.kills_node) continue;
    ++verdict.node_kills;
    clients += fault.clients;
    victims += evidence.journal.count_victims(fault.victims_from_us(), fault.begin_us + kNoticedUs);
  }
  if (victims >= clients / 2) return;
  verdict.complaints.push_back("only " + std::to_string(victims) + " of " +
                               std::to_string(clients) + " clients of killed nodes caught up");
}

void judge_times(Verdict& verdict, const Evidence& evidence) {
  verdict.caught_up = time_to_catch_up(evidence.journal, evidence.faults);
  const auto limit = [&](const char* name, double took_ms, double limit_ms) {
    if (limit_ms == 0 || (verdict.caught_up.count > 0 && took_ms <= limit_ms)) return;
    verdict.complaints.push_back(std::string(name) + " from a node's kill to caught up is " +
                                 std::to_string(std::llround(took_ms)) + " ms, not " +
                                 std::to_string(std::llround(limit_ms)));
  };
  limit("p50", verdict.caught_up.p50_ms, evidence.limits.p50_ms);
  limit("p99", verdict.caught_up.p99_ms, evidence.limits.p99_ms);
}

}  // namespace

std::optional<LoadReport> LoadReport::parse(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json).get(root) != simdjson::SUCCESS) return std::nullopt;
  bool is_whole = true;
  const auto number = [&](std::string_view pointer) {
    std::uint64_t value = 0;
    is_whole &= root.at_pointer(pointer).get(value) == simdjson::SUCCESS;
    return value;
  };
  LoadReport report;
  for (const load::Violations::Kind& kind : load::Violations::kKinds) {
    report.violations[kind.name] = number(std::string("/load/violations/") + kind.name);
  }
  report.delivered = number("/load/all/delivered");
  report.failed = number("/load/all/failed");
  report.unanswered = number("/unanswered");
  report.resets = number("/resets");
  report.resubscribed = number("/connections/resubscribed");
  report.never_joined = number("/connections/never_joined");
  report.away = number("/connections/away");
  report.gone_for_good = number("/connections/gone_for_good");
  report.vanished = number("/connections/vanished");
  if (!is_whole) return std::nullopt;
  return report;
}

Verdict judge(const Evidence& evidence) {
  Verdict verdict;
  verdict.complaints = evidence.troubles;
  if (evidence.report) {
    judge_report(verdict, evidence);
  } else {
    verdict.complaints.emplace_back("chirm-load gave no whole report");
  }
  judge_effects(verdict, evidence);
  judge_kills(verdict, evidence);
  judge_times(verdict, evidence);
  return verdict;
}

}  // namespace chirm::chaos
