// SPDX-License-Identifier: MIT
#include "client/url.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace chirm::client {

namespace {

struct Scheme {
  std::string_view text;
  std::uint16_t default_port;
  bool is_tls;
  bool is_page;
};
// The first of each kind is how it is written. People paste what their browser shows.
constexpr Scheme kSchemes[] = {{"ws://", 80, false, false},
                               {"wss://", 443, true, false},
                               {"http://", 80, false, true},
                               {"https://", 443, true, true}};

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

std::string Url::text() const {
  return std::string(kSchemes[is_tls ? 1 : 0].text) + authority() + target;
}

Expected<Url, Error> parse_url(std::string_view text) {
  const auto* const scheme =
      std::ranges::find_if(kSchemes, [&](const Scheme& one) { return text.starts_with(one.text); });
  if (scheme == std::end(kSchemes)) {
    return bad_url(text, "expected ws://host[:port][/path], or wss:// for TLS");
  }
  if (!std::all_of(text.begin(), text.end(), is_visible_ascii)) {
    return bad_url(text, "expected visible ASCII characters only");
  }
  if (text.find('#') != std::string_view::npos) return bad_url(text, "a fragment has no meaning");
  std::string_view rest = text.substr(scheme->text.size());
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
  url.port = scheme->default_port;
  url.is_tls = scheme->is_tls;
  if (!port.empty()) {
    const char* const end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data() + 1, end, url.port);
    if (port.front() != ':' || error != std::errc() || stop != end || url.port == 0) {
      return bad_url(text, "the port must be a number from 1 to 65535");
    }
  }
  if (scheme->is_page) {
    // Where the page is, the WebSocket is below.
    std::string_view page = target.substr(0, target.find('?'));
    if (page.ends_with('/')) page.remove_suffix(1);
    if (!page.ends_with(url.target)) url.target.insert(0, page);
    return url;
  }
  if (target.starts_with('?')) {
    url.target = "/" + std::string(target);
  } else if (!target.empty()) {
    url.target = target;
  }
  return url;
}

}  // namespace chirm::client
