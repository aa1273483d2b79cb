// SPDX-License-Identifier: MIT
#include "core/server/admin/node_board.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
constexpr std::string_view kStatisticsKind = "statistics";
constexpr std::uint64_t kPeriodMs = 1'000;
}  // namespace

NodeBoard::NodeBoard(Loop& loop, NodeBus& bus, std::function<NodeStatistics()> measure)
    : bus_(bus), measure_(std::move(measure)), timer_(loop, [this] { tell(); }) {
  CHIRM_CHECK(measure_ != nullptr);
  bus_.add_listener(kStatisticsKind, *this);
  timer_.start_repeating(kPeriodMs);
}

std::vector<NodeBoard::Entry> NodeBoard::all() {
  // Asked before the first second is over: there is nothing yet of the others, but of this one.
  if (own_.node.empty()) own_ = measure_();
  std::vector<Entry> entries{{bus_.node_id(), own_}};
  for (const auto& [id, statistics] : others_) entries.push_back({id, statistics});
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.statistics.node; });
  return entries;
}

void NodeBoard::on_node_message(std::string_view node, std::string_view message) {
  // Its own entry is known without the bus, and stays when the store is away.
  if (node == bus_.node_id()) return;
  // A node of another version may tell something else. It is left out, and the others are shown.
  if (auto statistics = NodeStatistics::parse(message)) {
    others_[std::string(node)] = std::move(*statistics);
  }
}

void NodeBoard::on_node_gone(std::string_view node) {
  const auto found = others_.find(node);
  if (found != others_.end()) others_.erase(found);
}

void NodeBoard::tell() {
  own_ = measure_();
  (void)bus_.send_all(kStatisticsKind, own_.json());  // the next one comes in a second
}

}  // namespace chirm
