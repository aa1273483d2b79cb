// SPDX-License-Identifier: MIT
// The protocol by which nodes and a Redis that may lose its data find together again, gone through
// by an explorer. This is what it goes through; the folder can be read alone.
//
// ## The system
//
// Two nodes, a store, one channel, and a client at each node (world.h). The store is a real Redis
// that runs the real scripts (stepped_store.h). A node is a mirror of RedisLife and RedisTails
// (life_mirror.h) and of what publishes, follows and lets clients in (log_mirror.h).
//
//   a node    away ──arrives──▶ arrived ──compares──▶ putting back ◀──tries again──┐
//               ▲                  │ (it was in no life before)     │              │
//               │                  └──────────────────▶ settling ◀──┘──────────────┘
//               │                                          │ asks: all have come and are done,
//               └── loses its connections, or is told      │ or were waited for
//                   that another life has begun            ▼
//                                                         open: renews its lease, publishes,
//                                                         follows, reads what it has missed
//
//   a client  away ──comes with its position──▶ at a node ──gets what the node appends──▶ …
//               ▲    recovered: true or false         │
//               └──── 2500, or its connection ends ───┘
//
//   the store comes back with all that it had, empty, or as a copy that was made before: another
//   process each time, whose number is an argument of the scripts
//
// ## The transitions (events.h)
//
// One is one step of one of them: a script that runs in the store together with what a node makes
// of its answer, a message of Pub/Sub that arrives, a fault. An answer that comes later would
// change nothing but when the node goes on, which the other transitions allow for anyway. One that
// does not come is a transition of its own. Waits can be over at any moment after they have begun.
// Leases do not run out. What a client is sent reaches it at once, or it has departed before.
//
// How many faults of which kind there may be is given (Budget), so there are finitely many states.
//
// ## The invariants
//
// In each state (promises.h): no fork, no wrong `recovered: true`, offsets that grow. And from each
// state, when nothing fails any more, all is well after a while (rest.h): all nodes that live are
// open, all clients are at a node and have what the store has, and an acked message is there, or
// all who had it were told. When all nodes that held it came back in time, it is there.
//
// ## How deep
//
// A test looks at so many states at most, those with the fewest events first; it prints how many,
// and whether these were all. CHIRM_MODEL_STATES in the environment sets another number.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/core/broker/redis/model/explorer.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace model;

std::size_t states_max(std::size_t by_default) {
  const char* text = std::getenv("CHIRM_MODEL_STATES");
  return text == nullptr ? by_default : std::strtoull(text, nullptr, 10);
}

class RedisProtocolModel : public ::testing::Test {
 protected:
  Explorer::Result explore(const Protocol& protocol, const Budget& budget,
                           const std::vector<Invariant>& watched, std::size_t states) {
    World world = start(steps_, protocol, true);
    world.left = budget;
    const auto result = Explorer(steps_, protocol, states_max(states)).explore(world, watched);
    std::printf("%s; %zu steps of the store\n", result.summary().c_str(), steps_.steps());
    return result;
  }

  SteppedStore steps_;
};

// ---- What was wrong before leases were counted: each must be found

class RedisProtocolModelBefore : public RedisProtocolModel {
 protected:
  // How the invariant is broken, by the fewest events.
  std::string find(Invariant invariant, const Budget& budget, bool is_safe = false) {
    const auto result = explore(TimedLeases(is_safe), budget, {invariant}, 100'000);
    std::printf("%s", result.trace.c_str());
    EXPECT_EQ(result.broken, invariant);
    return result.trace;
  }
};

constexpr Budget kFreshAtEmpty = {
    .publishes = 1, .store_faults = 1, .node_faults = 1, .fresh_nodes = 1};
constexpr Budget kWipedAndKilled = {.publishes = 1, .store_faults = 1, .node_faults = 1};
constexpr Budget kRestored = {.publishes = 1, .store_faults = 1, .copies = 1, .node_faults = 1};

TEST_F(RedisProtocolModelBefore, AFreshNodeSettledAnEmptyStoreAloneWhileAnotherHeldMessages) {
  EXPECT_THAT(find(Invariant::kPutBack, kFreshAtEmpty),
              AllOf(HasSubstr("remembers nothing"), HasSubstr("comes back empty"),
                    HasSubstr("comes to life 1, which is settled"), Not(HasSubstr("has waited"))));
}

TEST_F(RedisProtocolModelBefore, ALateNodesNewerLeaseWasNotNoticed) {
  EXPECT_THAT(find(Invariant::kNoFork, kFreshAtEmpty),
              AllOf(HasSubstr("remembers nothing"), HasSubstr("comes to life 1, which is settled"),
                    Not(HasSubstr("has waited"))));
}

TEST_F(RedisProtocolModelBefore, AReturningClientWasToldRecoveredThoughItsMessageWasAnothers) {
  EXPECT_THAT(find(Invariant::kRecoveredRight, kFreshAtEmpty),
              AllOf(HasSubstr("comes back empty"), HasSubstr("recovered: true")));
}

TEST_F(RedisProtocolModelBefore, AWipedStoreAndAKilledNodeLedToAFork) {
  EXPECT_THAT(find(Invariant::kNoFork, kWipedAndKilled),
              AllOf(HasSubstr("comes back empty"), HasSubstr("is killed")));
}

TEST_F(RedisProtocolModelBefore, ACopyOfAStoreThatCountedAsSafeLostWhatALiveNodeHeld) {
  EXPECT_THAT(find(Invariant::kPutBack, kRestored, true), HasSubstr("its copy is restored"));
}

TEST_F(RedisProtocolModelBefore, ACopyOfAStoreThatCountedAsSafeLedToAFork) {
  EXPECT_THAT(find(Invariant::kNoFork, kRestored, true),
              AllOf(HasSubstr("its copy is restored"), HasSubstr("settled in state 0")));
}

TEST_F(RedisProtocolModelBefore, AClientWasToldRecoveredInACopyThatHadGoneOn) {
  EXPECT_THAT(find(Invariant::kRecoveredRight, kRestored, true),
              AllOf(HasSubstr("its copy is restored"), HasSubstr("recovered: true")));
}

// ---- What must not be found now

struct Faults {
  const char* name;
  Budget budget;
  std::size_t states;
};
void PrintTo(const Faults& faults, std::ostream* out) { *out << faults.name; }

class RedisProtocolModelNow : public RedisProtocolModel,
                              public ::testing::WithParamInterface<Faults> {};

TEST_P(RedisProtocolModelNow, BreaksNoPromise) {
  const auto result = explore(CountedLeases(), GetParam().budget, {}, GetParam().states);
  EXPECT_EQ(result.broken, Invariant::kNone) << result.trace;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, RedisProtocolModelNow,
    ::testing::Values(
        Faults{"AStoreThatComesBack", {.publishes = 1, .store_faults = 1}, 20'000},
        Faults{"ACopyThatIsRestored", {.publishes = 1, .store_faults = 1, .copies = 1}, 20'000},
        Faults{"AnswersThatAreLost",
               {.publishes = 1, .store_faults = 1, .link_faults = 1, .lost_answers = 1},
               20'000},
        Faults{"ANodeThatIsKilled", kWipedAndKilled, 30'000},
        Faults{"AFreshNode", kFreshAtEmpty, 20'000},
        Faults{"ACopyAndAKilledNode", kRestored, 20'000}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace chirm
