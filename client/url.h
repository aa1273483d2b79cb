// SPDX-License-Identifier: MIT
#pragma once
// Where a server is: ws://host[:port][/path].

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace chirm::client {

struct Url {
  std::string host;  // a name or a numeric address; IPv6 without brackets
  std::uint16_t port = 80;
  std::string target = "/connection/websocket";  // path and query

  std::string authority() const;  // for the Host header: host:port, IPv6 in brackets
  std::string text() const;
};

// The error names what is wrong with `text`.
[[nodiscard]] Expected<Url, Error> parse_url(std::string_view text);

}  // namespace chirm::client
