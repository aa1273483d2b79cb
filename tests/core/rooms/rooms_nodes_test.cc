// SPDX-License-Identifier: MIT
// Three nodes on one Redis: what is decided on one of them holds on all, at once.
#include <map>
#include <random>
#include <set>

#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

bool is_done(const std::string& answer) { return answer.starts_with('{'); }

class RoomsNodesTest : public testing::RoomsTest {
 protected:
  void SetUp() override {
    ada.ask_room("chat.create", "tea");
    for (Person* person : {&bob, &phone, &cyd}) {
      person->ask_room("chat.join", "tea");
      ASSERT_THAT(person->subscribe("room:tea"), HasSubstr("epoch"));
    }
  }

  Person& ada = enter("ada", 0);
  Person& bob = enter("bob", 1);
  Person& phone = enter("bob", 2);
  Person& cyd = enter("cyd", 1);
};
INSTANTIATE_TEST_SUITE_P(Stores, RoomsNodesTest, ::testing::Values(testing::StoreKind::kRedis),
                         testing::name_of_store);

TEST_P(RoomsNodesTest, EndSubscriptionsOfWhoIsBanned) {
  EXPECT_EQ(ada.ask_room("chat.ban", "tea", R"("user":"bob")"), "{}");
  EXPECT_TRUE(bob.hears(R"("unsubscribe":{"code":2000,"reason":"banned"})"));
  EXPECT_TRUE(phone.hears(R"("unsubscribe":{"code":2000,"reason":"banned"})"));
  for (Person* person : {&bob, &phone}) {
    EXPECT_EQ(person->subscribe("room:tea"), "103 banned");
    EXPECT_EQ(person->say("room:tea", "x"), "103 banned");
    EXPECT_EQ(person->history("room:tea"), "103 banned");
  }
  ada.say("room:tea", "without bob");
  EXPECT_TRUE(cyd.hears("without bob"));
  EXPECT_EQ(bob.count_pushes("without bob") + phone.count_pushes("without bob"), 0U);
}

TEST_P(RoomsNodesTest, EndSubscriptionsOfStrangersWhenARoomIsClosed) {
  Person& sam = enter("sam", 2);
  ASSERT_THAT(sam.subscribe("room:tea"), HasSubstr("epoch"));
  ada.ask_room("chat.set", "tea", R"("visibility":"private")");
  EXPECT_TRUE(sam.hears(R"("unsubscribe":{"code":2000)"));
  EXPECT_EQ(sam.history("room:tea"), "404 no such room");
  EXPECT_EQ(phone.count_pushes("unsubscribe"), 0U);
}

TEST_P(RoomsNodesTest, RefuseWhoIsMuteOrDemotedElsewhere) {
  EXPECT_THAT(bob.say("room:tea", "x"), HasSubstr("offset"));
  ada.ask_room("chat.mute", "tea", R"("user":"bob")");
  EXPECT_TRUE(testing::ask_until([&] { return !is_done(bob.say("room:tea", "x")); }));
  EXPECT_EQ(bob.say("room:tea", "x"), "103 muted");
  ada.ask_room("chat.role", "tea", R"("user":"cyd","role":"moderator")");
  const auto cyd_may = [&](const char* method) {
    return is_done(cyd.ask_room(method, "tea", R"("user":"bob")"));
  };
  EXPECT_TRUE(testing::ask_until([&] { return cyd_may("chat.unmute"); }));
  ada.ask_room("chat.role", "tea", R"("user":"cyd","role":"member")");
  EXPECT_TRUE(testing::ask_until([&] { return !cyd_may("chat.mute"); }));
  EXPECT_THAT(cyd.ask_room("chat.kick", "tea", R"("user":"bob")"), StartsWith("103 "));
}

