// SPDX-License-Identifier: MIT
// What moderators and owners may do, and who they may do it to, on every store.
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

std::string user(const std::string& name, const std::string& more = {}) {
  return R"("user":")" + name + '"' + (more.empty() ? "" : "," + more);
}

// olga owns the room tea, mo moderates it, mia and mel are members, and sam is not in it.
class ModerationTest : public testing::RoomsTest {
 protected:
  void SetUp() override {
    olga.ask_room("chat.create", "tea");
    for (Person* person : {&mo, &mia, &mel}) {
      ASSERT_THAT(person->ask_room("chat.join", "tea"), HasSubstr("member"));
      ASSERT_THAT(person->subscribe("room:tea"), HasSubstr("epoch"));
    }
    ASSERT_EQ(olga.ask_room("chat.role", "tea", user("mo", R"("role":"moderator")")), "{}");
    for (Person* person : {&mo, &mia, &mel}) {
      ASSERT_TRUE(person->hears(R"("event":"role")"));
      person->forget();
    }
  }

  Person& olga = enter("olga");
  Person& mo = enter("mo");
  Person& mia = enter("mia");
  Person& mel = enter("mel");
  Person& sam = enter("sam");
};
INSTANTIATE_TEST_SUITE_P(Stores, ModerationTest, testing::every_store(), testing::name_of_store);

TEST_P(ModerationTest, KicksMembers) {
  EXPECT_EQ(mo.ask_room("chat.kick", "tea", user("mia", R"("reason":"spam")")), "{}");
  EXPECT_TRUE(mia.hears(R"("unsubscribe":{"code":2000,"reason":"not a member any more: spam"})"));
  EXPECT_TRUE(mia.hears(R"({"type":"removed","channel":"room:tea","reason":"spam"})"));
  EXPECT_TRUE(mel.hears(R"("event":"kick","user":"mia","by":"mo","reason":"spam")"));
  EXPECT_THAT(mia.ask("chat.sync"), Not(HasSubstr("tea")));
  EXPECT_THAT(mia.say("room:tea", "hi"), StartsWith("103 join the room first"));
  EXPECT_EQ(mo.ask_room("chat.kick", "tea", user("mia")), "404 no such member");
  EXPECT_EQ(mo.ask_room("chat.kick", "tea", user("nobody")), "404 no such member");
  EXPECT_THAT(mia.ask_room("chat.join", "tea"), HasSubstr("member"));
}

TEST_P(ModerationTest, BansAndForgives) {
  EXPECT_EQ(mo.ask_room("chat.ban", "tea", user("mia", R"("reason":"spam")")), "{}");
  EXPECT_TRUE(mia.hears(R"("unsubscribe":{"code":2000,"reason":"banned: spam")"));
  EXPECT_TRUE(mel.hears(R"("event":"ban","user":"mia","by":"mo","reason":"spam")"));
  for (const std::string& answer :
       {mia.ask_room("chat.join", "tea"), mia.subscribe("room:tea"), mia.history("room:tea"),
        mia.presence("room:tea"), mia.say("room:tea", "x"), mia.ask_room("chat.members", "tea")}) {
    EXPECT_EQ(answer, "103 banned: spam");
  }
  EXPECT_THAT(mo.ask_room("chat.room", "tea"),
              HasSubstr(R"("bans":[{"user":"mia","reason":"spam","by":"mo"}])"));
  EXPECT_THAT(mia.ask("chat.sync"), Not(HasSubstr("tea")));
  EXPECT_THAT(mo.ask_room("chat.invite", "tea", user("mia")), StartsWith("103 they are banned"));
  EXPECT_EQ(mo.ask_room("chat.unban", "tea", user("mia")), "{}");
  EXPECT_TRUE(mel.hears(R"("event":"unban","user":"mia","by":"mo")"));
  EXPECT_THAT(mia.ask_room("chat.join", "tea"), HasSubstr(R"("members":4)"));
  EXPECT_EQ(mo.ask_room("chat.unban", "tea", user("mia")), "{}");
  EXPECT_EQ(mel.count_pushes("unban"), 1U);
}

