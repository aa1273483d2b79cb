// SPDX-License-Identifier: MIT
// Searching what was said, on every store: what is found, and by whom.
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

constexpr const char* kNothing = R"({"results":[]})";

class SearchTest : public testing::RoomsTest {
 protected:
  static std::string find(Person& person, const std::string& channel, const std::string& query,
                          const std::string& more = {}) {
    return person.ask("chat.search",
                      R"({"channel":")" + channel + R"(","query":")" + query + '"' + more + '}');
  }

  Person& ada = enter("ada");
  Person& bob = enter("bob");
  Person& eve = enter("eve");
};
INSTANTIATE_TEST_SUITE_P(Stores, SearchTest, testing::every_store(), testing::name_of_store);

TEST_P(SearchTest, FindsMessagesNewestFirst) {
  ada.say("room:lobby", "The red kettle");
  bob.say("room:lobby", "a blue cup");
  bob.say("room:lobby", "RED and blue kettles");
  const std::string found = find(eve, "room:lobby", "kettle red");
  EXPECT_THAT(found, StartsWith(R"({"results":[{"offset":3,"user":"bob","name":"bob","data":{)"));
  EXPECT_THAT(found,
              AllOf(HasSubstr(R"({"offset":1,"user":"ada","name":"ada",)"),
                    HasSubstr("The red kettle"), Not(HasSubstr("cup")), Not(HasSubstr("next"))));
  EXPECT_EQ(find(eve, "room:lobby", "teapot"), kNothing);
}

TEST_P(SearchTest, GoesOnWhereItStopped) {
  for (int i = 1; i <= 5; ++i) ada.say("room:lobby", "tea " + std::to_string(i));
  EXPECT_THAT(find(eve, "room:lobby", "tea", R"(,"limit":2)"),
              AllOf(HasSubstr("tea 5"), HasSubstr("tea 4"), Not(HasSubstr("tea 3")),
                    HasSubstr(R"("next":4)")));
  EXPECT_THAT(find(eve, "room:lobby", "tea", R"(,"before":4,"limit":200)"),
              AllOf(HasSubstr("tea 3"), HasSubstr("tea 1"), Not(HasSubstr("tea 4")),
                    Not(HasSubstr("next"))));
}

TEST_P(SearchTest, AnswersWithNoMoreThanFitsInAReply) {
  const std::string text = std::string(7'990, 'x') + " tea";
  for (int i = 0; i < 70; ++i) ada.say("room:lobby", text);
  const std::string found = find(eve, "room:lobby", "tea", R"(,"limit":100)");
  EXPECT_LT(found.size(), 600U * 1024);
  EXPECT_THAT(found, AllOf(HasSubstr(R"("offset":70,)"), HasSubstr(R"(],"next":)")));
  const std::string next = found.substr(found.rfind(':') + 1);
  EXPECT_THAT(
      find(eve, "room:lobby", "tea", R"(,"limit":100,"before":)" + next.substr(0, next.size() - 1)),
      AllOf(HasSubstr(R"("offset":1,)"), Not(HasSubstr("next"))));
}

TEST_P(SearchTest, FindsWhatStandsThereNow) {
  ada.say("room:lobby", "the old word");
  ada.say("room:lobby", "another word");
  ada.publish("room:lobby", R"({"type":"edit","id":"e1","target":1,"text":"the new one"})");
  ada.publish("room:lobby", R"({"type":"delete","id":"e2","target":2})");
  EXPECT_EQ(find(bob, "room:lobby", "word"), kNothing);
  EXPECT_THAT(find(bob, "room:lobby", "new"), HasSubstr(R"({"offset":1,"user":"ada")"));
}

TEST_P(SearchTest, IsForThoseWhoMayRead) {
  ada.ask_room("chat.create", "den", R"("visibility":"private")");
  ada.say("room:den", "secret");
  ada.say("dm:#ada,bob", "secret");
  EXPECT_EQ(find(eve, "room:den", "secret"), "404 no such room");
  EXPECT_EQ(find(eve, "room:none", "secret"), "404 no such room");
  EXPECT_EQ(find(eve, "dm:#ada,bob", "secret"), "103 permission denied");
  EXPECT_EQ(find(eve, "dm:#ada,cyd", "secret"), "103 permission denied");
  EXPECT_EQ(find(eve, "user:#bob", "secret"), "103 permission denied");
  EXPECT_EQ(find(enter_as_admin("root"), "dm:#ada,bob", "secret"), "103 permission denied");
  EXPECT_THAT(find(bob, "dm:#ada,bob", "secret"), HasSubstr(R"("offset":1)"));
  ada.ask_room("chat.invite", "den", R"("user":"eve")");
  eve.ask_room("chat.join", "den");
  EXPECT_THAT(find(eve, "room:den", "secret"), HasSubstr("secret"));
  ada.ask_room("chat.kick", "den", R"("user":"eve")");
  EXPECT_EQ(find(eve, "room:den", "secret"), "404 no such room");
}

TEST_P(SearchTest, SaysWhatIsWrongWithARequest) {
  ada.say("room:lobby", "tea");
  for (const char* wrong :
       {R"({"query":"tea"})", R"({"channel":"room:lobby"})", R"({"channel":7,"query":"tea"})",
        R"({"channel":"room:lobby","query":""})", R"({"channel":"room:lobby","query":["tea"]})",
        R"({"channel":"room:lobby","query":"?! -"})", R"({"channel":"","query":"tea"})",
        R"({"channel":"room:lobby","query":"tea","before":0})",
        R"({"channel":"room:lobby","query":"tea","before":-1})",
        R"({"channel":"room:lobby","query":"tea","before":9007199254740993})",
        R"({"channel":"room:lobby","query":"tea","limit":0})",
        R"({"channel":"room:lobby","query":"tea","limit":201})", "[]", "1"}) {
    EXPECT_THAT(ada.ask("chat.search", wrong), StartsWith("107 ")) << wrong;
  }
  EXPECT_THAT(find(ada, "room:lobby", std::string(101, 'x')), StartsWith("107 query"));
  EXPECT_THAT(find(ada, "room:lobby", "a b c d e f g h i j k"), StartsWith("107 query"));
  // Words are only words, whatever the index thinks of them.
  for (const char* query : {"tea* OR x", "text:tea", "NEAR(tea)", R"(\"tea)", "tea'; --"}) {
    EXPECT_THAT(find(ada, "room:lobby", query), StartsWith("{")) << query;
  }
}

}  // namespace
}  // namespace chirm
