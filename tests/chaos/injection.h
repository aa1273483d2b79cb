// SPDX-License-Identifier: MIT
#pragma once
// A fault that is being injected, and what the faults have in common: whose node it is, and which
// traces show that it had an effect. Private to the faults.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/base/task.h"
#include "tests/chaos/arena.h"
#include "tests/chaos/verdict.h"

namespace chirm::chaos {

// The arena must outlive it. Its chances are its own: what else happens at the same time does not
// change what a seed means.
struct Injection {
  Arena& arena;
  Random random;
  FaultRecord record;

  std::uint64_t random_ms(std::uint64_t low, std::uint64_t high) {
    return random.between(low, high);
  }
};

// A node that no other fault touches while this lives.
class NodeClaim {
 public:
  NodeClaim(Arena& arena, std::size_t node) : arena_(arena), node_(node) {}
  ~NodeClaim() { arena_.give_back(node_); }
  NodeClaim(const NodeClaim&) = delete;
  NodeClaim& operator=(const NodeClaim&) = delete;
  std::size_t node() const { return node_; }

 private:
  Arena& arena_;
  std::size_t node_;
};

std::string seconds(std::uint64_t ms);
std::string node_name(std::size_t node);

// That something is silent is certain as soon as it is stopped; that it answers again may take
// long.
inline constexpr int kSilenceMs = 300;
inline constexpr int kAnswerMs = 10'000;

inline constexpr const char* kLinkLosses = "chirm_broker_link_losses_total";

// Traces: what shows that a fault had an effect. Each waits for it.

// `clients` were connected: most of them lose their connection before until_us, are back and have
// caught up. Not all, for a node may think for seconds that who has vanished is still there.
Task<bool> expect_outages(Injection& injection, std::size_t clients, std::uint64_t until_us);
// `before` is the counter before the fault.
Task<bool> expect_growth(Injection& injection, std::string_view counter, double before,
                         std::string_view meaning);
// What is done to nobody has no effect: until some clients are on nodes that answer.
Task<bool> wait_for_clients(Injection& injection);
// So long, and until something was published meanwhile: what is to be lost must be there.
Task<bool> wait_for_publishes(Injection& injection, std::uint64_t ms);
// Only a link that is there can be lost, and the fault before may just have taken them all.
Task<bool> wait_for_links(Injection& injection);

// The nodes start over, or put back what they still have.
double signs_of_loss(Arena& arena);
// The fault lasts until every node is linked to the Redis that forgot, and they have noticed.
Task<bool> expect_signs_of_loss(Injection& injection, double before);

}  // namespace chirm::chaos
