// SPDX-License-Identifier: MIT
#include "protocol/jwt.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "protocol/base64.h"
#include "protocol/json.h"
#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm {
namespace {

namespace dom = simdjson::dom;

// The three parts of the compact form (RFC 7515 §7.1), still encoded.
struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  // header and claims with the dot between them
};

// Exactly two dots: an encrypted token (RFC 7516 §7.1) has four.
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

// What `alg` says. An extension in `crit` that is not understood refuses the token (RFC 7515
// §4.1.11).
std::string algorithm_of(std::string_view header) {
  EncodedObject fields;
  if (!fields.parse(header)) return {};
  std::string_view algorithm;
  for (const auto [key, value] : fields.object()) {
    if (key == "crit") return {};
    if (key == "alg" && !read_field(value, algorithm)) return {};
  }
  return std::string(algorithm);
}

// Each algorithm is checked with its own key only. One list of keys for all of them is the classic
// hole: a public RSA key, which everybody has, taken for the secret of HS256 (RFC 8725 §2.1).
bool is_signed(const Parts& parts, const TokenKeys& keys) {
  const auto signature = base64::decode_url(parts.signature);
  if (!signature) return false;
  const std::string algorithm = algorithm_of(parts.header);
  if (algorithm == "RS256") return keys.rsa && keys.rsa->verify(parts.signed_text, *signature);
  if (algorithm == "ES256") return keys.ecdsa && keys.ecdsa->verify(parts.signed_text, *signature);
  // An empty secret is none: everybody could sign with it.
  if (algorithm != "HS256" || keys.hmac_secret.empty()) return false;
  const std::string expected = hmac_sha256(parts.signed_text, keys.hmac_secret);
  return !expected.empty() && equal_in_constant_time(expected, *signature);
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

// `b64info` wins over `info`, and `b64data` over `data`; what they decode to must be JSON, for it
// is sent as such.
bool read_payload(std::string_view raw, std::string_view encoded, std::string& payload) {
  if (encoded.empty()) {
    payload = raw;
    return true;
  }
  auto decoded = base64::decode(encoded);
  if (!decoded || !json::is_valid(*decoded)) return false;
  payload = std::move(*decoded);
  return true;
}

// Centrifugo's switches of a subscription, each `{"value":bool}`. They cannot be changed here: what
// asks for what is done anyway is taken.
bool read_override(dom::element value) {
  dom::object switches;
  if (value.get(switches)) return value.is_null();
  for (const auto [name, setting] : switches) {
    const bool is_on =
        name == "presence" || name == "force_recovery" || name == "force_positioning";
    const bool is_known = is_on || name == "join_leave" || name == "force_push_join_leave";
    bool wanted = false;
    dom::object fields;
    if (!is_known || setting.get(fields)) return false;
    for (const auto [key, field] : fields) {
      if (key == "value" && !read_field(field, wanted)) return false;
    }
    if (wanted != is_on) return false;
  }
  return true;
}

bool read_subscription(dom::element value, RawCursor& cursor, TokenChannel& channel) {
  dom::object options;
  if (value.get(options)) return value.is_null();
  std::string_view info;
  std::string_view encoded_info;
  std::string_view data;
  std::string_view encoded_data;
  const bool is_right =
      for_each_member(options, cursor, [&](std::string_view key, dom::element option) {
        if (key == "b64info") return read_field(option, encoded_info);
        if (key == "b64data") return read_field(option, encoded_data);
        if (key == "override") return read_override(option);
        if (key == "info") info = read_raw(option, cursor);
        if (key == "data") data = read_raw(option, cursor);
        return key == "info" || key == "data";
      });
  return is_right && read_payload(info, encoded_info, channel.info) &&
         read_payload(data, encoded_data, channel.data);
}

bool read_subs(dom::element value, RawCursor& cursor, TokenChannels& channels) {
  channels.clear();
  dom::object subs;
  if (value.get(subs)) return value.is_null();
  return for_each_member(subs, cursor, [&](std::string_view name, dom::element options) {
    TokenChannel& channel = channels[std::string(name)];
    channel = {};  // of equal keys the last counts
    return read_subscription(options, cursor, channel);
  });
}

bool read_channels(dom::element value, TokenChannels& channels) {
  channels.clear();
  dom::array names;
  if (value.get(names)) return value.is_null();
  for (const dom::element element : names) {
    std::string_view name;
    if (element.get(name)) return false;
    (void)channels[std::string(name)];
  }
  return true;
}

// RFC 7519 §4.1.3: a text or an array of texts.
bool read_audience(dom::element value, std::vector<std::string_view>& audience) {
  std::string_view one;
  if (!value.get(one)) {
    audience = {one};
    return true;
  }
  dom::array several;
  if (value.get(several)) return value.is_null();
  for (const dom::element element : several) {
    if (element.get(one)) return false;
    audience.push_back(one);
  }
  return true;
}

// A claim that other systems may use for something else.
bool read_if_text(dom::element value, std::string_view& text) {
  if (value.get(text)) text = {};
  return true;
}

struct RawClaims {
  std::string_view user;
  std::string_view issuer;
  std::string_view session;
  std::string_view name;
  std::string_view role;
  std::vector<std::string_view> audience;
  std::string_view info;
  std::string_view encoded_info;  // `b64info`
  std::optional<std::int64_t> exp;
  std::optional<std::int64_t> nbf;
  std::optional<std::int64_t> expire_at;
  TokenChannels channels;
  TokenChannels subs;
};

bool read_claims(const EncodedObject& claims, RawClaims& out) {
  RawCursor cursor(claims.text());
  return for_each_member(claims.object(), cursor, [&](std::string_view key, dom::element value) {
    if (key == "sub") return read_field(value, out.user);
    if (key == "exp") return read_date(value, out.exp);
    if (key == "nbf") return read_date(value, out.nbf);
    if (key == "expire_at") return read_date(value, out.expire_at);
    if (key == "iss") return read_if_text(value, out.issuer);
    if (key == "aud") return read_audience(value, out.audience);
    if (key == "sid") return read_if_text(value, out.session);
    if (key == "name") return read_if_text(value, out.name);
    if (key == "role") return read_if_text(value, out.role);
    if (key == "b64info") return read_field(value, out.encoded_info);
    if (key == "info") out.info = read_raw(value, cursor);
    if (key == "channels") return read_channels(value, out.channels);
    if (key == "subs") return read_subs(value, cursor, out.subs);
    // Only tokens for subscriptions have it: one must not open a connection.
    return key != "channel" || value.is_null();
  });
}

}  // namespace

