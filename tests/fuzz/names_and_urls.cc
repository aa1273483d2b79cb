// SPDX-License-Identifier: MIT
// Names of channels and the patterns that they are matched with, URLs of servers and of Redis.

#include <string>
#include <vector>

#include "client/terminal/text/utf8.h"
#include "client/url.h"
#include "core/base/check.h"
#include "core/broker/redis/link/redis_url.h"
#include "protocol/channel_name.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

bool is_name_by_code_points(std::string_view text) {
  if (text.empty() || text.size() > limits::kChannelBytes) return false;
  while (!text.empty()) {
    const bool is_written_out = text.starts_with("\xEF\xBF\xBD");
    const char32_t c = terminal::take_code_point(text);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
    if (c == terminal::kReplacement && !is_written_out) return false;
  }
  return true;
}

void check_channel(std::string_view channel, std::string_view user) {
  CHIRM_CHECK(is_channel_name(channel) == is_name_by_code_points(channel), channel);
  const std::string_view scope = channel_namespace(channel);
  CHIRM_CHECK(scope.find(':') == std::string_view::npos && channel.starts_with(scope), channel);
  if (!allows_user(channel, user)) return;
  CHIRM_CHECK(is_user_limited(channel) && !user.empty(), channel, user);
  const std::string_view users = channel.substr(channel.rfind('#') + 1);
  CHIRM_CHECK(users.find(user) != std::string_view::npos, channel, user);
}

// The definition, by all beginnings of the name that the beginning of the pattern can stand for.
bool matches_slowly(std::string_view pattern, std::string_view name) {
  std::vector<bool> matches(name.size() + 1, false);
  matches[0] = true;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    std::vector<bool> next(name.size() + 1, false);
    const bool is_escaped = pattern[at] == '\\' && at + 1 < pattern.size();
    if (is_escaped) ++at;
    const bool is_star = pattern[at] == '*' && !is_escaped;
    const bool is_any = pattern[at] == '?' && !is_escaped;
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (is_star) {
        next[i] = matches[i] || (i > 0 && next[i - 1]);
      } else {
        next[i] = i > 0 && matches[i - 1] && (is_any || name[i - 1] == pattern[at]);
      }
    }
    matches = std::move(next);
  }
  return matches[name.size()];
}

void check_glob(std::string_view pattern, std::string_view name) {
  const std::string_view short_pattern = pattern.substr(0, 100);
  const std::string_view short_name = name.substr(0, 200);
  CHIRM_CHECK(matches_glob(short_pattern, short_name) == matches_slowly(short_pattern, short_name),
              short_pattern, short_name);
  std::string literal;
  for (const char c : short_name) literal.append(1, '\\') += c;
  CHIRM_CHECK(matches_glob(literal, short_name), short_name);
}

void check_url(std::string_view text) {
  const auto url = client::parse_url(text);
  if (!url) {
    CHIRM_CHECK(!url.error().message.empty());
    return;
  }
  CHIRM_CHECK(!url->host.empty() && url->port != 0, text);
  CHIRM_CHECK(url->target.starts_with('/'), text);
  for (const char c : url->text()) CHIRM_CHECK(c > ' ' && c < '\x7F', text);
  const auto again = client::parse_url(url->text());
  CHIRM_CHECK(again, url->text());
  CHIRM_CHECK(again->host == url->host && again->port == url->port, text, url->text());
  CHIRM_CHECK(again->target == url->target, text, url->text());
}

void check_redis_url(std::string_view text) {
  const auto url = parse_redis_url(text);
  if (!url) {
    CHIRM_CHECK(url.error().message.starts_with("Redis URL: "), url.error().message);
    return;
  }
  CHIRM_CHECK(url->is_unix() == url->hosts.empty(), text);
  CHIRM_CHECK(url->has_sentinels() || url->hosts.size() <= 1, text);
  for (const RedisHost& host : url->hosts) {
    CHIRM_CHECK(!host.name.empty() && host.port != 0, text);
  }
  CHIRM_CHECK(url->user.empty() || !url->password.empty(), text);
  for (const std::string* field : {&url->user, &url->password, &url->socket_path, &url->master}) {
    CHIRM_CHECK(field->size() <= text.size() && field->find('\0') == std::string::npos, text);
  }
  CHIRM_CHECK(!url->place().empty() && !url->name().empty(), text);
  if (!url->has_sentinels()) return;
  const RedisUrl sentinels = url->sentinels();
  CHIRM_CHECK(sentinels.hosts == url->hosts && !sentinels.has_sentinels(), text);
  CHIRM_CHECK(sentinels.password == url->sentinel_password, text);
}

// Whatever stands behind a login, its password is shown neither by an error nor as a place.
void check_secrecy(std::string_view text) {
  constexpr std::string_view kPassword = "S3cr3t.7f";
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos || text.find(kPassword) != std::string_view::npos) return;
  std::string with_login(text.substr(0, slashes + 3));
  with_login.append("ada:").append(kPassword).append("@").append(text.substr(slashes + 3));
  const auto url = parse_redis_url(with_login);
  if (url) CHIRM_CHECK(url->password.starts_with(kPassword), text);
  const std::vector<std::string> all =
      url ? std::vector{url->place(), url->name()} : std::vector{url.error().message};
  for (const std::string& shown : all) {
    CHIRM_CHECK(shown.find(kPassword) == std::string::npos, text, shown);
  }
}

}  // namespace
}  // namespace chirm

// A line for the name or URL, behind it the user or pattern.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::FuzzInput input(data, size);
  const std::string_view line = input.take_line();
  chirm::check_channel(line, input.rest());
  chirm::check_glob(input.rest(), line);
  chirm::check_url(line);
  chirm::check_redis_url(line);
  chirm::check_secrecy(line);
  return 0;
}
