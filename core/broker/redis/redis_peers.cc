// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_peers.h"

#include <utility>

#include "core/base/check.h"

namespace chirm {

RedisPeers::Heard RedisPeers::hear_batch(std::string_view node, std::uint64_t number) {
  return hear(node, number, 1);
}

RedisPeers::Heard RedisPeers::hear_beat(std::string_view node, std::uint64_t number) {
  return hear(node, number, 0);
}

// `batches`: how many this message itself adds to what was sent.
RedisPeers::Heard RedisPeers::hear(std::string_view node, std::uint64_t number,
                                   std::uint64_t batches) {
  bool is_new = false;
  Peer* peer = &own_;
  if (node != own_id_) {
    auto found = peers_.find(node);
    is_new = found == peers_.end();
    if (is_new) found = peers_.emplace(node, Peer{}).first;
    peer = &found->second;
  }
  const bool has_missed = peer->is_numbered && number != peer->number + batches;
  *peer = {number, true, 0};
  return {is_new, has_missed};
}

void RedisPeers::forget_numbers() {
  own_.is_numbered = false;
  for (auto& [node, peer] : peers_) peer = {peer.number, false, 0};
}

std::vector<std::string> RedisPeers::silent_after_beat() {
  std::vector<std::string> silent;
  for (auto& [node, peer] : peers_) {
    if (++peer.silent_beats >= kSilentBeats) silent.push_back(node);
  }
  return silent;
}

std::vector<std::string> RedisPeers::names() const {
  std::vector<std::string> all;
  all.reserve(peers_.size());
  for (const auto& [node, peer] : peers_) all.push_back(node);
  return all;
}

void RedisPeers::check() const {
  CHIRM_CHECK(!peers_.contains(own_id_), own_id_);
  for (const auto& [node, peer] : peers_) {  // as many as the cluster has nodes: a few
    CHIRM_CHECK(peer.silent_beats < kSilentBeats, node, peer.silent_beats);
  }
}

}  // namespace chirm
