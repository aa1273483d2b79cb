// SPDX-License-Identifier: MIT
#include "protocol/jwt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cmath>

#include "protocol/base64.h"
#include "protocol/json.h"
#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm {
namespace {

namespace dom = simdjson::dom;

std::string hmac_sha256(std::string_view text, std::string_view secret) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, text.size(), digest,
           &length) == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(digest), length};
}

bool is_signed(std::string_view text, std::string_view secret, std::string_view signature) {
  const std::string expected = hmac_sha256(text, secret);
  return !expected.empty() && expected.size() == signature.size() &&
         CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
}

// The three parts of the compact form (RFC 7515 §7.1), still encoded.
struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  // header and claims with the dot between them
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1),
               token.substr(last + 1), token.substr(0, last)};
}

// A JSON object in base64url, parsed.
class EncodedObject {
 public:
  bool parse(std::string_view encoded) {
    auto json = base64::decode_url(encoded);
    if (!json) return false;
    size_ = json->size();
    text_ = std::move(*json);
    text_.append(limits::kJsonPadding, ' ');
    dom::element root;
    return !parser_.parse(text(), root) && !root.get(object_);
  }

  std::string_view text() const { return std::string_view(text_).substr(0, size_); }
  dom::object object() const { return object_; }

 private:
  JsonParser parser_{1024};
  std::string text_;  // with padding
  std::size_t size_ = 0;
  dom::object object_;
};

// RFC 7515 §4.1: `alg` decides, an extension in `crit` that is not understood refuses the token.
bool is_hs256(std::string_view header) {
  EncodedObject fields;
  if (!fields.parse(header)) return false;
  std::string_view algorithm;
  for (const auto [key, value] : fields.object()) {
    if (key == "crit") return false;
    if (key == "alg" && !read_field(value, algorithm)) return false;
  }
  return algorithm == "HS256";
}

// RFC 7519 §2, NumericDate: seconds since 1970, maybe with a fraction.
bool read_date(dom::element value, std::optional<std::int64_t>& date) {
  if (value.is_null()) return true;
  double seconds = 0;
  std::int64_t whole = 0;
  if (!value.get(whole)) {
    date = whole;
  } else if (!value.get(seconds) && std::abs(seconds) < 9e15) {
    date = static_cast<std::int64_t>(std::floor(seconds));
  } else {
    return false;
  }
  return true;
}

struct RawClaims {
  std::string_view user;
  std::string_view info;
  std::string_view encoded_info;  // `b64info`
  std::optional<std::int64_t> exp;
  std::optional<std::int64_t> nbf;
  std::optional<std::int64_t> expire_at;
};

bool read_claims(const EncodedObject& claims, RawClaims& out) {
  RawCursor cursor(claims.text());
  return for_each_member(claims.object(), cursor, [&](std::string_view key, dom::element value) {
    if (key == "sub") return read_field(value, out.user);
    if (key == "exp") return read_date(value, out.exp);
    if (key == "nbf") return read_date(value, out.nbf);
    if (key == "expire_at") return read_date(value, out.expire_at);
    if (key == "b64info") return read_field(value, out.encoded_info);
    if (key == "info") out.info = value.is_null() ? std::string_view() : cursor.skip_value();
    // Only tokens for subscriptions have it: one must not open a connection.
    return key != "channel" || value.is_null();
  });
}

// `b64info` wins over `info`; what it decodes to must be JSON, for it is sent as such.
bool read_info(const RawClaims& raw, std::string& info) {
  if (raw.encoded_info.empty()) {
    info = raw.info;
    return true;
  }
  auto decoded = base64::decode(raw.encoded_info);
  if (!decoded || !json::is_valid(*decoded)) return false;
  info = std::move(*decoded);
  return true;
}

}  // namespace

Expected<TokenClaims, TokenError> verify_connection_token(std::string_view token,
                                                          std::string_view secret,
                                                          std::int64_t now) {
  const Unexpected<TokenError> invalid(TokenError::kInvalid);
  const auto parts = split(token);
  // An empty secret is none: everybody could sign with it.
  if (!parts || secret.empty() || !is_hs256(parts->header)) return invalid;
  const auto signature = base64::decode_url(parts->signature);
  if (!signature || !is_signed(parts->signed_text, secret, *signature)) return invalid;

  EncodedObject encoded;
  RawClaims raw;
  TokenClaims claims;
  if (!encoded.parse(parts->claims) || !read_claims(encoded, raw)) return invalid;
  if (!read_info(raw, claims.info)) return invalid;
  if ((raw.exp && now >= *raw.exp) || (raw.nbf && now < *raw.nbf)) {
    return Unexpected<TokenError>(TokenError::kExpired);
  }
  claims.user = raw.user;
  claims.expires_at = raw.expire_at ? raw.expire_at : raw.exp;
  if (raw.expire_at == 0) claims.expires_at.reset();
  return claims;
}

std::string sign_token_hs256(std::string_view claims_json, std::string_view secret) {
  std::string token = base64::encode_url(R"({"alg":"HS256","typ":"JWT"})");
  token += '.';
  token += base64::encode_url(claims_json);
  const std::string signature = hmac_sha256(token, secret);
  token += '.';
  token += base64::encode_url(signature);
  return token;
}

}  // namespace chirm
