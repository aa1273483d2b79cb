// SPDX-License-Identifier: MIT
// What was noted lately, beside a model that remembers everything with its age.

#include "core/broker/redis/redis_positions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace chirm {
namespace {

struct AgedPosition {
  Position position;
  int age = 0;
};

class PositionsRandom : public ::testing::TestWithParam<int> {
 protected:
  // By channel: what was noted since the last age(), before that, and what a digest says no more.
  std::map<std::string, AgedPosition> fresh_;
  std::map<std::string, AgedPosition> aged_;
  std::map<std::string, AgedPosition> said_;

  void note(const std::string& channel, const Position& position) {
    positions_.note(channel, position);
    const Position* const before = model_find(channel);
    AgedPosition& noted =
        fresh_.try_emplace(channel, AgedPosition{before == nullptr ? Position{} : *before})
            .first->second;
    if (noted.position.epoch != position.epoch || noted.position.offset < position.offset) {
      noted.position = position;
    }
  }
  const Position* model_find(const std::string& channel) {
    for (auto* all : {&fresh_, &aged_, &said_}) {
      if (const auto found = all->find(channel); found != all->end()) {
        return &found->second.position;
      }
    }
    return nullptr;
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  RedisPositions positions_;
};

// A message id that is repeated is answered with its offset of long ago.
TEST(RedisPositions, AreNotHiddenByAnOlderOne) {
  RedisPositions positions;
  positions.note("room:a", {100, "one"});
  positions.age();
  positions.note("room:a", {5, "one"});
  EXPECT_EQ(positions.find("room:a")->offset, 100U);
  positions.note("room:a", {5, "two"});
  EXPECT_EQ(positions.find("room:a")->epoch, "two");
}

TEST_P(PositionsRandom, AreFoundUntilTheLeaseBehindTheSecondDigest) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const std::vector<std::string> epochs = {"one", "two", "three"};
  for (int step = 0; step < 3000; ++step) {
    const std::string channel = "room:" + std::to_string(random_.between(0, 20));
    if (random_.between(0, 19) == 0) {
      positions_.age();
      for (const auto& [name, one] : aged_) said_[name] = one;
      aged_ = std::exchange(fresh_, {});
    } else if (random_.between(0, 39) == 0) {
      positions_.note_lease();
      said_.clear();
    } else {
      note(channel, {random_.between(0, 9), epochs[random_.between(0, 2)]});
    }
    positions_.check();
    const Position* const expected = model_find(channel);
    const Position* const found = positions_.find(channel);
    ASSERT_EQ(found == nullptr, expected == nullptr) << "step " << step;
    if (expected == nullptr) continue;
    ASSERT_EQ(found->epoch, expected->epoch) << "step " << step;
    ASSERT_EQ(found->offset, expected->offset) << "step " << step;
  }
  std::set<std::string> unsaid;
  for (const auto* all : {&fresh_, &aged_}) {
    for (const auto& [channel, one] : *all) unsaid.insert(channel);
  }
  std::vector<std::string> visited;
  EXPECT_TRUE(positions_.visit_unsaid([&](const std::string& channel, const Position&) {
    visited.push_back(channel);
    return true;
  }));
  EXPECT_THAT(visited, ::testing::UnorderedElementsAreArray(unsaid));
  EXPECT_EQ(positions_.is_all_said(), unsaid.empty());
  std::set<std::string> known = unsaid;
  for (const auto& [channel, one] : said_) known.insert(channel);
  EXPECT_THAT(positions_.channels(), ::testing::UnorderedElementsAreArray(known));
}

INSTANTIATE_TEST_SUITE_P(Seeds, PositionsRandom, ::testing::Range(1, 9));

TEST(Positions, AreBounded) {
  RedisPositions positions;
  for (std::size_t i = 0; i < RedisPositions::kChannelsMax + 10; ++i) {
    positions.note("room:" + std::to_string(i), {1, "epoch"});
  }
  EXPECT_EQ(positions.channels().size(), RedisPositions::kChannelsMax);
  positions.note("room:0", {2, "epoch"});  // one that is there goes on
  EXPECT_EQ(positions.find("room:0")->offset, 2U);
}

// Without leases nothing would ever be forgotten.
TEST(Positions, AreBoundedWithoutLeasesAndTheNewestStay) {
  constexpr std::size_t kLot = RedisPositions::kChannelsMax / 2;
  RedisPositions positions;
  for (std::size_t lot = 0; lot < 6; ++lot) {
    for (std::size_t i = 0; i < kLot; ++i) {
      positions.note("room:" + std::to_string(lot * kLot + i), {1, "epoch"});
    }
    positions.age();
    positions.check();
  }
  EXPECT_LE(positions.channels().size(), 2 * RedisPositions::kChannelsMax);
  EXPECT_EQ(positions.find("room:0"), nullptr);
  EXPECT_NE(positions.find("room:" + std::to_string(4 * kLot)), nullptr);  // said
}

TEST(PositionsDeathTest, NeedAnEpoch) {
  RedisPositions positions;
  EXPECT_DEATH(positions.note("room:a", {1, ""}), "position.epoch.empty");
}

}  // namespace
}  // namespace chirm
