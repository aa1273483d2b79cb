// SPDX-License-Identifier: MIT
#include "core/broker/redis_url.h"

#include <charconv>
#include <optional>

namespace chirm {

namespace {

Unexpected<Error> bad(std::string_view what) {
  return Unexpected<Error>({"Redis URL: " + std::string(what)});
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// RFC 3986 §2.1. A NUL cannot be part of a path or a name.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes `[user][:password]@` from the front of `rest`. The last '@' of the authority counts, so
// that a password which nobody encoded does not end up in the host name.
std::optional<Error> take_login(std::string_view& rest, RedisUrl& url) {
  const std::size_t authority_end = rest.find('/');
  const std::size_t at = rest.substr(0, authority_end).rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view login = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  const std::size_t colon = login.find(':');
  if (colon == std::string_view::npos || colon + 1 == login.size()) {
    return Error{"Redis URL: a login needs a password: user:password@ or :password@"};
  }
  const auto user = percent_decoded(login.substr(0, colon));
  const auto password = percent_decoded(login.substr(colon + 1));
  if (!user || !password) {
    return Error{"Redis URL: the login has a '%' that two hexadecimal digits do not follow"};
  }
  url.user = *user;
  url.password = *password;
  return std::nullopt;
}

Expected<RedisUrl, Error> parse_unix(std::string_view rest, RedisUrl url) {
  if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
    const std::string_view query = rest.substr(question + 1);
    rest = rest.substr(0, question);
    if (!query.starts_with("db=")) return bad("expected ?db=<number> behind the socket's path");
    const auto database = number<std::uint32_t>(query.substr(3));
    if (!database) return bad("the database must be a number");
    url.database = *database;
  }
  const auto path = percent_decoded(rest);
  if (!path || !path->starts_with('/')) {
    return bad("expected unix:///path/to/socket, with the path from the root");
  }
  url.socket_path = *path;
  return url;
}

Expected<RedisUrl, Error> parse_tcp(std::string_view rest, RedisUrl url) {
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    if (!database.empty()) {
      const auto value = number<std::uint32_t>(database);
      if (!value) return bad("the database behind the '/' must be a number");
      url.database = *value;
    }
  }
  std::string_view port;
  if (rest.starts_with('[')) {  // an IPv6 address
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return bad("the IPv6 address has no ']'");
    url.host = rest.substr(1, bracket - 1);
    port = rest.substr(bracket + 1);
    if (!port.empty() && !port.starts_with(':')) return bad("expected ':' behind the ']'");
  } else {
    const std::size_t colon = rest.find(':');
    url.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon);
  }
  if (url.host.empty()) return bad("the host is missing");
  if (!port.empty()) {
    const auto value = number<std::uint16_t>(port.substr(1));
    if (!value || *value == 0) return bad("the port must be a number from 1 to 65535");
    url.port = *value;
  }
  return url;
}

}  // namespace

std::string RedisUrl::place() const {
  std::string place = is_unix() ? socket_path : host + ':' + std::to_string(port);
  if (database != 0) place += " database " + std::to_string(database);
  return place;
}

Expected<RedisUrl, Error> parse_redis_url(std::string_view text) {
  constexpr std::string_view kTcp = "redis://";
  constexpr std::string_view kUnix = "unix://";
  if (text.starts_with("rediss://")) return bad("TLS (rediss://) is not supported");
  const bool is_unix = text.starts_with(kUnix);
  if (!is_unix && !text.starts_with(kTcp)) return bad("must start with redis:// or unix://");
  std::string_view rest = text.substr(is_unix ? kUnix.size() : kTcp.size());
  RedisUrl url;
  if (auto error = take_login(rest, url)) return Unexpected<Error>(*std::move(error));
  return is_unix ? parse_unix(rest, std::move(url)) : parse_tcp(rest, std::move(url));
}

}  // namespace chirm
