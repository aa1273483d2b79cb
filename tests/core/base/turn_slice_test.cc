// SPDX-License-Identifier: MIT
#include "core/base/turn_slice.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "core/base/random.h"

namespace chirm {
namespace {

// Numbers below the number of buckets have one each.
struct OwnBucket {
  std::size_t operator()(std::uint64_t number) const { return number; }
};
using Table = std::unordered_map<std::uint64_t, int, OwnBucket>;
using Visits = std::map<std::uint64_t, int>;

void fill(Table& table, std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; ++i) table.emplace(i, 0);
}

std::size_t calls_for_all(const Table& table) {
  return (table.bucket_count() + TurnSlice::kBuckets - 1) / TurnSlice::kBuckets;
}

Visits visit(TurnSlice& slice, const Table& table) {
  Visits visits;
  slice.visit(table, [&](const Table::value_type& entry) { ++visits[entry.first]; });
  return visits;
}

TEST(TurnSlice, SeesAWholeTableBitByBit) {
  Table table;
  fill(table, 1'000);
  TurnSlice slice;
  Visits seen;
  for (std::size_t i = 0; i < calls_for_all(table); ++i) {
    const Visits visits = visit(slice, table);
    EXPECT_LE(visits.size(), TurnSlice::kBuckets);
    for (const auto& [number, count] : visits) seen[number] += count;
  }
  EXPECT_EQ(seen.size(), table.size());
}

TEST(TurnSlice, VisitsNothingTwiceInACall) {
  Table table;
  TurnSlice slice;
  EXPECT_TRUE(visit(slice, table).empty());
  fill(table, 3);
  for (int call = 0; call < 5; ++call) {
    EXPECT_EQ(visit(slice, table), (Visits{{0, 1}, {1, 1}, {2, 1}})) << "call " << call;
  }
}

class TurnSliceRandom : public ::testing::TestWithParam<int> {};

TEST_P(TurnSliceRandom, SeesAllOfATableThatHasGrownAndShrunkBefore) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Random random{static_cast<std::uint64_t>(GetParam())};
  Table table;
  TurnSlice slice;
  for (int step = 0; step < 50; ++step) {
    const std::uint64_t size = random.between(0, 2'000);
    if (size < table.size()) table.clear();
    table.rehash(size);
    fill(table, size);
    for (auto calls = random.between(0, 20); calls > 0; --calls) (void)visit(slice, table);
    Visits seen;
    for (std::size_t i = 0; i < calls_for_all(table); ++i) {
      for (const auto& [number, count] : visit(slice, table)) seen[number] += count;
    }
    ASSERT_EQ(seen.size(), table.size()) << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TurnSliceRandom, ::testing::Range(1, 5));

}  // namespace
}  // namespace chirm
