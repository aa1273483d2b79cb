// SPDX-License-Identifier: MIT
#include "protocol/jwt.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "protocol/base64.h"

namespace chirm {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;

constexpr std::string_view kSecret = "secret";

TokenKeys secret_keys(std::string_view secret = kSecret) {
  return {.hmac_secret = std::string(secret), .rsa = {}, .ecdsa = {}, .issuer = {}, .audience = {}};
}
constexpr std::int64_t kNow = 1'700'000'000;

Expected<TokenClaims, TokenError> verify(std::string_view claims) {
  return verify_connection_token(sign_token_hs256(claims, kSecret), secret_keys(), kNow);
}

bool is_invalid(const Expected<TokenClaims, TokenError>& result) {
  return !result && result.error() == TokenError::kInvalid;
}

bool is_expired(const Expected<TokenClaims, TokenError>& result) {
  return !result && result.error() == TokenError::kExpired;
}

// A token that is signed right (by HS256), whatever its header says.
std::string signed_with_header(std::string_view header) {
  const std::string text = base64::encode_url(header) + '.' + base64::encode_url("{}");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), kSecret.data(), static_cast<int>(kSecret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &length);
  return text + '.' + base64::encode_url({reinterpret_cast<const char*>(digest), length});
}

// The example of jwt.io, made by another implementation.
TEST(Jwt, VerifiesATokenMadeElsewhere) {
  constexpr std::string_view kToken =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
      "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
  const auto claims = verify_connection_token(kToken, secret_keys("your-256-bit-secret"), kNow);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user, "1234567890");
  EXPECT_EQ(claims->expires_at, std::nullopt);
  EXPECT_EQ(claims->info, "");
}

TEST(Jwt, ReadsTheClaims) {
  const auto claims =
      verify(R"({"info":{"name": "Ä", "n":1.0},"sub":"4\u0032","exp":1700000060,"iat":1})");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user, "42");
  EXPECT_THAT(claims->expires_at, Optional(kNow + 60));
  EXPECT_EQ(claims->info, R"({"name": "Ä", "n":1.0})");
}

TEST(Jwt, WithoutSubjectIsAnonymous) {
  EXPECT_EQ(verify("{}")->user, "");
  EXPECT_EQ(verify(R"({"sub":""})")->user, "");
  EXPECT_EQ(verify(R"({"sub":null,"info":null})")->user, "");
}

TEST(Jwt, SubjectMustBeAString) {
  EXPECT_TRUE(is_invalid(verify(R"({"sub":42})")));
  EXPECT_TRUE(is_invalid(verify(R"({"sub":["42"]})")));
}

TEST(Jwt, ExpiresAtExpAndNotBefore) {
  EXPECT_TRUE(verify(R"({"exp":1700000001})"));
  EXPECT_TRUE(is_expired(verify(R"({"exp":1700000000})")));
  EXPECT_TRUE(is_expired(verify(R"({"exp":0})")));
  EXPECT_TRUE(verify(R"({"exp":1700000001.5})"));
  EXPECT_TRUE(is_expired(verify(R"({"exp":1.7e9})")));
  EXPECT_TRUE(is_invalid(verify(R"({"exp":"1700000001"})")));
  EXPECT_TRUE(is_invalid(verify(R"({"exp":1e300})")));
}

TEST(Jwt, BeforeNbfCountsAsExpired) {
  EXPECT_TRUE(verify(R"({"nbf":1700000000})"));
  EXPECT_TRUE(is_expired(verify(R"({"nbf":1700000001})")));
}

TEST(Jwt, ExpireAtIsTheConnectionsExpiryOnly) {
  EXPECT_THAT(verify(R"({"exp":1700000060,"expire_at":1700009999})")->expires_at,
              Optional(Eq(1700009999)));
  EXPECT_EQ(verify(R"({"exp":1700000060,"expire_at":0})")->expires_at, std::nullopt);
  EXPECT_THAT(verify(R"({"expire_at":5})")->expires_at, Optional(Eq(5)));
  EXPECT_TRUE(is_expired(verify(R"({"exp":1,"expire_at":1700009999})")));
}

TEST(Jwt, EncodedInfoWinsOverInfo) {
  EXPECT_EQ(verify(R"({"info":1,"b64info":"eyJhIjoxfQ=="})")->info, R"({"a":1})");
  EXPECT_EQ(verify(R"({"info":[1],"b64info":""})")->info, "[1]");
  EXPECT_TRUE(is_invalid(verify(R"({"b64info":"eyJhIjoxfQ"})")));
  EXPECT_TRUE(is_invalid(verify(R"({"b64info":"bm8ganNvbg=="})")));  // "no json"
}

TEST(Jwt, SubscriptionTokensDoNotConnect) {
  EXPECT_TRUE(is_invalid(verify(R"({"sub":"42","channel":"a"})")));
  EXPECT_TRUE(verify(R"({"sub":"42","channels":["a"],"aud":"x","meta":{}})"));
}

std::vector<std::string> names(const TokenChannels& channels) {
  std::vector<std::string> all;
  for (const auto& [name, options] : channels) all.push_back(name);
  return all;
}

