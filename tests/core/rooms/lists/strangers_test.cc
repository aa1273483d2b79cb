// SPDX-License-Identifier: MIT
// What others can do to somebody's lists, on every store: they cannot fill them.
#include <algorithm>

#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

class StrangersTest : public testing::RoomsTest {
 protected:
  static std::size_t count(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  Person& ada = enter("ada");
  Person& bob = enter("bob");
};
INSTANTIATE_TEST_SUITE_P(Stores, StrangersTest, testing::every_store(), testing::name_of_store);

TEST_P(StrangersTest, InvitationsBeyondNumberTakeNothingFromTheInvited) {
  for (int i = 0; i < 120; ++i) {
    put("invited:bob", "room:x" + std::to_string(i),
        R"({"read":0,"since":)" + std::to_string(i + 1) + "}");
  }
  put("member:x0", "bob", R"({"name":"bob","invited_by":"mallory"})");
  ada.ask_room("chat.create", "tea");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  EXPECT_EQ(ada.ask_room("chat.invite", "den", R"("user":"bob")"), "{}");
  // The newest is kept, and he may do what he could before.
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("invited":[{"room":"den")"));
  EXPECT_THAT(bob.ask_room("chat.join", "tea"), HasSubstr(R"("role":"member")"));
  EXPECT_THAT(bob.ask_room("chat.create", "pub"), HasSubstr(R"("role":"owner")"));
  EXPECT_THAT(bob.ask_room("chat.join", "den"), HasSubstr(R"("role":"member")"));
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("invited":[])"));
}

TEST_P(StrangersTest, OldInvitationsGiveWayToNewOnes) {
  for (int i = 0; i < 100; ++i) {
    const std::string room = "x" + std::to_string(i);
    put("room", room, R"({"title":")" + room + R"(","public":false,"owner":"mallory"})");
    put("member:" + room, "bob", R"({"name":"bob","invited_by":"mallory"})");
    put("invited:bob", "room:" + room, R"({"read":0,"since":)" + std::to_string(i + 1) + "}");
  }
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  ada.ask_room("chat.invite", "den", R"("user":"bob")");
  const std::string sync = bob.ask("chat.sync");
  EXPECT_EQ(count(sync, R"("by":")"), 100U);
  EXPECT_THAT(sync, AllOf(HasSubstr(R"("room":"den")"), Not(HasSubstr(R"("room":"x0")")),
                          HasSubstr(R"("room":"x1")")));
  // What gave way is none any more.
  EXPECT_EQ(bob.ask_room("chat.join", "x0"), "404 no such room");
}

TEST_P(StrangersTest, InvitationsOfEarlierVersionsAreKept) {
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  put("member:den", "bob", R"({"name":"bob","invited_by":"ada"})");
  put("list:bob", "room:den", R"({"read":0})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(count(bob.ask("chat.sync"), R"("room":"den")"), 1U);
  }
  EXPECT_EQ(bob.ask("chat.dismiss", R"({"what":"invitations"})"), R"({"dismissed":1})");
}

TEST_P(StrangersTest, GuestsBeyondNumberTakeNothingFromWhomTheyWriteTo) {
  for (int i = 0; i < 240; ++i) {
    const std::string guest = "~g" + std::to_string(i);
    put("asked:bob", "dm:#bob," + guest, R"({"read":0,"since":)" + std::to_string(i + 1) + "}");
  }
  Person& guest = enter_with("mallory", R"("role":"guest")");
  EXPECT_THAT(guest.say("dm:#bob,mallory", "hello"), HasSubstr("offset"));
  const std::string sync = bob.ask("chat.sync");
  EXPECT_EQ(count(sync, R"("request":true)"), 200U);
  EXPECT_THAT(sync, HasSubstr("dm:#bob,mallory"));
  EXPECT_EQ(bob.ask("chat.dm", R"({"user":"ada"})"), R"({"channel":"dm:#ada,bob"})");
  EXPECT_THAT(bob.ask_room("chat.create", "tea"), HasSubstr("owner"));
  bob.forget();
  EXPECT_EQ(bob.ask("chat.dismiss", R"({"what":"requests"})"), R"({"dismissed":200})");
  EXPECT_TRUE(bob.hears(R"({"type":"dismissed","what":"requests"})"));
  EXPECT_THAT(bob.ask("chat.sync"),
              AllOf(Not(HasSubstr(R"("request":true)")), HasSubstr("dm:#ada,bob")));
}

TEST_P(StrangersTest, ARequestIsTakenUpByAnAnswer) {
  ada.say("dm:#ada,bob", "hello");
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("request":true)"));
  EXPECT_EQ(bob.ask("chat.read", R"({"channel":"dm:#ada,bob","offset":1})"), "{}");
  bob.say("dm:#ada,bob", "hi");
  EXPECT_THAT(bob.ask("chat.sync"),
              AllOf(Not(HasSubstr(R"("request":true)")), HasSubstr(R"("read":1)")));
  EXPECT_EQ(bob.ask("chat.dismiss", R"({"what":"requests"})"), R"({"dismissed":0})");
}

TEST_P(StrangersTest, WhatWasDismissedComesBackWithTheNextMessageOnly) {
  ada.say("dm:#ada,bob", "hello");
  bob.ask("chat.dismiss", R"({"what":"requests"})");
  EXPECT_THAT(bob.ask("chat.sync"), Not(HasSubstr("dm:#")));
  ada.say("dm:#ada,bob", "again");
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("top":2)"));
  EXPECT_THAT(bob.ask("chat.sync"),
              AllOf(HasSubstr(R"("read":1)"), HasSubstr(R"("request":true)")));
}

// ---- chat.contact

TEST_P(StrangersTest, SaysWhoMayWrite) {
  EXPECT_EQ(bob.ask("chat.contact"), R"({"from":"everybody"})");
  EXPECT_THAT(bob.ask("chat.contact", R"({"from":"friends"})"), StartsWith("107 from"));
  EXPECT_EQ(bob.ask("chat.contact", R"({"from":"users"})"), R"({"from":"users"})");
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("contact":"users")"));
  Person& eve = enter("eve");
  EXPECT_THAT(eve.say("dm:#bob,eve", "x"), HasSubstr("offset"));
  bob.ask("chat.contact", R"({"from":"nobody"})");
  EXPECT_THAT(ada.say("dm:#ada,bob", "x"), StartsWith("103 they take no private messages"));
  EXPECT_THAT(ada.ask("chat.dm", R"({"user":"bob"})"), StartsWith("103 they take no"));
  EXPECT_THAT(ada.ask("chat.sync"), Not(HasSubstr("dm:#")));
}

TEST_P(StrangersTest, MayBeWrittenToByTheirRoomsOnly) {
  bob.ask("chat.contact", R"({"from":"rooms"})");
  // The lobby is no room in common.
  EXPECT_THAT(ada.say("dm:#ada,bob", "x"), StartsWith("103 they take private messages only from"));
  ada.ask_room("chat.create", "tea");
  EXPECT_THAT(ada.say("dm:#ada,bob", "x"), StartsWith("103 "));
  bob.ask_room("chat.join", "tea");
  EXPECT_THAT(ada.say("dm:#ada,bob", "x"), HasSubstr("offset"));
}

TEST_P(StrangersTest, TheSettingHoldsForARequestAndNotForWhatWasTakenUp) {
  ada.say("dm:#ada,bob", "x");
  bob.ask("chat.contact", R"({"from":"nobody"})");
  EXPECT_THAT(ada.say("dm:#ada,bob", "y"), StartsWith("103 they take no private messages"));
  EXPECT_THAT(bob.say("dm:#ada,bob", "hi"), HasSubstr("offset"));
  EXPECT_THAT(ada.say("dm:#ada,bob", "z"), HasSubstr("offset"));
}

// ---- Pages of chat.sync

TEST_P(StrangersTest, SyncComesInPages) {
  for (const char* room : {"a", "b", "c"}) ada.ask_room("chat.create", room);
  ada.say("dm:#ada,bob", "x");
  bob.ask("chat.block", R"({"user":"ada"})");
  bob.ask("chat.unblock", R"({"user":"ada"})");
  std::string after;
  std::string all;
  int pages = 0;
  do {
    const std::string page = ada.ask("chat.sync", R"({"limit":2,"after":")" + after + "\"}");
    EXPECT_LE(count(page, R"("epoch")"), 2U);
    all += page;
    const auto at = page.find(R"("next":")");
    after = at == std::string::npos ? "" : page.substr(at + 8, page.find('"', at + 8) - at - 8);
    ++pages;
  } while (!after.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  for (const char* channel :
       {"room:a\"", "room:b\"", "room:c\"", "room:lobby\"", "dm:#ada,bob\""}) {
    EXPECT_EQ(count(all, std::string(R"("channel":")") + channel), 1U) << channel;
  }
}

}  // namespace
}  // namespace chirm
