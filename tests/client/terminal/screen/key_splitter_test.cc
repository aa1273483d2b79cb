// SPDX-License-Identifier: MIT
#include "client/terminal/screen/key_splitter.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace chirm::terminal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The complete keys at the start of `bytes`.
std::vector<std::string> keys(std::string_view bytes) {
  std::vector<std::string> found;
  while (true) {
    const std::string_view key = first_key(bytes);
    if (key.empty()) return found;
    found.emplace_back(key);
    bytes.remove_prefix(key.size());
  }
}

TEST(KeySplitter, TakesCharactersOneByOne) {
  EXPECT_THAT(keys("a\rß日\x03"), ElementsAre("a", "\r", "ß", "日", "\x03"));
}

TEST(KeySplitter, KeepsSequencesTogether) {
  EXPECT_THAT(keys("\x1b[A\x1b[1;5Cx\x1bOH\x1b[3~\x1b"
                   "b"),
              ElementsAre("\x1b[A", "\x1b[1;5C", "x", "\x1bOH", "\x1b[3~",
                          "\x1b"
                          "b"));
}

TEST(KeySplitter, WaitsForTheRest) {
  for (const char* cut : {"\x1b", "\x1b[", "\x1b[1;", "\x1bO", "\xe6", "\xe6\x97"}) {
    EXPECT_THAT(keys(cut), IsEmpty()) << ::testing::PrintToString(cut);
  }
}

TEST(KeySplitter, TakesEscapeBeforeASequenceForItself) {
  EXPECT_THAT(keys("\x1b\x1b[A"), ElementsAre("\x1b", "\x1b[A"));
}

TEST(KeySplitter, TakesInvalidBytesOneByOne) {
  EXPECT_THAT(keys("\xff\x80"
                   "a\xe6z"),
              ElementsAre("\xff", "\x80", "a", "\xe6", "z"));
}

}  // namespace
}  // namespace chirm::terminal
