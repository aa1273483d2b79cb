// SPDX-License-Identifier: MIT
#pragma once
// Where a Redis is and how to log in. Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "protocol/expected.h"

namespace chirm {

class TlsContext;

// How servers prove who they are to this node, and this node to them. Connections look at it when
// they begin, so another context can take its place.
struct RedisTls {
  std::shared_ptr<const TlsContext> context;
};

struct RedisHost {
  std::string name;  // or a numeric address
  std::uint16_t port = 6379;

  bool operator==(const RedisHost&) const = default;
  std::string text() const;  // name:port
};

struct RedisUrl {
  std::vector<RedisHost> hosts;  // one; several Sentinels; none when it is a Unix socket
  std::string socket_path;       // "" when it is TCP
  std::string user;              // "": the default user
  std::string password;          // "": no login
  std::uint32_t database = 0;

  // Not "": the hosts are Sentinels, which know where the master of this name is. User and password
  // are the master's.
  std::string master;
  std::string sentinel_user;
  std::string sentinel_password;

  bool is_tls = false;  // the Sentinels as well
  // null as long as it is not set, and without TLS.
  std::shared_ptr<const RedisTls> tls = nullptr;

  std::string label;  // what stands behind the '#'

  bool is_unix() const { return !socket_path.empty(); }
  bool has_sentinels() const { return !master.empty(); }
  // For logs: never with user or password.
  std::string place() const;
  // What this Redis is called among several shards: the label, or the place. Its share of the
  // channels depends on it.
  const std::string name() const { return label.empty() ? place() : label; }
  // How to reach the Sentinels themselves.
  RedisUrl sentinels() const;
};

// redis://[[user][:password]@]host[:port][/database]
// unix://[[user][:password]@]/path/to/socket[?db=database]
// redis+sentinel://[[user][:password]@]host[:port][,host[:port]…]/master[/database]
//     [?sentinel_user=user][&sentinel_password=password]
// rediss:// and rediss+sentinel:// are the same with TLS. Each may end in #label. An IPv6 address
// stands in brackets. User, password, path, master and the values behind '?' may be
// percent-encoded. Errors never quote the URL, as it may hold a password.
[[nodiscard]] Expected<RedisUrl, Error> parse_redis_url(std::string_view url);

}  // namespace chirm
