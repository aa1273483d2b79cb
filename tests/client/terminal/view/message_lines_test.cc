// SPDX-License-Identifier: MIT
#include "client/terminal/view/message_lines.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <clocale>

#include "tests/client/terminal/model/chat_events.h"

namespace chirm::terminal {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kNoonMs = 1'700'000'000'000 - 36'800'000;  // 2023-11-14 12:00:00 UTC
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;

class MessageLinesTest : public ::testing::Test {
 protected:
  MessageLinesTest() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    tzset();
  }
  void add(const ChatEvent& event) { conversation_.log.add(event, kNoonMs + 10 * kDayMs); }
  void say(const std::string& text, std::string_view user = "ada", std::int64_t minutes = 0) {
    add(said(++top_, user, text, kNoonMs + minutes * kMinuteMs));
  }
  std::vector<std::string> lines(int columns = 60) const {
    const MessageLines messages(conversation_, columns);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      for (const Glyphs& line : messages.block(i)) all.push_back(text_of(line));
    }
    if (!all.empty() && all.front().starts_with("── ")) all.erase(all.begin());
    return all;
  }
  std::vector<std::string> window(int rows) const {
    std::vector<std::string> all;
    for (const Glyphs& line :
         window_of(MessageLines(conversation_, 60), conversation_.position, rows).lines) {
      all.push_back(text_of(line).substr(12));
    }
    return all;
  }
  void scroll_up(int lines, int rows = 3) {
    scroll(MessageLines(conversation_, 60), conversation_.position, rows, lines);
  }

  Conversation conversation_{{}, MessageLog("me")};
  std::uint64_t top_ = 0;
};

TEST_F(MessageLinesTest, ShowsTimeNameAndText) {
  say("hi");
  say("hello", "benjamin", 1);
  EXPECT_THAT(lines(), ElementsAre("12:00      ada  hi", "12:01 benjamin  hello"));
}

TEST_F(MessageLinesTest, PutsTheNameBeforeTheTextOnNarrowScreens) {
  say("one two three four five six");
  say("and more");
  EXPECT_THAT(lines(25),
              ElementsAre("12:00 ada: one two three", "      four five six", "      and more"));
}

TEST_F(MessageLinesTest, GroupsWhatOneSaysInARow) {
  say("one");
  say("two", "ada", 1);
  say("three", "ada", 20);
  EXPECT_THAT(lines(), ElementsAre("12:00  ada  one", "            two", "12:20  ada  three"));
}

TEST_F(MessageLinesTest, MarksDaysAndWhatIsNew) {
  say("yesterday");
  say("today", "ada", 24 * 60);
  conversation_.new_behind = 1;
  const std::vector<std::string> all = lines(30);
  ASSERT_EQ(all.size(), 4);
  EXPECT_EQ(all[1], "── Wednesday, 15 November 202…");
  EXPECT_EQ(all[2], "── new ───────────────────────");
  EXPECT_EQ(all[3], "12:00 ada: today");
}

TEST_F(MessageLinesTest, ShowsRepliesReactionsAndChanges) {
  say("first");
  add(event_of(2, "bob", R"({"type":"message","id":"r","text":"second","reply_to":1})"));
  add(event_of(3, "ada", R"({"type":"edit","id":"e","target":1,"text":"First"})"));
  add(event_of(4, "bob", R"({"type":"reaction","id":"k","target":1,"key":"👍","on":true})"));
  add(event_of(5, "cid", R"({"type":"message","id":"s","text":"third","reply_to":999})"));
  add(event_of(6, "cid", R"({"type":"delete","id":"d","target":5})"));
  EXPECT_THAT(lines(),
              ElementsAre("12:00  ada  First (edited)", "            👍 1",
                          "            ↪ ada: First", "--:--  bob  second",
                          "            ↪ an older message", "--:--  cid  message deleted"));
}

