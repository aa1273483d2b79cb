// SPDX-License-Identifier: MIT
#pragma once
// Asks all nodes something, or has them do it, and collects what they answer: a question has a
// name, its parameters are a JSON object, and a node answers with any number of JSON objects.
// Questions that act do so before they are answered.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/string_hash.h"
#include "core/broker/node_bus.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

class NodeSurvey final : private NodeListener {
 public:
  // Must outlive the survey; the survey must outlive the bus's last message.
  NodeSurvey(Loop& loop, NodeBus& bus);
  ~NodeSurvey();

  // `params` is valid until the call returns; the answers are well below 256 KiB each.
  using Answerer = std::function<std::vector<std::string>(std::string_view params)>;
  // Each name once, before it is asked.
  void add_question(std::string_view name, Answerer answer);

  struct Answer {
    std::string node;
    std::string json;
  };
  struct Result {
    bool is_complete = true;  // false: a node has not answered in time, or could not be asked
    std::vector<Answer> answers;
  };
  // Not told before this has returned. This node is asked as well.
  void ask(std::string_view name, std::string_view params, std::function<void(Result)> done);

 private:
  struct Pending {
    std::set<std::string, std::less<>> missing;  // nodes
    Result result;
    std::function<void(Result)> done;
    std::unique_ptr<Timer> deadline;
  };

  void on_node_message(std::string_view node, std::string_view message) override;
  void on_node_joined(std::string_view) override {}
  void on_node_gone(std::string_view node) override;
  void on_node_messages_maybe_missed() override {}
  void on_question(std::string_view node, std::string_view message);
  void on_answer(std::string_view node, std::string_view message);
  void finish(std::uint64_t id);

  Loop& loop_;
  NodeBus& bus_;
  std::map<std::string, Answerer, std::less<>> questions_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t last_id_ = 0;
};

}  // namespace chirm
