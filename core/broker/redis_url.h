// SPDX-License-Identifier: MIT
#pragma once
// Where a Redis is and how to log in. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "protocol/expected.h"

namespace chirm {

struct RedisUrl {
  std::string host;  // name or numeric address; "" when it is a Unix socket
  std::uint16_t port = 6379;
  std::string socket_path;  // "" when it is TCP
  std::string user;         // "": the default user
  std::string password;     // "": no login
  std::uint32_t database = 0;

  bool is_unix() const { return !socket_path.empty(); }
  // For logs: never with user or password.
  std::string place() const;
};

// redis://[[user][:password]@]host[:port][/database]
// unix://[[user][:password]@]/path/to/socket[?db=database]
// User, password and path may be percent-encoded. Errors never quote the URL, as it may hold a
// password.
[[nodiscard]] Expected<RedisUrl, Error> parse_redis_url(std::string_view url);

}  // namespace chirm
