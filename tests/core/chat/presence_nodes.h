// SPDX-License-Identifier: MIT
#pragma once
// Nodes that have nothing but sets, on one loop, with a bus between them that goes from hand to
// hand: each node's messages wait until deliver().

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/chat/presence/presence_sets.h"
#include "core/loop/loop.h"
#include "tests/support/fake_node_bus.h"
#include "tests/support/loop_runner.h"

namespace chirm::testing {

class PresenceNode final : private PresenceOwner {
 public:
  PresenceNode(Loop& loop, const std::string& id, std::size_t list_max, const PresenceTimes& times)
      : sets(loop, named(bus, id), *this, list_max, times) {}

  void come(const std::string& set, const std::string& key, const std::string& value = "v") {
    own[set][key] = value;
    sets.add(set, key, value);
  }
  void go(const std::string& set, const std::string& key) {
    const std::string value = own[set][key];
    own[set].erase(key);
    sets.remove(set, key, value);
  }
  // What it knows of the others: "key=value …", then "+N/M" when more are counted.
  std::string others(const std::string& set) const {
    std::map<std::string, std::string> sorted;
    sets.each_other(set, [&](auto key, auto value) { sorted.emplace(key, value); });
    std::string text;
    for (const auto& [key, value] : sorted) text += key + "=" + value + " ";
    const PresenceCounts counted = sets.others_counted(set);
    if (counted.clients == 0) return text;
    return text + "+" + std::to_string(counted.clients) + "/" + std::to_string(counted.users);
  }

  FakeNodeBus bus;
  std::map<std::string, std::map<std::string, std::string>, std::less<>> own;
  std::vector<std::string> told;  // "+set:key", "-set:key"
  PresenceSets sets;

 private:
  static FakeNodeBus& named(FakeNodeBus& bus, const std::string& id) {
    bus.id = id;
    return bus;
  }
  std::size_t own_clients(std::string_view set) const override {
    const auto found = own.find(set);
    return found == own.end() ? 0 : found->second.size();
  }
  PresenceCounts own_counts(std::string_view set) const override { return {own_clients(set), 1}; }
  void each_own(std::string_view set, const PresenceItem& item) const override {
    const auto found = own.find(set);
    if (found == own.end()) return;
    for (const auto& [key, value] : found->second) item(key, value);
  }
  void on_came(std::string_view set, std::string_view key, std::string_view) override {
    told.push_back("+" + std::string(set) + ":" + std::string(key));
  }
  void on_went(std::string_view set, std::string_view key, std::string_view) override {
    told.push_back("-" + std::string(set) + ":" + std::string(key));
  }
};

class PresenceNodes {
 public:
  explicit PresenceNodes(std::size_t count, std::size_t list_max = 200) {
    PresenceTimes times;
    times.period_ms = 1;
    times.patience_ms = 300;
    times.linger_ms = 300;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "n" + std::to_string(i);
      nodes_.push_back(std::make_unique<PresenceNode>(loop, id, list_max, times));
      for (std::size_t other = 0; other < i; ++other) meet(i, other);
    }
    settle();
  }

  PresenceNode& operator[](std::size_t node) { return *nodes_[node]; }

  void meet(std::size_t one, std::size_t other) {
    listener(one).on_node_joined(nodes_[other]->bus.id);
    listener(other).on_node_joined(nodes_[one]->bus.id);
  }
  // The others learn that it is gone; it hears nothing any more.
  void lose(std::size_t lost) {
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      if (node != lost) listener(node).on_node_gone(nodes_[lost]->bus.id);
    }
    deafen(lost);
  }
  void deafen(std::size_t node) { deaf_ = node; }
  void hear_again() { deaf_ = SIZE_MAX; }
  NodeListener& listener(std::size_t node) { return *nodes_[node]->bus.listeners.at("presence"); }

  // Hands over what was sent. Returns whether there was any.
  bool deliver() {
    bool is_any = false;
    for (auto& from : nodes_) {
      for (const FakeNodeBus::Sent& sent : std::exchange(from->bus.sent, {})) {
        is_any = true;
        ++messages;
        bytes += sent.message.size();
        for (std::size_t to = 0; to < nodes_.size(); ++to) {
          const bool is_meant = sent.node.empty() || sent.node == nodes_[to]->bus.id;
          if (is_meant && to != deaf_) listener(to).on_node_message(from->bus.id, sent.message);
        }
      }
    }
    return is_any;
  }
  // Until nobody has anything to say for some periods.
  void settle() {
    int quiet = 0;
    const bool is_settled = run_until(loop, [&] {
      quiet = deliver() ? 0 : quiet + 1;
      return quiet > 10;
    });
    CHIRM_CHECK(is_settled);
  }
  // While time passes in steps that are short beside what nodes wait for.
  bool pass_until_true(const std::function<bool()>& is_done) {
    return pass_until(
        loop,
        [&] {
          deliver();
          return is_done();
        },
        20);
  }

  Loop loop;
  std::size_t messages = 0;
  std::size_t bytes = 0;

 private:
  std::vector<std::unique_ptr<PresenceNode>> nodes_;
  std::size_t deaf_ = SIZE_MAX;
};

}  // namespace chirm::testing
