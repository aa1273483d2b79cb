// SPDX-License-Identifier: MIT
#include "client/terminal/chat/completion.h"

#include <gmock/gmock.h>

namespace chirm::terminal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const CompletionSources kSources{.users = {"alan", "alice", "bob"}, .rooms = {"dev", "lobby"}};

std::vector<std::string> words(std::string_view text) {
  return completions_of(text, kSources).words;
}

TEST(Completion, CompletesCommands) {
  EXPECT_THAT(words("/me"), ElementsAre("/members "));
  EXPECT_THAT(words("/"), Contains("/join "));
  EXPECT_THAT(words("/nothing"), IsEmpty());
  EXPECT_THAT(words("//jo"), IsEmpty());
}

TEST(Completion, CompletesWhatACommandWants) {
  EXPECT_THAT(words("/join "), ElementsAre("dev ", "lobby "));
  EXPECT_THAT(words("/join #l"), ElementsAre("lobby "));
  EXPECT_THAT(words("/dm AL"), ElementsAre("alan ", "alice "));
  EXPECT_THAT(words("/kick @b"), ElementsAre("bob "));
  EXPECT_THAT(words("/role bob m"), ElementsAre("member", "moderator"));
  EXPECT_THAT(words("/topic al"), IsEmpty());
  EXPECT_THAT(words("/dm bob al"), IsEmpty());
}

TEST(Completion, CompletesNamesAndRoomsInText) {
  EXPECT_THAT(words("hi @al"), ElementsAre("@alan ", "@alice "));
  EXPECT_THAT(words("see #d"), ElementsAre("#dev "));
  EXPECT_THAT(words("bo"), ElementsAre("@bob "));
  EXPECT_THAT(words("hi bo"), ElementsAre("bob "));
  EXPECT_THAT(words("hi "), IsEmpty());
  EXPECT_THAT(words("/topic for @bo"), ElementsAre("@bob "));
}

TEST(Completer, GoesThroughThemAndBack) {
  InputLine line;
  Completer completer;
  line.set("/dm al", " later");
  EXPECT_EQ(completer.complete(line, kSources, 1), "[alan] alice");
  EXPECT_EQ(line.text(), "/dm alan  later");
  EXPECT_EQ(line.text_before_cursor(), "/dm alan ");
  EXPECT_EQ(completer.complete(line, kSources, 1), "alan [alice]");
  EXPECT_EQ(line.text(), "/dm alice  later");
  EXPECT_EQ(completer.complete(line, kSources, 1), "[alan] alice");
  EXPECT_EQ(completer.complete(line, kSources, -1), "alan [alice]");
}

TEST(Completer, GoesOnBehindTheOnlyOne) {
  InputLine line;
  Completer completer;
  line.set("/joi");
  EXPECT_EQ(completer.complete(line, kSources, 1), "");
  EXPECT_EQ(line.text(), "/join ");
  EXPECT_EQ(completer.complete(line, kSources, 1), "[dev] lobby");
  EXPECT_EQ(line.text(), "/join dev ");
}

TEST(Completer, LeavesTheLineWhenThereIsNothing) {
  InputLine line;
  Completer completer;
  line.set("zzz");
  EXPECT_EQ(completer.complete(line, kSources, 1), "");
  EXPECT_EQ(line.text(), "zzz");
}

}  // namespace
}  // namespace chirm::terminal
