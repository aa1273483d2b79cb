// SPDX-License-Identifier: MIT
#pragma once
// chirmd's settings from flags, environment (CHIRM_…) and a TOML file, in that order of precedence.

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/broker/broker_settings.h"
#include "core/broker/redis/link/redis_url.h"
#include "core/chat/chat_settings.h"
#include "core/server/server_settings.h"
#include "core/tls/tls_context.h"

namespace chirm {

// How links to Redis prove who is who, in files.
struct RedisTlsFiles {
  std::string authorities;  // "": the system's
  TlsFiles own;             // empty names: none
};

struct ChirmdOptions {
  ServerSettings server;
  ChatSettings chat;
  BrokerSettings broker;
  std::string store = "memory";     // or a file's path
  std::string store_sync = "full";  // or normal
  std::vector<RedisUrl> redis;      // shards, with different names; none: the embedded store
  RedisTlsFiles redis_tls_files;
  std::shared_ptr<RedisTls> redis_tls;  // of the URLs with TLS; null: none has it
  std::string redis_prefix = "chirm";
  std::uint32_t ack_replicas = 0;  // as of RedisNodeSettings
  std::string log_level = "info";
  std::string user;                   // of the system, which the process becomes; "": it stays
  bool is_behind_proxy = false;       // what stands in front of it ends TLS
  std::vector<std::string> warnings;  // one line each, to be logged at start
  std::string set_password;           // an account's name: only its password is to be set
};

// The options, or the exit code when the program is to end at once: 0 after --help or --version,
// 2 after a bad setting, which has been named on stderr in one line.
std::variant<ChirmdOptions, int> parse_chirmd_options(int argc, char** argv);

// Reads the files (again), for connections that begin from now on. Of one that cannot be used the
// error says why, and nothing changes. Only with redis_tls.
[[nodiscard]] Expected<void, Error> read_redis_tls(const ChirmdOptions& options);

}  // namespace chirm
