// SPDX-License-Identifier: MIT
#include "client/terminal/view/chat_view.h"

#include <gmock/gmock.h>

#include <clocale>

#include "client/terminal/chat/command_table.h"
#include "client/terminal/chat/help_page.h"
#include "tests/client/terminal/model/chat_events.h"

namespace chirm::terminal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ChatViewTest : public ::testing::Test {
 protected:
  ChatViewTest() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    model_.set_me("me", true);
    ChannelInfo info;
    info.channel = "room:lobby";
    info.room = "lobby";
    info.title = "Lobby";
    info.topic = "tea\x1b[2J";
    model_.open(info).is_loaded = true;
    ChannelInfo other;
    other.channel = "room:dev";
    other.room = "dev";
    model_.open(other).unread = 12;
    view_.connection = {ConnectionStatus::State::kConnected, "connected"};
    view_.me = "me";
  }
  CellGrid drawn(int rows, int columns) { return draw(model_, view_, input_, rows, columns); }
  std::string all(const CellGrid& grid) {
    std::string text;
    for (int row = 0; row < grid.rows(); ++row) text += grid.text(row) + "\n";
    return text;
  }

  ChatModel model_;
  ViewState view_;
  InputLine input_;
};

TEST_F(ChatViewTest, HasAllPartsOnAWideScreen) {
  model_.current()->people = {{"ada", "Ada", "online"}, {"bob", "", "away"}};
  model_.current()->people_count = 2;
  model_.receive(*model_.current(), said(1, "ada", "hi"), 1000, 0);
  input_.insert("half");
  const CellGrid grid = drawn(24, 120);
  EXPECT_THAT(grid.text(0), AllOf(StartsWith(" #lobby  Lobby — tea"), HasSubstr("/help")));
  EXPECT_THAT(grid.text(1), AllOf(StartsWith("Rooms"), HasSubstr("Here 2")));
  EXPECT_THAT(grid.text(2), AllOf(StartsWith("1 #dev            12│"), HasSubstr("Ada")));
  EXPECT_THAT(grid.text(3), HasSubstr("bob (away)"));
  EXPECT_THAT(grid.text(21), HasSubstr("ada  hi"));
  EXPECT_THAT(grid.text(22), AllOf(StartsWith(" connected ─"), HasSubstr(" me")));
  EXPECT_EQ(grid.text(23), "› half");
  EXPECT_EQ(grid.cursor_row, 23);
  EXPECT_EQ(grid.cursor_column, 6);
}

TEST_F(ChatViewTest, LeavesTheSidesOutOnANarrowOne) {
  model_.receive(*model_.current(), said(1, "ada", "hi"), 1000, 0);
  const CellGrid grid = drawn(10, 40);
  EXPECT_THAT(all(grid), AllOf(Not(HasSubstr("Rooms")), Not(HasSubstr("│"))));
  EXPECT_THAT(grid.text(7), HasSubstr("ada: hi"));
  EXPECT_THAT(grid.text(8), StartsWith(" connected  12 unread"));
}

TEST_F(ChatViewTest, SaysWhenTheScreenIsTooSmall) {
  for (const auto& [rows, columns] : {std::pair{9, 80}, {24, 39}, {1, 5}, {1, 1}}) {
    EXPECT_THAT(all(drawn(rows, columns)), HasSubstr(columns > 10 ? "too small" : ""));
  }
}

TEST_F(ChatViewTest, FillsScreensOfAnySize) {
  for (int i = 0; i < 30; ++i) {
    model_.receive(*model_.current(),
                   said(static_cast<std::uint64_t>(i + 1), "日本語", "日本 text"), 1000, 0);
  }
  input_.insert(std::string(300, 'x'));
  for (int rows = 1; rows < 40; rows += 3) {
    for (int columns = 1; columns < 140; ++columns) (void)drawn(rows, columns);
  }
}

TEST_F(ChatViewTest, GivesALongLineMoreRows) {
  input_.insert(std::string(100, 'x'));
  const CellGrid grid = drawn(24, 40);
  EXPECT_THAT(grid.text(20), StartsWith(" connected"));
  EXPECT_THAT(grid.text(21), StartsWith("› xxx"));
  EXPECT_EQ(grid.cursor_row, 23);
  input_.insert(std::string(1000, 'y'));
  EXPECT_EQ(drawn(24, 40).cursor_row, 23);
  EXPECT_THAT(drawn(24, 40).text(18), StartsWith(" connected"));
}

TEST_F(ChatViewTest, ShowsWhoIsTypingAndWhatCanBeCompleted) {
  model_.current()->typing["ada"] = 1;
  EXPECT_THAT(drawn(24, 80).text(22), HasSubstr("ada is typing …"));
  view_.completions = "[ada] alan";
  EXPECT_THAT(drawn(24, 80).text(22), AllOf(HasSubstr("[ada] alan"), Not(HasSubstr("typing"))));
}

TEST_F(ChatViewTest, ShowsAPageInsteadOfTheMessages) {
  model_.receive(*model_.current(), said(1, "ada", "hidden"), 1000, 0);
  Page page = help_page(chat_commands());
  view_.page = &page;
  EXPECT_THAT(all(drawn(24, 100)),
              AllOf(HasSubstr("/join ROOM"), HasSubstr("Esc closes"), Not(HasSubstr("hidden"))));
  scroll(page, 1000, lay_out_view(input_, 24, 100).page);
  EXPECT_THAT(all(drawn(24, 100)), HasSubstr("Ctrl-L, Ctrl-Z"));
  scroll(page, -1000, lay_out_view(input_, 24, 100).page);
  EXPECT_EQ(page.scrolled, 0);
}

TEST_F(ChatViewTest, ShowsNothingHarmfulOfWhatOthersWrite) {
  Conversation& current = *model_.current();
  current.people = {{"x\x1b[5m", "y\x9b", "away\x07"}};
  current.typing["z\x1b]0;t\x07"] = 1;
  view_.completions = "[a\u202e] b\x1b[2J";
  model_.receive(current, said(1, "ada", "a\\u001b[2Jb"), 1000, 0);
  const std::string screen = all(drawn(24, 120));
  for (const char c : screen) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_THAT(screen, AllOf(HasSubstr("[a] b"), Not(HasSubstr("\u202e"))));
}

TEST_F(ChatViewTest, KeepsTheCurrentEntryOfALongListInSight) {
  for (int i = 100; i < 200; ++i) {
    ChannelInfo info;
    info.room = "r" + std::to_string(i);
    info.channel = "room:" + info.room;
    model_.open(info);
  }
  model_.select(*model_.find_room("r199"));
  EXPECT_THAT(all(drawn(24, 80)), HasSubstr("  #r199"));
}

}  // namespace
}  // namespace chirm::terminal
