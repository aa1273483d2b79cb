// SPDX-License-Identifier: MIT
// Rooms: making, finding, entering and leaving them, on every store.
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

class MembershipTest : public testing::RoomsTest {};
INSTANTIATE_TEST_SUITE_P(Stores, MembershipTest, testing::every_store(), testing::name_of_store);

TEST_P(MembershipTest, PutsWhoeverSignsInFirstIntoTheLobby) {
  Person& ada = enter("ada");
  EXPECT_THAT(ada.ask("chat.sync"),
              AllOf(HasSubstr(R"("user":"ada")"),
                    HasSubstr(R"("kind":"room","room":"lobby","channel":"room:lobby")"),
                    HasSubstr(R"("members":1,"role":"member")")));
  EXPECT_EQ(ada.ask_room("chat.leave", "lobby"), "{}");
  Person& again = enter("ada");
  EXPECT_THAT(again.ask("chat.sync"), HasSubstr(R"("channels":[])"));
}

TEST_P(MembershipTest, MakesARoomAndItsOwner) {
  Person& ada = enter("ada");
  EXPECT_EQ(ada.ask_room("chat.create", "tea", R"("title":"Tea time","topic":"Earl Grey")"),
            R"({"room":"tea","channel":"room:tea","title":"Tea time","topic":"Earl Grey",)"
            R"("visibility":"public","archived":false,"members":1,"role":"owner"})");
  EXPECT_THAT(ada.history("room:tea"), HasSubstr(R"("event":"created","user":"ada")"));
  EXPECT_THAT(ada.ask_room("chat.create", "tea"), StartsWith("409 "));
  EXPECT_THAT(enter("bob").ask_room("chat.create", "tea"), StartsWith("409 "));
}

TEST_P(MembershipTest, RefusesWrongRooms) {
  Person& ada = enter("ada");
  for (const char* room :
       {"", "Tea", "-tea", "tea time", "tea#1", "té", "a:b", ".a", "tea\\u0000"}) {
    const std::string data = std::string("{\"room\":\"") + room + "\"}";
    EXPECT_THAT(ada.ask("chat.create", data), StartsWith("107 room: expected")) << room;
    EXPECT_THAT(ada.ask("chat.join", data), StartsWith("107 room: expected")) << room;
  }
  EXPECT_THAT(ada.ask("chat.create", R"({"room":")" + std::string(65, 'a') + "\"}"),
              StartsWith("107 room"));
  EXPECT_THAT(ada.ask("chat.create", R"({"room":7})"), StartsWith("107 room"));
  EXPECT_THAT(ada.ask("chat.create", "{}"), StartsWith("107 room"));
  EXPECT_THAT(ada.ask("chat.create", "[]"), StartsWith("107 "));
  EXPECT_THAT(ada.ask_room("chat.create", "a", R"("title":"")"), StartsWith("107 title"));
  EXPECT_THAT(ada.ask_room("chat.create", "a", R"("title":"a\nb")"), StartsWith("107 title"));
  EXPECT_THAT(ada.ask_room("chat.create", "a", R"("topic":[])"), StartsWith("107 topic"));
  EXPECT_THAT(ada.ask_room("chat.create", "a", R"("visibility":"secret")"),
              StartsWith("107 visibility"));
  EXPECT_THAT(ada.ask("chat.rooms"), Not(HasSubstr(R"("room":"a")")));
}

TEST_P(MembershipTest, PutsNoMoreRoomsIntoAListThanItHolds) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  EXPECT_THAT(ada.ask_room("chat.create", "tea"), HasSubstr("owner"));
  // With the lobby these are as many as there may be.
  for (int i = 1; i < 500; ++i) put("list:bob", "room:x" + std::to_string(i), R"({"read":0})");
  EXPECT_THAT(bob.ask_room("chat.create", "coffee"), StartsWith("106 the list of rooms is full"));
  EXPECT_THAT(bob.ask_room("chat.join", "tea"), StartsWith("106 the list of rooms is full"));
  EXPECT_EQ(ada.ask_room("chat.invite", "tea", R"("user":"bob")"), "{}");
  EXPECT_THAT(bob.ask_room("chat.join", "tea"), StartsWith("106 the list of rooms is full"));
  EXPECT_EQ(bob.ask_room("chat.leave", "lobby"), "{}");
  EXPECT_THAT(bob.ask_room("chat.join", "tea"), HasSubstr("member"));
}