TEST_P(RoomsNodesTest, DeliverFirstMessagesToAllDevices) {
  ada.say("dm:#ada,bob", "hello");
  EXPECT_TRUE(bob.hears(R"({"type":"channel","channel":"dm:#ada,bob"})"));
  EXPECT_TRUE(phone.hears(R"({"type":"channel","channel":"dm:#ada,bob"})"));
  EXPECT_THAT(phone.history("dm:#ada,bob"), HasSubstr("hello"));
}

TEST_P(RoomsNodesTest, CarryEditsDeletesReactionsAndTyping) {
  EXPECT_THAT(ada.say("room:tea", "tpyo"), HasSubstr(R"("offset":4)"));
  EXPECT_TRUE(phone.hears("tpyo"));
  ada.publish("room:tea", R"({"id":"1","type":"edit","target":4,"text":"typo"})");
  bob.publish("room:tea", R"({"id":"2","type":"reaction","target":4,"key":"👍","on":true})");
  EXPECT_EQ(cyd.publish("room:tea", R"({"type":"typing"})"), "{}");
  for (Person* person : {&bob, &phone}) {
    EXPECT_TRUE(person->hears(R"("type":"edit","target":4,"text":"typo")"));
    EXPECT_TRUE(person->hears(R"("type":"reaction","target":4)"));
    EXPECT_TRUE(person->hears(R"({"type":"typing"},"info":{"user":"cyd")"));
    EXPECT_THAT(person->history("room:tea"), AllOf(HasSubstr("typo"), Not(HasSubstr("tpyo"))));
    EXPECT_THAT(person->ask("chat.search", R"({"channel":"room:tea","query":"typo"})"),
                HasSubstr(R"("offset":4)"));
  }
  ada.publish("room:tea", R"({"id":"3","type":"delete","target":4})");
  EXPECT_TRUE(phone.hears(R"("type":"delete","target":4)"));
  EXPECT_THAT(phone.history("room:tea"), Not(HasSubstr("typo")));
  EXPECT_EQ(bob.ask("chat.search", R"({"channel":"room:tea","query":"typo"})"),
            R"({"results":[]})");
}

TEST_P(RoomsNodesTest, KeepReadMarksOnAllDevices) {
  ada.say("room:tea", "x");
  EXPECT_EQ(bob.ask("chat.read", R"({"channel":"room:tea","offset":4})"), "{}");
  EXPECT_TRUE(phone.hears(R"({"type":"read","channel":"room:tea","offset":4})"));
  EXPECT_THAT(phone.ask("chat.sync"), HasSubstr(R"("top":4)"));
  EXPECT_THAT(phone.ask("chat.sync"), HasSubstr(R"("read":4)"));
}

TEST_P(RoomsNodesTest, DeleteARoomEverywhere) {
  ada.say("room:tea", "to be forgotten");
  EXPECT_TRUE(phone.hears("to be forgotten"));
  EXPECT_EQ(ada.ask_room("chat.delete", "tea"), "{}");
  for (Person* person : {&bob, &phone, &cyd}) {
    EXPECT_TRUE(person->hears(R"("unsubscribe":{"code":2000,"reason":"the room was deleted"})"));
    EXPECT_EQ(person->history("room:tea"), "404 no such room");
    EXPECT_EQ(person->say("room:tea", "x"), "404 no such room");
  }
  EXPECT_TRUE(phone.hears(R"("deleted":true)"));
  // The name is free on each node, and what was said there is in no node's memory.
  const auto makes = [&] { return is_done(cyd.ask_room("chat.create", "tea")); };
  EXPECT_TRUE(testing::ask_until(makes));
  EXPECT_TRUE(testing::ask_until([&] { return is_done(phone.ask_room("chat.join", "tea")); }));
  for (Person* person : {&ada, &bob, &phone, &cyd}) {
    EXPECT_THAT(person->history("room:tea"), Not(HasSubstr("to be forgotten")));
  }
}

TEST_P(RoomsNodesTest, KickWhoseMembershipANodeDoesNotKnow) {
  // A reader of a public room, whose node has never looked at the room's members.
  Person& dan = enter("dan", 0);
  dan.ask_room("chat.join", "tea");
  Person& tablet = enter("dan", 2);
  ASSERT_THAT(tablet.subscribe("room:tea"), HasSubstr("epoch"));
  ada.ask_room("chat.kick", "tea", R"("user":"dan","reason":"spam")");
  EXPECT_TRUE(
      tablet.hears(R"("unsubscribe":{"code":2000,"reason":"not a member any more: spam"})"));
}

TEST_P(RoomsNodesTest, AgreeOnWhoWasFirst) {
  // The same name at the same time.
  const std::string create = R"("rpc":{"method":"chat.create","data":{"room":"one"}})";
  const std::string by_ada = ada.command(create);
  const std::string by_cyd = cyd.command(create);
  EXPECT_THAT(by_ada, HasSubstr(R"("role":"owner")"));
  EXPECT_THAT(by_cyd, StartsWith("409 "));
}

// ---- Rights at random, beside a model of them

struct Model {
  enum class Rank { kNone, kMember, kModerator, kOwner };
  std::map<std::string, Rank> ranks;
  std::set<std::string> banned, muted, invited;
  bool is_public = true;

  Rank rank(const std::string& user) { return ranks[user]; }
  bool may_read(const std::string& user) {
    if (rank(user) != Rank::kNone) return true;
    return is_public && !banned.contains(user);
  }
  bool may_write(const std::string& user) {
    return rank(user) != Rank::kNone && !muted.contains(user);
  }
  bool may_act_on(const std::string& actor, const std::string& target) {
    return actor != target && rank(actor) >= Rank::kModerator && rank(actor) > rank(target);
  }
};

class RoomRights : public testing::RoomsTest {
 protected:
  using Rank = Model::Rank;

  std::size_t pick(std::size_t count) { return random() % count; }

  // Does something, and says whether the model allows it.
  void act() {
    Person& actor = *people[pick(people.size())];
    const std::string target = people[pick(people.size())]->user;
    const std::string user = R"("user":")" + target + '"';
    const bool is_above = model.may_act_on(actor.user, target);
    const bool is_member = model.rank(target) != Rank::kNone;
    switch (pick(10)) {
      case 0:
      case 1: {
        const bool may = model.may_read(actor.user) ||
                         (model.invited.contains(actor.user) && !model.banned.contains(actor.user));
        EXPECT_EQ(is_done(actor.ask_room("chat.join", "den")), may) << actor.user;
        if (may && model.rank(actor.user) == Rank::kNone) model.ranks[actor.user] = Rank::kMember;
        if (may) model.invited.erase(actor.user);
        return;
      }
      case 2: {
        if (model.rank(actor.user) == Rank::kOwner) return;
        (void)actor.ask_room("chat.leave", "den");
        model.ranks[actor.user] = Rank::kNone;
        model.invited.erase(actor.user);
        return;
      }
      case 3: {
        const bool may = is_above && (is_member || model.invited.contains(target));
        EXPECT_EQ(is_done(actor.ask_room("chat.kick", "den", user)), may) << actor.user << user;
        if (may) remove(target);
        return;
      }
      case 4: {
        EXPECT_EQ(is_done(actor.ask_room("chat.ban", "den", user)), is_above) << actor.user << user;
        if (is_above) remove(target);
        if (is_above) model.banned.insert(target);
        return;
      }
      case 5: {
        const bool may = actor.user != target && model.rank(actor.user) >= Rank::kModerator;
        EXPECT_EQ(is_done(actor.ask_room("chat.unban", "den", user)), may);
        if (may) model.banned.erase(target);
        return;
      }
      case 6: {
        const bool may = is_above && is_member;
        EXPECT_EQ(is_done(actor.ask_room("chat.mute", "den", user)), may);
        if (may) model.muted.insert(target);
        if (may && pick(2) == 0) {
          EXPECT_TRUE(is_done(actor.ask_room("chat.unmute", "den", user)));
          model.muted.erase(target);
        }
        return;
      }
      case 7: {
        const char* role = pick(2) == 0 ? "moderator" : "member";
        const bool may =
            actor.user != target && model.rank(actor.user) == Rank::kOwner && is_member;
        EXPECT_EQ(is_done(actor.ask_room("chat.role", "den", user + R"(,"role":")" + role + '"')),
                  may);
        if (may)
          model.ranks[target] = *role == 'm' && role[1] == 'o' ? Rank::kModerator : Rank::kMember;
        return;
      }
      case 8: {
        const bool may = model.rank(actor.user) == Rank::kOwner;
        const bool to_public = pick(2) == 0;
        EXPECT_EQ(is_done(actor.ask_room(
                      "chat.set", "den",
                      to_public ? R"("visibility":"public")" : R"("visibility":"private")")),
                  may);
        if (may) model.is_public = to_public;
        return;
      }
      default: {
        const bool may = actor.user != target && model.rank(actor.user) >= Rank::kModerator &&
                         !is_member && !model.banned.contains(target);
        EXPECT_EQ(is_done(actor.ask_room("chat.invite", "den", user)), may) << actor.user << user;
        if (may) model.invited.insert(target);
        return;
      }
    }
  }
  void remove(const std::string& user) {
    model.ranks[user] = Rank::kNone;
    model.invited.erase(user);
  }

  std::mt19937 random{7};
  std::vector<Person*> people;
  Model model;
};
INSTANTIATE_TEST_SUITE_P(Stores, RoomRights, testing::every_store(), testing::name_of_store);

TEST_P(RoomRights, AreTheOnesOfTheModel) {
  for (const char* name : {"ada", "bob", "cyd", "dan", "eve"}) people.push_back(&enter(name));
  people[0]->ask_room("chat.create", "den");
  model.ranks["ada"] = Rank::kOwner;
  for (int step = 0; step < 300 && !HasFailure(); ++step) {
    SCOPED_TRACE(step);
    act();
    Person& one = *people[pick(people.size())];
    EXPECT_EQ(is_done(one.history("room:den")), model.may_read(one.user)) << one.user;
    EXPECT_EQ(is_done(one.publish("room:den", R"({"type":"x-note"})")),
              model.may_write(one.user) && model.may_read(one.user))
        << one.user;
  }
}

TEST_P(RoomsNodesTest, CountMarksOfALogThatIsGoneAsNone) {
  for (int i = 0; i < 5; ++i) ada.say("room:tea", "x");
  EXPECT_EQ(bob.ask("chat.read", R"({"channel":"room:tea","offset":8})"), "{}");
  EXPECT_THAT(phone.ask("chat.sync"), HasSubstr(R"("read":8)"));
  for (const char* part : {"m", "s"})
    redis().command({"DEL", std::string("chirm:{room:tea}:") + part});
  ada.say("room:tea", "the first of a new log");
  EXPECT_THAT(bob.ask("chat.sync"), Not(HasSubstr(R"("read":8)")));
  EXPECT_EQ(bob.ask("chat.read", R"({"channel":"room:tea","offset":1})"), "{}");
  EXPECT_THAT(phone.ask("chat.sync"), HasSubstr(R"("read":1)"));
}

}  // namespace
}  // namespace chirm
