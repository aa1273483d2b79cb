// SPDX-License-Identifier: MIT
#include "protocol/json_fields.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

TEST(JsonFields, ReadsMembersByTypeAndIgnoresOthers) {
  JsonFields fields(R"({"room":"lobby","seconds":60,"archived":true,"list":["a","b"],"more":{}})");
  EXPECT_EQ(fields.text("room", {1, 64}), "lobby");
  EXPECT_EQ(fields.number("seconds", {1, 100}), 60U);
  EXPECT_TRUE(fields.flag("archived"));
  EXPECT_EQ(fields.texts("list", 2, {1, 1}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fields.raw("more"), "{}");
  EXPECT_TRUE(fields.is_right()) << fields.problem();
}

TEST(JsonFields, NamesTheFirstMemberThatIsWrong) {
  JsonFields fields(R"({"room":"","seconds":-1})");
  (void)fields.text("room", {1, 64});
  (void)fields.number("seconds", {1, 100});
  EXPECT_EQ(fields.problem(), "room: expected text of 1 to 64 characters");
}

TEST(JsonFields, RefusesWhatIsMissing) {
  JsonFields fields("{}");
  (void)fields.flag("archived");
  EXPECT_EQ(fields.problem(), "archived: expected true or false");
}

TEST(JsonFields, TakesNullForAbsent) {
  JsonFields fields(R"({"reason":null,"seconds":null})");
  EXPECT_EQ(fields.text_or("reason", {1, 250}, "none"), "none");
  EXPECT_EQ(fields.number_or("seconds", {1, 9}, 7), 7U);
  EXPECT_FALSE(fields.has("reason"));
  EXPECT_TRUE(fields.is_right());
}

TEST(JsonFields, CountsCharactersNotBytes) {
  JsonFields fields(R"({"text":"äöü"})");
  EXPECT_EQ(fields.text("text", {1, 3}), "äöü");
  EXPECT_TRUE(fields.is_right());
}

TEST(JsonFields, RefusesWrongTypesAndTooLongLists) {
  for (const char* text : {R"({"list":"a"})", R"({"list":[1]})", R"({"list":["a","b","c"]})",
                           R"({"list":["long"]})"}) {
    JsonFields fields(text);
    (void)fields.texts("list", 2, {1, 1});
    EXPECT_FALSE(fields.is_right()) << text;
  }
}

TEST(JsonFields, RefusesWhatIsNoObject) {
  for (const char* text : {"[]", "1", "{", "\"x\""}) {
    JsonFields fields(text);
    EXPECT_EQ(fields.problem(), "expected a JSON object") << text;
    EXPECT_EQ(fields.text_or("a", {0, 1}, ""), "");
  }
}

TEST(JsonFields, TakesNothingForAnEmptyObject) {
  EXPECT_TRUE(JsonFields("").is_right());
  EXPECT_TRUE(JsonFields("null").is_right());
}

TEST(JsonFields, FindsMembersOfOneName) {
  JsonFields fields(R"({"type":"x-a","a":{"b":1},"ty\u0070e":"event"})");
  fields.refuse_duplicates();
  EXPECT_EQ(fields.problem(), "type: expected to be there once");
  const std::string name(65, 'n');
  JsonFields long_name("{\"" + name + "\":1,\"" + name + "\":2}");
  long_name.refuse_duplicates();
  EXPECT_EQ(long_name.problem(), "a member: expected to be there once");
  JsonFields right(R"({"a":{"b":1},"b":1})");
  right.refuse_duplicates();
  EXPECT_TRUE(right.is_right());
}

TEST(JsonFields, KeepsElementsAsText) {
  JsonFields fields(R"({"commands": [ {"a": [1, 2]}, 3 ]})");
  EXPECT_EQ(fields.raw_elements("commands", 2),
            (std::vector<std::string>{R"({"a": [1, 2]})", "3"}));
}

}  // namespace
}  // namespace chirm
