// SPDX-License-Identifier: MIT
#include "tests/chaos/faults.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/chaos/lossy_network.h"
#include "tests/support/http_get.h"

namespace chirm::chaos {

namespace {

std::string seconds(std::uint64_t ms) {
  return std::to_string(ms / 1000) + '.' + std::to_string(ms % 1000 / 100) + " s";
}

std::string node_name(std::size_t node) { return "node " + std::to_string(node); }

// Traces: what shows that a fault had an effect. Each waits for it.

// `clients` were connected: most of them lose their connection before until_us, are back and have
// caught up. Not all, for a node may think for seconds that who has vanished is still there.
void expect_outages(Arena& arena, FaultRecord& record, std::size_t clients,
                    std::uint64_t until_us) {
  const auto count = [&] {
    arena.journal().update();
    return arena.journal().count_victims(record.begin_us, until_us);
  };
  if (clients > 0 && arena.wait_until([&] { return 3 * count() > 2 * clients; })) {
    record.trace = std::to_string(count()) + " clients lost their connection and came back";
  }
}

// That something is silent is certain as soon as it is stopped; that it answers again may take
// long.
constexpr int kSilenceMs = 300;
constexpr int kAnswerMs = 10'000;

// `before` is the counter before the fault.
void expect_growth(Arena& arena, FaultRecord& record, std::string_view counter, double before,
                   std::string_view meaning) {
  if (arena.wait_until([&] { return arena.total(counter) > before; })) {
    record.trace = std::to_string(static_cast<long>(arena.total(counter) - before)) + ' ';
    record.trace += meaning;
  }
}

// ---- Nodes

void kill_node(Arena& arena, FaultRecord& record) {
  const std::size_t node = arena.random_busy_node();
  const std::size_t clients = arena.sessions(node);
  const std::uint64_t away_ms = arena.random_ms(1000, 2000);
  record.what = node_name(node) + ", back after " + seconds(away_ms);
  record.begin_us = arena.kill_node(node);
  record.clients = clients;
  arena.wait(away_ms);
  arena.start_node(node);
  expect_outages(arena, record, clients, record.begin_us + kNoticedUs);
}

void freeze_node(Arena& arena, FaultRecord& record) {
  const std::size_t node = arena.random_node();
  const std::uint64_t frozen_ms = arena.random_ms(1000, 4000);
  record.what = node_name(node) + " for " + seconds(frozen_ms);
  arena.suspend_node(node);
  const bool is_silent =
      testing::http_get(arena.cluster().node_port(node), "/healthz", kSilenceMs).status == 0;
  arena.wait(frozen_ms);
  arena.resume_node(node);
  const bool is_back = arena.wait_until([&] {
    return testing::http_get(arena.cluster().node_port(node), "/healthz", kAnswerMs).status == 200;
  });
  const bool is_alive = !arena.cluster().node(node).exit_code();
  if (is_silent && is_back && is_alive) record.trace = "it did not answer, and then did again";
}

void drain_node(Arena& arena, FaultRecord& record) {
  const std::size_t node = arena.random_busy_node();
  const std::size_t clients = arena.sessions(node);
  record.what = node_name(node);
  arena.drain_node(node);
  const std::uint64_t drained_us = now_us();
  arena.start_node(node);
  expect_outages(arena, record, clients, drained_us + kNoticedUs);
}

// ---- Redis

constexpr const char* kLinkLosses = "chirm_broker_link_losses_total";

// Only a link that is there can be lost, and the fault before may just have taken them all.
void wait_for_links(Arena& arena) {
  (void)arena.wait_until([&] { return arena.are_nodes_ready(); });
}

void kill_redis(Arena& arena, FaultRecord& record) {
  const std::uint64_t away_ms = arena.random_ms(300, 1500);
  record.what = "back after " + seconds(away_ms);
  wait_for_links(arena);
  const double before = arena.total(kLinkLosses);
  arena.redis().kill();
  arena.wait(away_ms);
  arena.redis().start();
  expect_growth(arena, record, kLinkLosses, before, "links lost");
}

void freeze_redis(Arena& arena, FaultRecord& record) {
  const std::uint64_t frozen_ms = arena.random_ms(1000, 4000);
  record.what = "for " + seconds(frozen_ms);
  arena.redis().suspend();
  const bool is_silent = !arena.redis().answers(kSilenceMs);
  arena.wait(frozen_ms);
  arena.redis().resume();
  const bool is_back = arena.wait_until([&] { return arena.redis().answers(kAnswerMs); });
  if (is_silent && is_back) record.trace = "it did not answer, and then did again";
}

void cut_pubsub(Arena& arena, FaultRecord& record) {
  wait_for_links(arena);
  const double before = arena.total(kLinkLosses);
  record.what = arena.redis().command({"CLIENT", "KILL", "TYPE", "pubsub"}) + " connections";
  expect_growth(arena, record, kLinkLosses, before, "links lost");
}

// ---- The network between the nodes and Redis

void delay_redis(Arena& arena, FaultRecord& record) {
  const std::size_t node = arena.random_node();
  const std::uint64_t delay_ms = arena.random_ms(20, 300);
  const std::uint64_t lasts_ms = arena.random_ms(1000, 3000);
  record.what = node_name(node) + ": " + std::to_string(delay_ms) + " ms in each direction, for " +
                seconds(lasts_ms);
  testing::Relay& relay = arena.cluster().relay(node);
  const std::uint64_t before = relay.late_bytes();
  relay.set_delay(delay_ms);
  arena.wait(lasts_ms);
  (void)arena.wait_until([&] { return relay.late_bytes() > before; });
  relay.set_delay(0);
  if (relay.late_bytes() > before) {
    record.trace = std::to_string(relay.late_bytes() - before) + " bytes came late";
  }
}

// Sometimes the connections survive, sometimes the node has to make new ones.
void partition_redis(Arena& arena, FaultRecord& record) {
  const std::size_t node = arena.random_node();
  const std::uint64_t lasts_ms = arena.random_ms(1000, 5000);
  const bool is_cut = arena.random().between(0, 1) == 1;
  record.what = node_name(node) + " for " + seconds(lasts_ms) + (is_cut ? ", then cut" : "");
  testing::Relay& relay = arena.cluster().relay(node);
  const std::uint64_t before = relay.late_bytes();
  relay.hold(true, true);
  arena.wait(lasts_ms);
  (void)arena.wait_until([&] { return relay.late_bytes() > before; });
  if (is_cut) relay.cut();
  relay.hold(false, false);
  if (relay.late_bytes() > before) {
    record.trace = std::to_string(relay.late_bytes() - before) + " bytes were held";
  }
}

// What the nodes ask for is done, and they do not learn it: each has to ask again.
void lose_answers(Arena& arena, FaultRecord& record) {
  constexpr const char* kDuplicates = "chirm_broker_duplicates_total";
  constexpr const char* kPublishes = "chirm_broker_publishes_total";
  const std::uint64_t lasts_ms = arena.random_ms(500, 1500);
  record.what = "all nodes for " + seconds(lasts_ms);
  wait_for_links(arena);
  const double before = arena.total(kDuplicates);
  const auto each = [&](auto&& function) {
    for (std::size_t node = 0; node < arena.cluster().nodes(); ++node) {
      function(arena.cluster().relay(node));
    }
  };
  each([](testing::Relay& relay) { relay.hold(false, true); });
  const double published = arena.total(kPublishes);
  (void)arena.wait_until([&] { return arena.total(kPublishes) > published; });
  arena.wait(lasts_ms);
  each([](testing::Relay& relay) {
    relay.cut();
    relay.hold(false, false);
  });
  expect_growth(arena, record, kDuplicates, before, "publishes were recognised as repeated");
}

// Everybody's: nodes, Redis, nginx and clients share a loopback.
void lose_packets_fault(Arena& arena, FaultRecord& record) {
  const auto percent = static_cast<unsigned>(arena.random().between(1, 5));
  const std::uint64_t lasts_ms = arena.random_ms(1000, 3000);
  record.what = std::to_string(percent) + " % for " + seconds(lasts_ms);
  lose_packets(percent);
  arena.wait(lasts_ms);
  const std::uint64_t lost = lost_packets();
  lose_packets(0);
  if (lost > 0) record.trace = std::to_string(lost) + " packets were lost";
}

// ---- A Redis that forgets

// The nodes start over, or put back what they still have.
double signs_of_loss(Arena& arena) {
  return arena.total("chirm_epoch_changes_total") + arena.total("chirm_unrecovered_total") +
         arena.total("chirm_broker_put_back_total");
}

// The fault lasts until every node is linked to the Redis that forgot, and they have noticed.
void expect_signs_of_loss(Arena& arena, FaultRecord& record, double before) {
  (void)arena.wait_until([&] { return arena.are_nodes_ready(); });
  if (arena.wait_until([&] { return signs_of_loss(arena) > before; })) {
    record.trace = std::to_string(static_cast<long>(signs_of_loss(arena) - before)) +
                   " epochs changed, tails put back, subscriptions not recovered";
  }
}

void wipe_redis(Arena& arena, FaultRecord& record) {
  record.what = "FLUSHALL";
  const double before = signs_of_loss(arena);
  (void)arena.redis().command({"FLUSHALL"});
  expect_signs_of_loss(arena, record, before);
}

void roll_back_redis(Arena& arena, FaultRecord& record) {
  namespace fs = std::filesystem;
  const std::uint64_t lost_ms = arena.random_ms(500, 2000);
  record.what = "to what it had " + seconds(lost_ms) + " before";
  const fs::path data = fs::path(arena.redis().directory()) / "appendonlydir";
  const fs::path old_data = fs::path(arena.redis().directory()) / "older";
  fs::remove_all(old_data);
  // Redis may be writing: a torn end of the file is cut off when it is loaded.
  fs::copy(data, old_data);
  arena.wait(lost_ms);
  const double before = signs_of_loss(arena);
  arena.redis().kill();
  fs::remove_all(data);
  fs::rename(old_data, data);
  arena.redis().start();
  expect_signs_of_loss(arena, record, before);
}

// The replica follows nobody for a while; what is acked meanwhile, it does not have.
void fail_over(Arena& arena, FaultRecord& record) {
  const std::uint64_t lag_ms = arena.random_ms(200, 1000);
  record.what = "to a replica that lags by " + seconds(lag_ms);
  (void)arena.cluster().replica().command({"REPLICAOF", "127.0.0.1", "1"});
  arena.wait(lag_ms);
  const double before = signs_of_loss(arena);
  if (!arena.cluster().fail_over()) {
    arena.troubles().emplace_back("Sentinel did not promote the replica");
    return;
  }
  expect_signs_of_loss(arena, record, before);
}

// ---- nginx

// The worker processes, from /proc.
std::vector<std::string> workers_of(pid_t master) {
  const std::string task = "/proc/" + std::to_string(master) + "/task/" + std::to_string(master);
  std::ifstream children(task + "/children");
  return {std::istream_iterator<std::string>(children), {}};
}

void reload_nginx(Arena& arena, FaultRecord& record) {
  testing::Process& nginx = arena.cluster().nginx();
  const std::vector<std::string> before = workers_of(nginx.pid());
  const std::size_t clients = arena.all_sessions();
  record.what = std::to_string(before.size()) + " workers";
  nginx.send_signal(SIGHUP);
  // The old ones end when they have closed what they had.
  const bool are_gone = arena.wait_until([&] {
    const std::vector<std::string> now = workers_of(nginx.pid());
    return std::none_of(before.begin(), before.end(), [&](const std::string& pid) {
      return std::find(now.begin(), now.end(), pid) != now.end();
    });
  });
  if (are_gone) expect_outages(arena, record, clients, now_us() + kNoticedUs);
}

void kill_nginx(Arena& arena, FaultRecord& record) {
  const std::uint64_t away_ms = arena.random_ms(200, 1000);
  record.what = "back after " + seconds(away_ms);
  const std::size_t clients = arena.all_sessions();
  record.begin_us = now_us();
  arena.kill_nginx();
  arena.wait(away_ms);
  arena.cluster().start_nginx();
  expect_outages(arena, record, clients, record.begin_us + kNoticedUs);
}

// ---- Clients

// A room in which more is said than a node keeps and sockets hold, to some who do not listen.
void stall_readers(Arena& arena, FaultRecord& record) {
  constexpr const char* kFellOff = "chirm_fell_off_tail_total";
  const double before = arena.total(kFellOff);
  // A busy machine brings less to the readers in the same time.
  for (int stall_s = 3; stall_s <= 24 && arena.total(kFellOff) == before; stall_s *= 2) {
    record.what = "five readers for " + std::to_string(stall_s) + " s, with up to 7 MB/s";
    arena.run_load({"--clients", "6", "--rooms", "1", "--rate", "300", "--payload", "24000",
                    "--receive-buffer", "200000", "--stall", "4", "--stall-time",
                    std::to_string(stall_s), "--warmup", "0", "--duration",
                    std::to_string(stall_s + 1)});
  }
  expect_growth(arena, record, kFellOff, before, "times a reader was read to from history");
}

constexpr std::array kFaults = {
    Fault{.name = "kill-node",
          .help = "kill -9 of a node, which comes back a second or two later",
          .inject = kill_node,
          .kills_node = true},
    Fault{.name = "freeze-node", .help = "SIGSTOP of a node for seconds", .inject = freeze_node},
    Fault{.name = "drain-node",
          .help = "SIGTERM of a node, which sends its clients away, and a new one",
          .inject = drain_node},
    Fault{.name = "kill-redis",
          .help = "kill -9 of Redis, which comes back with its append-only file",
          .inject = kill_redis,
          .needs = Needs::kPlainRedis},
    Fault{.name = "freeze-redis",
          .help = "SIGSTOP of Redis for seconds",
          .inject = freeze_redis,
          .needs = Needs::kPlainRedis},
    Fault{.name = "cut-pubsub", .help = "CLIENT KILL TYPE pubsub in Redis", .inject = cut_pubsub},
    Fault{.name = "delay-redis",
          .help = "delay between a node and Redis",
          .inject = delay_redis,
          .needs = Needs::kPlainRedis},
    Fault{.name = "partition-redis",
          .help = "silence between a node and Redis, for seconds",
          .inject = partition_redis,
          .needs = Needs::kPlainRedis},
    Fault{.name = "lose-answers",
          .help = "Redis does what the nodes ask, and no answer arrives",
          .inject = lose_answers,
          .needs = Needs::kPlainRedis},
    Fault{.name = kLosePackets,
          .help = "packets of all connections, for seconds (needs the right to, and netem)",
          .inject = lose_packets_fault},
    Fault{.name = "wipe-redis",
          .help = "FLUSHALL in Redis",
          .inject = wipe_redis,
          .loses_store = true,
          .needs = Needs::kPlainRedis},
    Fault{.name = "rollback-redis",
          .help = "Redis comes back with what it had a second or two before",
          .inject = roll_back_redis,
          .loses_store = true,
          .needs = Needs::kPlainRedis},
    Fault{.name = "reload-nginx",
          .help = "SIGHUP of nginx, whose old workers close what they have 3 s later",
          .inject = reload_nginx},
    Fault{.name = "kill-nginx",
          .help = "kill -9 of nginx, which comes back within a second",
          .inject = kill_nginx},
    Fault{.name = "stall-readers",
          .help = "clients that do not read for seconds while much is said",
          .inject = stall_readers},
    Fault{.name = "failover",
          .help = "kill -9 of the master, whose replica lags and becomes master (--sentinel)",
          .inject = fail_over,
          .loses_store = true,
          .needs = Needs::kSentinel},
    Fault{.name = "vanish",
          .help = "clients that reset their connection or leave it without a word, all the time",
          .inject = nullptr},
};

}  // namespace

bool is_possible(const Fault& fault, bool has_sentinel) {
  return fault.needs == Needs::kNothing || (fault.needs == Needs::kSentinel) == has_sentinel;
}

std::span<const Fault> all_faults() { return kFaults; }

const Fault* find_fault(std::string_view name) {
  const auto found = std::find_if(kFaults.begin(), kFaults.end(),
                                  [&](const Fault& fault) { return fault.name == name; });
  return found == kFaults.end() ? nullptr : &*found;
}

}  // namespace chirm::chaos
