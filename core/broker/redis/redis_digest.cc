// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_digest.h"

#include <utility>

#include "core/base/pack.h"

namespace chirm {

namespace {
constexpr char kDigest = 'd';
}

RedisDigest::RedisDigest(RedisContext& context, RedisCommands& commands, std::string topic)
    : context_(context),
      commands_(commands),
      topic_(std::move(topic)),
      timer_(context.loop, [this] { send(); }) {}

void RedisDigest::note(std::string_view channel, const Position& position) {
  auto found = fresh_.find(channel);
  if (found == fresh_.end()) {
    if (fresh_.size() >= kChannelsMax) return;
    found = fresh_.emplace(channel, Position{}).first;
  }
  Position& noted = found->second;
  if (noted.epoch != position.epoch || noted.offset < position.offset) noted = position;
}

const Position* RedisDigest::find(std::string_view channel) const {
  for (const Positions* positions : {&fresh_, &said_}) {
    const auto found = positions->find(channel);
    if (found != positions->end()) return &found->second;
  }
  return nullptr;
}

std::vector<std::string> RedisDigest::channels() const {
  std::vector<std::string> names;
  for (const auto& [channel, position] : fresh_) names.push_back(channel);
  for (const auto& [channel, position] : said_) {
    if (!fresh_.contains(channel)) names.push_back(channel);
  }
  return names;
}

void RedisDigest::send() {
  if (fresh_.empty() && said_.empty()) return;
  piece_.assign(1, kDigest);
  if (!append(fresh_, {}) || !append(said_, fresh_) || !send_piece()) return;  // next time
  said_ = std::exchange(fresh_, {});
}

bool RedisDigest::append(const Positions& positions, const Positions& except) {
  for (const auto& [channel, position] : positions) {
    if (except.contains(channel)) continue;
    pack::put_text(piece_, channel);
    pack::put_text(piece_, position.epoch);
    pack::put_number(piece_, position.offset);
    if (piece_.size() >= kPieceBytes && !send_piece()) return false;
  }
  return true;
}

bool RedisDigest::send_piece() {
  if (piece_.size() == 1) return true;
  const bool is_sent = commands_.send({"PUBLISH", topic_, piece_}, nullptr);
  piece_.assign(1, kDigest);
  if (is_sent) ++context_.counters.digests;
  return is_sent;
}

void RedisDigest::read(std::string_view message, const OnPosition& on_position) {
  if (message.empty() || message.front() != kDigest) return;
  message.remove_prefix(1);
  while (!message.empty()) {
    const auto channel = pack::take_text(message);
    const auto epoch = channel ? pack::take_text(message) : std::nullopt;
    const auto offset = epoch ? pack::take_number<std::uint64_t>(message) : std::nullopt;
    if (!offset) return;
    on_position(*channel, *epoch, *offset);
  }
}

}  // namespace chirm
