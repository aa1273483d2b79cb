// SPDX-License-Identifier: MIT
#include "protocol/base64.h"

#include <gmock/gmock.h>

namespace chirm {
namespace {

using testing::Eq;
using testing::Optional;

// RFC 4648 §10.
TEST(Base64, KnowsTheTestVectorsOfTheRfc) {
  EXPECT_EQ(base64::encode(""), "");
  EXPECT_EQ(base64::encode("f"), "Zg==");
  EXPECT_EQ(base64::encode("fo"), "Zm8=");
  EXPECT_EQ(base64::encode("foobar"), "Zm9vYmFy");
  EXPECT_THAT(base64::decode("Zg=="), Optional(Eq("f")));
  EXPECT_THAT(base64::decode("Zm8="), Optional(Eq("fo")));
  EXPECT_THAT(base64::decode("Zm9vYmFy"), Optional(Eq("foobar")));
}

TEST(Base64, DecodesOnlyTheOneTextOfEachSequence) {
  for (const auto text :
       {"Zg", "Zg=", "Zh==", "Z===", "====", " Zm8", "Zm8\n", "Zm9v=AAA", "Zm-8"}) {
    EXPECT_EQ(base64::decode(text), std::nullopt) << text;
  }
}

TEST(Base64, UrlAlphabetHasNoPadding) {
  EXPECT_EQ(base64::encode_url("\xfb\xff\xfe\xff"), "-__-_w");
  EXPECT_THAT(base64::decode_url("-__-_w"), Optional(Eq("\xfb\xff\xfe\xff")));
  EXPECT_THAT(base64::decode_url(""), Optional(Eq("")));
}

TEST(Base64, UrlAlphabetRefusesTheOtherOneAndPadding) {
  for (const auto text : {"+//+/w", "-__-_w==", "-__-_x", "A", "AAAAA", "-__ _w"}) {
    EXPECT_EQ(base64::decode_url(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace chirm
