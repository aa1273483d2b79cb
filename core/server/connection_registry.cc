// SPDX-License-Identifier: MIT
#include "core/server/connection_registry.h"

#include <vector>

#include "core/base/check.h"
#include "core/server/connection.h"

namespace chirm {

namespace {

constexpr std::size_t kCheckedMax = 32;  // of a list, from either end

void delete_all(ConnectionList& list) {
  while (Connection* connection = list.pop_front()) delete connection;
}

}  // namespace

ConnectionRegistry::ConnectionRegistry() = default;
ConnectionRegistry::~ConnectionRegistry() { clear(); }

void ConnectionRegistry::add(std::unique_ptr<Connection> connection) {
  open_.push_back(*connection.release());
}

// Moved before it is told: a drain that ends the connection at once takes it out of its list.
bool ConnectionRegistry::send_away() {
  Connection* connection = open_.pop_front();
  if (connection == nullptr) return false;
  leaving_.push_back(*connection);
  connection->drain();
  return true;
}

// Those that are dropped may leave their list meanwhile.
void ConnectionRegistry::drop_all() {
  for (ConnectionList* list : {&open_, &leaving_}) {
    std::vector<Connection*> all;
    list->for_each([&all](Connection& one) { all.push_back(&one); });
    for (Connection* connection : all) connection->drop();
  }
}

void ConnectionRegistry::bury() { delete_all(ended_); }

void ConnectionRegistry::clear() {
  delete_all(open_);
  delete_all(leaving_);
  delete_all(ended_);
}

void ConnectionRegistry::check(std::uint64_t connections) const {
  std::uint64_t seen = 0;
  bool is_all = true;
  for (const ConnectionList* list : {&open_, &leaving_, &ended_}) {
    const std::size_t looked_at =
        list->check(kCheckedMax, [](const Connection& one) { one.check(); });
    is_all = is_all && looked_at < kCheckedMax;
    seen += looked_at;
  }
  if (is_all) CHIRM_CHECK(seen == connections, seen, connections);
}

}  // namespace chirm
