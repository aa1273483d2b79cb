// SPDX-License-Identifier: MIT
#pragma once
// chirmd's settings from flags, environment (CHIRM_…) and a TOML file, in that order of precedence.

#include <string>
#include <variant>
#include <vector>

#include "core/broker/broker_settings.h"
#include "core/broker/redis/link/redis_url.h"
#include "core/chat/chat_settings.h"
#include "core/server/server_settings.h"

namespace chirm {

struct ChirmdOptions {
  ServerSettings server;
  ChatSettings chat;
  BrokerSettings broker;
  std::string store = "memory";     // or a file's path
  std::string store_sync = "full";  // or normal
  std::vector<RedisUrl> redis;      // shards, with different names; none: the embedded store
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

}  // namespace chirm
