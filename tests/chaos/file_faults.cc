// SPDX-License-Identifier: MIT
// What may happen to the file of a single node (--store), and to what stands beside it.
#include <filesystem>

#include "tests/chaos/fault_functions.h"
#include "tests/support/http_get.h"

namespace chirm::chaos {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOnly = 0;  // the node

int readiness(Arena& arena) {
  return testing::http_get(arena.cluster().node_port(kOnly), "/readyz", kAnswerMs).status;
}

void delete_beside(const std::string& store) {
  for (const char* end : {"-wal", "-shm"}) fs::remove(store + end);
}

std::string copy_of(const Arena& arena) { return arena.copies().oldest() + "/copy.db"; }

// The node is killed, and comes back to what `change` has made of the file: it says that messages
// may be missing.
void come_back_to(Injection& injection, const std::function<void()>& change) {
  Arena& arena = injection.arena;
  FaultRecord& record = injection.record;
  record.clients = arena.sessions(kOnly);
  record.begin_us = arena.kill_node(kOnly);
  change();
  arena.start_node(kOnly);
  const std::string& log = arena.cluster().node(kOnly).errors();
  if (log.find("may lack messages") != log.npos) record.trace = "the node says what may be missing";
}

}  // namespace

// As docs/operations.md has it.
Task<bool> restore_file(Injection& injection) {
  Arena& arena = injection.arena;
  (void)co_await wait_for_clients(injection);
  (void)co_await wait_for_publishes(injection, injection.random_ms(500, 2000));
  injection.record.what = "a copy of " + std::to_string(arena.copies().age_s()) + " s before";
  come_back_to(injection, [&arena] {
    fs::copy_file(copy_of(arena), arena.store_path(), fs::copy_options::overwrite_existing);
    delete_beside(arena.store_path());
  });
  co_return true;
}

Task<bool> lose_wal(Injection& injection) {
  Arena& arena = injection.arena;
  (void)co_await wait_for_clients(injection);
  (void)co_await wait_for_publishes(injection, injection.random_ms(500, 2000));
  const std::string wal = arena.store_path() + "-wal";
  const bool is_there = fs::exists(wal);
  injection.record.what = std::to_string(is_there ? fs::file_size(wal) / 1024 : 0) + " KiB";
  come_back_to(injection, [&arena] { delete_beside(arena.store_path()); });
  co_return true;
}

Task<bool> replace_file(Injection& injection) {
  Arena& arena = injection.arena;
  (void)co_await wait_for_clients(injection);
  (void)co_await wait_for_publishes(injection, injection.random_ms(500, 2000));
  injection.record.what = "by a copy of " + std::to_string(arena.copies().age_s()) + " s before";
  const std::string beside = arena.store_path() + ".new";
  fs::copy_file(copy_of(arena), beside);
  fs::rename(beside, arena.store_path());
  const bool is_noticed = co_await arena.pause_until([&arena] { return readiness(arena) == 503; });
  (void)co_await arena.pause(injection.random_ms(0, 2000));
  come_back_to(injection, [&arena] { delete_beside(arena.store_path()); });
  if (!is_noticed) injection.record.trace.clear();
  co_return is_noticed;
}

Task<bool> move_file(Injection& injection) {
  Arena& arena = injection.arena;
  const std::uint64_t away_ms = injection.random_ms(500, 3000);
  injection.record.what = "for " + seconds(away_ms);
  const std::string aside = arena.store_path() + ".aside";
  fs::rename(arena.store_path(), aside);
  const bool is_noticed = co_await arena.pause_until([&arena] { return readiness(arena) == 503; });
  (void)co_await arena.pause(away_ms);
  fs::rename(aside, arena.store_path());
  const bool is_back = co_await arena.pause_until([&arena] { return readiness(arena) == 200; });
  if (is_noticed && is_back) injection.record.trace = "it was not ready, and then was again";
  co_return is_back;
}

}  // namespace chirm::chaos
