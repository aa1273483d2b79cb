// SPDX-License-Identifier: MIT
#include "protocol/publication_key.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/message.h"

namespace chirm {
namespace {

std::string body(std::string_view data, const ClientInfoView& info) {
  std::string made;
  append_publication_body(made, data, info, 1);
  return made;
}

TEST(PublicationKey, IsWhatThePublisherSent) {
  PublicationKeyDecoder decoder;
  const std::string text = body(R"({"text":"\"id\":\"no\"","id":"m\u00e41","x":{"id":"inner"}})",
                                {"ada \"the first\"", "client", R"({"user":"else"})"});
  const PublicationKey key = decoder.decode(text);
  EXPECT_EQ(key.user, "ada \"the first\"");
  EXPECT_EQ(key.message_id,
            "m\xc3\xa4"
            "1");
}

TEST(PublicationKey, HasNoMessageIdWhenThereIsNone) {
  PublicationKeyDecoder decoder;
  for (const char* data : {R"({"text":"x"})", R"({"id":7})", R"(["id","x"])", R"("id")", "1e999"}) {
    const std::string text = body(data, {"ada", "client", ""});
    const PublicationKey key = decoder.decode(text);
    EXPECT_EQ(key.user, "ada") << data;
    EXPECT_EQ(key.message_id, "") << data;
  }
  const std::string long_id = "{\"id\":\"" + std::string(65, 'x') + "\"}";
  EXPECT_EQ(decoder.decode(body(long_id, {"ada", "c", ""})).message_id, "");
}

TEST(PublicationKey, HasNoUserWhenTheServerPublished) {
  PublicationKeyDecoder decoder;
  const PublicationKey key = decoder.decode(body(R"({"id":"x"})", {}));
  EXPECT_EQ(key.user, "");
  EXPECT_EQ(key.message_id, "x");
}

TEST(PublicationKey, IsEmptyOfWhatIsNoBody) {
  PublicationKeyDecoder decoder;
  for (const char* text : {"", "x", "\"data\":", "\"data\":{\"id\":\"x\"},\"info\":", "}"}) {
    EXPECT_EQ(decoder.decode(text).user, "") << text;
    EXPECT_EQ(decoder.decode(text).message_id, "") << text;
  }
}

}  // namespace
}  // namespace chirm
