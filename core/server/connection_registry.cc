// SPDX-License-Identifier: MIT
#include "core/server/connection_registry.h"

#include <vector>

#include "core/base/check.h"
#include "core/server/connection.h"

namespace chirm {

namespace {

constexpr std::size_t kCheckedMax = 32;  // of a list, from either end
// Looked at for one that may give way: those before it are being answered.
constexpr std::size_t kLookedAtMax = 64;

void delete_all(ConnectionList& list) {
  while (Connection* connection = list.pop_front()) delete connection;
}

}  // namespace

ConnectionRegistry::ConnectionRegistry() = default;
ConnectionRegistry::~ConnectionRegistry() { clear(); }

void ConnectionRegistry::add(std::unique_ptr<Connection> connection) {
  lists_.http.push_back(*connection.release());
}

bool ConnectionRegistry::give_way() {
  for (std::size_t i = 0; i < kLookedAtMax; ++i) {
    Connection* connection = lists_.http.front();
    if (connection == nullptr) return false;
    if (connection->give_way()) return true;
    lists_.http.push_back(*connection);
  }
  return false;
}

bool ConnectionRegistry::give_way(const AddressBytes& network) {
  for (std::size_t i = 0; i < kLookedAtMax; ++i) {
    Connection* connection = lists_.http.front();
    if (connection == nullptr) return false;
    if (connection->counts_for(network) && connection->give_way()) return true;
    lists_.http.push_back(*connection);
  }
  return false;
}

// Moved before it is told: a drain that ends the connection at once takes it out of its list.
bool ConnectionRegistry::send_away() {
  lists_.is_sending_away = true;
  Connection* connection = lists_.open.pop_front();
  if (connection == nullptr) connection = lists_.http.pop_front();
  if (connection == nullptr) return false;
  lists_.leaving.push_back(*connection);
  connection->drain();
  return true;
}

// Those that are dropped may leave their list meanwhile.
void ConnectionRegistry::drop_all() {
  for (ConnectionList* list : {&lists_.http, &lists_.open, &lists_.leaving}) {
    std::vector<Connection*> all;
    list->for_each([&all](Connection& one) { all.push_back(&one); });
    for (Connection* connection : all) connection->drop();
  }
}

void ConnectionRegistry::bury() { delete_all(lists_.ended); }

void ConnectionRegistry::clear() {
  delete_all(lists_.http);
  delete_all(lists_.open);
  delete_all(lists_.leaving);
  delete_all(lists_.ended);
}

void ConnectionRegistry::check(std::uint64_t connections) const {
  std::uint64_t seen = 0;
  bool is_all = true;
  for (const ConnectionList* list : {&lists_.http, &lists_.open, &lists_.leaving, &lists_.ended}) {
    const std::size_t looked_at =
        list->check(kCheckedMax, [](const Connection& one) { one.check(); });
    if (list == &lists_.ended) continue;
    is_all = is_all && looked_at < kCheckedMax;
    seen += looked_at;
  }
  if (is_all) CHIRM_CHECK(seen == connections, seen, connections);
}

}  // namespace chirm
