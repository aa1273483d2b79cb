// SPDX-License-Identifier: MIT
#include "protocol/json.h"

#include <gmock/gmock.h>

#include <limits>

#include "protocol/json_reader.h"
#include "protocol/limits.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

std::string to_json(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

TEST(Json, EscapesWhatTheRfcDemandsAndNothingElse) {
  EXPECT_EQ(to_json(""), R"("")");
  EXPECT_EQ(to_json("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(to_json("\n\r\t\b\x01\x1f"), R"("\n\r\t\u0008\u0001\u001f")");
  EXPECT_EQ(to_json(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(to_json("</&'é日😀\x7f"), "\"</&'é日😀\x7f\"");
}

TEST(Json, StringsReadBackAsTheyWere) {
  std::string all;
  for (char c = 0; c < 0x7F; ++c) all += c;
  const PaddedLine line(to_json(all));
  JsonParser parser(1024);
  simdjson::dom::element root;
  std::string_view read;
  ASSERT_EQ(parser.parse(line.text(), root), simdjson::SUCCESS);
  ASSERT_TRUE(read_field(root, read));
  EXPECT_EQ(read, all);
}

TEST(Json, WritesNumbersOf64Bits) {
  std::string out;
  json::append_number(out, 0);
  out += ' ';
  json::append_number(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "0 18446744073709551615");
}

TEST(Json, RawValuesLoseTheirLineFeedsOnly) {
  std::string out = "x";
  json::append_raw(out, "{\n \"a\" :\r\n 1}\n\n");
  EXPECT_EQ(out, "x{ \"a\" :\r 1}");
}

TEST(Json, KnowsUtf8) {
  EXPECT_TRUE(json::is_utf8(""));
  EXPECT_TRUE(json::is_utf8("é日😀"));
  EXPECT_FALSE(json::is_utf8("\xC3"));              // cut
  EXPECT_FALSE(json::is_utf8("\xC0\xAF"));          // longer than needed
  EXPECT_FALSE(json::is_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(json::is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
}

TEST(Json, ValidIsOneCompleteValue) {
  for (const auto text :
       {"{}", "[]", " 1 ", "-0.5e+3", "null", "true", "\"\"", R"({"a":[1,{"b":""}]})"}) {
    EXPECT_TRUE(json::is_valid(text)) << text;
  }
  for (const auto text :
       {"",      " ",       "{",           "{}}",    "{} {}",    "[1,]",        "{\"a\"}",
        "{a:1}", "'a'",     "01",          "+1",     "1.",       ".5",          "nul",
        "truex", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "\"\xFF\"", "bad request", "NaN"}) {
    EXPECT_FALSE(json::is_valid(text)) << text;
  }
}

TEST(Json, NumbersMayHaveAnySize) {
  for (const auto text : {"123456789012345678901234567890", "-1e999", "[1E+400,2]",
                          "{\"a\":18446744073709551616}", "1e-99999"}) {
    EXPECT_TRUE(json::is_valid(text)) << text;
  }
  EXPECT_TRUE(json::is_valid(std::string(400, '9') + ".5"));
  for (const auto text : {"0123456789012345678901234567890", "1e", "1e999e1", "--1e999", "1e999.",
                          "[1e999 1]", "12345678901234567890123.", "-"}) {
    EXPECT_FALSE(json::is_valid(text)) << text;
  }
}

TEST(Json, StringsMayHaveLoneSurrogates) {
  for (const auto text : {R"("\ud83d")", R"("\udE00")", R"("\ud83d\ud83d\ude00")", R"("\ud83dx")",
                          R"("\ud83d\n")", R"(["\\\ud83d","\\ud83d"])", R"({"\ud800":1e999})"}) {
    EXPECT_TRUE(json::is_valid(text)) << text;
  }
  for (const auto text : {R"("\ud83)", R"("\ud83d)", R"("\ud83d\")", R"("\ud83d\u")",
                          R"("\ud83d\x")", R"("\ud8g0")"}) {
    EXPECT_FALSE(json::is_valid(text)) << text;
  }
}

TEST(Json, LoneSurrogatesReadAsReplacementCharacters) {
  const PaddedLine line(R"("a\ud83db\ud83d\ude00\udE00")");
  JsonParser parser(1024);
  simdjson::dom::element root;
  std::string_view read;
  ASSERT_EQ(parser.parse(line.text(), root), simdjson::SUCCESS);
  ASSERT_TRUE(read_field(root, read));
  EXPECT_EQ(read, "a\uFFFDb😀\uFFFD");
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

TEST(Json, NestsUpToTheLimit) {
  EXPECT_TRUE(json::is_valid(nested(limits::kJsonDepth - 1)));
  EXPECT_FALSE(json::is_valid(nested(limits::kJsonDepth + 1)));
  EXPECT_FALSE(json::is_valid(nested(100'000)));
}

TEST(JsonParser, KeepsItsDepthWhenItGrows) {
  JsonParser parser(16);
  simdjson::dom::element root;
  const PaddedLine deep(nested(limits::kJsonDepth + 1));
  EXPECT_NE(parser.parse(deep.text(), root), simdjson::SUCCESS);
  const PaddedLine flat("\"" + std::string(100'000, 'x') + "\"");
  EXPECT_EQ(parser.parse(flat.text(), root), simdjson::SUCCESS);
  EXPECT_NE(parser.parse(deep.text(), root), simdjson::SUCCESS);
  EXPECT_EQ(parser.parse(PaddedLine("[1]").text(), root), simdjson::SUCCESS);
}

// The texts that the cursor finds for the members of an object, in order.
std::vector<std::string> raw_members(std::string_view json) {
  const PaddedLine line(json);
  JsonParser parser(1024);
  simdjson::dom::element root;
  simdjson::dom::object object;
  std::vector<std::string> found;
  if (parser.parse(line.text(), root) || root.get(object)) return {"not an object"};
  RawCursor cursor(line.text());
  for_each_member(object, cursor, [&](std::string_view key, simdjson::dom::element) {
    found.push_back(std::string(key) + "=" + std::string(cursor.skip_value()));
    return true;
  });
  return found;
}

TEST(RawCursor, FindsTheTextOfEveryKindOfValue) {
  EXPECT_THAT(
      raw_members(R"( { "a" : 1.50 , "b":"x" ,"c":[ 1, {"]":"}"}] , "d" : {} ,"e":null } )"),
      testing::ElementsAre("a=1.50", "b=\"x\"", "c=[ 1, {\"]\":\"}\"}]", "d={}", "e=null"));
  EXPECT_THAT(raw_members("\t{\r}\n"), testing::IsEmpty());
}

TEST(RawCursor, FollowsEscapedQuotes) {
  EXPECT_THAT(raw_members(R"({"a\"":"\\","b":"\\\"","c":["\"]\\\\"],"d\\":"","\u0065":"\""})"),
              testing::ElementsAre(R"(a"="\\")", R"(b="\\\"")", R"(c=["\"]\\\\"])", R"(d\="")",
                                   R"(e="\"")"));
}

}  // namespace
}  // namespace chirm
