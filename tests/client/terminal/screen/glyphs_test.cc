// SPDX-License-Identifier: MIT
#include "client/terminal/screen/glyphs.h"

#include <gmock/gmock.h>

#include <clocale>
#include <cmath>
#include <set>

#include "client/terminal/screen/palette.h"

namespace chirm::terminal {
namespace {

using ::testing::ElementsAre;

class GlyphsTest : public ::testing::Test {
 protected:
  GlyphsTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  static std::vector<std::string> wrapped(std::string_view text, int columns, int indent = 0) {
    std::vector<std::string> lines;
    for (const Glyphs& line : wrap(glyphs_of(text), columns, indent)) {
      lines.push_back(text_of(line));
    }
    return lines;
  }
};

TEST_F(GlyphsTest, KnowsHowWideCharactersAre) {
  EXPECT_EQ(width_of("abc"), 3);
  EXPECT_EQ(width_of("日本"), 4);
  EXPECT_EQ(width_of("e\xcc\x81"), 1);  // with a combining acute
  EXPECT_EQ(glyphs_of("e\xcc\x81x").size(), 2);
}

TEST_F(GlyphsTest, LeavesOutWhatTerminalsDisagreeOn) {
  EXPECT_EQ(text_of(glyphs_of("\xe2\x9d\xa4\xef\xb8\x8f!")), "\xe2\x9d\xa4!");  // no selector
  EXPECT_EQ(text_of(glyphs_of("a\xe2\x80\x8d\x62")), "ab");                     // no joiner
  EXPECT_EQ(text_of(glyphs_of("\xcc\x81x")), "x");                              // no base
}

TEST_F(GlyphsTest, AllowsOnlySomeMarksOnACharacter) {
  std::string zalgo = "a";
  for (int i = 0; i < 100; ++i) zalgo += "\xcc\x81";
  EXPECT_LT(text_of(glyphs_of(zalgo)).size(), 24);
}

TEST_F(GlyphsTest, WrapsAtBlanks) {
  EXPECT_THAT(wrapped("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("one two three", 6), ElementsAre("one", "two", "three"));
  EXPECT_THAT(wrapped("", 6), ElementsAre(""));
  EXPECT_THAT(wrapped("a\n\nb", 6), ElementsAre("a", "", "b"));
}

TEST_F(GlyphsTest, BreaksWordsThatAreTooWide) {
  EXPECT_THAT(wrapped("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(wrapped("日本語", 3), ElementsAre("日", "本", "語"));
}

TEST_F(GlyphsTest, MakesFurtherLinesShorter) {
  EXPECT_THAT(wrapped("aa bb cc dd", 8, 3), ElementsAre("aa bb cc", "dd"));
  EXPECT_THAT(wrapped("aa bb cc dd ee", 5, 3), ElementsAre("aa bb", "cc", "dd", "ee"));
}

TEST_F(GlyphsTest, BreaksAWordThatOnlyTheFirstLineHadRoomFor) {
  EXPECT_THAT(wrapped("a bbbbbbb", 8, 4), ElementsAre("a", "bbbb", "bbb"));
  EXPECT_THAT(wrapped("a bbbbbbb c", 8, 6), ElementsAre("a", "bb", "bb", "bb", "b", "c"));
  EXPECT_THAT(wrapped("a 日本語", 7, 2), ElementsAre("a", "日本", "語"));
}

TEST_F(GlyphsTest, CutsWithASign) {
  EXPECT_EQ(text_of(fit(glyphs_of("abcdef"), 4)), "abc…");
  EXPECT_EQ(text_of(fit(glyphs_of("abcd"), 4)), "abcd");
  EXPECT_EQ(text_of(fit(glyphs_of("日本語"), 4)), "日…");
  EXPECT_EQ(text_of(fit(glyphs_of("abc"), 0)), "");
}

TEST_F(GlyphsTest, AUserKeepsTheirColour) {
  EXPECT_EQ(colour_of("ada"), colour_of("ada"));
  std::set<Colour> colours;
  for (int i = 0; i < 200; ++i) colours.insert(colour_of("user" + std::to_string(i)));
  EXPECT_EQ(colours.size(), kNickColours);
  EXPECT_GE(*colours.begin(), Colour::kNick);
}

double luminance(int of_256) {
  const auto linear = [](int level) {
    const double c = level / 255.0;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  if (of_256 >= 232) return linear(8 + 10 * (of_256 - 232));
  constexpr int kLevels[] = {0, 95, 135, 175, 215, 255};
  const int cube = of_256 - 16;
  return 0.2126 * linear(kLevels[cube / 36]) + 0.7152 * linear(kLevels[cube / 6 % 6]) +
         0.0722 * linear(kLevels[cube % 6]);
}

TEST_F(GlyphsTest, ColoursCanBeReadOnBlackAndOnWhite) {
  for (std::size_t i = 1; i < kPalette.size(); ++i) {
    const double light = luminance(kPalette[i].of_256);
    EXPECT_GE((light + 0.05) / 0.05, 3.4) << i;
    EXPECT_GE(1.05 / (light + 0.05), 3.4) << i;
  }
}

}  // namespace
}  // namespace chirm::terminal
