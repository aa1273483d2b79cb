// SPDX-License-Identifier: MIT
#pragma once
// Where a server is: ws://host[:port][/path], wss:// for TLS; or where its page is, by http(s)://.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace chirm {
class TlsContext;
}

namespace chirm::client {

struct Url {
  std::string host;  // a name or a numeric address; IPv6 without brackets
  std::uint16_t port = 80;
  std::string target = "/connection/websocket";  // path and query
  bool is_tls = false;
  // How its certificate is checked; null as long as it is not set, and without TLS.
  std::shared_ptr<const TlsContext> tls = nullptr;

  std::string authority() const;  // for the Host header: host:port, IPv6 in brackets
  std::string text() const;
};

// The error names what is wrong with `text`.
[[nodiscard]] Expected<Url, Error> parse_url(std::string_view text);

}  // namespace chirm::client
