// SPDX-License-Identifier: MIT
#pragma once
// What a node does with its channel while it is open: publishes (RedisPublisher), follows and
// repairs (RedisSubscriptions, Hub, Recovery), and lets clients in (Recovery::try_join). To be held
// against these line by line, as life_mirror.h is.

#include <cstddef>
#include <string_view>

#include "core/broker/position.h"
#include "tests/core/broker/redis/model/turn.h"

namespace chirm::model {

// Of the one channel (redis_scripts.h).
inline constexpr const char* kHashKey = "chirm:{room}:m";
inline constexpr const char* kStreamKey = "chirm:{room}:s";
inline constexpr std::string_view kNow = "1";  // nothing is kept for a limited time
inline constexpr std::string_view kEmptyTtl = "86400000";

// known_position() in redis_context.cc.
Position known_position(const Node& node);
// RedisPositions::note
void note(Node& node, const Position& position);
// Hub::on_maybe_missed
void maybe_missed(Node& node);

// A new message. It is acked when the answer is heard.
void publish(Turn& turn, std::size_t index);
// The node begins to follow the channel: Hub::on_subscribed.
void follow(Turn& turn, std::size_t index);
// The oldest message of Pub/Sub: Hub::on_publication.
void receive(Turn& turn, std::size_t index);
// Reads what is missing, and compares: Recovery::repair, on_missing.
void repair(Turn& turn, std::size_t index);

// Whether the node can answer it now: for some the store must be asked.
bool can_join(const World& world, std::size_t client, std::size_t index);
// Hub::subscribe with the position that the client has: Recovery::try_join.
void join(Turn& turn, std::size_t client, std::size_t index);

}  // namespace chirm::model
