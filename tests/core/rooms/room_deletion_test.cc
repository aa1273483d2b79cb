// SPDX-License-Identifier: MIT
// chat.delete: who may, what is gone then, and what becomes of it when a node dies meanwhile.
#include "core/rooms/room_deletion.h"

#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

class RoomDeletionTest : public testing::RoomsTest {
 protected:
  void SetUp() override {
    ada.ask_room("chat.create", "tea", R"("title":"Tea time")");
    bob.ask_room("chat.join", "tea");
  }
  // Once a room of that name can be made, nothing of the one before is left.
  bool can_make(Person& person) {
    return testing::ask_until(
        [&] { return person.ask_room("chat.create", "tea").starts_with('{'); });
  }

  Person& ada = enter("ada");
  Person& bob = enter("bob");
  Person& cyd = enter("cyd");
};
INSTANTIATE_TEST_SUITE_P(Stores, RoomDeletionTest, testing::every_store(), testing::name_of_store);

TEST_P(RoomDeletionTest, RemovesHistoryMembersSanctionsAndInvitations) {
  ada.ask_room("chat.invite", "tea", R"("user":"cyd")");
  Person& dan = enter("dan");
  ada.ask_room("chat.ban", "tea", R"("user":"dan")");
  // More than one page of what is removed at a time.
  for (int i = 0; i < 130; ++i) ada.say("room:tea", "oolong " + std::to_string(i));
  ASSERT_THAT(bob.history("room:tea"), HasSubstr("oolong"));
  EXPECT_EQ(ada.ask_room("chat.delete", "tea"), "{}");
  for (Person* person : {&ada, &bob}) {
    EXPECT_EQ(person->history("room:tea"), "404 no such room");
    EXPECT_EQ(person->say("room:tea", "x"), "404 no such room");
    EXPECT_THAT(person->ask("chat.sync"), Not(HasSubstr("room:tea")));
    EXPECT_THAT(person->ask("chat.rooms"), Not(HasSubstr("room:tea")));
  }
  ASSERT_TRUE(can_make(cyd));
  EXPECT_THAT(cyd.ask_room("chat.room", "tea"),
              AllOf(HasSubstr(R"("members":1)"), HasSubstr(R"("bans":[])"),
                    HasSubstr(R"("invited":[])"), Not(HasSubstr("Tea time"))));
  EXPECT_THAT(cyd.history("room:tea"), Not(HasSubstr("oolong")));
  EXPECT_EQ(cyd.ask("chat.search", R"({"channel":"room:tea","query":"oolong"})"),
            R"({"results":[]})");
  EXPECT_THAT(dan.ask_room("chat.join", "tea"), HasSubstr(R"("role":"member")"));
  EXPECT_THAT(bob.ask_room("chat.members", "tea"), Not(HasSubstr("ada")));
}

TEST_P(RoomDeletionTest, TellsMembersAndWhoWasInvited) {
  ada.ask_room("chat.invite", "tea", R"("user":"cyd")");
  bob.subscribe("room:tea");
  ada.ask_room("chat.delete", "tea");
  EXPECT_TRUE(bob.hears(R"("unsubscribe":{"code":2000,"reason":"the room was deleted"})"));
  for (Person* person : {&ada, &bob, &cyd}) {
    EXPECT_TRUE(person->hears(
        R"({"type":"removed","channel":"room:tea","reason":"the room was deleted","by":"ada")"));
  }
}

TEST_P(RoomDeletionTest, IsForItsOwnerAndAdministrators) {
  EXPECT_THAT(bob.ask_room("chat.delete", "tea"), StartsWith("103 "));
  ada.ask_room("chat.role", "tea", R"("user":"bob","role":"moderator")");
  EXPECT_EQ(bob.ask_room("chat.delete", "tea"), "103 only the owner may do that");
  EXPECT_EQ(bob.ask_room("chat.delete", "milk"), "404 no such room");
  ada.ask_room("chat.set", "tea", R"("visibility":"private")");
  EXPECT_EQ(cyd.ask_room("chat.delete", "tea"), "404 no such room");
  Person& root = enter_as_admin("root");
  EXPECT_EQ(root.ask_room("chat.delete", "tea"), "{}");
  EXPECT_EQ(root.ask_room("chat.delete", "lobby"), "103 the lobby stays");
  EXPECT_EQ(ada.ask_room("chat.delete", "tea"), "404 no such room");
}

TEST_P(RoomDeletionTest, IsFinishedWhenANodeDiedMeanwhile) {
  put("deletion", "milk", R"({"by":"ada","at":1})");
  put("room", "milk", R"({"title":"Milk","public":true,"deleted":true,"owner":"ada"})");
  put("member:milk", "bob", R"({"role":"member","joined":1,"name":"bob"})");
  put("outside:milk", "cyd", "1");
  put("list:bob", "room:milk", R"({"read":0})");
  EXPECT_EQ(bob.ask_room("chat.join", "milk"), "404 no such room");
  EXPECT_EQ(bob.ask_room("chat.create", "milk"), "409 a room of that name is being deleted");
  loop.skip_ms(RoomDeletion::kLookMs + 1);
  EXPECT_TRUE(bob.hears(R"("channel":"room:milk","reason":"the room was deleted")"));
  EXPECT_TRUE(
      testing::ask_until([&] { return cyd.ask_room("chat.create", "milk").starts_with('{'); }));
  EXPECT_THAT(cyd.ask_room("chat.room", "milk"), HasSubstr(R"("members":1)"));
}

TEST_P(RoomDeletionTest, IsLeftToTheNodeThatIsAtIt) {
  const std::string now = std::to_string(loop.unix_ms());
  put("deletion", "milk", R"({"by":"ada","at":)" + now + "}");
  put("room", "milk", R"({"title":"Milk","public":true,"deleted":true,"owner":"ada"})");
  loop.skip_ms(RoomDeletion::kLookMs + 1);
  bob.ask("chat.sync");
  EXPECT_EQ(bob.ask_room("chat.create", "milk"), "409 a room of that name is being deleted");
  loop.skip_ms(RoomDeletion::kLeaseMs);
  EXPECT_TRUE(
      testing::ask_until([&] { return bob.ask_room("chat.create", "milk").starts_with('{'); }));
}

TEST_P(RoomDeletionTest, KeepsARoomWhoseDeletionNeverBegan) {
  put("deletion", "tea", R"({"by":"ada","at":1})");
  loop.skip_ms(RoomDeletion::kLookMs + 1);
  EXPECT_THAT(bob.say("room:tea", "still here"), HasSubstr("offset"));
  EXPECT_EQ(ada.ask_room("chat.delete", "tea"), "{}");
}

}  // namespace
}  // namespace chirm
