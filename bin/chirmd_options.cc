// SPDX-License-Identifier: MIT
#include "bin/chirmd_options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "core/base/version.h"

namespace chirm {

namespace {

constexpr const char* kIntroduction =
    "The chirm server. Clients connect to ws://LISTEN:PORT/connection/websocket.\n"
    "One process alone keeps its channels itself (--store); several share a Redis (--redis).";
constexpr const char* kEpilogue =
    "Every long option can also be set in the environment, as CHIRM_ and its name in upper case\n"
    "with _ for - (CHIRM_PORT), and in the TOML file of --config (port = 8080). A flag wins over\n"
    "the environment, and that over the file.\n\n"
    "Examples:\n"
    "  chirmd --insecure --port 8080\n"
    "  chirmd --port 6789 --redis redis://127.0.0.1:6379 --token-hmac-secret SECRET\n";

// Adds --name with its CHIRM_NAME variable.
template <class T>
CLI::Option* add(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  std::string variable = "CHIRM_" + name;
  for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return app.add_option("--" + name, value, help)->envname(variable)->capture_default_str();
}

void add_server(CLI::App& app, ServerSettings& server) {
  add(app, "listen", server.listen, "Numeric address to listen on; 0.0.0.0 for all");
  add(app, "port", server.port, "TCP port; 0 lets the system choose");
  add(app, "node-name", server.node_name, "Name of this node in logs; default: listen:port");
  add(app, "connections-max", server.connections_max,
      "Connections at once; 0: as many as the limit of open files allows");
  add(app, "drain", server.drain_s, "Seconds over which clients are sent away when stopping")
      ->check(CLI::Range(0, 3600));
}

void add_security(CLI::App& app, ChatSettings& chat) {
  app.add_flag("--insecure", chat.is_insecure,
               "For development and measuring: no tokens, anybody is who they say they are, and "
               "every channel is open to everybody")
      ->envname("CHIRM_INSECURE");
  add(app, "token-hmac-secret", chat.token_hmac_secret,
      "Secret of HS256 connection tokens (better set in the environment: flags show in ps)");
}

void add_limits(CLI::App& app, ChatSettings& chat) {
  add(app, "ping", chat.ping_s, "Seconds between pings to a client; 0: none")
      ->check(CLI::Range(0, 3600));
  add(app, "pong-timeout", chat.pong_timeout_s, "Seconds a client has to answer a ping")
      ->check(CLI::Range(1, 3600));
  add(app, "channels-per-client", chat.channels_per_client, "Subscriptions of one connection")
      ->check(CLI::Range(1, 10'000));
  add(app, "tail-bytes-max", chat.tail_bytes_max,
      "Memory for the newest publications of one channel")
      ->check(CLI::Range(std::size_t{64} << 10, std::size_t{1} << 30));
  add(app, "tails-bytes-max", chat.tails_bytes_max, "… and of all channels together")
      ->check(CLI::Range(std::size_t{1} << 20, std::size_t{1} << 40));
  add(app, "channel-linger", chat.channel_linger_s,
      "Seconds that a channel is followed after its last subscriber left")
      ->check(CLI::Range(0, 86'400));
}

void add_broker(CLI::App& app, ChirmdOptions& options) {
  auto* store = add(app, "store", options.store,
                    "The embedded store of a single node: memory, or the path of an SQLite file, "
                    "which survives the process");
  add(app, "store-sync", options.store_sync,
      "full: an ack waits for the disk and survives a power failure; normal: it survives the "
      "process, and costs less")
      ->check(CLI::IsMember({"full", "normal"}));
  app.add_option_function<std::string>(
         "--redis",
         [&options](const std::string& text) {
           const auto url = parse_redis_url(text);
           if (!url) throw CLI::ValidationError("--redis", url.error().message);
           options.redis = *url;
         },
         "Redis that the nodes share: redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:///PATH")
      ->envname("CHIRM_REDIS")
      ->excludes(store);
  add(app, "redis-prefix", options.redis_prefix, "What this cluster's keys in Redis start with")
      ->check(CLI::Validator(
          [](const std::string& text) { return text.empty() ? "must not be empty" : ""; }, ""));
  add(app, "history-size", options.broker.history_size, "Publications kept of a channel")
      ->check(CLI::Range(1, 100'000'000));
  app.add_option_function<std::uint64_t>(
         "--history-ttl",
         [&options](std::uint64_t seconds) { options.broker.history_ttl_ms = seconds * 1000; },
         "Seconds that a silent channel's publications are kept [2592000]")
      ->envname("CHIRM_HISTORY_TTL")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option_function<std::uint64_t>(
         "--idempotency-ttl",
         [&options](std::uint64_t seconds) { options.broker.idempotency_ttl_ms = seconds * 1000; },
         "Seconds that a repeated message id is recognised [300]")
      ->envname("CHIRM_IDEMPOTENCY_TTL")
      ->check(CLI::Range(1, 86'400));
  app.add_option_function<std::uint64_t>(
         "--hold", [&options](std::uint64_t seconds) { options.broker.hold_ms = seconds * 1000; },
         "Seconds that commands wait while Redis is away, before they fail [10]")
      ->envname("CHIRM_HOLD")
      ->check(CLI::Range(1, 3600));
}

// What CLI11 cannot see in one option alone. Empty when all is well.
std::string contradiction(const ChirmdOptions& options) {
  if (!options.chat.is_insecure && options.chat.token_hmac_secret.empty()) {
    return "--token-hmac-secret: expected a secret (or --insecure, for development only)";
  }
  if (options.chat.is_insecure && !options.chat.token_hmac_secret.empty()) {
    return "--insecure: expected no --token-hmac-secret beside it, for no token would be looked at";
  }
  if (options.store.empty()) return "--store: expected memory or a path";
  if (options.chat.ping_s != 0 && options.chat.pong_timeout_s >= options.chat.ping_s) {
    return "--pong-timeout: expected less than --ping";
  }
  return {};
}

int complain(std::string_view what) {
  std::string line(what);
  for (char& c : line) c = c == '\n' ? ' ' : c;
  std::cerr << "chirmd: " << line << " (see chirmd --help)\n";
  return 2;
}

}  // namespace

std::variant<ChirmdOptions, int> parse_chirmd_options(int argc, char** argv) {
  ChirmdOptions options;
  CLI::App app(kIntroduction, "chirmd");
  app.footer(kEpilogue);
  app.get_formatter()->column_width(40);
  app.set_version_flag("--version", std::string(kVersion));
  app.set_config("--config", "", "TOML file with settings")->envname("CHIRM_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);
  add_server(app, options.server);
  add_security(app, options.chat);
  add_limits(app, options.chat);
  add_broker(app, options);
  add(app, "log-level", options.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  if (const std::string wrong = contradiction(options); !wrong.empty()) return complain(wrong);
  if (options.server.node_name.empty()) {
    options.server.node_name = options.server.listen + ":" + std::to_string(options.server.port);
  }
  return options;
}

}  // namespace chirm
