// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_url.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace chirm {

namespace {

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;

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

// `name`, `name:port` or `[address]:port`. The error is what is wrong.
Expected<RedisHost, Error> parse_host(std::string_view text, std::uint16_t default_port) {
  RedisHost host{{}, default_port};
  std::string_view port;
  if (text.starts_with('[')) {  // an IPv6 address
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return bad("the IPv6 address has no ']'");
    host.name = text.substr(1, bracket - 1);
    port = text.substr(bracket + 1);
    if (!port.empty() && !port.starts_with(':')) return bad("expected ':' behind the ']'");
  } else {
    const std::size_t colon = text.find(':');
    host.name = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    if (port.find(':', 1) != std::string_view::npos) {
      return bad("an IPv6 address must stand in brackets: [::1]:6379");
    }
  }
  if (host.name.empty()) return bad("the host is missing");
  if (!port.empty()) {
    const auto value = number<std::uint16_t>(port.substr(1));
    if (!value || *value == 0) return bad("the port must be a number from 1 to 65535");
    host.port = *value;
  }
  return host;
}

// Takes what stands before `separator` from the front of `rest`, all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return taken;
}

std::optional<Error> set_database(std::string_view text, RedisUrl& url) {
  if (text.empty()) return std::nullopt;
  const auto database = number<std::uint32_t>(text);
  if (!database) return Error{"Redis URL: the database behind the '/' must be a number"};
  url.database = *database;
  return std::nullopt;
}

Expected<RedisUrl, Error> parse_tcp(std::string_view rest, RedisUrl url) {
  const std::string_view place = take_until(rest, '/');
  if (place.find(',') != std::string_view::npos) {
    return bad("expected one host; several shards are several URLs");
  }
  auto host = parse_host(place, kRedisPort);
  if (!host) return Unexpected<Error>(host.error());
  url.hosts.push_back(*std::move(host));
  if (auto error = set_database(rest, url)) return Unexpected<Error>(*std::move(error));
  return url;
}

std::optional<Error> set_sentinel_login(std::string_view query, RedisUrl& url) {
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view key = take_until(value, '=');
    const auto decoded = percent_decoded(value);
    if (!decoded) {
      return Error{
          "Redis URL: a value behind '?' has a '%' that two hexadecimal digits do not follow"};
    }
    if (key == "sentinel_user") {
      url.sentinel_user = *decoded;
    } else if (key == "sentinel_password") {
      url.sentinel_password = *decoded;
    } else {
      return Error{"Redis URL: expected only sentinel_user and sentinel_password behind '?'"};
    }
  }
  if (!url.sentinel_user.empty() && url.sentinel_password.empty()) {
    return Error{"Redis URL: a sentinel_user needs a sentinel_password"};
  }
  return std::nullopt;
}

Expected<RedisUrl, Error> parse_sentinel(std::string_view rest, RedisUrl url) {
  std::string_view before_query = take_until(rest, '?');
  if (auto error = set_sentinel_login(rest, url)) return Unexpected<Error>(*std::move(error));
  std::string_view places = take_until(before_query, '/');
  do {
    auto host = parse_host(take_until(places, ','), kSentinelPort);
    if (!host) return Unexpected<Error>(host.error());
    url.hosts.push_back(*std::move(host));
  } while (!places.empty());
  const auto master = percent_decoded(take_until(before_query, '/'));
  if (!master || master->empty()) {
    return bad("expected /<master's name>[/<database>] behind the Sentinels");
  }
  url.master = *master;
  if (auto error = set_database(before_query, url)) return Unexpected<Error>(*std::move(error));
  return url;
}

// Takes `#label` from the end of `rest`.
std::optional<Error> take_label(std::string_view& rest, RedisUrl& url) {
  const std::size_t hash = rest.rfind('#');
  if (hash == std::string_view::npos) return std::nullopt;
  url.label = rest.substr(hash + 1);
  rest = rest.substr(0, hash);
  for (const char letter : url.label) {
    if (letter <= ' ' || letter > '~') url.label.clear();
  }
  if (url.label.empty()) return Error{"Redis URL: expected a name without spaces behind the '#'"};
  return std::nullopt;
}

}  // namespace

std::string RedisHost::text() const {
  const bool is_ipv6 = name.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + name + ']' : name) + ':' + std::to_string(port);
}

// Not what it was given as: that may have a password in it.
std::string RedisUrl::place() const {
  std::string place = is_unix() ? socket_path : has_sentinels() ? master : hosts.at(0).text();
  if (database != 0) place += " database " + std::to_string(database);
  return place;
}

RedisUrl RedisUrl::sentinels() const {
  RedisUrl url;
  url.hosts = hosts;
  url.user = sentinel_user;
  url.password = sentinel_password;
  url.is_tls = is_tls;
  url.tls = tls;
  return url;
}

Expected<RedisUrl, Error> parse_redis_url(std::string_view text) {
  struct Form {
    std::string_view scheme;
    bool is_tls;
    Expected<RedisUrl, Error> (*parse)(std::string_view, RedisUrl);
  };
  static constexpr std::array<Form, 5> kForms = {{{"redis://", false, parse_tcp},
                                                  {"rediss://", true, parse_tcp},
                                                  {"unix://", false, parse_unix},
                                                  {"redis+sentinel://", false, parse_sentinel},
                                                  {"rediss+sentinel://", true, parse_sentinel}}};
  // What is written as %00 percent_decoded() refuses.
  if (text.find('\0') != std::string_view::npos) return bad("a NUL cannot be part of it");
  for (const Form& form : kForms) {
    if (!text.starts_with(form.scheme)) continue;
    std::string_view rest = text.substr(form.scheme.size());
    RedisUrl url;
    url.is_tls = form.is_tls;
    if (auto error = take_login(rest, url)) return Unexpected<Error>(*std::move(error));
    if (auto error = take_label(rest, url)) return Unexpected<Error>(*std::move(error));
    return form.parse(rest, std::move(url));
  }
  return bad(
      "must start with redis://, unix:// or redis+sentinel://, or for TLS with rediss:// or "
      "rediss+sentinel://");
}

}  // namespace chirm
