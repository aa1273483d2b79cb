// SPDX-License-Identifier: MIT
#include "protocol/emoji.h"

#include <gtest/gtest.h>

#include <string>

namespace chirm {
namespace {

TEST(Emoji, AreSingleOnesFlagsKeycapsSkinTonesAndJoinedSequences) {
  for (const char* emoji :
       {"👍", "🎉", "❤️", "❤", "⭐", "👍🏽", "🇩🇪", "1️⃣", "#️⃣",
        "👨‍👩‍👧‍👦", "🏳️‍🌈", "👩🏻‍❤️‍💋‍👩🏼",
        "\xF0\x9F\x8F\xB4\xF3\xA0\x81\xA7\xF3\xA0\x81\xA2\xF3\xA0\x81\xA5\xF3\xA0\x81\xAE\xF3\xA0"
        "\x81\xA7\xF3\xA0\x81\xBF"}) {
    EXPECT_TRUE(is_emoji(emoji)) << emoji;
  }
}

TEST(Emoji, AreNothingElse) {
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("x"), std::string("1"), std::string("+1"),
        std::string("lol"), std::string("\xEF\xB8\x8F"), std::string("\xE2\x80\x8D"),
        std::string("\xE2\x80\x8B"), std::string("👍👍"), std::string("👍 "), std::string("👍a"),
        std::string("🇩"), std::string("🇩🇩"), std::string("\xFF\xFE"), std::string("\xF0\x9F\x91"),
        std::string(1, '\0'), std::string("👍\0", 5), std::string(65, 'x')}) {
    EXPECT_FALSE(is_emoji(text)) << text;
  }
}

}  // namespace
}  // namespace chirm