TEST_P(MembershipTest, JoinsAndLeavesPublicRooms) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  ada.ask_room("chat.create", "tea");
  EXPECT_THAT(bob.say("room:tea", "hi"), StartsWith("103 join the room first"));
  EXPECT_THAT(ada.subscribe("room:tea"), HasSubstr("epoch"));
  EXPECT_THAT(bob.ask_room("chat.join", "tea"), HasSubstr(R"("members":2,"role":"member")"));
  EXPECT_TRUE(ada.hears(R"("event":"join","user":"bob")"));
  EXPECT_THAT(bob.ask_room("chat.join", "tea"), HasSubstr(R"("members":2)"));
  EXPECT_THAT(bob.say("room:tea", "hi"), HasSubstr("offset"));
  EXPECT_TRUE(bob.hears(R"("type":"channel","channel":"room:tea")"));
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("room":"tea")"));
  EXPECT_EQ(bob.ask_room("chat.leave", "tea"), "{}");
  EXPECT_TRUE(ada.hears(R"("event":"leave","user":"bob")"));
  EXPECT_THAT(bob.ask("chat.sync"), Not(HasSubstr(R"("room":"tea")")));
  EXPECT_THAT(bob.say("room:tea", "hi"), StartsWith("103 join"));
  EXPECT_EQ(bob.ask_room("chat.leave", "tea"), "{}");
  EXPECT_EQ(ada.count_pushes(R"("event":"join")"), 1U);
  EXPECT_EQ(ada.count_pushes(R"("event":"leave")"), 1U);
}

TEST_P(MembershipTest, KeepsOwnersUntilTheyHandOver) {
  Person& ada = enter("ada");
  ada.ask_room("chat.create", "tea");
  EXPECT_THAT(ada.ask_room("chat.leave", "tea"), StartsWith("103 hand the room over"));
  EXPECT_THAT(ada.ask_room("chat.room", "tea"), HasSubstr(R"("role":"owner")"));
}

TEST_P(MembershipTest, SaysNothingOfPrivateRooms) {
  Person& ada = enter("ada");
  Person& eve = enter("eve");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  for (const char* method : {"chat.room", "chat.join", "chat.leave", "chat.members"}) {
    EXPECT_EQ(eve.ask_room(method, "den"), "404 no such room") << method;
    EXPECT_EQ(eve.ask_room(method, "none"), "404 no such room") << method;
  }
  for (const char* method :
       {"chat.kick", "chat.ban", "chat.mute", "chat.unban", "chat.unmute", "chat.invite"}) {
    EXPECT_EQ(eve.ask_room(method, "den", R"("user":"ada")"), "404 no such room") << method;
    EXPECT_EQ(eve.ask_room(method, "none", R"("user":"ada")"), "404 no such room") << method;
  }
  EXPECT_EQ(eve.ask_room("chat.set", "den", R"("topic":"x")"), "404 no such room");
  EXPECT_EQ(eve.ask_room("chat.archive", "den", R"("archived":true)"), "404 no such room");
  EXPECT_EQ(eve.subscribe("room:den"), "404 no such room");
  EXPECT_EQ(eve.history("room:den"), "404 no such room");
  EXPECT_EQ(eve.presence("room:den"), "404 no such room");
  EXPECT_EQ(eve.say("room:den", "hi"), "404 no such room");
  EXPECT_EQ(eve.subscribe("room:none"), "404 no such room");
  EXPECT_EQ(eve.say("room:none", "hi"), "404 no such room");
  EXPECT_THAT(eve.ask("chat.rooms"), Not(HasSubstr("den")));
  EXPECT_THAT(ada.ask("chat.rooms"), HasSubstr(R"("room":"den")"));
  EXPECT_THAT(eve.ask("chat.read", R"({"channel":"room:den","offset":1})"), StartsWith("404 "));
}

TEST_P(MembershipTest, InvitesIntoPrivateRooms) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  EXPECT_EQ(ada.ask_room("chat.invite", "den", R"("user":"nobody")"), "404 no such user");
  EXPECT_EQ(ada.ask_room("chat.invite", "den", R"("user":"bob")"), "{}");
  EXPECT_EQ(ada.ask_room("chat.invite", "den", R"("user":"bob")"), "{}");
  EXPECT_TRUE(bob.hears(R"("type":"channel","channel":"room:den")"));
  EXPECT_THAT(bob.ask("chat.sync"),
              AllOf(HasSubstr(R"("invited":[{"room":"den")"), HasSubstr(R"("by":"ada")")));
  EXPECT_THAT(ada.ask_room("chat.room", "den"),
              HasSubstr(R"("bans":[],"mutes":[],"invited":[{"user":"bob","by":"ada"}])"));
  EXPECT_EQ(bob.subscribe("room:den"), "404 no such room");
  EXPECT_THAT(bob.ask_room("chat.join", "den"), HasSubstr(R"("members":2)"));
  EXPECT_THAT(bob.subscribe("room:den"), HasSubstr("epoch"));
  EXPECT_THAT(ada.ask_room("chat.room", "den"), HasSubstr(R"("invited":[])"));
  EXPECT_THAT(ada.ask_room("chat.invite", "den", R"("user":"bob")"), StartsWith("409 "));
}

TEST_P(MembershipTest, LetsInvitationsBeTurnedDownAndTakenBack) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  ada.ask_room("chat.invite", "den", R"("user":"bob")");
  EXPECT_EQ(bob.ask_room("chat.leave", "den"), "{}");
  EXPECT_EQ(bob.ask_room("chat.join", "den"), "404 no such room");
  ada.ask_room("chat.invite", "den", R"("user":"bob")");
  EXPECT_EQ(ada.ask_room("chat.kick", "den", R"("user":"bob")"), "{}");
  EXPECT_EQ(bob.ask_room("chat.join", "den"), "404 no such room");
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("invited":[])"));
}

