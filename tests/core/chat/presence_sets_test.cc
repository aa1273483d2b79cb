// SPDX-License-Identifier: MIT
// Sets that several nodes have parts of.
#include "core/chat/presence/presence_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/chat/presence_nodes.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::PresenceNodes;
using ::testing::UnorderedElementsAre;

TEST(PresenceSets, CostNothingWhereNobodyLooks) {
  PresenceNodes nodes(3);
  nodes.messages = 0;
  for (int i = 0; i < 1000; ++i) nodes[0].come("room:a", "c" + std::to_string(i));
  nodes.settle();
  EXPECT_EQ(nodes.messages, 0U);
}

TEST(PresenceSets, TellWhoWatchesWhoIsThereAndWhatChanges) {
  PresenceNodes nodes(3);
  nodes[0].come("room:a", "early", "1");
  nodes[1].sets.hold("room:a");
  nodes.settle();
  EXPECT_EQ(nodes[1].others("room:a"), "early=1 ");
  EXPECT_THAT(nodes[1].told, IsEmpty()) << "was there before";
  nodes[0].come("room:a", "late", "2");
  nodes[2].come("room:a", "other", "3");
  nodes[2].come("room:b", "elsewhere", "4");
  nodes.settle();
  EXPECT_EQ(nodes[1].others("room:a"), "early=1 late=2 other=3 ");
  nodes[0].go("room:a", "early");
  nodes[1].come("room:a", "own");
  nodes.settle();
  EXPECT_THAT(nodes[1].told, UnorderedElementsAre("+room:a:late", "+room:a:other", "-room:a:early",
                                                  "+room:a:own"));
  EXPECT_THAT(nodes[0].told, IsEmpty()) << "does not watch";
  EXPECT_EQ(nodes[1].sets.items(), 2U);
}

TEST(PresenceSets, SendWhatChangesInAWhileTogether) {
  PresenceNodes nodes(2);
  nodes[1].sets.hold("room:a");
  nodes.settle();
  nodes.messages = 0;
  for (int i = 0; i < 100; ++i) nodes[0].come("room:a", "c" + std::to_string(i));
  for (int i = 0; i < 99; ++i) nodes[0].go("room:a", "c" + std::to_string(i));
  nodes.settle();
  EXPECT_EQ(nodes.messages, 1U);
  EXPECT_THAT(nodes[1].told, ElementsAre("+room:a:c99"));
}

TEST(PresenceSets, TellNothingOfWhoGoesAndComesWithinAWhile) {
  PresenceNodes nodes(2);
  nodes[0].come("room:a", "ada");
  for (std::size_t i : {0, 1}) nodes[i].sets.hold("room:a");
  nodes.settle();
  nodes[0].told.clear();
  nodes[0].go("room:a", "ada");
  nodes[0].come("room:a", "ada");
  nodes.settle();
  EXPECT_THAT(nodes[0].told, IsEmpty());
  EXPECT_THAT(nodes[1].told, IsEmpty());
  EXPECT_EQ(nodes[1].others("room:a"), "ada=v ");
}

TEST(PresenceSets, ForgetANodeThatIsGoneAndHearOfItWhenItIsBack) {
  PresenceNodes nodes(3);
  nodes[0].come("room:a", "ada");
  nodes[1].come("room:a", "bob");
  nodes[2].sets.hold("room:a");
  nodes.settle();
  nodes.lose(0);
  nodes.settle();
  EXPECT_THAT(nodes[2].told, ElementsAre("-room:a:ada"));
  EXPECT_EQ(nodes[2].others("room:a"), "bob=v ");
  nodes[2].told.clear();
  nodes.hear_again();
  nodes.meet(0, 2);
  nodes.settle();
  EXPECT_THAT(nodes[2].told, ElementsAre("+room:a:ada"));
}

TEST(PresenceSets, ListANodeThatComesLater) {
  PresenceNodes nodes(2);
  nodes[0].sets.hold("room:a");
  nodes.settle();
  nodes.lose(1);
  nodes[1].come("room:a", "bob");
  nodes.hear_again();
  nodes.meet(0, 1);
  nodes.settle();
  EXPECT_THAT(nodes[0].told, ElementsAre("+room:a:bob"));
  nodes[1].go("room:a", "bob");
  nodes.settle();
  EXPECT_EQ(nodes[0].others("room:a"), "");
}

TEST(PresenceSets, AreRightAgainAfterMessagesWereLost) {
  PresenceNodes nodes(2);
  nodes[0].come("room:a", "ada");
  nodes[0].come("room:a", "bob");
  nodes[1].sets.hold("room:a");
  nodes.settle();
  nodes[0].bus.is_up = nodes[1].bus.is_up = false;
  nodes[0].go("room:a", "ada");
  nodes[0].come("room:a", "eve");
  nodes[0].sets.hold("room:b");
  nodes[1].come("room:b", "ida");
  nodes.settle();
  nodes[0].bus.is_up = nodes[1].bus.is_up = true;
  for (std::size_t i : {0, 1}) nodes.listener(i).on_node_messages_maybe_missed();
  nodes.settle();
  EXPECT_EQ(nodes[1].others("room:a"), "bob=v eve=v ");
  EXPECT_THAT(nodes[1].told, UnorderedElementsAre("-room:a:ada", "+room:a:eve"));
  EXPECT_EQ(nodes[0].others("room:b"), "ida=v ");
  nodes[1].come("room:b", "joe");
  nodes.settle();
  EXPECT_EQ(nodes[0].others("room:b"), "ida=v joe=v ");
}

