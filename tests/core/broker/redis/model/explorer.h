// SPDX-License-Identifier: MIT
#pragma once
// Goes through all states that can be reached from one, breadth first, and says by which events a
// promise is broken, if one is: by as few as possible.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/core/broker/redis/model/events.h"
#include "tests/core/broker/redis/model/protocol.h"
#include "tests/core/broker/redis/model/stepped_store.h"
#include "tests/core/broker/redis/model/world.h"

namespace chirm::model {

// Two nodes that follow the channel, a client at each, and perhaps a message that all have got.
World start(SteppedStore& steps, const Protocol& protocol, bool has_message);

class Explorer {
 public:
  struct Result {
    Invariant broken = Invariant::kNone;
    std::string trace;       // how, in plain words
    std::size_t events = 0;  // … after so many
    std::size_t states = 0;
    std::size_t transitions = 0;
    bool is_complete = false;  // there are no other states
    std::string summary() const;
  };

  // Both must outlive it. Looks at no more than so many states.
  Explorer(SteppedStore& steps, const Protocol& protocol, std::size_t states_max);

  // Only these invariants count; none: all.
  Result explore(const World& start, const std::vector<Invariant>& watched = {});

 private:
  struct Known {
    std::uint32_t parent;
    Event event;
  };
  struct Open {
    World world;
    std::uint32_t number;
  };

  void expand(const Open& open, std::vector<Open>& next);
  void check_rest_of(const World& world, std::uint32_t number);
  void found(const World& broken, std::uint32_t number, const Event* last, bool is_at_rest);
  std::string tell(std::uint32_t number, const Event* last, bool is_at_rest) const;

  SteppedStore& steps_;
  const Protocol& protocol_;
  const std::size_t states_max_;
  const Events events_;
  World start_;
  std::vector<Known> known_;
  std::unordered_map<Fingerprint, std::uint32_t, FingerprintHash> numbers_;
  std::unordered_set<Fingerprint, FingerprintHash> well_;  // come to a good end
  Result result_;
};

}  // namespace chirm::model
