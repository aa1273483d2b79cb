// SPDX-License-Identifier: MIT
#include "tests/chaos/faults.h"

#include <gtest/gtest.h>

#include <vector>

namespace chirm::chaos {
namespace {

bool are_compatible(const std::vector<const char*>& names, std::size_t nodes = 3) {
  std::vector<const Fault*> chosen;
  for (const char* name : names) {
    const Fault* const fault = find_fault(name);
    EXPECT_NE(fault, nullptr) << name;
    if (!is_compatible(*fault, chosen, nodes)) return false;
    chosen.push_back(fault);
  }
  return true;
}

TEST(Faults, AreInjectedAtOnceWhenTheyDoNotNeedTheSame) {
  EXPECT_TRUE(are_compatible({"kill-node", "kill-redis", "kill-nginx"}));
  EXPECT_TRUE(are_compatible({"wipe-redis", "freeze-node", "kill-node"}));
  EXPECT_TRUE(are_compatible({"fresh-node-first", "reload-nginx", "lose-packets"}));
  EXPECT_TRUE(are_compatible({"planned-failover", "kill-node"}));
  EXPECT_FALSE(are_compatible({"kill-redis", "wipe-redis"}));
  EXPECT_FALSE(are_compatible({"reload-nginx", "kill-nginx"}));
  EXPECT_FALSE(are_compatible({"fresh-node-first", "kill-node"}));
  EXPECT_FALSE(are_compatible({"delay-redis", "lose-answers"}));
  EXPECT_FALSE(are_compatible({"stall-readers", "cut-pubsub"}));
  EXPECT_FALSE(are_compatible({"kill-nginx", "stall-readers"}));
}

TEST(Faults, LeaveOneNodeAlone) {
  EXPECT_TRUE(are_compatible({"kill-node", "freeze-node"}));
  EXPECT_FALSE(are_compatible({"kill-node", "freeze-node", "delay-redis"}));
  EXPECT_TRUE(are_compatible({"kill-node", "freeze-node", "delay-redis"}, 4));
  EXPECT_FALSE(are_compatible({"kill-node", "drain-node"}, 2));
}

}  // namespace
}  // namespace chirm::chaos
