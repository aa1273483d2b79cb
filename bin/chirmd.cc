// SPDX-License-Identifier: MIT
// chirmd, the server: one process, one loop, one thread.
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <utility>

#include "bin/chirmd_options.h"
#include "bin/password.h"
#include "bin/private_file.h"
#include "bin/privileges.h"
#include "core/base/address_range.h"
#include "core/base/version.h"
#include "core/broker/memory/memory_broker.h"
#include "core/broker/redis/redis_broker.h"
#include "core/broker/sharded_broker.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "core/loop/loop.h"
#include "core/loop/signal_watcher.h"
#include "core/server/http/web_files.h"
#include "core/server/server.h"

namespace {

using namespace chirm;

// To stderr, which systemd and containers collect. One thread logs: the others hand what they have
// to say to the loop.
void set_up_log(const std::string& level) {
  auto logger = spdlog::stderr_color_st("chirmd");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

void raise_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  // The soft limit is 1,024 on most systems, for the sake of programs that use select(). The hard
  // one is the operator's word.
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);  // the server works with what it has
}

bool is_loopback(const std::string& listen) {
  const auto address = parse_address(listen);
  return address && (AddressRange::parse("127.0.0.0/8")->contains(*address) ||
                     AddressRange::parse("::1")->contains(*address));
}

// What lets others of this machine, or of the network, see what is not theirs: a line each.
void warn(const ChirmdOptions& options) {
  for (const std::string& warning : options.warnings) spdlog::warn("{}", warning);
  // Who names root means it.
  if (is_root() && options.user.empty() && options.set_password.empty()) {
    spdlog::warn("running as root; --user NAME makes chirmd an ordinary user when it has started");
  }
  if (!options.server.tls.key.empty()) {
    if (const auto warning = exposure_of(options.server.tls.key)) spdlog::warn("{}", *warning);
  } else if (options.set_password.empty() && !options.is_behind_proxy &&
             !is_loopback(options.server.listen)) {
    spdlog::warn(
        "clients reach {} without TLS: passwords and messages can be read on their way. Where "
        "something in front ends TLS, say so with --behind-proxy",
        options.server.listen);
  }
  if (const std::string& key = options.redis_tls_files.own.key; !key.empty()) {
    if (const auto warning = exposure_of(key)) spdlog::warn("{}", *warning);
  }
  if (!options.redis.empty() || options.store == "memory") return;
  // SQLite gives the files beside it the mode of the store. An older version may have made them.
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    if (const auto warning = exposure_of(options.store + suffix)) spdlog::warn("{}", *warning);
  }
}

std::unique_ptr<Broker> make_redis_broker(Loop& loop, const ChirmdOptions& options) {
  // Every node has to know the same shards, or two nodes would look for a channel in different
  // ones: each is told a digest of all names, by which nodes that were given others notice it.
  std::vector<std::string> names;
  for (const RedisUrl& url : options.redis) names.push_back(url.name());
  std::vector<ShardedBroker::Shard> shards;
  for (const RedisUrl& url : options.redis) {
    const RedisIdentity identity{.prefix = options.redis_prefix,
                                 .node_name = options.server.node_name,
                                 .shards = shards_digest(names)};
    auto broker =
        std::make_unique<RedisBroker>(loop, url, options.broker, identity, RedisLinkSettings{},
                                      RedisNodeSettings{.ack_replicas = options.ack_replicas});
    if (options.redis.size() == 1) return broker;
    shards.push_back({url.name(), std::move(broker)});
  }
  return std::make_unique<ShardedBroker>(std::move(shards));
}

Expected<std::unique_ptr<Broker>, Error> make_broker(Loop& loop, const ChirmdOptions& options) {
  if (!options.redis.empty()) return make_redis_broker(loop, options);
  if (options.store == "memory") return std::make_unique<MemoryBroker>(loop, options.broker);
  const auto sync = options.store_sync == "full" ? StoreSync::kFull : StoreSync::kNormal;
  auto broker = SqliteBroker::open(loop, options.store, sync, options.broker);
  if (!broker) return Unexpected<Error>(broker.error());
  return std::move(*broker);
}

