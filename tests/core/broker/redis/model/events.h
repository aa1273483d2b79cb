// SPDX-License-Identifier: MIT
#pragma once
// What can happen next in a state of the system, and what comes of it.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/core/broker/redis/model/protocol.h"
#include "tests/core/broker/redis/model/stepped_store.h"
#include "tests/core/broker/redis/model/world.h"

namespace chirm::model {

struct Event {
  enum class Kind : std::uint8_t {
    // Of a node, in the order in which it comes back
    kArrive,
    kCompare,
    kPutBack,
    kRetry,  // what did not fit
    kAsk,    // whether all is settled; `wait` and `is_in_vain`
    kRenewLease,
    kFollow,
    kReceive,
    kRepair,
    kPublish,
    // Faults
    kLoseLinks,
    kKill,
    kStartFresh,
    kLoseStore,     // comes back empty
    kRestartStore,  // … with all that it had
    kRestoreStore,  // … as the copy
    kCopyStore,
    // Of a client
    kDepart,
    kJoin,  // at the node `where`
  };
  Kind kind = Kind::kArrive;
  std::uint8_t who = 0;  // node or client
  std::uint8_t where = 0;
  Wait wait = Wait::kOn;    // what the time is
  bool is_in_vain = false;  // what does not fit has been tried often enough
  bool is_heard = true;     // else the node loses its links before it has the answer
};

// The node that a client comes to: always the same, as long as that lives.
std::uint8_t home_of(const World& world, std::uint8_t client);

class Events {
 public:
  // Both must outlive it.
  Events(SteppedStore& steps, const Protocol& protocol) : steps_(steps), protocol_(protocol) {}

  // All that may happen.
  std::vector<Event> possible(const World& world) const;
  // Appends to `story`, if there is one, what happens.
  void apply(World& world, const Event& event, std::string* story = nullptr) const;

 private:
  void add_of_node(const World& world, std::uint8_t node, std::vector<Event>& events) const;
  void add_asks(const World& world, std::uint8_t node, std::vector<Event>& events) const;
  void add_faults(const World& world, std::vector<Event>& events) const;
  void add_of_clients(const World& world, std::vector<Event>& events) const;

  SteppedStore& steps_;
  const Protocol& protocol_;
};

}  // namespace chirm::model
