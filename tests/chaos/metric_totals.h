// SPDX-License-Identifier: MIT
#pragma once
// Counters of nodes summed over all of their processes, although each process counts from 0: what
// one that is about to die has counted is kept. Pure.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chirm::chaos {

class MetricTotals {
 public:
  explicit MetricTotals(std::size_t nodes) : running_(nodes) {}

  // What the process of a node counts now: Prometheus text, of which the counters are taken. An
  // empty text (no answer) changes nothing.
  void update(std::size_t node, std::string_view metrics);
  // The process of a node ends; the last update stands for all that it did.
  void retire(std::size_t node);

  // The sum of a counter over all processes; `name` with its labels, or without all of them.
  double total(std::string_view name) const;
  std::map<std::string, double> all() const;

 private:
  using Counters = std::map<std::string, double, std::less<>>;  // by name and labels

  Counters ended_;
  std::vector<Counters> running_;
};

}  // namespace chirm::chaos
