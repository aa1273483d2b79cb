// SPDX-License-Identifier: MIT
#include "client/terminal/model/chat_model.h"

#include <gmock/gmock.h>

#include "tests/client/terminal/model/chat_events.h"

namespace chirm::terminal {
namespace {

using ::testing::ElementsAre;

class ChatModelTest : public ::testing::Test {
 protected:
  ChatModelTest() { model_.set_me("me", true); }
  Conversation& room(const std::string& name) {
    ChannelInfo info;
    info.channel = "room:" + name;
    info.room = name;
    return model_.open(info);
  }
  Conversation& dm(const std::string& user) {
    ChannelInfo info;
    info.channel = "dm:#me," + user;
    info.is_dm = true;
    info.user = user;
    return model_.open(info);
  }
  void receive(Conversation& conversation, const ChatEvent& event) {
    model_.receive(conversation, event, 1000, 5000);
  }
  std::vector<std::string> labels() const {
    std::vector<std::string> all;
    for (const auto& one : model_.conversations()) all.push_back(one->label());
    return all;
  }

  ChatModel model_;
};

TEST_F(ChatModelTest, ListsRoomsByNameAndThenPeople) {
  room("lobby");
  dm("zoe");
  room("dev");
  dm("bob");
  room("lobby");
  EXPECT_THAT(labels(), ElementsAre("#dev", "#lobby", "bob", "zoe"));
  EXPECT_EQ(model_.current()->label(), "#lobby");
}

TEST_F(ChatModelTest, CountsWhatIsNotLookedAt) {
  Conversation& lobby = room("lobby");
  Conversation& dev = room("dev");
  receive(lobby, said(1, "ada", "seen"));
  receive(dev, said(1, "ada", "one"));
  receive(dev, said(2, "ada", "hi me"));
  receive(dev, said(3, "me", "from another device"));
  receive(dev, event_of(4, "ada", R"({"type":"edit","id":"e","target":1,"text":"x"})"));
  EXPECT_EQ(lobby.unread, 0);
  EXPECT_EQ(dev.unread, 2);
  EXPECT_TRUE(dev.is_mentioned);
  model_.set_read(dev, 2);
  EXPECT_EQ(dev.unread, 2);  // more is unread, nobody knows how much
  model_.set_read(dev, 4);
  EXPECT_EQ(dev.unread, 0);
  EXPECT_FALSE(dev.is_mentioned);
}

TEST_F(ChatModelTest, CountsWhatComesWhileOneReadsThePast) {
  Conversation& lobby = room("lobby");
  lobby.position.is_at_end = false;
  receive(lobby, said(1, "ada", "x"));
  EXPECT_EQ(lobby.unread, 1);
}

TEST_F(ChatModelTest, KnowsFromTheServerWhatIsUnread) {
  Conversation& dev = room("dev");
  model_.set_positions(dev, 10, 4);
  EXPECT_EQ(dev.unread, 6);
  receive(dev, said(3, "ada", "again"));
  EXPECT_EQ(dev.unread, 6);
  model_.set_positions(dev, 10, 10);
  EXPECT_EQ(dev.unread, 0);
}

TEST_F(ChatModelTest, MarksWhereTheNewOnesBegin) {
  room("lobby");
  Conversation& dev = room("dev");
  model_.set_positions(dev, 10, 4);
  model_.select(dev);
  EXPECT_EQ(dev.new_behind, 4);
  model_.select(*model_.find_room("lobby"));
  EXPECT_EQ(dev.new_behind, 0);
}

TEST_F(ChatModelTest, MovesThroughTheList) {
  Conversation& a = room("a");
  Conversation& b = room("b");
  Conversation& c = dm("c");
  model_.select_next(-1);
  EXPECT_EQ(model_.current(), &c);
  model_.select_next(1);
  EXPECT_EQ(model_.current(), &a);
  model_.select_number(1);
  EXPECT_EQ(model_.current(), &b);
  model_.select_number(7);
  EXPECT_EQ(model_.current(), &b);
  a.unread = 1;
  c.is_mentioned = true;
  model_.select_unread();
  EXPECT_EQ(model_.current(), &c);
}

TEST_F(ChatModelTest, LooksAtANeighbourOfWhatIsClosed) {
  room("a");
  room("b");
  room("c");
  model_.select(*model_.find_room("b"));
  model_.close("room:b");
  EXPECT_EQ(model_.current()->label(), "#a");
  model_.close("room:c");
  model_.close("room:a");
  EXPECT_EQ(model_.current(), nullptr);
  model_.select_next(1);
  model_.close("room:nowhere");
  EXPECT_EQ(model_.current(), nullptr);
}

TEST_F(ChatModelTest, ForgetsWhoStoppedTyping) {
  Conversation& lobby = room("lobby");
  receive(lobby, event_of(0, "ada", R"({"type":"typing"})"));
  receive(lobby, event_of(0, "me", R"({"type":"typing"})"));
  EXPECT_EQ(lobby.typing.size(), 1);
  EXPECT_EQ(model_.expire_typing(5000), 11'000);
  EXPECT_EQ(model_.expire_typing(11'000), 0);
  EXPECT_TRUE(lobby.typing.empty());
  receive(lobby, event_of(0, "ada", R"({"type":"typing"})"));
  receive(lobby, said(1, "ada", "done"));
  EXPECT_TRUE(lobby.typing.empty());
  EXPECT_EQ(lobby.log.messages().size(), 1);
}

}  // namespace
}  // namespace chirm::terminal
