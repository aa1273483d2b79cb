// SPDX-License-Identifier: MIT
// What is between the clients and the nodes, and clients themselves.
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/chaos/fault_functions.h"

namespace chirm::chaos {

namespace {

// The worker processes, from /proc.
std::vector<std::string> workers_of(pid_t master) {
  const std::string task = "/proc/" + std::to_string(master) + "/task/" + std::to_string(master);
  std::ifstream children(task + "/children");
  return {std::istream_iterator<std::string>(children), {}};
}

}  // namespace

Task<bool> reload_nginx(Injection& injection) {
  Arena& arena = injection.arena;
  testing::Process& nginx = arena.cluster().nginx();
  (void)co_await wait_for_clients(injection);
  const std::vector<std::string> before = workers_of(nginx.pid());
  const std::size_t clients = arena.all_sessions();
  injection.record.what = std::to_string(before.size()) + " workers";
  nginx.send_signal(SIGHUP);
  // The old ones end when they have closed what they had.
  const bool are_gone = co_await arena.pause_until([&nginx, &before] {
    const std::vector<std::string> now = workers_of(nginx.pid());
    return std::none_of(before.begin(), before.end(), [&](const std::string& pid) {
      return std::find(now.begin(), now.end(), pid) != now.end();
    });
  });
  if (!are_gone) co_return false;
  co_return co_await expect_outages(injection, clients, now_us() + kNoticedUs);
}

Task<bool> kill_nginx(Injection& injection) {
  Arena& arena = injection.arena;
  const std::uint64_t away_ms = injection.random_ms(200, 1000);
  injection.record.what = "back after " + seconds(away_ms);
  (void)co_await wait_for_clients(injection);
  const std::size_t clients = arena.all_sessions();
  injection.record.begin_us = now_us();
  arena.kill_nginx();
  (void)co_await arena.pause(away_ms);
  arena.cluster().start_nginx();
  co_return co_await expect_outages(injection, clients, injection.record.begin_us + kNoticedUs);
}

// A room in which more is said than a node keeps and sockets hold, to some who do not listen. They
// are few and on a node, without nginx and its buffers, and when that was not enough it is done
// again: on a busy machine, less is said in the same time. For longer than three quarters of the
// time that the node waits for pongs nobody may be silent.
Task<bool> stall_readers(Injection& injection) {
  constexpr const char* kFellOff = "chirm_fell_off_tail_total";
  Arena& arena = injection.arena;
  const double before = arena.total(kFellOff);
  const NodeClaim claim(arena, arena.take_node(injection.random, false));
  const std::string url = arena.cluster().node_url(claim.node()).text();
  for (int stall_s = 3, tries = 0; tries < 8 && arena.total(kFellOff) == before; ++tries) {
    injection.record.what = "two readers of " + node_name(claim.node()) + " for " +
                            std::to_string(stall_s) + " s, with up to 7 MB/s";
    arena.run_load({"--url",     url,     "--clients",        "3",
                    "--rooms",   "1",     "--rate",           "300",
                    "--payload", "24000", "--receive-buffer", "20000",
                    "--stall",   "4",     "--stall-time",     std::to_string(stall_s),
                    "--warmup",  "0",     "--duration",       std::to_string(stall_s + 1)});
    stall_s = std::min(2 * stall_s, 11);
  }
  co_return co_await expect_growth(injection, kFellOff, before,
                                   "times a reader was read to from history");
}

}  // namespace chirm::chaos
