// SPDX-License-Identifier: MIT
// Who is here, on every store.
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Person;
using ::testing::StartsWith;

class WhereaboutsTest : public testing::RoomsTest {};
INSTANTIATE_TEST_SUITE_P(Stores, WhereaboutsTest, testing::every_store(), testing::name_of_store);

TEST_P(WhereaboutsTest, TellsWhoIsInARoom) {
  Person& ada = enter_with("ada", R"("info":{"name":"Ada"})");
  Person& bob = enter("bob");
  ada.subscribe("room:lobby");
  bob.subscribe("room:lobby");
  EXPECT_EQ(bob.ask("chat.status", R"({"status":"away"})"), "{}");
  EXPECT_EQ(ada.ask("chat.presence", R"({"channel":"room:lobby"})"),
            R"({"count":2,"users":[{"user":"ada","name":"Ada","status":"online"},)"
            R"({"user":"bob","name":"bob","status":"away"}]})");
  EXPECT_THAT(bob.ask("chat.status", R"({"status":"asleep"})"), StartsWith("107 status"));
}

TEST_P(WhereaboutsTest, TellsItOnlyToThoseWhoMayRead) {
  Person& ada = enter("ada");
  Person& eve = enter("eve");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  EXPECT_EQ(eve.ask("chat.presence", R"({"channel":"room:den"})"), "404 no such room");
  for (const char* channel : {"dm:#ada,bob", "dm:#bob,ada", "dm:", "dm:#", "user:#ada",
                              "user:", "room:", "room:A", "x", "game:1", "dm:#eve,eve"}) {
    EXPECT_EQ(eve.ask("chat.presence", std::string(R"({"channel":")") + channel + "\"}"),
              "103 permission denied")
        << channel;
  }
}

TEST_P(WhereaboutsTest, TellsWhoSomebodyIs) {
  Person& ada = enter("ada");
  enter_with("bob", R"("info":{"name":"Bob"},"role":"admin")");
  EXPECT_EQ(ada.ask("chat.user", R"({"user":"bob"})"),
            R"({"user":"bob","name":"Bob","role":"admin","status":"online"})");
  EXPECT_EQ(ada.ask("chat.user", R"({"user":"nobody"})"), "404 no such user");
}

}  // namespace
}  // namespace chirm
