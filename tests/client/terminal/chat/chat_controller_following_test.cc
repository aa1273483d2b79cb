// SPDX-License-Identifier: MIT
// What a controller follows, and what becomes of positions when a log starts over.
#include "tests/client/terminal/chat/chat_controller_fixture.h"

namespace chirm::terminal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Rooms r0, r1, …, in which somebody spoke the later the higher the number.
std::string sync_of(int rooms) {
  std::string channels;
  for (int i = 0; i < rooms; ++i) {
    const std::string name = "r" + std::to_string(i);
    channels += std::string(i == 0 ? "" : ",") + R"({"channel":"room:)" + name + R"(","room":")" +
                name + R"(","top":2,"read":1,"epoch":"e1","last":)" + std::to_string(1000 + i) +
                "}";
  }
  return R"({"user":"ada","channels":[)" + channels + "]}";
}

class FollowingTest : public ChatControllerTest {
 protected:
  FollowingTest() { options_.rooms = {"r0"}; }
  bool run_until_connected() {
    return run(
        [&] { return controller_->connection().state == ConnectionStatus::State::kConnected; });
  }
  void open(const std::string& room) {
    controller_->model().select(*controller_->model().find_room(room));
    (void)look();
  }
};

TEST_F(FollowingTest, FollowsWhereSomethingWasSaidLast) {
  answers_["chat.sync"] = sync_of(150);
  start();
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(subscribed_.size(), 100);
  EXPECT_TRUE(subscribed_.contains("room:r0"));  // which is looked at
  EXPECT_TRUE(subscribed_.contains("room:r51"));
  EXPECT_FALSE(subscribed_.contains("room:r50"));
  EXPECT_EQ(controller_->model().conversations().size(), 150);
  EXPECT_EQ(controller_->model().find_room("r50")->unread, 1);
}

TEST_F(FollowingTest, FollowsWhatIsOpenedInsteadOfWhatWasOpenedLongAgo) {
  answers_["chat.sync"] = sync_of(150);
  start();
  ASSERT_TRUE(run_until_connected());
  ASSERT_TRUE(run([&] { return look()->is_loaded; }));
  open("r7");
  ASSERT_TRUE(run([&] { return subscribed_.contains("room:r7") && look()->is_loaded; }));
  EXPECT_EQ(subscribed_.size(), 100);
  EXPECT_FALSE(subscribed_.contains("room:r51"));
  for (int i = 1; i < 101; ++i) open("r" + std::to_string(i));
  ASSERT_TRUE(run([&] { return subscribed_.contains("room:r100") && look()->is_loaded; }));
  EXPECT_EQ(subscribed_.size(), 100);
  EXPECT_FALSE(subscribed_.contains("room:r0"));
  EXPECT_FALSE(controller_->model().find_room("r0")->is_loaded);
  type("hi");
  ASSERT_TRUE(run([&] { return !published_.empty(); }));
}

TEST_F(FollowingTest, FollowsAsManyAsTheServerLets) {
  answers_["chat.sync"] = sync_of(9);
  subscribed_max_ = 4;
  start();
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(subscribed_.size(), 4);
  ASSERT_EQ(controller_->model().conversations().size(), 9);
  open("r1");
  ASSERT_TRUE(run([&] { return subscribed_.contains("room:r1") && look()->is_loaded; }));
  EXPECT_EQ(subscribed_.size(), 4);
  for (const auto& one : controller_->model().conversations()) {
    for (const Message* message : one->log.messages()) {
      EXPECT_NE(message->kind, Message::Kind::kNote) << message->text;
    }
  }
}

TEST_F(FollowingTest, IsToldWhenTheServerLetsItFollowNothing) {
  answers_["chat.sync"] = sync_of(1);
  subscribed_max_ = 0;
  start();
  ASSERT_TRUE(run([&] { return !pages_.empty(); }));
  EXPECT_THAT(pages_, Contains("no longer in #r0: limit exceeded (106)"));
}

