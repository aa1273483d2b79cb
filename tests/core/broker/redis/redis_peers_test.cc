// SPDX-License-Identifier: MIT
// Which nodes live and what of theirs was lost, beside a model that has the whole history.

#include "core/broker/redis/redis_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace chirm {
namespace {

// A node as the test knows it: what it has sent, and what of that has arrived.
struct ModelPeer {
  std::uint64_t sent = 0;
  bool is_known = false;
  bool has_gap = false;      // something was lost since it was heard last
  bool is_numbered = false;  // something was heard since numbers count
  int beats_since_heard = 0;
};

class PeersRandom : public ::testing::TestWithParam<int> {
 protected:
  void hear(const std::string& name, bool is_batch) {
    ModelPeer& peer = model_[name];
    if (is_batch) ++peer.sent;
    const auto heard =
        is_batch ? peers_.hear_batch(name, peer.sent) : peers_.hear_beat(name, peer.sent);
    const bool is_own = name == "own";
    EXPECT_EQ(heard.is_new, !peer.is_known && !is_own);
    EXPECT_EQ(heard.has_missed, peer.is_numbered && peer.has_gap) << name;
    peer.is_known = peer.is_numbered = true;
    peer.has_gap = false;
    peer.beats_since_heard = 0;
  }
  void own_beat() {
    std::vector<std::string> expected;
    for (auto& [name, peer] : model_) {
      if (name == "own" || !peer.is_known) continue;
      if (++peer.beats_since_heard >= 4) expected.push_back(name);
    }
    const std::vector<std::string> silent = peers_.silent_after_beat();
    EXPECT_THAT(silent, ::testing::UnorderedElementsAreArray(expected));
    for (const std::string& name : silent) leave(name);
  }
  void leave(const std::string& name) {
    ModelPeer& peer = model_[name];
    EXPECT_EQ(peers_.remove(name), peer.is_known && name != "own");
    if (name == "own") return;
    peer.is_known = peer.is_numbered = peer.has_gap = false;
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  RedisPeers peers_{"own"};
  std::map<std::string, ModelPeer> model_;
};

TEST_P(PeersRandom, AreToldOfEachThatJoinsIsLostOrHasLostSomething) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const std::vector<std::string> names = {"own", "a", "b", "c"};
  for (int step = 0; step < 4000; ++step) {
    const std::string& name = names[random_.between(0, names.size() - 1)];
    const std::uint64_t dice = random_.between(0, 99);
    if (dice < 60) {
      hear(name, dice < 40);
    } else if (dice < 75) {  // a batch is lost on the way
      ++model_[name].sent;
      model_[name].has_gap = true;
    } else if (dice < 90) {
      own_beat();
    } else if (dice < 95) {
      leave(name);
    } else {
      peers_.forget_numbers();
      for (auto& [other, peer] : model_) {
        peer.is_numbered = peer.has_gap = false;
        peer.beats_since_heard = 0;
      }
    }
    peers_.check();
    if (HasFailure()) FAIL() << "at step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PeersRandom, ::testing::Range(1, 9));

}  // namespace
}  // namespace chirm
