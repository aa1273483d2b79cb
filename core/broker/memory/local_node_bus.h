// SPDX-License-Identifier: MIT
#pragma once
// The node bus of a node that is alone: what it sends comes back in the next turn.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/random.h"
#include "core/base/string_hash.h"
#include "core/broker/node_bus.h"
#include "core/loop/later_calls.h"

namespace chirm {

class Loop;

class LocalNodeBus final : public NodeBus {
 public:
  explicit LocalNodeBus(Loop& loop) : later_(loop), node_id_("node-" + Random().name(16)) {}

  void add_listener(std::string_view kind, NodeListener& listener) override {
    listeners_[std::string(kind)] = &listener;
  }
  bool send_all(std::string_view kind, std::string_view message) override {
    later_.add([this, kind = std::string(kind), message = std::string(message)] {
      const auto found = listeners_.find(kind);
      if (found != listeners_.end()) found->second->on_node_message(node_id_, message);
    });
    return true;
  }
  bool send(std::string_view node, std::string_view kind, std::string_view message) override {
    return node == node_id_ && send_all(kind, message);
  }
  const std::string& node_id() const override { return node_id_; }
  std::vector<std::string> nodes() const override { return {node_id_}; }

 private:
  LaterCalls later_;
  const std::string node_id_;
  std::unordered_map<std::string, NodeListener*, StringHash, std::equal_to<>> listeners_;
};

}  // namespace chirm
