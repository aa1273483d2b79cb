// SPDX-License-Identifier: MIT
#pragma once
// A bus that keeps what it was given to send; a test says what arrives.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/node_bus.h"

namespace chirm::testing {

class FakeNodeBus final : public NodeBus {
 public:
  struct Sent {
    std::string node;  // "": to all
    std::string kind;
    std::string message;
  };

  void add_listener(std::string_view kind, NodeListener& listener) override {
    listeners[std::string(kind)] = &listener;
  }
  bool send_all(std::string_view kind, std::string_view message) override {
    return send("", kind, message);
  }
  bool send(std::string_view node, std::string_view kind, std::string_view message) override {
    if (is_up) sent.push_back({std::string(node), std::string(kind), std::string(message)});
    return is_up;
  }
  const std::string& node_id() const override { return id; }
  std::vector<std::string> nodes() const override { return live; }

  std::string id = "node-1";
  std::vector<std::string> live = {id};
  bool is_up = true;
  std::vector<Sent> sent;
  std::map<std::string, NodeListener*, std::less<>> listeners;
};

}  // namespace chirm::testing
