// SPDX-License-Identifier: MIT
#pragma once
// The statistics of all nodes, as each tells them to the others once a second.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/node_bus.h"
#include "core/loop/timer.h"
#include "core/server/admin/node_statistics.h"

namespace chirm {

class Loop;

class NodeBoard final : private NodeListener {
 public:
  // `measure` makes this node's statistics. loop and bus must outlive the board, and the board the
  // bus's last message.
  NodeBoard(Loop& loop, NodeBus& bus, std::function<NodeStatistics()> measure);

  // The newest of each node that lives, this one included, in the order of their names; by node id.
  struct Entry {
    std::string id;
    NodeStatistics statistics;
  };
  std::vector<Entry> all();

 private:
  void on_node_message(std::string_view node, std::string_view message) override;
  void on_node_joined(std::string_view) override {}
  void on_node_gone(std::string_view node) override;
  void on_node_messages_maybe_missed() override {}
  void tell();

  NodeBus& bus_;
  std::function<NodeStatistics()> measure_;
  NodeStatistics own_;
  std::map<std::string, NodeStatistics, std::less<>> others_;  // by node id
  Timer timer_;
};

}  // namespace chirm
