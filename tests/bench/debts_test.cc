// SPDX-License-Identifier: MIT
#include "bench/load/debts.h"

#include <gtest/gtest.h>

#include "protocol/message.h"

namespace chirm::load {
namespace {

// A room without a server: publications are put into its logs by hand.
class IndebtedRoom final : private Room::Events {
 public:
  IndebtedRoom() {
    Room::Events& events = *this;  // make_unique has no access to the base
    rooms.push_back(
        std::make_unique<Room>(Room::Name{7, 0, "room:debts"}, decoder_, tally, events));
  }

  Room& room() { return *rooms[0]; }
  Follower join(std::string_view epoch, std::uint64_t at_us) {
    Follower follower(room());
    follower.on_joined({.offset = 0, .epoch = epoch, .at_us = at_us});
    return follower;
  }
  // Somebody has received the publications 1 to `last` of that life.
  void fill(std::string_view epoch, std::uint64_t last) {
    Epoch& life = room().epoch(epoch, 0);
    for (std::uint64_t offset = 1; offset <= last; ++offset) {
      (void)room().log(life, {.offset = offset, .key = offset, .scheduled_us = 0, .line = {}});
    }
  }
  // What another worker tells of a life.
  static Tip tip(std::string_view epoch, std::uint64_t named_us, std::uint64_t end) {
    return {.room = 0, .epoch = hash_of(epoch), .named_us = named_us, .first = 1, .end = end};
  }

  Tally tally;
  Debts::Rooms rooms;

 private:
  void on_logged(std::uint32_t, std::uint32_t, std::uint64_t) override {}

  MessageDecoder decoder_;
};

TEST(Debts, AreWhatThisWorkerKnowsUntilOthersHaveTold) {
  IndebtedRoom world;
  Debts debts(world.rooms);
  Follower follower = world.join("a", 10);
  EXPECT_TRUE(debts.are_paid(0, follower));
  world.fill("a", 3);
  EXPECT_FALSE(debts.are_paid(0, follower));
  debts.audit(0, follower);
  EXPECT_EQ(world.tally.violations.lost, 3U);
}

TEST(Debts, AreWhatAnyWorkerHasSeenOfTheRoom) {
  IndebtedRoom world;
  Debts debts(world.rooms);
  Follower follower = world.join("a", 10);
  debts.require(IndebtedRoom::tip("a", 10, 6));
  EXPECT_FALSE(debts.are_paid(0, follower));
  world.fill("a", 7);  // came here after the other one had told
  debts.audit(0, follower);
  EXPECT_EQ(world.tally.violations.lost, 7U);
}

TEST(Debts, OfWhoStandsInAFormerLifeAreAllOfThePresentOne) {
  IndebtedRoom world;
  Debts debts(world.rooms);
  Follower stayed = world.join("a", 10);
  const Follower moved = world.join("b", 20);
  world.fill("b", 4);
  EXPECT_FALSE(debts.are_paid(0, stayed));
  debts.audit(0, stayed);
  EXPECT_EQ(world.tally.violations.lost, 4U);
  // Another worker has heard later that the first life goes on.
  debts.require(IndebtedRoom::tip("a", 30, 1));
  EXPECT_TRUE(debts.are_paid(0, stayed));
}

TEST(Debts, OfALifeThatOnlyAnotherWorkerHasSeenCount) {
  IndebtedRoom world;
  Debts debts(world.rooms);
  Follower stayed = world.join("a", 10);
  debts.require(IndebtedRoom::tip("b", 20, 9));
  EXPECT_FALSE(debts.are_paid(0, stayed));
  debts.audit(0, stayed);
  EXPECT_EQ(world.tally.violations.lost, 8U);
}

}  // namespace
}  // namespace chirm::load
