// SPDX-License-Identifier: MIT
#pragma once
// What RedisLife and RedisTails do (core/broker/redis/life), without loop and connections: to be
// held against them line by line. Each function is what happens between a question to the store and
// what follows from its answer.

#include <cstddef>

#include "tests/core/broker/redis/model/turn.h"

namespace chirm::model {

// The command link, and with it what was under way (RedisLife::on_disconnected).
void reconnect(Node& node);
// Both links. What Pub/Sub had delivered to this machine may still be read.
void lose_links(Node& node);

// RedisLife::on_connected … on_arrived. The Pub/Sub link is made, too, if it was lost.
void arrive(Turn& turn, std::size_t index);
// RedisTails::compare, on_compared.
void compare(Turn& turn, std::size_t index);
// RedisTails::put_back, on_put_back: one piece.
void put_back(Turn& turn, std::size_t index);
// RedisLife::settle, on_settled, on_waiting. `is_in_vain`: it has tried often enough.
void settle(Turn& turn, std::size_t index, Wait wait, bool is_in_vain);
// RedisLife::on_timer, when there is something to be tried again.
void retry_tails(Turn& turn, std::size_t index, bool is_last);
// RedisLife::renew_lease, on_lease.
void renew_lease(Turn& turn, std::size_t index);

}  // namespace chirm::model
