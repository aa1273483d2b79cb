// SPDX-License-Identifier: MIT
// How many rooms there may be, and how they are found, on every store.
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

class RoomQuotaTest : public testing::RoomsTest {
 protected:
  RoomQuotaTest() {
    ChatSettings settings = chat_settings();
    settings.rooms_per_user = 3;
    settings.rooms_max = 40;
    add_node(settings);
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, RoomQuotaTest, testing::every_store(), testing::name_of_store);

TEST_P(RoomQuotaTest, ElevenAccountsDoNotUseUpTheRooms) {
  for (int i = 0; i < 11; ++i) {
    Person& mallory = enter("mallory" + std::to_string(i));
    for (int k = 0; k < 3; ++k) {
      const std::string room = "m" + std::to_string(i) + "-" + std::to_string(k);
      EXPECT_THAT(mallory.ask_room("chat.create", room), HasSubstr("owner"));
    }
    EXPECT_THAT(mallory.ask_room("chat.create", "one-more"), StartsWith("106 at most 3 rooms"));
  }
  EXPECT_THAT(enter("ada").ask_room("chat.create", "tea"), HasSubstr("owner"));
}

TEST_P(RoomQuotaTest, AdministratorsMakeRoomsWhenOthersMayNot) {
  for (int i = 0; i < 40; ++i) put("room", "x" + std::to_string(i), R"({"public":true})");
  EXPECT_THAT(enter("ada").ask_room("chat.create", "tea"), StartsWith("106 there are too many"));
  Person& root = enter_as_admin("root");
  for (const char* room : {"a", "b", "c", "d"}) {
    EXPECT_THAT(root.ask_room("chat.create", room), HasSubstr("owner"));
  }
}

TEST_P(RoomQuotaTest, IsGivenBackByDeletingAndHandingOver) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  for (const char* room : {"a", "b", "c"}) ada.ask_room("chat.create", room);
  EXPECT_THAT(ada.ask_room("chat.create", "d"), StartsWith("106 "));
  // A name that is taken costs nothing.
  EXPECT_THAT(bob.ask_room("chat.create", "a"), StartsWith("409 "));
  EXPECT_EQ(ada.ask_room("chat.delete", "a"), "{}");
  EXPECT_THAT(ada.ask_room("chat.create", "d"), HasSubstr("owner"));
  bob.ask_room("chat.join", "b");
  EXPECT_EQ(ada.ask_room("chat.role", "b", R"("user":"bob","role":"owner")"), "{}");
  EXPECT_THAT(ada.ask_room("chat.create", "e"), HasSubstr("owner"));
  EXPECT_THAT(ada.ask_room("chat.create", "f"), StartsWith("106 "));
  // What is handed over counts for who gets it, and who has enough gets none.
  for (const char* room : {"g", "h"}) {
    EXPECT_THAT(bob.ask_room("chat.create", room), HasSubstr("owner"));
  }
  EXPECT_THAT(bob.ask_room("chat.create", "i"), StartsWith("106 "));
  bob.ask_room("chat.join", "c");
  EXPECT_THAT(ada.ask_room("chat.role", "c", R"("user":"bob","role":"owner")"),
              StartsWith("106 at most 3 rooms"));
}

// ---- Finding them

TEST_P(RoomQuotaTest, FindsWhatChangesAndNotWhatIsGone) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  ada.ask_room("chat.create", "tea", R"("title":"Earl Grey")");
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  EXPECT_THAT(bob.ask("chat.rooms", R"({"query":"GREY"})"), HasSubstr(R"("room":"tea")"));
  EXPECT_THAT(bob.ask("chat.rooms"), Not(HasSubstr("den")));
  EXPECT_THAT(ada.ask("chat.rooms", R"({"query":"de"})"), HasSubstr(R"("room":"den")"));
  EXPECT_THAT(enter_as_admin("root").ask("chat.rooms"), HasSubstr(R"("room":"den")"));
  ada.ask_room("chat.set", "tea", R"("title":"Assam")");
  EXPECT_THAT(bob.ask("chat.rooms", R"({"query":"grey"})"), HasSubstr(R"("rooms":[])"));
  EXPECT_THAT(bob.ask("chat.rooms", R"({"query":"assam"})"), HasSubstr(R"("room":"tea")"));
  ada.ask_room("chat.delete", "tea");
  EXPECT_THAT(bob.ask("chat.rooms"), AllOf(HasSubstr("lobby"), Not(HasSubstr("tea"))));
}

TEST_P(RoomQuotaTest, ListsPageByPage) {
  Person& root = enter_as_admin("root");
  for (const char* room : {"a", "b", "c", "d"}) root.ask_room("chat.create", room);
  Person& bob = enter("bob");
  EXPECT_THAT(bob.ask("chat.rooms", R"({"limit":2})"),
              AllOf(HasSubstr(R"("room":"b")"), HasSubstr(R"("next":"b")")));
  EXPECT_THAT(bob.ask("chat.rooms", R"({"limit":2,"after":"b"})"), HasSubstr(R"("next":"d")"));
  EXPECT_THAT(bob.ask("chat.rooms", R"({"limit":2,"after":"d"})"),
              AllOf(HasSubstr("lobby"), Not(HasSubstr("next"))));
}

}  // namespace
}  // namespace chirm