Expected<TokenClaims, TokenError> verify_connection_token(std::string_view token,
                                                          const TokenKeys& keys, std::int64_t now) {
  const Unexpected<TokenError> invalid(TokenError::kInvalid);
  const auto parts = split(token);
  if (!parts || !is_signed(*parts, keys)) return invalid;

  // Only now is anything looked at: until here whoever sent it may have written it.
  EncodedObject encoded;
  RawClaims raw;
  TokenClaims claims;
  if (!encoded.parse(parts->claims) || !read_claims(encoded, raw)) return invalid;
  if (!read_payload(raw.info, raw.encoded_info, claims.info)) return invalid;
  if (!keys.issuer.empty() && raw.issuer != keys.issuer) return invalid;
  if (!keys.audience.empty() && std::ranges::count(raw.audience, keys.audience) == 0) {
    return invalid;
  }
  // Last: "expired" makes the client fetch another token, which would not help a wrong one.
  if ((raw.exp && now >= *raw.exp) || (raw.nbf && now < *raw.nbf)) {
    return Unexpected<TokenError>(TokenError::kExpired);
  }
  claims.user = raw.user;
  claims.session = raw.session;
  claims.name = raw.name;
  claims.role = raw.role;
  claims.expires_at = raw.expire_at ? raw.expire_at : raw.exp;
  // `exp` says until when the token may be used, `expire_at` how long the connection lives by it.
  if (raw.expire_at == 0) claims.expires_at.reset();
  claims.channels = std::move(raw.subs.empty() ? raw.channels : raw.subs);
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
