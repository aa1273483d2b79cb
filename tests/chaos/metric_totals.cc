// SPDX-License-Identifier: MIT
#include "tests/chaos/metric_totals.h"

#include <cstdlib>

namespace chirm::chaos {

void MetricTotals::update(std::size_t node, std::string_view metrics) {
  while (!metrics.empty()) {
    const std::string line(metrics.substr(0, metrics.find('\n')));
    metrics.remove_prefix(std::min(metrics.size(), line.size() + 1));
    const std::size_t space = line.rfind(' ');
    const std::string name = line.substr(0, line.find_first_of("{ "));
    if (line.starts_with('#') || space == line.npos || !name.ends_with("_total")) continue;
    running_[node][line.substr(0, space)] = std::atof(line.c_str() + space);
  }
}

void MetricTotals::retire(std::size_t node) {
  for (const auto& [name, value] : running_[node]) ended_[name] += value;
  running_[node].clear();
}

std::map<std::string, double> MetricTotals::all() const {
  std::map<std::string, double> sum(ended_.begin(), ended_.end());
  for (const Counters& counters : running_) {
    for (const auto& [name, value] : counters) sum[name] += value;
  }
  return sum;
}

double MetricTotals::total(std::string_view name) const {
  double sum = 0;
  for (const auto& [full_name, value] : all()) {
    const std::string_view bare = std::string_view(full_name).substr(0, full_name.find('{'));
    if (full_name == name || bare == name) sum += value;
  }
  return sum;
}

}  // namespace chirm::chaos
