// SPDX-License-Identifier: MIT
#include "client/url.h"

#include <algorithm>
#include <charconv>

namespace chirm::client {

namespace {

constexpr std::string_view kScheme = "ws://";
constexpr std::uint16_t kDefaultPort = 80;

Unexpected<Error> bad_url(std::string_view text, std::string_view why) {
  return Unexpected<Error>({"bad URL '" + std::string(text) + "': " + std::string(why)});
}

bool is_visible_ascii(char c) { return c > ' ' && c < '\x7f'; }

// Splits "host:port", "host", "[v6]:port" or "[v6]". False when a bracket is missing.
bool split_authority(std::string_view authority, std::string_view& host, std::string_view& port) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? "" : authority.substr(colon);
  }
  return true;
}

}  // namespace

std::string Url::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::text() const { return std::string(kScheme) + authority() + target; }

Expected<Url, Error> parse_url(std::string_view text) {
  // Said by itself, for it is what people try who know how the page is reached.
  if (text.starts_with("wss://")) return bad_url(text, "wss:// is not supported, use ws://");
  if (!text.starts_with(kScheme)) return bad_url(text, "expected ws://host[:port][/path]");
  if (!std::all_of(text.begin(), text.end(), is_visible_ascii)) {
    return bad_url(text, "expected visible ASCII characters only");
  }
  if (text.find('#') != std::string_view::npos) return bad_url(text, "a fragment has no meaning");
  std::string_view rest = text.substr(kScheme.size());
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view target = rest.substr(authority_end);

  std::string_view host;
  std::string_view port;
  if (!split_authority(rest.substr(0, authority_end), host, port)) {
    return bad_url(text, "the bracket of the IPv6 address is not closed");
  }
  if (host.empty()) return bad_url(text, "the host is missing");
  // Refused rather than ignored: a password in it would be believed to be sent.
  if (host.find('@') != std::string_view::npos || port.find('@') != std::string_view::npos) {
    return bad_url(text, "a user name in it is not supported");
  }
  Url url;
  url.host = host;
  url.port = kDefaultPort;
  if (!port.empty()) {
    const char* const end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data() + 1, end, url.port);
    if (port.front() != ':' || error != std::errc() || stop != end || url.port == 0) {
      return bad_url(text, "the port must be a number from 1 to 65535");
    }
  }
  if (target.starts_with('?')) {
    url.target = "/" + std::string(target);
  } else if (!target.empty()) {
    url.target = target;
  }
  return url;
}

}  // namespace chirm::client