TEST(Jwt, ReadsTheChannelsToSubscribeTo) {
  EXPECT_THAT(verify("{}")->channels, IsEmpty());
  EXPECT_THAT(verify(R"({"channels":null,"subs":null})")->channels, IsEmpty());
  EXPECT_THAT(names(verify(R"({"channels":["b","a","b",""]})")->channels),
              ElementsAre("", "a", "b"));
  const auto claims =
      verify(R"({"subs":{"a":{"info":{"n": 1},"data":[2]},"b":{},"c":null,"d":{"b64info":"MQ==",)"
             R"("b64data":"eyJhIjoxfQ==","info":3,"data":4},"a":{"data":5}}})");
  ASSERT_TRUE(claims);
  EXPECT_THAT(names(claims->channels), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(claims->channels.at("a").info, "");  // of equal keys the last counts
  EXPECT_EQ(claims->channels.at("a").data, "5");
  EXPECT_EQ(claims->channels.at("d").info, "1");
  EXPECT_EQ(claims->channels.at("d").data, R"({"a":1})");
}

TEST(Jwt, ChannelsCountOnlyWithoutSubs) {
  EXPECT_THAT(names(verify(R"({"channels":["a"],"subs":{"b":{}}})")->channels), ElementsAre("b"));
  EXPECT_THAT(names(verify(R"({"channels":["a"],"subs":{}})")->channels), ElementsAre("a"));
}

TEST(Jwt, RefusesChannelsThatAreNone) {
  for (const auto claims :
       {R"({"channels":"a"})", R"({"channels":{"a":{}}})", R"({"channels":["a",1]})",
        R"({"channels":[null]})", R"({"channels":[["a"]]})", R"({"channels":1})",
        R"({"subs":["a"]})", R"({"subs":"a"})", R"({"subs":{"a":[]}})", R"({"subs":{"a":true}})",
        R"({"subs":{"a":{"b64info":1}}})", R"({"subs":{"a":{"b64info":"bm8ganNvbg=="}}})",
        R"({"subs":{"a":{"b64data":"!"}}})", R"({"subs":{"a":{"since":1}}})",
        R"({"channels":["a"],"subs":7})"}) {
    EXPECT_TRUE(is_invalid(verify(claims))) << claims;
  }
}

TEST(Jwt, TakesOverridesThatChangeNothing) {
  EXPECT_TRUE(verify(R"({"subs":{"a":{"override":null},"b":{"override":{}}}})"));
  EXPECT_TRUE(verify(R"({"subs":{"a":{"override":{"force_recovery":{"value":true},)"
                     R"("presence":{"value":true},"join_leave":{"value":false}}}}})"));
  for (const auto override :
       {R"({"force_recovery":{"value":false}})", R"({"presence":{}})", R"({"join_leave":true})",
        R"({"join_leave":{"value":true}})", R"({"other":{"value":true}})", R"([])", R"("x")"}) {
    const std::string claims = R"({"subs":{"a":{"override":)" + std::string(override) + "}}}";
    EXPECT_TRUE(is_invalid(verify(claims))) << claims;
  }
}

TEST(Jwt, RefusesAWrongSignature) {
  std::string token = sign_token_hs256(R"({"sub":"42"})", "other");
  EXPECT_TRUE(is_invalid(verify_connection_token(token, secret_keys(), kNow)));
  token = sign_token_hs256(R"({"sub":"42"})", kSecret);
  EXPECT_TRUE(verify_connection_token(token, secret_keys(), kNow));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(is_invalid(verify_connection_token(changed, secret_keys(), kNow))) << i;
  }
}

TEST(Jwt, RefusesAMissingOrCutSignature) {
  const std::string token = sign_token_hs256("{}", kSecret);
  const std::string unsigned_token = token.substr(0, token.rfind('.') + 1);
  for (const auto& text : {unsigned_token, unsigned_token + "AA", token.substr(0, token.size() - 3),
                           token + "AAAA", unsigned_token.substr(0, unsigned_token.size() - 1)}) {
    EXPECT_TRUE(is_invalid(verify_connection_token(text, secret_keys(), kNow))) << text;
  }
}

TEST(Jwt, RefusesOtherAlgorithmsEvenWhenTheSignatureFits) {
  for (const auto header :
       {R"({"alg":"none"})", R"({"alg":"HS384"})", R"({"alg":"RS256"})", R"({"alg":"hs256"})", "{}",
        R"({"alg":1})", R"([])", "", "x", R"({"alg":"HS256","crit":["exp"]})"}) {
    const std::string token = signed_with_header(header);
    EXPECT_TRUE(is_invalid(verify_connection_token(token, secret_keys(), kNow))) << header;
  }
  const std::string token = signed_with_header(R"({"typ":"JWT","alg":"HS256"})");
  EXPECT_TRUE(verify_connection_token(token, secret_keys(), kNow));
}

TEST(Jwt, RefusesNoneWithoutSignature) {
  const std::string token =
      base64::encode_url(R"({"alg":"none"})") + '.' + base64::encode_url(R"({"sub":"1"})") + '.';
  EXPECT_TRUE(is_invalid(verify_connection_token(token, secret_keys(), kNow)));
}

TEST(Jwt, RefusesAnEmptySecret) {
  EXPECT_TRUE(
      is_invalid(verify_connection_token(sign_token_hs256("{}", ""), secret_keys(""), kNow)));
}

TEST(Jwt, RefusesWhatIsNotAToken) {
  for (const auto text : {"", ".", "..", "...", "a.b.c", "a.b", "a", "a.b.c.d", "{}.{}.{}"}) {
    EXPECT_TRUE(is_invalid(verify_connection_token(text, secret_keys(), kNow))) << text;
  }
}

TEST(Jwt, ClaimsMustBeAJsonObject) {
  for (const auto claims : {"", "[]", "1", "{", "null", "{\"sub\":\"\xFF\"}"}) {
    EXPECT_TRUE(is_invalid(verify(claims))) << claims;
  }
}

TEST(Jwt, RefusesPaddedBase64) {
  std::string token = sign_token_hs256("{}", kSecret) + "=";
  EXPECT_TRUE(is_invalid(verify_connection_token(token, secret_keys(), kNow)));
}

}  // namespace
}  // namespace chirm
