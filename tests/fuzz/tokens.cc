// SPDX-License-Identifier: MIT
// Connection tokens. The first line is the header in JSON and the second one the claims, which are
// signed with a secret; all of it is taken as a token that nobody signed, too, as a public key, and
// as base64.

#include <string>

#include "core/base/check.h"
#include "protocol/base64.h"
#include "protocol/json.h"
#include "protocol/jwt.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::string_view kSecret = "secret";

// Of keys that were made for this and thrown away.
constexpr std::string_view kRsaKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAiIQd19KaKKugq10KzB2o\n"
    "aIdUdos0c+97nK7YCNdGdXTaJitWtKKaQNT4YA6/BonzG4jNgeRkaFU5k01oZG2N\n"
    "FfWgMJhPt+E124a+RdChy7q2WqIC2CDwcKu2zzGpkoCgNrBDbve1qRcaAQEJJk8u\n"
    "ZxPaVFgGm7Qf3gkA3/1skE5K60HPs6tb9ykrQCqsvJRaKVWq/qMwBFCjcIKOBEYa\n"
    "KkSBSl+j7P/Pp8AIPAU0sSrRonLrJZ8APubLV08NI1siOhDkJ8Ha4aU8cA+Jwys4\n"
    "o05qIQ8DTtcpJj7dMcG5GOH/cQQdrEJuRFXM0TvjLFgEdRJrxMa1odqG5sbxVOgJ\n"
    "OQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view kEcdsaKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQGZFs18kZ8JWD5cvP8bIg9DCkjXt\n"
    "3IKMQMtf1mXm6frDUZNxoNJMVTUAqZPYFEHM5BPbV/hx69/lqHT/xSdxfw==\n"
    "-----END PUBLIC KEY-----\n";

TokenKeys make_keys() {
  TokenKeys keys{
      .hmac_secret = std::string(kSecret), .rsa = {}, .ecdsa = {}, .issuer = {}, .audience = {}};
  keys.rsa = *PublicKey::parse(PublicKey::Type::kRsa, kRsaKey);
  keys.ecdsa = *PublicKey::parse(PublicKey::Type::kEcdsa, kEcdsaKey);
  return keys;
}

const TokenKeys& all_keys() {
  static const TokenKeys kKeys = make_keys();
  return kKeys;
}

std::string sign(std::string_view header, std::string_view claims) {
  std::string token = base64::encode_url(header) + '.' + base64::encode_url(claims);
  const std::string signature = hmac_sha256(token, kSecret);
  return token + '.' + base64::encode_url(signature);
}

void check_claims(const TokenClaims& claims) {
  for (const std::string* text : {&claims.user, &claims.session, &claims.name, &claims.role}) {
    CHIRM_CHECK(json::is_utf8(*text), *text);
  }
  CHIRM_CHECK(claims.info.empty() || json::is_valid(claims.info), claims.info);
  for (const auto& [channel, options] : claims.channels) {
    CHIRM_CHECK(json::is_utf8(channel), channel);
    CHIRM_CHECK(options.info.empty() || json::is_valid(options.info), options.info);
    CHIRM_CHECK(options.data.empty() || json::is_valid(options.data), options.data);
  }
}

// A token that is good is so only with the secret, its bytes, and a time.
void check_signature(std::string token, std::string_view bytes) {
  TokenKeys other_secret = all_keys();
  other_secret.hmac_secret = "Secret";
  CHIRM_CHECK(!verify_connection_token(token, other_secret, kNow), token);
  TokenKeys other_issuer = all_keys();
  other_issuer.audience = "an audience that no input names";
  CHIRM_CHECK(!verify_connection_token(token, other_issuer, kNow), token);
  const std::size_t place = random_of(bytes)() % token.size();
  token[place] = token[place] == 'A' ? 'B' : 'A';
  CHIRM_CHECK(!verify_connection_token(token, all_keys(), kNow), token);
}

void check_signed(std::string_view header, std::string_view claims, std::string_view bytes) {
  const std::string token = sign(header, claims);
  const auto verified = verify_connection_token(token, all_keys(), kNow);
  // Nobody has signed with the other keys: whatever is good is so by the secret.
  TokenKeys public_keys = all_keys();
  public_keys.hmac_secret.clear();
  CHIRM_CHECK(!verify_connection_token(token, public_keys, kNow), token);
  if (!verified) return;
  CHIRM_CHECK(header.find("HS256") != std::string_view::npos ||
                  header.find("\\u") != std::string_view::npos,
              header);
  CHIRM_CHECK(json::is_valid(header) && json::is_valid(claims), header, claims);
  check_claims(*verified);
  check_signature(token, bytes);
}

void check_own_header(std::string_view claims) {
  const std::string token = sign_token_hs256(claims, kSecret);
  const auto now = verify_connection_token(token, all_keys(), kNow);
  if (now) check_claims(*now);
  // One that has expired never comes back, and none comes to be valid or invalid by the time alone.
  const auto later = verify_connection_token(token, all_keys(), INT64_MAX);
  if (!now && now.error() == TokenError::kInvalid) {
    CHIRM_CHECK(!later && later.error() == TokenError::kInvalid, claims);
  } else {
    CHIRM_CHECK(later || later.error() == TokenError::kExpired, claims);
  }
}

void check_base64(std::string_view text) {
  CHIRM_CHECK(base64::decode(base64::encode(text)) == text);
  CHIRM_CHECK(base64::decode_url(base64::encode_url(text)) == text);
  if (const auto bytes = base64::decode(text)) CHIRM_CHECK(base64::encode(*bytes) == text, text);
  if (const auto bytes = base64::decode_url(text)) {
    CHIRM_CHECK(base64::encode_url(*bytes) == text, text);
  }
}

void run(std::string_view bytes) {
  FuzzInput input(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const std::string_view header = input.take_line();
  check_signed(header, input.rest(), bytes);
  check_own_header(input.rest());
  check_base64(bytes);
  // An input does not have our signature, unless somebody puts it into the corpus.
  CHIRM_CHECK(!verify_connection_token(bytes, all_keys(), kNow), bytes);
  CHIRM_CHECK(!all_keys().rsa->verify(header, input.rest()));
  CHIRM_CHECK(!all_keys().ecdsa->verify(header, input.rest()));
  // OpenSSL looks through all its decoders, which takes as long as all the rest together.
  if (bytes.find("-----BEGIN") == std::string_view::npos) return;
  for (const auto type : {PublicKey::Type::kRsa, PublicKey::Type::kEcdsa}) {
    const auto key = PublicKey::parse(type, bytes);
    CHIRM_CHECK(key ? *key != nullptr : !key.error().empty());
  }
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
