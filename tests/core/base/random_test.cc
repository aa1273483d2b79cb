// SPDX-License-Identifier: MIT
#include "core/base/random.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

namespace chirm {
namespace {

TEST(Random, StaysWithinItsBounds) {
  Random random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.between(3, 6));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{3, 4, 5, 6}));
}

TEST(Random, NamesAreLettersAndDigitsAndDiffer) {
  Random random;
  std::set<std::string> names;
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = random.name(8);
    ASSERT_EQ(name.size(), 8U);
    for (const char c : name) ASSERT_TRUE(std::isalnum(static_cast<unsigned char>(c))) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 1'000U);
}

}  // namespace
}  // namespace chirm
