// SPDX-License-Identifier: MIT
#include "bench/load/message_id.h"

#include <gmock/gmock.h>

#include "protocol/json.h"
#include "protocol/limits.h"

namespace chirm::load {
namespace {

const MessageId kId{.run = 0xdeadbeef,
                    .room = 7,
                    .publisher = 0xffffff,
                    .sequence = 12,
                    .scheduled_us = 123'456'789'012};

TEST(MessageId, ComesBackFromItsText) {
  std::string text;
  append_message_id(text, kId);
  EXPECT_EQ(text.size(), kMessageIdBytes);
  EXPECT_LE(text.size(), limits::kMessageIdBytes);
  EXPECT_EQ(parse_message_id(text), kId);
}

TEST(MessageId, ComesBackFromAPayload) {
  std::string payload;
  append_payload(payload, kId, "hello");
  EXPECT_TRUE(json::is_valid(payload));
  EXPECT_EQ(payload_id(payload), kId);
}

TEST(MessageId, IsNotFoundInOtherPayloads) {
  EXPECT_EQ(payload_id("{}"), std::nullopt);
  EXPECT_EQ(payload_id(R"({"id":"x","text":"hello"})"), std::nullopt);
  EXPECT_EQ(payload_id(R"({"id":"deadbeef-00000007)"), std::nullopt);
  std::string text;
  append_message_id(text, kId);
  text[8] = '+';
  EXPECT_EQ(parse_message_id(text), std::nullopt);
  text[8] = '-';
  text[3] = 'g';
  EXPECT_EQ(parse_message_id(text), std::nullopt);
}

TEST(MessageId, NamesItsAuthorByTheKey) {
  const auto [publisher, sequence] = MessageId::of_key(kId.key());
  EXPECT_EQ(publisher, kId.publisher);
  EXPECT_EQ(sequence, kId.sequence);
  EXPECT_NE(MessageId{}.key(), 0U);
}

}  // namespace
}  // namespace chirm::load