TEST_F(FollowingTest, CountsFromZeroInALogThatStartedOver) {
  start_and_join();
  ASSERT_TRUE(run_until_called("chat.read"));
  for (const bool is_told_first : {true, false}) {  // by the list
    calls_.clear();
    recovers_ = false;
    const std::string before = epoch_;
    epoch_ += "x";
    history_ = stored(2, "bob", "after") + "," + stored(1, "bob", "all that");
    // The list is as it was, or already of the new log.
    answers_["chat.sync"] = R"({"user":"ada","channels":[{"channel":"room:lobby","room":"lobby",
        "top":2,"read":0,"epoch":")" +
                            (is_told_first ? epoch_ : before) + R"("}]})";
    server_.last().drop();
    ASSERT_TRUE(run([&] { return look()->epoch == epoch_ && look()->is_loaded; }));
    EXPECT_THAT(seen(), ElementsAre("bob: all that", "bob: after",
                                    ": The server has lost the past: messages may be missing."));
    ASSERT_TRUE(run_until_called("chat.read"));
    answers_["chat.sync"] = R"({"user":"ada","channels":[{"channel":"room:lobby","room":"lobby",
        "top":4,"read":4,"epoch":")" +
                            epoch_ + R"("}]})";
    ASSERT_TRUE(run_until_connected());
  }
}

// The server has lost nothing of what was seen: the log goes on under another name.
TEST_F(FollowingTest, GoesOnInALogThatHasANewEpochAndIsRecovered) {
  start_and_join();
  ASSERT_TRUE(run_until_called("chat.read"));
  calls_.clear();
  const auto before = seen();
  epoch_ += "x";
  server_.last().drop();
  ASSERT_TRUE(run([&] { return look()->epoch == epoch_; }));
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(seen(), before);
  EXPECT_EQ(look()->top, 4U);
  EXPECT_EQ(look()->read, 4U);
}

TEST_F(FollowingTest, VisitsARoomThatNobodyHasMadeWhereThatIsPossible) {
  options_.rooms = {"tea"};
  options_.has_chosen_rooms = true;
  refusals_["chat.join"] = R"({"code":404,"message":"no such room"})";
  start();
  ASSERT_TRUE(run([&] { return controller_->model().find_room("tea") != nullptr; }));
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(look()->label(), "#tea");
  type("hi");
  ASSERT_TRUE(run([&] { return !published_.empty(); }));
  server_.last().send(
      R"({"push":{"channel":"user:#ada","subscribe":{"recoverable":true,"epoch":"i"}}})");
  calls_.clear();
  server_.last().send_publication("user:#ada", 1, R"({"type":"channel","channel":"room:dev"})");
  ASSERT_TRUE(run_until_called("chat.sync"));
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(look()->label(), "#tea");  // although it is in no list
  EXPECT_EQ(last_call("chat.read"), nullptr);
  type("/leave");
  EXPECT_EQ(controller_->model().find_room("tea"), nullptr);
}

TEST_F(FollowingTest, SaysThatThereIsNoSuchRoom) {
  options_.rooms = {"tea"};
  options_.has_chosen_rooms = true;
  refusals_["chat.join"] = R"({"code":404,"message":"no such room"})";
  is_refused_ = "room:tea";
  start();
  ASSERT_TRUE(run_until_seen(": cannot join #tea: no such room; /create makes it"));
  EXPECT_EQ(look()->label(), "#lobby");
}

TEST_F(FollowingTest, LooksAtTheFirstOfTheRoomsItIsToBeIn) {
  options_.rooms = {"tea", "cake"};
  options_.has_chosen_rooms = true;
  answers_before_["chat.join"] = {R"({"room":"tea"})", R"({"room":"cake"})"};
  start();
  ASSERT_TRUE(run([&] { return controller_->model().find_room("cake") != nullptr; }));
  EXPECT_EQ(look()->label(), "#tea");
}

}  // namespace
}  // namespace chirm::terminal
