// SPDX-License-Identifier: MIT
#pragma once
// One event under way: what the mirrors of the nodes work on.

#include <string>
#include <utility>

#include "tests/core/broker/redis/model/protocol.h"
#include "tests/core/broker/redis/model/stepped_store.h"
#include "tests/core/broker/redis/model/world.h"

namespace chirm::model {

struct Turn {
  SteppedStore& steps;
  const Protocol& protocol;
  World& world;
  // Whether the answers of the store arrive. If not, it has done what was asked, and the node loses
  // its connections instead of being told.
  bool is_heard = true;
  std::string* story = nullptr;  // where it is told what happens, in plain words

  const Answer& ask(const Call& call) {
    const std::string name = new_epoch();
    const SteppedStore::Step& step = steps.run(world.store, call);
    world.store = step.content;
    if (store().epoch == name) ++world.epochs;
    return step.answer;
  }
  // RedisContext::new_epoch(), but not random. It counts as given only when it was needed.
  std::string new_epoch() const { return "e" + std::to_string(world.epochs + 1); }
  const StoreView& store() const { return steps.view(world.store); }
  Node& node(std::size_t index) { return world.nodes[index]; }

  void tell(const std::string& text) {
    if (story != nullptr) *story += (story->empty() ? "" : ", ") + text;
  }
};

}  // namespace chirm::model
