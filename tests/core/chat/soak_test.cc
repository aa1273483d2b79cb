// SPDX-License-Identifier: MIT
// Clients that read a little, stall, leave, come back, vanish and are cut off, at random: each sees
// every publication of each of its channels once and in order, or is told that it missed some.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using testing::FakeClient;

const std::vector<std::string> kRooms = {"room:a", "room:b", "room:c"};

// What one client knows of one room, over all its connections.
struct Place {
  enum class State : std::uint8_t { kOut, kJoining, kIn, kLeaving };
  State state = State::kOut;
  std::uint64_t seen = 0;  // offset
  bool is_known = false;   // `seen` means something
};

// A client with a position in each room, which it keeps over reconnects as SDKs do.
class Follower {
 public:
  Follower(ChatNode& node, std::mt19937& random) : node_(node), random_(random) { reconnect(); }

  void act() {
    switch (random_() % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
        return join(kRooms[random_() % kRooms.size()]);
      case 4:
        return leave(kRooms[random_() % kRooms.size()]);
      case 5:
        client().transport.room = random_() % 3'000;  // stalls soon
        return;
      case 6:
      case 7:
        client().transport.bytes_per_write = random_() % 2 == 0 ? SIZE_MAX : 1 + random_() % 500;
        return client().drain();
      case 8:
        if (random_() % 10 == 0) return reconnect();
        return;
      default:
        if (client().transport.is_full) client().take_bytes(random_() % 2'000);
    }
  }
  void catch_up() {
    client().transport.bytes_per_write = SIZE_MAX;
    client().drain();
  }
  void join_all() {
    for (const std::string& room : kRooms) join(room);
  }
  // Takes in what has come and checks it.
  void check() {
    for (const std::string& line : client_->take()) take(line);
  }
  std::uint64_t seen(const std::string& room) { return places_[room].seen; }
  bool is_in_all() {
    return std::all_of(kRooms.begin(), kRooms.end(),
                       [&](const auto& room) { return places_[room].state == Place::State::kIn; });
  }

  int losses = 0;
  int falls = 0;

 private:
  FakeClient& client() { return *client_; }

  void reconnect() {
    if (client_ != nullptr) {
      client_->transport.bytes_per_write = SIZE_MAX;
      for (const std::string& line : client_->events().take()) take(line);
      client_->vanish();
    }
    client_ = std::make_unique<FakeClient>(node_);
    client_->connect("ada");
    asked_.clear();
    for (auto& [room, place] : places_) place.state = Place::State::kOut;
  }
  void join(const std::string& room) {
    Place& place = places_[room];
    if (place.state != Place::State::kOut) return;
    place.state = Place::State::kJoining;
    if (place.is_known) {
      client_->recover(room, {place.seen, ""});
    } else {
      client_->subscribe(room);
    }
    asked_[client_->last_id] = room;
  }
  void leave(const std::string& room) {
    Place& place = places_[room];
    if (place.state != Place::State::kIn) return;
    place.state = Place::State::kLeaving;
    client_->unsubscribe(room);
    asked_[client_->last_id] = room;
  }

  void take(const std::string& line) {
    if (line.starts_with("1 connect ")) return;
    if (!line.starts_with("room:")) return take_reply(line);
    const std::string room = line.substr(0, line.find(' '));
    Place& place = places_[room];
    const std::string rest = line.substr(room.size() + 1);
    if (rest == "unsubscribed 2500") {
      ++falls;
      // Crossing an unsubscribe that is still to be answered.
      if (place.state == Place::State::kIn) place.state = Place::State::kOut;
      return;
    }
    ASSERT_TRUE(place.state == Place::State::kIn || place.state == Place::State::kLeaving) << line;
    ASSERT_EQ(rest.substr(0, rest.find(' ')), std::to_string(place.seen + 1)) << line.substr(0, 40);
    ++place.seen;
  }
  void take_reply(const std::string& line) {
    const auto id = static_cast<std::uint32_t>(std::stoul(line));
    ASSERT_TRUE(asked_.contains(id)) << line;
    Place& place = places_[asked_[id]];
    if (place.state == Place::State::kLeaving) {
      ASSERT_NE(line.find(" unsubscribe {}"), std::string::npos) << line;
      place.state = Place::State::kOut;
      return;
    }
    ASSERT_EQ(place.state, Place::State::kJoining) << line;
    const std::string key = "\"offset\":";
    const std::size_t at = line.find(key);
    const std::uint64_t offset = at == std::string::npos ? 0 : std::stoull(line.substr(at + 9));
    const bool is_recovered = line.find("\"recovered\":true") != std::string::npos;
    if (is_recovered) {
      ASSERT_EQ(offset, place.seen) << line;
    } else if (place.is_known) {
      ++losses;
    }
    place.state = Place::State::kIn;
    place.seen = offset;
    place.is_known = true;
  }

  ChatNode& node_;
  std::mt19937& random_;
  std::unique_ptr<FakeClient> client_;
  std::map<std::string, Place> places_;
  std::map<std::uint32_t, std::string> asked_;
};

class Soak : public ::testing::TestWithParam<unsigned> {};

TEST_P(Soak, NobodySeesAHoleADuplicateOrDisorder) {
  std::mt19937 random(GetParam());
  ChatSettings settings = ChatNode::open_settings();
  settings.tail_bytes_max = 64 * 1024;
  if (GetParam() % 2 == 0) {  // long walks through the history
    settings.tail_bytes_max = 16 * 1024;
    settings.page_bytes = 4 * 1024;
  }
  BrokerSettings kept;
  kept.history_size = 400;
  ChatNode node(settings, kept);
  FakeClient& publisher = node.add_client("publisher");
  publisher.transport.is_kept = false;
  std::vector<std::unique_ptr<Follower>> followers;
  for (int i = 0; i < 20; ++i) followers.push_back(std::make_unique<Follower>(node, random));
  std::map<std::string, std::uint64_t> published;
  for (int step = 0; step < 4'000; ++step) {
    for (auto burst = random() % 3; burst > 0; --burst) {
      const std::string& room = kRooms[random() % kRooms.size()];
      const std::size_t size = random() % 40 == 0 ? 20'000 : random() % 600;
      publisher.publish(room, '"' + std::string(size, 'x') + '"');
      ++published[room];
    }
    for (auto acts = random() % 6; acts > 0; --acts) followers[random() % followers.size()]->act();
    if (random() % 3 != 0) (void)node.end_turn();
    followers[random() % followers.size()]->check();
    if (::testing::Test::HasFatalFailure()) return;
  }
  // All read at last, come back where they are out, and end at the same place.
  int losses = 0;
  int falls = 0;
  for (int round = 0; round < 5; ++round) {
    for (auto& follower : followers) {
      follower->catch_up();
      node.settle();
      follower->check();
      follower->join_all();
      node.settle();
      follower->check();
    }
  }
  for (auto& follower : followers) {
    EXPECT_TRUE(follower->is_in_all());
    for (const std::string& room : kRooms) EXPECT_EQ(follower->seen(room), published[room]);
    losses += follower->losses;
    falls += follower->falls;
  }
  // The walk was a rough one.
  EXPECT_GT(losses, 0);
  EXPECT_GT(falls, 0);
  EXPECT_GT(node.counters.recovered, 100U);
  EXPECT_GT(node.counters.blocked_writes, 100U);
  followers.clear();
  EXPECT_EQ(node.counters.subscriptions, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Soak, ::testing::Range(1U, 5U));

}  // namespace
}  // namespace chirm