TEST(PresenceSets, AskAgainForAPartThatDidNotCome) {
  PresenceNodes nodes(2);
  nodes[0].come("room:a", "ada");
  nodes[1].sets.hold("room:a");
  ASSERT_TRUE(testing::run_until(nodes.loop, [&] { return !nodes[1].bus.sent.empty(); }));
  nodes[1].bus.sent.clear();  // lost on the way, and nobody notices
  EXPECT_TRUE(nodes.pass_until_true([&] { return nodes[1].others("room:a") == "ada=v "; }));
}

TEST(PresenceSets, CountALargePartInsteadOfListingIt) {
  PresenceNodes nodes(2, 3);
  for (const char* key : {"1", "2", "3"}) nodes[0].come("room:a", key);
  nodes[1].sets.hold("room:a");
  nodes.settle();
  EXPECT_EQ(nodes[1].others("room:a"), "1=v 2=v 3=v ");
  nodes[0].come("room:a", "4");
  nodes.settle();
  EXPECT_EQ(nodes[1].others("room:a"), "+4/1");
  EXPECT_EQ(nodes[1].sets.items(), 0U);
  nodes.bytes = 0;
  for (int i = 5; i < 1000; ++i) nodes[0].come("room:a", std::to_string(i));
  ASSERT_TRUE(nodes.pass_until_true([&] { return nodes[1].others("room:a") == "+999/1"; }));
  EXPECT_LT(nodes.bytes, 200U);
  for (int i = 4; i < 1000; ++i) nodes[0].go("room:a", std::to_string(i));
  ASSERT_TRUE(nodes.pass_until_true([&] { return nodes[1].others("room:a") == "1=v 2=v 3=v "; }));
  EXPECT_THAT(nodes[1].told, IsEmpty()) << "none of these has just come";
  nodes[0].go("room:a", "1");
  nodes.settle();
  EXPECT_THAT(nodes[1].told, ElementsAre("-room:a:1"));
}

TEST(PresenceSets, CutALongListInPieces) {
  PresenceNodes nodes(2, 100'000);
  for (int i = 0; i < 1000; ++i) {
    nodes[0].come("room:a", "c" + std::to_string(i), std::string(1000, 'x'));
  }
  nodes.messages = 0;
  nodes[1].sets.hold("room:a");
  nodes.settle();
  EXPECT_EQ(nodes[1].sets.others_listed("room:a"), 1000U);
  EXPECT_GT(nodes.messages, 10U);
  EXPECT_LT(nodes.messages, 20U);
}

TEST(PresenceSets, AnswerAQuestionWhenAllPartsAreThere) {
  PresenceNodes nodes(3);
  nodes[0].come("room:a", "ada");
  std::string answer = "none yet";
  const auto ask = [&] {
    nodes[2].sets.ask("room:a", [&](bool is_complete) {
      answer = nodes[2].others("room:a") + (is_complete ? "complete" : "");
    });
  };
  ask();
  EXPECT_EQ(answer, "none yet");
  nodes.settle();
  EXPECT_EQ(answer, "ada=v complete");
  answer.clear();
  ask();
  EXPECT_EQ(answer, "ada=v complete") << "it is known now";
  // Then it is forgotten again, here and there.
  ASSERT_TRUE(nodes.pass_until_true([&] { return nodes[2].sets.watched() == 0; }));
  ASSERT_TRUE(nodes.pass_until_true([&] { return !nodes[0].sets.has("room:a"); }));
}

TEST(PresenceSets, AnswerWithoutANodeThatIsSilent) {
  PresenceNodes nodes(3);
  nodes[0].come("room:a", "ada");
  nodes.deafen(1);
  std::string answer;
  nodes[2].sets.ask("room:a", [&](bool is_complete) {
    answer = nodes[2].others("room:a") + (is_complete ? "complete" : "partly");
  });
  ASSERT_TRUE(nodes.pass_until_true([&] { return !answer.empty(); }));
  EXPECT_EQ(answer, "ada=v partly");
  EXPECT_EQ(nodes[2].sets.late(), 1U);
}

TEST(PresenceSets, IgnoreWhatMakesNoSense) {
  PresenceNodes nodes(2);
  nodes[0].come("room:a", "ada");
  nodes[1].sets.hold("room:a");
  nodes.settle();
  using namespace std::string_literals;
  const std::string set = "\6\0\0\0room:a"s;
  for (const std::string& text :
       {""s, "?"s, "h"s, "w"s, "w\xff\xff\xff\xff"s, "+" + set, "+" + set + "\1\0\0\0x"s,
        "-" + set + "\xff\xff\xff\x7f"s, "n" + set + "\1"s, "l" + set + "\0\0\0\0"s,
        "l" + set + "\1\0\0\0\1\0\0\0\0"s}) {
    nodes.listener(1).on_node_message("n0", text);
    nodes.listener(1).on_node_message("a stranger", text);
  }
  nodes.settle();
  EXPECT_EQ(nodes[1].others("room:a"), "ada=v ");
}

}  // namespace
}  // namespace chirm
