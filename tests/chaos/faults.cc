// SPDX-License-Identifier: MIT
#include "tests/chaos/faults.h"

#include <algorithm>
#include <array>

#include "tests/chaos/fault_functions.h"

namespace chirm::chaos {

namespace {

constexpr FaultKind kLosing = {.loses_store = true};

constexpr std::array kFaults = {
    Fault{.name = "kill-node",
          .help = "kill -9 of a node, which comes back a second or two later",
          .inject = kill_node,
          .uses = uses::kNode,
          .kind = {.kills_node = true, .takes_node = true}},
    Fault{.name = "freeze-node",
          .help = "SIGSTOP of a node for seconds",
          .inject = freeze_node,
          .uses = uses::kNode,
          .kind = {.takes_node = true}},
    Fault{.name = "drain-node",
          .help = "SIGTERM of a node, which sends its clients away, and a new one",
          .inject = drain_node,
          .uses = uses::kNode},
    Fault{.name = "fresh-node-first",
          .help = "Redis loses everything, all nodes are away, and a new one comes first",
          .inject = put_fresh_node_first,
          .uses = uses::kAllNodes | uses::kRedis,
          .kind = {.loses_store = true, .kills_node = true, .takes_node = true},
          .stores = stores::kRedis},
    Fault{.name = "kill-redis",
          .help = "kill -9 of Redis, which comes back with its append-only file",
          .inject = kill_redis,
          .uses = uses::kRedis,
          .kind = {.restarts_store = true},
          .stores = stores::kRedis},
    Fault{.name = "freeze-redis",
          .help = "SIGSTOP of Redis for seconds",
          .inject = freeze_redis,
          .uses = uses::kRedis,
          .stores = stores::kRedis},
    Fault{.name = "cut-pubsub",
          .help = "CLIENT KILL TYPE pubsub in Redis",
          .inject = cut_pubsub,
          .uses = uses::kRedis,
          .stores = stores::kCluster},
    Fault{.name = "delay-redis",
          .help = "delay between a node and Redis",
          .inject = delay_redis,
          .uses = uses::kNode,
          .stores = stores::kRedis},
    Fault{.name = "partition-redis",
          .help = "silence between a node and Redis, for seconds",
          .inject = partition_redis,
          .uses = uses::kNode,
          .kind = {.takes_node = true},
          .stores = stores::kRedis},
    Fault{.name = "lose-answers",
          .help = "Redis does what the nodes ask, and no answer arrives",
          .inject = lose_answers,
          .uses = uses::kAllNodes | uses::kRedis,
          .stores = stores::kRedis},
    Fault{.name = kLosePackets,
          .help = "packets of all connections, for seconds (needs the right to, and netem)",
          .inject = lose_packets_for_a_while,
          .uses = uses::kNetwork},
    Fault{.name = "wipe-redis",
          .help = "FLUSHALL in Redis",
          .inject = wipe_redis,
          .uses = uses::kRedis,
          .kind = kLosing,
          .stores = stores::kRedis},
    Fault{.name = "rollback-redis",
          .help = "Redis comes back with what it had a second or two before",
          .inject = roll_back_redis,
          .uses = uses::kRedis,
          .kind = kLosing,
          .stores = stores::kRedis},
    Fault{.name = "restore-redis",
          .help = "Redis comes back with a copy (AOF or RDB) from up to a dozen rounds before",
          .inject = restore_redis,
          .uses = uses::kRedis,
          .kind = kLosing,
          .stores = stores::kRedis},
    Fault{.name = kStepNodeClock,
          .help = "a node's wall clock is set by minutes or hours, and back (needs libfaketime)",
          .inject = step_node_clock,
          .uses = uses::kNode},
    Fault{.name = kStepRedisClock,
          .help = "Redis' clock is set by minutes or hours, and back (needs libfaketime)",
          .inject = step_redis_clock,
          .uses = uses::kRedis,
          .stores = stores::kCluster},
    Fault{.name = "reload-nginx",
          .help = "SIGHUP of nginx, whose old workers close what they have 3 s later",
          .inject = reload_nginx,
          .uses = uses::kNginx,
          .stores = stores::kCluster},
    Fault{.name = "kill-nginx",
          .help = "kill -9 of nginx, which comes back within a second",
          .inject = kill_nginx,
          .uses = uses::kNginx,
          .stores = stores::kCluster},
    Fault{.name = "stall-readers",
          .help = "clients that do not read for seconds while much is said",
          .inject = stall_readers,
          .uses = uses::kEverything},
    Fault{.name = "failover",
          .help = "kill -9 of the master, whose replica lags and becomes master (--sentinel)",
          .inject = fail_over,
          .uses = uses::kRedis,
          .kind = kLosing,
          .stores = stores::kSentinel},
    Fault{.name = "planned-failover",
          .help = "SENTINEL FAILOVER: the replica becomes master, and nothing is lost (--sentinel)",
          .inject = fail_over_as_planned,
          .uses = uses::kRedis,
          .kind = {.restarts_store = true},
          .stores = stores::kSentinel},
    Fault{.name = "restore-file",
          .help = "the file is an older copy when its node comes back (--file)",
          .inject = restore_file,
          .uses = uses::kNode,
          .kind = {.loses_store = true, .kills_node = true},
          .stores = stores::kFile},
    Fault{.name = "lose-wal",
          .help = "the file's -wal is deleted when its node comes back (--file)",
          .inject = lose_wal,
          .uses = uses::kNode,
          .kind = {.loses_store = true, .kills_node = true},
          .stores = stores::kFile},
    Fault{.name = "replace-file",
          .help = "another file takes its place while the node runs, until that restarts (--file)",
          .inject = replace_file,
          .uses = uses::kNode,
          .kind = {.loses_store = true, .kills_node = true},
          .stores = stores::kFile},
    Fault{.name = "move-file",
          .help = "the file is moved away and back while the node runs (--file)",
          .inject = move_file,
          .uses = uses::kNode,
          .stores = stores::kFile},
    Fault{.name = "vanish",
          .help = "clients that reset their connection or leave it without a word, all the time",
          .inject = nullptr},
};

bool do_clash(unsigned one, unsigned other) {
  constexpr unsigned kShared = uses::kNode;  // of which each takes another
  if (((one | other) & uses::kEverything) != 0 || (one & other & ~kShared) != 0) return true;
  const auto is_node = [](unsigned used) { return (used & (uses::kNode | uses::kAllNodes)) != 0; };
  return ((one | other) & uses::kAllNodes) != 0 && is_node(one) && is_node(other);
}

}  // namespace

bool is_possible(const Fault& fault, Store store) {
  switch (store) {
    case Store::kRedis:
      return (fault.stores & stores::kRedis) != 0;
    case Store::kSentinel:
      return (fault.stores & stores::kSentinel) != 0;
    case Store::kFile:
      return (fault.stores & stores::kFile) != 0;
  }
  return false;
}

bool is_compatible(const Fault& fault, std::span<const Fault* const> others, std::size_t nodes) {
  std::size_t takers = fault.uses & uses::kNode;
  for (const Fault* other : others) {
    if (do_clash(fault.uses, other->uses)) return false;
    takers += other->uses & uses::kNode;
  }
  return others.empty() || takers < nodes;
}

std::span<const Fault> all_faults() { return kFaults; }

const Fault* find_fault(std::string_view name) {
  const auto found = std::find_if(kFaults.begin(), kFaults.end(),
                                  [&](const Fault& fault) { return fault.name == name; });
  return found == kFaults.end() ? nullptr : &*found;
}

}  // namespace chirm::chaos