TEST_P(ModerationTest, BansWhoIsNotThereYet) {
  EXPECT_EQ(mo.ask_room("chat.ban", "tea", user("nobody")), "404 no such user");
  EXPECT_EQ(mo.ask_room("chat.ban", "tea", user("sam")), "{}");
  EXPECT_EQ(sam.ask_room("chat.join", "tea"), "103 banned");
  EXPECT_THAT(olga.ask_room("chat.room", "tea"), HasSubstr(R"("members":4)"));
}

TEST_P(ModerationTest, EndsBansAndMutesWithTime) {
  const std::int64_t until_s = loop.unix_ms() / 1000 + 60;
  EXPECT_EQ(mo.ask_room("chat.ban", "tea", user("sam", R"("seconds":60)")), "{}");
  EXPECT_EQ(mo.ask_room("chat.mute", "tea", user("mia", R"("seconds":60)")), "{}");
  EXPECT_THAT(sam.ask_room("chat.join", "tea"), StartsWith("103 banned until "));
  EXPECT_THAT(mia.say("room:tea", "x"), StartsWith("103 muted until "));
  // One second after another: what the nodes and the store say to each other must not be late.
  EXPECT_TRUE(testing::ask_until([&] {
    loop.skip_ms(1'000);
    return sam.ask_room("chat.join", "tea").starts_with('{');
  }));
  EXPECT_GE(loop.unix_ms() / 1000, until_s);
  EXPECT_TRUE(testing::ask_until([&] {
    loop.skip_ms(1'000);
    return mia.say("room:tea", "x").starts_with('{');
  }));
  EXPECT_THAT(mo.ask_room("chat.room", "tea"), HasSubstr(R"("bans":[],"mutes":[])"));
}

TEST_P(ModerationTest, Mutes) {
  EXPECT_EQ(mo.ask_room("chat.mute", "tea", user("mia", R"("reason":"caps")")), "{}");
  EXPECT_EQ(mia.say("room:tea", "X"), "103 muted: caps");
  EXPECT_EQ(mia.publish("room:tea", R"({"type":"typing"})"), "103 muted: caps");
  EXPECT_THAT(mia.history("room:tea"), HasSubstr("publications"));
  EXPECT_THAT(mo.ask_room("chat.room", "tea"),
              HasSubstr(R"("mutes":[{"user":"mia","reason":"caps","by":"mo"}])"));
  // A mute is not left behind with the room.
  mia.ask_room("chat.leave", "tea");
  mia.ask_room("chat.join", "tea");
  EXPECT_EQ(mia.say("room:tea", "X"), "103 muted: caps");
  EXPECT_EQ(mo.ask_room("chat.unmute", "tea", user("mia")), "{}");
  EXPECT_THAT(mia.say("room:tea", "x"), HasSubstr("offset"));
  EXPECT_EQ(mo.ask_room("chat.mute", "tea", user("sam")), "404 no such member");
}

TEST_P(ModerationTest, KeepsRanks) {
  const std::string moderators = "103 only moderators may do that";
  for (Person* nobody : {&mia, &sam}) {
    for (const char* method :
         {"chat.kick", "chat.ban", "chat.mute", "chat.unban", "chat.unmute", "chat.invite"}) {
      for (const char* target : {"olga", "mo", "mel"}) {
        EXPECT_EQ(nobody->ask_room(method, "tea", user(target)), moderators) << method;
      }
    }
    EXPECT_EQ(nobody->ask_room("chat.set", "tea", R"("topic":"x")"), moderators);
  }
  for (Person* person : {&mia, &sam, &mo}) {
    const std::string owner = "103 only the owner may do that";
    EXPECT_EQ(person->ask_room("chat.set", "tea", R"("title":"x")"), owner);
    EXPECT_EQ(person->ask_room("chat.set", "tea", R"("visibility":"private")"), owner);
    EXPECT_EQ(person->ask_room("chat.archive", "tea", R"("archived":true)"), owner);
    for (const char* role : {"owner", "moderator", "member"}) {
      const std::string more = std::string(R"("role":")") + role + '"';
      EXPECT_EQ(person->ask_room("chat.role", "tea", user("mel", more)), owner) << role;
    }
  }
  EXPECT_EQ(olga.ask_room("chat.role", "tea", user("mia", R"("role":"moderator")")), "{}");
  for (const char* method : {"chat.kick", "chat.ban", "chat.mute"}) {
    EXPECT_EQ(mo.ask_room(method, "tea", user("olga")), "103 that is the room's owner");
    EXPECT_EQ(mo.ask_room(method, "tea", user("mia")),
              "103 only the owner may do that to a moderator");
    EXPECT_THAT(mo.ask_room(method, "tea", user("mo")), StartsWith("107 user"));
  }
  EXPECT_THAT(mo.ask_room("chat.room", "tea"),
              AllOf(HasSubstr(R"("members":4)"), HasSubstr(R"("bans":[],"mutes":[])")));
}

TEST_P(ModerationTest, RefusesWrongMembersOfCalls) {
  EXPECT_THAT(mo.ask_room("chat.kick", "tea"), StartsWith("107 user: expected"));
  EXPECT_THAT(mo.ask_room("chat.kick", "tea", R"("user":"a\u0001")"), StartsWith("107 user"));
  EXPECT_THAT(mo.ask_room("chat.ban", "tea", user("mia", R"("seconds":0)")),
              StartsWith("107 seconds"));
  EXPECT_THAT(mo.ask_room("chat.ban", "tea", user("mia", R"("seconds":18446744073709551615)")),
              StartsWith("107 seconds"));
  EXPECT_THAT(mo.ask_room("chat.ban", "tea", user("mia", R"("seconds":-1)")),
              StartsWith("107 seconds"));
  EXPECT_THAT(mo.ask_room("chat.ban", "tea", user("mia", R"("reason":7)")),
              StartsWith("107 reason"));
  EXPECT_THAT(olga.ask_room("chat.role", "tea", user("mia", R"("role":"admin")")),
              StartsWith("107 role"));
  EXPECT_THAT(olga.ask_room("chat.set", "tea"), StartsWith("107 expected title"));
  EXPECT_THAT(olga.ask_room("chat.archive", "tea"), StartsWith("107 archived"));
  EXPECT_THAT(mia.say("room:tea", "still here"), HasSubstr("offset"));
}

TEST_P(ModerationTest, HandsTheRoomOver) {
  EXPECT_EQ(olga.ask_room("chat.role", "tea", user("sam", R"("role":"owner")")),
            "404 no such member");
  EXPECT_EQ(olga.ask_room("chat.role", "tea", user("nobody", R"("role":"owner")")),
            "404 no such user");
  EXPECT_EQ(olga.ask_room("chat.role", "tea", user("mia", R"("role":"owner")")), "{}");
  EXPECT_TRUE(mel.hears(R"("event":"role","user":"mia","by":"olga","value":"owner")"));
  EXPECT_THAT(mia.ask_room("chat.room", "tea"), HasSubstr(R"("role":"owner")"));
  EXPECT_THAT(olga.ask_room("chat.room", "tea"), HasSubstr(R"("role":"moderator")"));
  EXPECT_EQ(olga.ask_room("chat.role", "tea", user("olga", R"("role":"owner")")).substr(0, 3),
            "103");
  EXPECT_THAT(olga.ask_room("chat.set", "tea", R"("title":"x")"), StartsWith("103 only the owner"));
  EXPECT_EQ(olga.ask_room("chat.leave", "tea"), "{}");
}

TEST_P(ModerationTest, ChangesWhatTheRoomSays) {
  EXPECT_THAT(mo.ask_room("chat.set", "tea", R"("topic":"Assam")"),
              HasSubstr(R"("topic":"Assam")"));
  EXPECT_TRUE(mel.hears(R"("event":"topic","user":"mo","by":"mo","value":"Assam")"));
  EXPECT_THAT(olga.ask_room("chat.set", "tea", R"("title":"T","visibility":"private")"),
              AllOf(HasSubstr(R"("title":"T")"), HasSubstr(R"("visibility":"private")")));
  EXPECT_TRUE(mel.hears(R"("event":"visibility")"));
  EXPECT_EQ(sam.ask_room("chat.room", "tea"), "404 no such room");
  EXPECT_THAT(mel.say("room:tea", "x"), HasSubstr("offset"));
}

TEST_P(ModerationTest, EndsSubscriptionsOfStrangersWhenARoomBecomesPrivate) {
  EXPECT_THAT(sam.subscribe("room:tea"), HasSubstr("epoch"));
  olga.ask_room("chat.set", "tea", R"("visibility":"private")");
  EXPECT_TRUE(sam.hears(R"({"push":{"channel":"room:tea","unsubscribe":{"code":2000)"));
  EXPECT_EQ(sam.subscribe("room:tea"), "404 no such room");
  EXPECT_THAT(olga.say("room:tea", "secret"), HasSubstr("offset"));
  EXPECT_TRUE(mel.hears("secret"));
  EXPECT_EQ(sam.count_pushes("secret"), 0U);
  EXPECT_EQ(mel.count_pushes("unsubscribe"), 0U);
}

TEST_P(ModerationTest, Archives) {
  EXPECT_THAT(sam.subscribe("room:tea"), HasSubstr("epoch"));
  EXPECT_THAT(olga.ask_room("chat.archive", "tea", R"("archived":true)"),
              HasSubstr(R"("archived":true)"));
  EXPECT_TRUE(sam.hears(R"("unsubscribe":{"code":2000,"reason":"the room is archived"})"));
  EXPECT_EQ(mia.say("room:tea", "x"), "103 the room is archived");
  EXPECT_THAT(mia.history("room:tea"), HasSubstr(R"("event":"archive")"));
  EXPECT_THAT(sam.ask_room("chat.join", "tea"), StartsWith("103 "));
  EXPECT_THAT(sam.ask("chat.rooms"), Not(HasSubstr("tea")));
  EXPECT_THAT(mia.ask("chat.rooms"), HasSubstr("tea"));
  EXPECT_THAT(olga.ask_room("chat.archive", "tea", R"("archived":false)"),
              HasSubstr(R"("archived":false)"));
  EXPECT_THAT(mia.say("room:tea", "x"), HasSubstr("offset"));
}

TEST_P(ModerationTest, GivesAdministratorsTheRightsOfOwners) {
  Person& root = enter_as_admin("root");
  EXPECT_THAT(root.say("room:tea", "x"), StartsWith("103 join the room first"));
  EXPECT_EQ(root.ask_room("chat.ban", "tea", user("mo")), "{}");
  EXPECT_EQ(root.ask_room("chat.ban", "tea", user("olga")), "103 that is the room's owner");
  EXPECT_EQ(root.ask_room("chat.role", "tea", user("mia", R"("role":"owner")")), "{}");
  EXPECT_EQ(root.ask_room("chat.kick", "tea", user("olga")), "{}");
  EXPECT_THAT(root.ask_room("chat.set", "lobby", R"("visibility":"private")"),
              StartsWith("103 the lobby is for everybody"));
  EXPECT_THAT(root.ask_room("chat.archive", "lobby", R"("archived":true)"),
              StartsWith("103 the lobby stays"));
  mia.ask_room("chat.set", "tea", R"("visibility":"private")");
  EXPECT_THAT(root.subscribe("room:tea"), HasSubstr("epoch"));
  EXPECT_THAT(root.ask_room("chat.join", "tea"), HasSubstr("member"));
}

TEST_P(ModerationTest, EndsWhatAnAdministratorMaySeeNoLonger) {
  olga.ask_room("chat.set", "tea", R"("visibility":"private")");
  Person& root = enter_as_admin("root");
  ASSERT_THAT(root.subscribe("room:tea"), HasSubstr("epoch"));
  ASSERT_THAT(root.subscribe("room:lobby"), HasSubstr("epoch"));
  EXPECT_THAT(root.refresh(R"("role":"admin")"), HasSubstr("client"));
  EXPECT_THAT(root.history("room:tea"), HasSubstr("publications"));
  EXPECT_THAT(root.refresh({}), HasSubstr("client"));
  EXPECT_TRUE(root.hears(R"({"push":{"channel":"room:tea","unsubscribe":{"code":2000)"));
  EXPECT_EQ(root.history("room:tea"), "404 no such room");
  EXPECT_THAT(root.history("room:lobby"), HasSubstr("publications"));
  EXPECT_EQ(root.count_pushes("unsubscribe"), 1U);
}

TEST_P(ModerationTest, RefusesNamesThatTurnTheTextAround) {
  for (const char* title : {"a\u202eb", "a\u2066b", "a\u200e\u2069"}) {
    EXPECT_THAT(olga.ask_room("chat.set", "tea", std::string(R"("title":")") + title + '"'),
                StartsWith("107 title"));
  }
  // What emoji are joined with is no such thing.
  EXPECT_THAT(olga.ask_room("chat.set", "tea", "\"title\":\"👩‍💻\""), HasSubstr("tea"));
}

}  // namespace
}  // namespace chirm
