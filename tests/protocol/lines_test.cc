// SPDX-License-Identifier: MIT
#include "protocol/lines.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace chirm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Split {
  bool is_whole;
  std::vector<std::string> lines;
};

Split split(std::string_view message) {
  Split result;
  result.is_whole = for_each_line(message, [&](std::string_view line) {
    result.lines.emplace_back(line);
    return true;
  });
  return result;
}

TEST(Lines, SplitsAtLineFeeds) {
  EXPECT_THAT(split("{}").lines, ElementsAre("{}"));
  const Split several = split("{}\n[1]\n2");
  EXPECT_TRUE(several.is_whole);
  EXPECT_THAT(several.lines, ElementsAre("{}", "[1]", "2"));
}

TEST(Lines, ToleratesOneTrailingLineFeed) {
  const Split one = split("{}\n");
  EXPECT_TRUE(one.is_whole);
  EXPECT_THAT(one.lines, ElementsAre("{}"));
  const Split two = split("{}\n\n");
  EXPECT_FALSE(two.is_whole);
  EXPECT_THAT(two.lines, ElementsAre("{}"));
}

TEST(Lines, RefusesAnEmptyMessage) {
  EXPECT_FALSE(split("").is_whole);
  EXPECT_FALSE(split("\n").is_whole);
  EXPECT_THAT(split("").lines, IsEmpty());
}

TEST(Lines, GivesTheLinesBeforeAnEmptyOne) {
  const Split blank = split("1\n2\n\n3");
  EXPECT_FALSE(blank.is_whole);
  EXPECT_THAT(blank.lines, ElementsAre("1", "2"));
  EXPECT_THAT(split("\n1").lines, IsEmpty());
}

TEST(Lines, StopsWhenAskedTo) {
  int calls = 0;
  EXPECT_TRUE(for_each_line("1\n2\n\n", [&](std::string_view) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace chirm
