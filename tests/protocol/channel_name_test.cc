// SPDX-License-Identifier: MIT
#include "protocol/channel_name.h"

#include <gmock/gmock.h>

#include <string>

#include "protocol/limits.h"

namespace chirm {
namespace {

TEST(ChannelName, TakesPrintableAsciiAndUnicode) {
  EXPECT_TRUE(is_channel_name("a"));
  EXPECT_TRUE(is_channel_name("room:general chat ~!"));
  EXPECT_TRUE(is_channel_name("room:日本語"));
  EXPECT_TRUE(is_channel_name("room:\xC2\xA0"));  // U+00A0, the first behind the C1 controls
  EXPECT_TRUE(is_channel_name("room:😀"));
}

TEST(ChannelName, RefusesControlCharacters) {
  EXPECT_FALSE(is_channel_name("room\n"));
  EXPECT_FALSE(is_channel_name(std::string_view("ro\0om", 5)));
  EXPECT_FALSE(is_channel_name("room\x1F"));
  EXPECT_FALSE(is_channel_name("room\x7F"));
  EXPECT_FALSE(is_channel_name("room\xC2\x85"));  // U+0085, next line
}

TEST(ChannelName, RefusesInvalidUtf8) {
  EXPECT_FALSE(is_channel_name("room\xFF"));
  EXPECT_FALSE(is_channel_name("room\xC2"));
  EXPECT_FALSE(is_channel_name("room\xED\xA0\x80"));  // a surrogate
}

TEST(ChannelName, HasBetween1And255Bytes) {
  EXPECT_FALSE(is_channel_name(""));
  EXPECT_TRUE(is_channel_name(std::string(limits::kChannelBytes, 'x')));
  EXPECT_FALSE(is_channel_name(std::string(limits::kChannelBytes + 1, 'x')));
}

TEST(ChannelName, NamespaceStandsBeforeTheFirstColon) {
  EXPECT_EQ(channel_namespace("room:a:b"), "room");
  EXPECT_EQ(channel_namespace("room"), "");
  EXPECT_EQ(channel_namespace(":a"), "");
  EXPECT_EQ(channel_namespace("dm:#1,2"), "dm");
}

TEST(ChannelName, LimitedToTheUsersBehindTheLastHash) {
  EXPECT_FALSE(is_user_limited("room:a"));
  EXPECT_TRUE(is_user_limited("dm:#1,2"));
  EXPECT_TRUE(allows_user("dm:#1,2", "1"));
  EXPECT_TRUE(allows_user("dm:#1,2", "2"));
  EXPECT_TRUE(allows_user("user:#anna", "anna"));
  EXPECT_TRUE(allows_user("a#b#c", "c"));
  EXPECT_FALSE(allows_user("a#b#c", "b"));
}

TEST(ChannelName, AllowsOnlyWholeUserNames) {
  EXPECT_FALSE(allows_user("dm:#12,3", "1"));
  EXPECT_FALSE(allows_user("dm:#12,3", "2"));
  EXPECT_FALSE(allows_user("dm:#12,3", "12,3"));
  EXPECT_FALSE(allows_user("dm:#12,3", " 3"));
  EXPECT_FALSE(allows_user("room:a", "a"));
}

TEST(ChannelName, NeverAllowsTheAnonymousUser) {
  EXPECT_FALSE(allows_user("dm:#", ""));
  EXPECT_FALSE(allows_user("dm:#1,", ""));
  EXPECT_FALSE(allows_user("dm:#,1", ""));
}

TEST(ChannelName, MatchesAPattern) {
  for (const char* pattern : {"room:a", "*", "room:*", "*:a", "r*m*a", "room:?", "????:a", "**a",
                              "\\room:a", "room:a*"}) {
    EXPECT_TRUE(matches_glob(pattern, "room:a")) << pattern;
  }
  for (const char* pattern :
       {"", "room:", "room:ab", "?", "room:a?", "a*", "*b", "room\\*", "ROOM:A"}) {
    EXPECT_FALSE(matches_glob(pattern, "room:a")) << pattern;
  }
  EXPECT_TRUE(matches_glob("a\\*c", "a*c"));
  EXPECT_FALSE(matches_glob("a\\*c", "abc"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_FALSE(matches_glob("?", ""));
}

TEST(ChannelName, MatchesAPatternOfManyStarsQuickly) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(255, 'a')));
}

}  // namespace
}  // namespace chirm
