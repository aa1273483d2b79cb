// SPDX-License-Identifier: MIT
#pragma once
// What chirm promises, kept account of beside what the nodes do: who was told of which message
// where, and which acked messages the nodes owe to a store that came back. Each function finds the
// world broken (World::fail) when a promise is.

#include <cstddef>

#include "core/broker/position.h"
#include "tests/core/broker/redis/model/turn.h"

namespace chirm::model {

// ---- Messages at their places

// Somebody was told that the message is there.
void claim(World& world, const Position& position, Body body);
// The client, which is at a node, gets the message.
void deliver(Turn& turn, std::size_t client, const Position& position, Body body);
// The store has just given this place to a message: to no place up to there anybody may point in
// this epoch.
void check_is_new(World& world, const Position& position);
// The client is about to be told recovered: true by a node that holds this.
void check_recovered(const Turn& turn, std::size_t client, const Tail& tail);
// What the store has now against what anybody was told.
void check_store(const Turn& turn);

// ---- What is owed to the store

// The store has come back: whoever holds an acked message owes it, should it be missing.
void owe_what_is_held(World& world);
// A node that owed something was killed: whether the others have it, too, is chance.
void excuse_for_killed(World& world, std::size_t node);
// A life was settled after the wait: nothing is owed that one holds who is not done.
void excuse_for_late(World& world);

// ---- At rest: nothing fails, all have come and have read what there is

void check_rest(const Turn& turn);

}  // namespace chirm::model
