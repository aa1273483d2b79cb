// SPDX-License-Identifier: MIT
#pragma once
// What becomes of a state when nothing fails any more: all nodes that live come, put back, settle,
// read and deliver, and all clients come back. Then all must be well. It is one way among many, and
// always the same: the others are what the explorer goes.

#include <array>
#include <functional>
#include <string>

#include "tests/core/broker/redis/model/events.h"
#include "tests/core/broker/redis/model/protocol.h"
#include "tests/core/broker/redis/model/stepped_store.h"
#include "tests/core/broker/redis/model/world.h"

namespace chirm::model {

class Rest {
 public:
  // Called with each state on the way. False: this one is known to come to a good end.
  using Visit = std::function<bool(const World& world)>;

  // All must outlive it. Appends to `story`, if there is one, what happens.
  Rest(SteppedStore& steps, const Protocol& protocol, const Events& events,
       std::string* story = nullptr)
      : steps_(steps), protocol_(protocol), events_(events), story_(story) {}

  // Until nothing is left to do for the nodes. False when `visit` has said so, or when the world is
  // broken: it is, if there is no end.
  bool reach(World& world, const Visit& visit);
  // The same, with all clients at a node, and looks whether all is well.
  bool reach_all(World& world);
  // After reach(): looks whether all is well when the clients come back at once, and whether it is
  // when more is published first.
  void check(World& world);

 private:
  bool step(World& world);
  bool step_of_node(World& world, std::uint8_t node);
  bool changes(World& world, const Event& event);
  bool join_all(World& world);
  bool publish_everywhere(World& world);

  SteppedStore& steps_;
  const Protocol& protocol_;
  const Events& events_;
  std::string* const story_;
  std::array<int, kNodes> retries_ = {};
  Wait wait_ = Wait::kOn;
  std::uint8_t last_ = 0;  // the node that had its turn
};

}  // namespace chirm::model
