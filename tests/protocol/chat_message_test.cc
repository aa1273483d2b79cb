// SPDX-License-Identifier: MIT
#include "protocol/chat_message.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

TEST(ChatMessage, IsReadAsItWasWritten) {
  std::string data;
  append_chat_message(data,
                      {.id = "x1", .type = "message", .text = "a \"b\"\n\x01ä", .time_ms = 7});
  EXPECT_EQ(data,
            "{\"id\":\"x1\",\"type\":\"message\",\"text\":\"a \\\"b\\\"\\n\\u0001ä\",\"time\":7}");
  ChatMessageDecoder decoder;
  const auto message = decoder.decode(data);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, "x1");
  EXPECT_EQ(message->type, "message");
  EXPECT_EQ(message->text, "a \"b\"\n\x01ä");
  EXPECT_EQ(message->time_ms, 7);
}

TEST(ChatMessage, HasNoTimeUnlessGiven) {
  std::string data;
  append_chat_message(data, {.id = "x1", .type = "message", .text = ""});
  EXPECT_EQ(data, R"({"id":"x1","type":"message","text":""})");
}

TEST(ChatMessage, MayBeOfAnotherType) {
  ChatMessageDecoder decoder;
  const auto message = decoder.decode(R"( {"type":"reaction","offset":3,"emoji":"x"} )");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, "reaction");
  EXPECT_EQ(message->text, "");
}

TEST(ChatMessage, IsNotEverything) {
  ChatMessageDecoder decoder;
  for (const char* data :
       {"", "1", "\"text\"", "[]", "{}", R"({"text":"no type"})", R"({"type":7})",
        R"({"type":"message","text":7})", R"({"type":"message","id":[]})", R"({"type":"message")",
        R"({"type":"message","time":"now"})"}) {
    EXPECT_FALSE(decoder.decode(data)) << data;
  }
}

}  // namespace
}  // namespace chirm
