// SPDX-License-Identifier: MIT
// What was noted lately, beside a model that remembers everything with its age.

#include "core/broker/redis/redis_positions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
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
  // By channel: what was noted since the last age(), and before that.
  std::map<std::string, AgedPosition> fresh_;
  std::map<std::string, AgedPosition> aged_;

  void note(const std::string& channel, const Position& position) {
    positions_.note(channel, position);
    AgedPosition& noted = fresh_[channel];
    if (noted.position.epoch != position.epoch || noted.position.offset < position.offset) {
      noted.position = position;
    }
  }
  const Position* model_find(const std::string& channel) {
    for (auto* all : {&fresh_, &aged_}) {
      if (const auto found = all->find(channel); found != all->end()) {
        return &found->second.position;
      }
    }
    return nullptr;
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  RedisPositions positions_;
};

TEST_P(PositionsRandom, AreFoundUntilTheSecondDigest) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const std::vector<std::string> epochs = {"one", "two", "three"};
  for (int step = 0; step < 3000; ++step) {
    const std::string channel = "room:" + std::to_string(random_.between(0, 20));
    if (random_.between(0, 19) == 0) {
      positions_.age();
      aged_ = std::exchange(fresh_, {});
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
  std::vector<std::string> known;
  for (const auto& [channel, one] : fresh_) known.push_back(channel);
  for (const auto& [channel, one] : aged_) {
    if (!fresh_.contains(channel)) known.push_back(channel);
  }
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

TEST(PositionsDeathTest, NeedAnEpoch) {
  RedisPositions positions;
  EXPECT_DEATH(positions.note("room:a", {1, ""}), "position.epoch.empty");
}

}  // namespace
}  // namespace chirm