TEST_F(MessageLinesTest, ShowsWhatWasNotSent) {
  ChatEvent event;
  event.id = "x";
  event.user = "me";
  event.text = "hi";
  event.time_ms = kNoonMs;
  conversation_.log.add_pending(event);
  EXPECT_THAT(lines(), ElementsAre("12:00   me  hi …"));
  conversation_.log.fail_pending("x", "muted");
  EXPECT_THAT(lines(), ElementsAre("12:00   me  hi", "            ✗ not sent: muted"));
}

TEST_F(MessageLinesTest, WrapsRemarksAtTheEdgeOfNarrowScreens) {
  conversation_.log.add_note("one two three four five", false, kNoonMs);
  EXPECT_THAT(lines(21), ElementsAre("12:00 − one two three", "        four five"));
}

TEST_F(MessageLinesTest, LetsNoEscapeSequenceThrough) {
  add(event_of(1, "a\x1b[2J",
               R"({"type":"message","id":"r","text":"x\u001b[31my\u009b1mz\u0007"})"));
  add(event_of(2, "bob",
               R"({"type":"reaction","id":"k","target":1,"key":"\u001b]0;t\u0007!","on":true})"));
  conversation_.log.add_note("see \x1b[5m", false, kNoonMs);
  EXPECT_THAT(lines(), ::testing::Contains(::testing::EndsWith("  xyz")));
  for (const std::string& line : lines()) {
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
    EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos) << line;
  }
}

TEST_F(MessageLinesTest, ShowsTheEndUnlessScrolled) {
  for (int i = 1; i <= 6; ++i) say(std::to_string(i));
  EXPECT_THAT(window(3), ElementsAre("4", "5", "6"));
  scroll_up(2);
  EXPECT_THAT(window(3), ElementsAre("2", "3", "4"));
  say("7");
  EXPECT_THAT(window(3), ElementsAre("2", "3", "4"));
  scroll_up(-3);
  EXPECT_THAT(window(3), ElementsAre("5", "6", "7"));
  EXPECT_TRUE(conversation_.position.is_at_end);
}

TEST_F(MessageLinesTest, ScrollsNotBeyondTheEnds) {
  for (int i = 1; i <= 6; ++i) say(std::to_string(i));
  scroll_up(100);
  EXPECT_THAT(window(3).back(), "2");  // the mark of the day is the first line
  scroll_up(-1);
  EXPECT_THAT(window(3), ElementsAre("1", "2", "3"));
  scroll_up(-100);
  EXPECT_THAT(window(3), ElementsAre("4", "5", "6"));
}

TEST_F(MessageLinesTest, StaysAtTheEndWhenAllFits) {
  say("1");
  scroll_up(5, 20);
  EXPECT_TRUE(conversation_.position.is_at_end);
  EXPECT_EQ(window(20).size(), 2);
}

TEST_F(MessageLinesTest, StandsStillWhileThePastIsPutBefore) {
  top_ = 10;
  for (int i = 11; i <= 16; ++i) say(std::to_string(i));
  scroll_up(2);
  EXPECT_THAT(window(3), ElementsAre("12", "13", "14"));
  for (std::uint64_t i = 5; i <= 10; ++i) add(said(i, "ada", std::to_string(i), kNoonMs));
  EXPECT_THAT(window(3), ElementsAre("12", "13", "14"));
}

TEST_F(MessageLinesTest, ScrollsThroughAMessageHigherThanTheScreen) {
  say("a\\nb\\nc\\nd\\ne\\nf");
  EXPECT_THAT(window(2), ElementsAre("e", "f"));
  scroll_up(2, 2);
  EXPECT_THAT(window(2), ElementsAre("c", "d"));
}

TEST_F(MessageLinesTest, ScrollsToAMessage) {
  for (int i = 1; i <= 20; ++i) say(std::to_string(i));
  const auto show = [&](std::size_t index) {
    scroll_to(MessageLines(conversation_, 60), conversation_.position, 3, index);
  };
  show(18);
  EXPECT_TRUE(conversation_.position.is_at_end);
  show(9);
  EXPECT_THAT(window(3), ElementsAre("10", "11", "12"));
  show(19);
  EXPECT_TRUE(conversation_.position.is_at_end);
}

}  // namespace
}  // namespace chirm::terminal