int set_password(const ChirmdOptions& options) {
  const auto password = read_password(options.set_password);
  if (!password) {
    spdlog::error("{}", password.error().message);
    return 2;
  }
  // Without a server: this runs beside the nodes, which learn of it through the store.
  Loop loop;
  const auto broker = make_broker(loop, options);
  if (!broker) {
    spdlog::error("{}", broker.error().message);
    return 1;
  }
  const auto set = store_password(loop, **broker, options.set_password, *password);
  if (!set) {
    spdlog::error("{}", set.error().message);
    return 1;
  }
  spdlog::info("the password of {} is set", options.set_password);
  return 0;
}

int run(const ChirmdOptions& options) {
  Loop loop;
  const auto broker = make_broker(loop, options);
  if (!broker) {
    spdlog::error("{}", broker.error().message);
    return 1;
  }
  ServerSettings settings = options.server;
  settings.web_files = web_files();
  Server server(loop, **broker, std::move(settings), options.chat);
  bool is_stopping = false;
  const auto stop = [&] {
    // An operator who is in a hurry presses Ctrl-C twice; a supervisor sends SIGKILL anyway.
    if (std::exchange(is_stopping, true)) {
      spdlog::warn("stopping at once");
      return loop.stop();
    }
    spdlog::info("stopping: sending clients away over {} s; a second signal stops at once",
                 options.server.drain_s);
    server.stop([&] { loop.stop(); });
  };
  SignalWatcher on_term(loop, SIGTERM, stop);
  SignalWatcher on_interrupt(loop, SIGINT, stop);
  const bool has_audit_log = !options.server.audit_log.empty();
  const bool has_tls = !options.server.tls.certificate.empty();
  const auto reload = [&] {
    if (options.redis_tls) {
      if (const auto read = read_redis_tls(options); !read) {
        spdlog::error("TLS to Redis: {}; what was before stays", read.error().message);
      } else {
        spdlog::info("read again what connects to Redis: new connections use it");
      }
    }
    if (const auto reloaded = server.reload(); !reloaded) {
      return spdlog::error("{}; what was before stays", reloaded.error().message);
    }
    if (has_tls) spdlog::info("read the certificate again: {}", options.server.tls.certificate);
    if (has_audit_log) spdlog::info("opened the audit log again: {}", options.server.audit_log);
  };
  std::optional<SignalWatcher> on_hang_up;
  if (has_tls || has_audit_log || options.redis_tls) on_hang_up.emplace(loop, SIGHUP, reload);
  // Only when all is in place: a client that comes in between would find half a server.
  if (const auto listening = server.listen(); !listening) {
    spdlog::error("{}", listening.error().message);
    return 1;
  }
  spdlog::info("{} listening on {}:{}{}{}", kVersion, options.server.listen, server.port(),
               options.server.tls.certificate.empty() ? "" : " with TLS",
               options.chat.is_insecure ? " (insecure: no tokens, every channel is open)" : "");
  if (options.redis.empty() && options.store == "memory") {
    spdlog::info("channels are kept in memory only; --store FILE or --redis keeps them");
  }
  loop.run();
  spdlog::info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = chirm::parse_chirmd_options(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const auto& options = std::get<chirm::ChirmdOptions>(parsed);
  set_up_log(options.log_level);
  umask(077);           // the store has the key that sessions are signed with
  raise_files_limit();  // before the server, which takes its limit from what it finds
  if (!options.user.empty()) {
    if (const auto became = chirm::become_user(options.user); !became) {
      spdlog::error("--user: {}", became.error());
      return 1;
    }
  }
  warn(options);
  signal(SIGPIPE, SIG_IGN);  // hiredis and libuv write without MSG_NOSIGNAL
  signal(SIGXFSZ, SIG_IGN);  // to the store, a file that may not grow is a full disk
  return options.set_password.empty() ? run(options) : set_password(options);
}
