// SPDX-License-Identifier: MIT
#include "tests/chaos/verdict_report.h"

#include <array>
#include <iomanip>
#include <map>
#include <sstream>
#include <utility>

#include "protocol/json_writer.h"

namespace chirm::chaos {

namespace {

struct Times {
  std::uint64_t injected = 0;
  std::uint64_t without_effect = 0;
};

std::map<std::string, Times> count(const std::vector<FaultRecord>& faults) {
  std::map<std::string, Times> times;
  for (const FaultRecord& fault : faults) {
    ++times[fault.name].injected;
    if (fault.trace.empty()) ++times[fault.name].without_effect;
  }
  return times;
}

// What the nodes did about the faults, summed over all of their processes.
constexpr std::array<std::pair<const char*, const char*>, 12> kShown{
    {{"chirm_broker_link_losses_total", "links to Redis lost"},
     {"chirm_broker_resent_total", "commands to Redis sent again"},
     {"chirm_broker_duplicates_total", "publishes recognised as repeated"},
     {"chirm_holes_found_total", "publications missing on arrival"},
     {"chirm_holes_healed_total", "… read from Redis"},
     {"chirm_broker_digest_gaps_total", "lost last messages noticed"},
     {"chirm_fell_off_tail_total",
      "slow readers that left their channel's tail, read from history"},
     {"chirm_overtaken_total", "… told that they lost something"},
     {"chirm_broker_put_back_total", "publications put back into Redis"},
     {"chirm_epoch_changes_total", "epochs that changed"},
     {"chirm_recovered_total", "subscriptions recovered"},
     {"chirm_unrecovered_total", "subscriptions not recovered"}}};

}  // namespace

std::string to_text(const Verdict& verdict, const std::vector<FaultRecord>& faults,
                    const MetricTotals& totals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << "\nfaults\n";
  for (const auto& [name, times] : count(faults)) {
    text << std::setw(8) << times.injected << "  " << name;
    if (times.without_effect > 0) text << ", " << times.without_effect << " without effect";
    text << '\n';
  }
  text << "nodes\n";
  for (const auto& [counter, meaning] : kShown) {
    text << std::setw(8) << totals.total(counter) << "  " << meaning << '\n';
  }
  if (const Percentiles& times = verdict.caught_up; times.count > 0) {
    text << "from the kill of a node to its clients caught up: p50 " << times.p50_ms << " ms, p99 "
         << times.p99_ms << " ms, max " << times.max_ms << " ms (" << times.count << " clients, "
         << verdict.node_kills << " kills)\n";
  }
  if (verdict.resets + verdict.excused > 0) {
    text << "after the store had lost something: " << verdict.resets << " times told so, "
         << verdict.excused << " messages gone or stored again\n";
  }
  for (const std::string& complaint : verdict.complaints) text << "NOT GOOD  " << complaint << '\n';
  if (verdict.is_good()) text << "all is well: nothing lost, doubled, reordered or hidden\n";
  return text.str();
}

std::string to_json(const Verdict& verdict, const Settings& settings,
                    const std::vector<FaultRecord>& faults, const MetricTotals& totals) {
  JsonWriter json(JsonWriter::Layout::kLines);
  json.open();
  json.add("ok", verdict.is_good());
  json.add("seed", settings.seed);
  json.add("nodes", settings.nodes);
  json.add("clients", settings.clients);
  json.add("rate", settings.rate);
  json.open("violations");
  for (const auto& [kind, number] : verdict.violations) json.add(kind, number);
  json.close();
  json.add("excused", verdict.excused);
  json.add("resets", verdict.resets);
  json.open("faults");
  for (const auto& [name, times] : count(faults)) {
    json.open(name);
    json.add("times", times.injected);
    json.add("without_effect", times.without_effect);
    json.close();
  }
  json.close();
  json.open("kill_to_caught_up_ms");
  json.add("clients", static_cast<std::uint64_t>(verdict.caught_up.count));
  json.add("p50", verdict.caught_up.p50_ms);
  json.add("p99", verdict.caught_up.p99_ms);
  json.add("max", verdict.caught_up.max_ms);
  json.close();
  json.open("counters");
  for (const auto& [name, value] : totals.all()) json.add(name, value);
  json.close();
  json.open("complaints");
  for (std::size_t i = 0; i < verdict.complaints.size(); ++i) {
    json.add(std::to_string(i + 1), std::string_view(verdict.complaints[i]));
  }
  json.close();
  json.close();
  return json.take();
}

}  // namespace chirm::chaos
