// SPDX-License-Identifier: MIT
#include "client/terminal/screen/key_bindings.h"

#include <gtest/gtest.h>

namespace chirm::terminal {
namespace {

TEST(KeyBindings, InsertsCharacters) {
  for (const char* key : {"a", " ", "/", "ß", "日", "\xf0\x9f\x99\x82"}) {
    EXPECT_EQ(action_of(key), KeyAction::kInsert) << key;
  }
}

TEST(KeyBindings, InsertsNothingElse) {
  for (const char* key : {"\x1b[15~", "\x1b[I", "\x1bOP", "\x1bz", "\x16", "\xff", "\xc2\x9b"}) {
    EXPECT_EQ(action_of(key), KeyAction::kNone) << ::testing::PrintToString(key);
  }
}

TEST(KeyBindings, KnowsKeysOfSeveralTerminals) {
  EXPECT_EQ(action_of("\x1b[H"), KeyAction::kStart);
  EXPECT_EQ(action_of("\x1bOH"), KeyAction::kStart);
  EXPECT_EQ(action_of("\x1b[1~"), KeyAction::kStart);
  EXPECT_EQ(action_of("\x1b[1;3A"), KeyAction::kPreviousConversation);
  EXPECT_EQ(action_of("\x10"), KeyAction::kPreviousConversation);
  EXPECT_EQ(action_of("\x1b"
                      "7"),
            KeyAction::kConversation);
  EXPECT_EQ(action_of("\x1b"), KeyAction::kEscape);
  EXPECT_EQ(action_of("\x1b\r"), KeyAction::kNewLine);
}

}  // namespace
}  // namespace chirm::terminal