TEST_P(MembershipTest, ListsMembersByPages) {
  Person& ada = enter_with("ada", R"("info":{"name":"Ada L"})");
  ada.ask_room("chat.create", "tea");
  for (const char* user : {"bob", "cyd", "dan"}) enter(user).ask_room("chat.join", "tea");
  EXPECT_THAT(ada.ask_room("chat.members", "tea", R"("limit":2)"),
              AllOf(HasSubstr(R"({"user":"ada","name":"Ada L","role":"owner","joined":)"),
                    HasSubstr(R"("user":"bob","name":"bob","role":"member")"),
                    Not(HasSubstr("cyd")), HasSubstr(R"("next":"bob")")));
  EXPECT_THAT(ada.ask_room("chat.members", "tea", R"("limit":2,"after":"bob")"),
              AllOf(HasSubstr("cyd"), HasSubstr("dan"), Not(HasSubstr("next"))));
  EXPECT_THAT(ada.ask_room("chat.members", "tea", R"("limit":0)"), StartsWith("107 limit"));
}

TEST_P(MembershipTest, ListsRoomsByNameAndTitle) {
  Person& ada = enter("ada");
  ada.ask_room("chat.create", "tea", R"("title":"Hot drinks")");
  ada.ask_room("chat.create", "teapots");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  Person& bob = enter("bob");
  EXPECT_THAT(bob.ask("chat.rooms", R"({"query":"TEA"})"),
              AllOf(HasSubstr(R"("room":"tea")"), HasSubstr("teapots"), Not(HasSubstr("lobby"))));
  EXPECT_THAT(bob.ask("chat.rooms", R"({"query":"hot d"})"), HasSubstr(R"("room":"tea")"));
  EXPECT_THAT(bob.ask("chat.rooms", R"({"limit":1})"),
              AllOf(HasSubstr("lobby"), HasSubstr(R"("next":"lobby")"), HasSubstr("member")));
  EXPECT_THAT(bob.ask("chat.rooms", R"({"limit":1,"after":"tea"})"),
              AllOf(HasSubstr("teapots"), Not(HasSubstr("next"))));
}

TEST_P(MembershipTest, LetsOnlyAdministratorsMakeRoomsWhenTold) {
  ChatSettings settings = chat_settings();
  settings.rooms = ChatSettings::Rooms::kAdmins;
  add_node(settings);
  EXPECT_THAT(enter("ada").ask_room("chat.create", "tea"), StartsWith("103 only administrators"));
}

TEST_P(MembershipTest, NeedsNoRoomsWhenTheyAreOpen) {
  ChatSettings settings = chat_settings();
  settings.rooms = ChatSettings::Rooms::kOpen;
  add_node(settings);
  Person& ada = enter("ada");
  EXPECT_THAT(ada.subscribe("room:Any thing"), HasSubstr("epoch"));
  EXPECT_THAT(ada.publish("room:Any thing", "[1]"), HasSubstr("offset"));
  EXPECT_THAT(ada.publish("room:tea", "\"x\""), HasSubstr("offset"));
  // Where others have talked, nobody can shut them out.
  Person& bob = enter("bob");
  EXPECT_THAT(bob.ask_room("chat.create", "tea", R"("visibility":"private")"), StartsWith("409 "));
  // What is made has rules.
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  EXPECT_EQ(bob.subscribe("room:den"), "404 no such room");
  EXPECT_THAT(ada.publish("room:den", "\"x\""), StartsWith("107 "));
  // So has what looks like a message, whichever member a reader takes for its type.
  EXPECT_THAT(ada.publish("dm:#ada,bob", R"({"any":1})"), HasSubstr("offset"));
  for (const char* data : {R"({"type":null,"type":"edit","target":1,"text":"x"})",
                           R"({"type":null})", R"({"ty\u0070e":"deleted"})"}) {
    EXPECT_THAT(ada.publish("dm:#ada,bob", data), StartsWith("107 ")) << data;
  }
}

TEST_P(MembershipTest, WantsNobodyWithoutAName) {
  Person& nobody = enter("");
  EXPECT_THAT(nobody.ask("chat.sync"), StartsWith("103 sign in first"));
  enter("ada");
  EXPECT_THAT(nobody.subscribe("room:lobby"), StartsWith("103 sign in first"));
  EXPECT_THAT(nobody.say("room:lobby", "hi"), StartsWith("103 sign in first"));
  // Nor does nobody learn which private rooms there are.
  enter("bob").ask_room("chat.create", "den", R"("visibility":"private")");
  for (const char* room : {"room:den", "room:none"}) {
    EXPECT_EQ(nobody.subscribe(room), "404 no such room");
    EXPECT_EQ(nobody.history(room), "404 no such room");
    EXPECT_EQ(nobody.say(room, "x"), "404 no such room");
  }
}

}  // namespace
}  // namespace chirm
