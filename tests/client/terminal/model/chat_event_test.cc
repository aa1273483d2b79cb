// SPDX-License-Identifier: MIT
#include "client/terminal/model/chat_event.h"

#include <gmock/gmock.h>

#include "tests/client/terminal/model/chat_events.h"

namespace chirm::terminal {
namespace {

using Type = ChatEvent::Type;
using ::testing::ElementsAre;

TEST(ChatEvent, ReadsAMessage) {
  const ChatEvent event = event_of(7, "ada", R"({"type":"message","id":"x","text":"hi @bob",
      "time":1790000000000,"reply_to":3,"mentions":["bob"],"edited":1790000000001})");
  EXPECT_EQ(event.type, Type::kMessage);
  EXPECT_EQ(event.offset, 7);
  EXPECT_EQ(event.user, "ada");
  EXPECT_EQ(event.text, "hi @bob");
  EXPECT_EQ(event.time_ms, 1'790'000'000'000);
  EXPECT_EQ(event.reply_to, 3);
  EXPECT_THAT(event.mentions, ElementsAre("bob"));
  EXPECT_TRUE(event.is_edited);
}

TEST(ChatEvent, TakesTheNameFromTheConnection) {
  const ChatEvent event =
      read_chat_event({.data = R"({"type":"typing"})",
                       .offset = 0,
                       .info = {.user = "ada", .client = "c", .conn_info = R"({"name":"Ada"})"}});
  EXPECT_EQ(event.type, Type::kTyping);
  EXPECT_EQ(event.name, "Ada");
}

TEST(ChatEvent, ShowsWhatIsNoChatMessageAsItIs) {
  for (const char* data : {"7", R"({"price":7})", "[1,2]", R"({"type":7,"text":"x"})",
                           R"({"type":"message"})", R"("text")", "null"}) {
    const ChatEvent event = event_of(1, "ada", data);
    EXPECT_EQ(event.type, Type::kMessage) << data;
    EXPECT_EQ(event.text, data);
  }
}

TEST(ChatEvent, HasNothingToShowForOtherTypes) {
  EXPECT_EQ(event_of(1, "ada", R"({"type":"x-game","text":"e4"})").type, Type::kOther);
  EXPECT_EQ(event_of(1, "ada", R"({"type":"reaction","target":1,"key":"👍","on":true})").type,
            Type::kReaction);
}

TEST(ChatEvent, BearsMembersOfWrongTypes) {
  const ChatEvent event = event_of(
      1, "ada", R"({"type":"message","text":"x","time":-1.5,"mentions":{"a":1},"reply_to":"3"})");
  EXPECT_EQ(event.type, Type::kMessage);
  EXPECT_EQ(event.text, "x");
  EXPECT_EQ(event.time_ms, 0);
  EXPECT_EQ(event.reply_to, 0);
}

std::string described(const std::string& members) {
  return describe_event(event_of(1, "", R"({"type":"event",)" + members + "}"));
}

TEST(ChatEvent, SaysWhatHappensInARoom) {
  EXPECT_EQ(described(R"("event":"join","user":"bob")"), "bob joined");
  EXPECT_EQ(described(R"("event":"kick","user":"bob","by":"ada","reason":"spam")"),
            "ada removed bob: spam");
  EXPECT_EQ(described(R"("event":"ban","user":"bob","by":"ada")"), "ada banned bob");
  EXPECT_EQ(described(R"("event":"topic","by":"ada","value":"tea")"), "ada set the topic: tea");
  EXPECT_EQ(described(R"("event":"role","by":"ada","user":"bob","value":"moderator")"),
            "ada made bob moderator");
  EXPECT_EQ(described(R"("event":"created","by":"ada","user":"ada")"), "ada created the room");
  EXPECT_EQ(described(R"("event":"moved","user":"bob")"), "moved bob");
}

}  // namespace
}  // namespace chirm::terminal
