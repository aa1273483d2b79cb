// SPDX-License-Identifier: MIT
#include "bin/chirmd_options.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "bin/private_file.h"
#include "bin/settings.h"
#include "core/accounts/user_name.h"
#include "protocol/signature.h"

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
    "  chirmd --port 8080 --store chirm.db --admins ada\n"
    "  chirmd --store chirm.db --set-password ada\n"
    "  chirmd --port 6789 --redis redis://127.0.0.1:6379 --token-hmac-secret-file FILE\n";

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

// Names are refused: what a name server says could change between two starts, and looking it up
// would hold up the start while it is away.
bool is_address(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// Calls read(word) for the words between commas, until one is wrong. Returns what is wrong.
std::string for_each_word(const std::string& text,
                          const std::function<std::string(const std::string&)>& read) {
  std::istringstream words(text);
  std::string wrong;
  for (std::string word; wrong.empty() && std::getline(words, word, ',');) wrong = read(word);
  return wrong;
}

void add_listening(Settings& settings, ServerSettings& server, bool& is_behind_proxy) {
  settings.begin_group("Listening");
  settings.add(
      "listen", "ADDRESS", server.listen,
      [&server](const std::string& text) {
        server.listen = text;
        return is_address(text) ? "" : "expected an IPv4 or IPv6 address, got '" + text + "'";
      },
      "Numeric address to listen on; 0.0.0.0 for all");
  settings.add_number("port", "PORT", 0, UINT16_MAX, server.port,
                      "TCP port; 0 lets the system choose");
  settings.add_text(
      "tls-certificate", "FILE", server.tls.certificate,
      "PEM file with the certificate, and those between it and the authority: clients "
      "are served over TLS. SIGHUP reads it again");
  settings.add_text("tls-key", "FILE", server.tls.key, "... and with its key");
  settings.add_number("http-redirect-port", "PORT", 0, UINT16_MAX, server.redirect_port,
                      "With TLS: a second port that sends clients from http to https; 0: none");
  settings.add_number(
      "connections-max", "NUMBER", 0, 100'000'000, server.connections_max,
      "Clients at once, more are told 503; 0: as many as the limit of open files allows");
  settings.add_list(
      "trusted-proxies", "RANGE,...",
      [&server](const std::string& text) {
        return for_each_word(text, [&server](const std::string& word) -> std::string {
          const auto range = AddressRange::parse(word);
          if (!range) return "expected an address or ADDRESS/BITS, got '" + word + "'";
          server.trusted_proxies.push_back(*range);
          return {};
        });
      },
      "Load balancers whose X-Forwarded-For and X-Forwarded-Proto are believed; none when not "
      "given");
  settings.add_list(
      "allowed-origins", "ORIGIN,...",
      [&server](const std::string& text) {
        return for_each_word(text, [&server](const std::string& word) -> std::string {
          server.allowed_origins.push_back(word);
          // Exactly what browsers send: "https://example.org/" would never be equal to any.
          const std::size_t scheme = word.find("://");
          const bool is_origin = scheme != word.npos && scheme > 0 && scheme + 3 < word.size() &&
                                 word.find_first_of("/?#@", scheme + 3) == word.npos;
          return is_origin ? ""
                           : "expected SCHEME://HOST or SCHEME://HOST:PORT, got '" + word + "'";
        });
      },
      "Other sites whose pages may connect, https://example.org for one; this server's own may");
  settings.add_switch("behind-proxy", is_behind_proxy,
                      "What stands in front of it ends TLS: no warning when it listens without");
  settings.add_number("drain", "SECONDS", 0, 3600, server.drain_s,
                      "Time over which clients are sent away when stopping");
  settings.add_text("node-name", "NAME", server.node_name,
                    "Name of this node, unique in the cluster; HOST:PORT when not given");
}

void add_on_off(Settings& settings, const char* name, bool& value, const char* help) {
  settings.add(
      name, "on|off", value ? "on" : "off",
      [&value](const std::string& text) {
        value = text == "on";
        return text == "on" || text == "off" ? "" : "expected on or off, got '" + text + "'";
      },
      help);
}

void add_public_key(Settings& settings, const char* name, PublicKey::Type type,
                    std::shared_ptr<const PublicKey>& key, const char* help) {
  settings.add(
      name, "FILE", "",
      [type, &key](const std::string& path) -> std::string {
        // Parsed now: a key that is wrong is found at the start, and not by the first user.
        std::ifstream file(path);
        std::ostringstream pem;
        if (!(pem << file.rdbuf())) return "expected a file to read, got '" + path + "'";
        auto parsed = PublicKey::parse(type, pem.str());
        if (!parsed) return parsed.error() + " in '" + path + "'";
        key = std::move(*parsed);
        return {};
      },
      help);
}

// Read at the start, and by the user that starts it: root's files serve a chirmd with --user, too.
void add_secret_file(Settings& settings, const char* name, std::string& value,
                     std::vector<std::string>& warnings, const char* help) {
  settings.add(
      name, "FILE", "",
      [&value, &warnings](const std::string& path) -> std::string {
        auto secret = read_secret(path);
        if (!secret) return secret.error();
        value = std::move(*secret);
        if (auto warning = exposure_of(path)) warnings.push_back(std::move(*warning));
        return {};
      },
      help);
}

// Secrets can be flags, for trying things out, but everybody on the machine can read those.
void add_security(Settings& settings, ChirmdOptions& options) {
  ChatSettings& chat = options.chat;
  settings.begin_group("Security");
  settings.add_switch("insecure", chat.is_insecure,
                      "For development and measuring: no tokens, anybody is who they say they are, "
                      "and every channel is open to everybody");
  settings.add_text("token-hmac-secret", "SECRET", chat.tokens.hmac_secret,
                    "Secret of HS256 connection tokens, 16 bytes or more; better in a file, for "
                    "flags show in ps");
  add_secret_file(settings, "token-hmac-secret-file", chat.tokens.hmac_secret, options.warnings,
                  "... from a file, which only chirmd's user may read");
  add_public_key(settings, "token-rsa-public-key", PublicKey::Type::kRsa, chat.tokens.rsa,
                 "PEM file with the RSA public key of RS256 connection tokens");
  add_public_key(settings, "token-ecdsa-public-key", PublicKey::Type::kEcdsa, chat.tokens.ecdsa,
                 "PEM file with the ECDSA public key (P-256) of ES256 connection tokens");
  settings.add_text("token-issuer", "TEXT", chat.tokens.issuer,
                    "What the claim iss of these tokens must be; anything when not given");
  settings.add_text("token-audience", "TEXT", chat.tokens.audience,
                    "... and what aud must be or have");
  settings.add_text("api-key", "KEY", options.server.api_key,
                    "Key of the server API, /api, 16 bytes or more; without one there is none");
  add_secret_file(settings, "api-key-file", options.server.api_key, options.warnings,
                  "... from a file, which only chirmd's user may read");
  add_on_off(settings, "inboxes", chat.has_inboxes,
             "Whether every connection is subscribed to its user's channel, user:#<user>");
  settings.add_text("user", "NAME", options.user,
                    "User that chirmd becomes when root starts it: the owner of its store");
}

void add_accounts(Settings& settings, ChirmdOptions& options) {
  AccountSettings& accounts = options.server.accounts;
  settings.begin_group("Accounts");
  add_on_off(settings, "accounts", accounts.is_on,
             "Whether people sign in here; never with --insecure");
  add_on_off(
      settings, "registration", accounts.has_registration,
      "Whether anybody may register a name; off when a key of connection tokens is given and "
      "this is not");
  add_on_off(settings, "guests", accounts.has_guests, "Whether guests are let in");
  add_on_off(settings, "throttle", accounts.is_throttled,
             "Whether attempts to sign in are limited by address and by name");
  settings.add_list(
      "admins", "NAME,...",
      [&accounts](const std::string& text) {
        return for_each_word(text, [&accounts](const std::string& word) -> std::string {
          if (!is_account_name(word)) {
            return "expected names of " + std::string(kAccountNameRule) + ", got '" + word + "'";
          }
          // In lower case, as accounts are: "Ada" and "ada" are one.
          accounts.admins.insert(user_of(word));
          return {};
        });
      },
      "Who is an administrator. These names cannot be registered: see --set-password");
  settings.add(
      "set-password", "NAME", "",
      [&options](const std::string& text) -> std::string {
        options.set_password = text;
        if (is_account_name(text)) return {};
        return "expected a name of " + std::string(kAccountNameRule) + ", got '" + text + "'";
      },
      "Reads a password from stdin, makes it that of the account, which it makes if there is none, "
      "ends the account's sessions, and ends. With the --store or --redis of the nodes");
}

void add_chat(Settings& settings, ChatSettings& chat) {
  settings.begin_group("Chat");
  settings.add(
      "rooms", "users|admins|open", "users",
      [&chat](const std::string& text) {
        if (text == "users") chat.rooms = ChatSettings::Rooms::kUsers;
        if (text == "admins") chat.rooms = ChatSettings::Rooms::kAdmins;
        if (text == "open") chat.rooms = ChatSettings::Rooms::kOpen;
        const bool is_known = text == "users" || text == "admins" || text == "open";
        return is_known ? "" : "expected users, admins or open, got '" + text + "'";
      },
      "Who may create rooms; open: they need not be created, room:NAME is open to all users then");
  settings.add_number("rooms-per-user", "NUMBER", 0, 1'000'000, chat.rooms_per_user,
                      "Rooms that a user may own; administrators may own any number");
  settings.add_number("rooms-max", "NUMBER", 1, 10'000'000, chat.rooms_max,
                      "Rooms of the cluster; administrators may make 1,000 more");
  settings.add_number("publish-rate", "NUMBER", 0, 10'000, chat.publish_rate,
                      "Publishes a second of one connection, in bursts of twice as many; method "
                      "calls likewise; 0: no limit");
}

// Operators think in seconds, the code in milliseconds.
void add_seconds(Settings& settings, const char* name, std::uint64_t high, std::uint64_t& value_ms,
                 const char* help) {
  settings.add_number(
      name, "SECONDS", 1, high, value_ms / 1000,
      [&value_ms](std::uint64_t seconds) { value_ms = seconds * 1000; }, help);
}

// Passwords of Redis that stand in no URL.
struct RedisPasswords {
  std::string redis;
  std::string sentinel;
};

void add_store(Settings& settings, ChirmdOptions& options, RedisPasswords& passwords) {
  settings.begin_group("Store");
  settings.add_text("store", "FILE", options.store,
                    "Where a node without Redis keeps its channels: an SQLite file, which survives "
                    "the process, or the word memory");
  settings.add_choice("store-sync", "MODE", {"full", "normal"}, options.store_sync,
                      "full: an ack waits for the disk and survives a power failure; normal: it "
                      "survives the process, and costs less");
  settings.add_list(
      "redis", "URL",
      [&options](const std::string& text) {
        auto url = parse_redis_url(text);
        if (!url) return url.error().message;
        options.redis.push_back(std::move(*url));
        return std::string();
      },
      "Redis that the nodes share: redis://[USER:PASSWORD@]HOST[:PORT][/DB], unix:///PATH, or "
      "redis+sentinel://[USER:PASSWORD@]HOST[:PORT],.../MASTER[/DB]; with TLS: rediss://, "
      "rediss+sentinel://. Several times: shards, the same for all nodes");
  settings.add_text("redis-ca", "FILE", options.redis_tls_files.authorities,
                    "Certificate authorities that Redis' certificates must be of, in PEM; the "
                    "system's if not given");
  settings.add_text("redis-certificate", "FILE", options.redis_tls_files.own.certificate,
                    "Certificate that this node shows to Redis, in PEM");
  settings.add_text("redis-key", "FILE", options.redis_tls_files.own.key,
                    "... and its key, without a passphrase. SIGHUP reads all three again");
  add_secret_file(settings, "redis-password-file", passwords.redis, options.warnings,
                  "File with the password for each URL that has none: flags show in ps");
  add_secret_file(settings, "sentinel-password-file", passwords.sentinel, options.warnings,
                  "... and for Sentinels whose URL has none");
  settings.add_text("redis-prefix", "TEXT", options.redis_prefix,
                    "What this cluster's keys in Redis start with");
  settings.add_number("ack-replicas", "NUMBER", 0, 10, options.ack_replicas,
                      "A publication is acknowledged when so many of Redis' replicas have it, too; "
                      "until then it waits, up to hold");
  settings.add_number("history-size", "NUMBER", 1, 100'000'000, options.broker.history_size,
                      "Publications kept of a channel");
  settings.add_number("memory-bytes-max", "BYTES", kMib, kMib * kMib,
                      options.broker.memory_bytes_max,
                      "With --store memory: what all publications together may take; beyond, the "
                      "channel silent for longest loses its oldest");
  settings.add_number("disk-reserve", "BYTES", 0, kMib * kMib, options.broker.disk_reserve_bytes,
                      "With --store FILE: what is kept free on its disk, at most a tenth of it; "
                      "publications are refused before. 0: nothing");
  settings.add_number("store-bytes-max", "BYTES", 0, kMib * kMib, options.broker.store_bytes_max,
                      "... and what the file may hold; 0: as much as the disk");
  add_seconds(settings, "history-ttl", std::uint64_t{1} << 40, options.broker.history_ttl_ms,
              "How long a silent channel's publications are kept");
  add_seconds(settings, "idempotency-ttl", 86'400, options.broker.idempotency_ttl_ms,
              "How long, at least, a repeated message id is recognised");
  add_seconds(settings, "hold", 3600, options.broker.hold_ms,
              "How long commands wait while Redis is away, before they fail");
}

void add_limits(Settings& settings, ChatSettings& chat) {
  settings.begin_group("Limits");
  settings.add_number("ping", "SECONDS", 0, 3600, chat.ping_s,
                      "Between pings to a client; 0: none");
  settings.add_number("pong-timeout", "SECONDS", 1, 3600, chat.pong_timeout_s,
                      "Time that a client has to answer a ping");
  settings.add_number("channels-per-client", "NUMBER", 1, 10'000, chat.channels_per_client,
                      "Subscriptions of one connection");
  settings.add_number("channels-max", "NUMBER", 1, 100'000'000, chat.channels_max,
                      "Channels that this node follows; a subscribe to one more is refused");
  settings.add_number("tail-bytes-max", "BYTES", 64 * 1024, 1024 * kMib, chat.tail_bytes_max,
                      "Memory for the newest publications of one channel");
  settings.add_number("tails-bytes-max", "BYTES", kMib, kMib * kMib, chat.tails_bytes_max,
                      "... and of all channels together");
  settings.add_number("presence-list-max", "NUMBER", 0, 10'000, chat.presence_list_max,
                      "Clients in a channel up to which who is there is listed, and joins and "
                      "leaves are told; beyond, they are counted");
  settings.add_number("channel-linger", "SECONDS", 0, 86'400, chat.channel_linger_s,
                      "How long a channel is followed after its last subscriber left");
}

// What anybody may cost, beside what one connection may.
void add_budgets(Settings& settings, LimitSettings& limits) {
  settings.begin_group("Limits of users and addresses (on each node; 0: none)");
  add_on_off(settings, "limits", limits.is_on,
             "Whether these count; never with --insecure. A connection's own limits always do");
  settings.add_number("connections-per-address", "NUMBER", 0, 100'000'000,
                      limits.connections_per_address,
                      "Connections of one address, never more than half of the files");
  const auto add_rate = [&settings](const char* name, Allowance& allowance, const char* help) {
    settings.add_number(name, "NUMBER", 0, 1'000'000, allowance.per_second, help);
  };
  const auto add_hour = [&settings](const char* name, Allowance& allowance, const char* help) {
    settings.add_number(name, "NUMBER", 0, 100'000'000, allowance.per_hour, help);
  };
  add_rate("user-rate", limits.user, "Messages a second of one user, in bursts of four times that");
  add_hour("user-hour", limits.user,
           "... and an hour; at most a quarter of history-size if not given");
  add_rate("guest-rate", limits.guest, "Messages a second of one guest");
  add_hour("guest-hour", limits.guest,
           "... and an hour; at most a fortieth of history-size if not given");
  add_rate("guests-rate", limits.guests, "Messages a second of all guests of one address");
  add_hour("guests-hour", limits.guests,
           "... and an hour; at most a quarter of history-size if not given");
  add_rate("address-rate", limits.address, "Messages a second of everybody of one address");
  add_hour("address-hour", limits.address, "... and an hour");
  settings.add_number("replies-bytes-max", "BYTES", kMib, kMib * kMib, limits.replies_bytes_max,
                      "Memory for replies that clients do not read; an address may have a quarter "
                      "of it, a user an eighth");
}

// What is wrong with the secrets; empty when nothing is. Never quotes one.
std::string bad_secret(const Settings& settings, const ChirmdOptions& options) {
  const std::pair<std::string, const std::string&> secrets[] = {
      {"token-hmac-secret", options.chat.tokens.hmac_secret},
      {"api-key", options.server.api_key},
  };
  for (const auto& [name, secret] : secrets) {
    const std::string file = name + "-file";
    if (settings.is_given(name) && settings.is_given(file)) {
      return settings.source_of(file) + ": expected no " + settings.source_of(name) + " beside it";
    }
    const std::string& given = settings.is_given(file) ? file : name;
    // Who lets anybody be anybody has nothing that a secret would keep.
    if (!settings.is_given(given) || options.chat.is_insecure) continue;
    if (secret.size() >= kSecretBytesMin) continue;
    return settings.source_of(given) + ": expected a secret of " + std::to_string(kSecretBytesMin) +
           " bytes or more, got " + std::to_string(secret.size()) +
           " (openssl rand -hex 32 makes one)";
  }
  for (const char* name : {"redis-password-file", "sentinel-password-file"}) {
    if (!settings.is_given(name) || !options.redis.empty()) continue;
    return settings.source_of(name) + ": expected --redis beside it";
  }
  return {};
}

// Fills the passwords in where a URL has none.
void complete(std::vector<RedisUrl>& urls, const RedisPasswords& passwords) {
  for (RedisUrl& url : urls) {
    if (url.password.empty()) url.password = passwords.redis;
    if (url.has_sentinels() && url.sentinel_password.empty()) {
      url.sentinel_password = passwords.sentinel;
    }
  }
}

// What is wrong with the settings of TLS to Redis; empty when nothing is.
std::string bad_redis_tls(const Settings& settings, const ChirmdOptions& options) {
  const bool has_tls =
      std::ranges::any_of(options.redis, [](const RedisUrl& url) { return url.is_tls; });
  for (const char* name : {"redis-ca", "redis-certificate", "redis-key"}) {
    if (!settings.is_given(name) || has_tls) continue;
    return settings.source_of(name) + ": expected a --redis with rediss:// beside it";
  }
  const TlsFiles& own = options.redis_tls_files.own;
  if (own.certificate.empty() == own.key.empty()) return {};
  return settings.source_of(own.key.empty() ? "redis-certificate" : "redis-key") + ": expected --" +
         (own.key.empty() ? "redis-key" : "redis-certificate") + " beside it";
}

// All URLs with TLS share what is read now and again.
Expected<void, Error> set_redis_tls(ChirmdOptions& options) {
  for (RedisUrl& url : options.redis) {
    if (!url.is_tls) continue;
    if (!options.redis_tls) options.redis_tls = std::make_shared<RedisTls>();
    url.tls = options.redis_tls;
  }
  if (!options.redis_tls) return {};
  return read_redis_tls(options);
}

// What stands in a file that others can read is no secret.
void warn_of_file(const Settings& settings, ChirmdOptions& options) {
  for (const char* name : {"token-hmac-secret", "api-key", "redis"}) {
    if (!settings.source_of(name).ends_with(" in " + settings.file())) continue;
    if (auto warning = exposure_of(settings.file()))
      options.warnings.push_back(std::move(*warning));
    return;
  }
}

// What cannot be seen in one setting alone. Empty when all is well. Settings that would silently
// do nothing beside others are refused, most of all where security depends on them.
std::string contradiction(const Settings& settings, const ChirmdOptions& options) {
  const bool has_accounts = options.server.accounts.is_on;
  if (options.server.tls.certificate.empty() != options.server.tls.key.empty()) {
    const bool has_key = !options.server.tls.key.empty();
    return settings.source_of(has_key ? "tls-key" : "tls-certificate") + ": expected --" +
           (has_key ? "tls-certificate" : "tls-key") + " beside it";
  }
  if (options.server.redirect_port != 0 && options.server.tls.key.empty()) {
    return settings.source_of("http-redirect-port") + ": expected --tls-certificate beside it";
  }
  // Nobody could connect.
  if (!options.chat.is_insecure && !has_accounts && !options.chat.tokens.has_any()) {
    return settings.source_of("accounts") +
           ": expected on, or a key of connection tokens (--token-hmac-secret)";
  }
  for (const char* name : {"token-hmac-secret", "token-hmac-secret-file", "token-rsa-public-key",
                           "token-ecdsa-public-key"}) {
    if (!options.chat.is_insecure || !settings.is_given(name)) continue;
    return settings.source_of("insecure") + ": expected no " + settings.source_of(name) +
           " beside it, for no token would be looked at";
  }
  // Accounts are on by default, so only who asked for them is told.
  if (options.chat.is_insecure && has_accounts && settings.is_given("accounts")) {
    return settings.source_of("insecure") + ": expected no " + settings.source_of("accounts") +
           " beside it, for nobody would have to sign in";
  }
  // It would be set in this process's memory, and be gone with it.
  if (!options.set_password.empty() && options.redis.empty() && options.store == "memory") {
    return settings.source_of("set-password") + ": expected --store FILE or --redis beside it";
  }
  // A channel's shard is found by hashing the names: two of one name would be one shard that gets
  // twice its share, in an order that the command line happens to have.
  std::set<std::string> names;
  for (const RedisUrl& url : options.redis) {
    if (names.insert(url.name()).second) continue;
    return settings.source_of("redis") + ": expected each shard once, got " + url.name() +
           " again (#NAME behind a URL gives it a name)";
  }
  if (!options.redis.empty() && settings.is_given("store")) {
    return settings.source_of("redis") + ": expected no " + settings.source_of("store") +
           " beside it";
  }
  if (options.redis.empty() && options.ack_replicas != 0) {
    return settings.source_of("ack-replicas") + ": expected --redis beside it, which has replicas";
  }
  // A publish may wait for hold_ms, be sent, and be sent again by its client after as long again.
  if (!options.redis.empty() && options.broker.idempotency_ttl_ms < 2 * options.broker.hold_ms) {
    const char* name = settings.is_given("hold") ? "hold" : "idempotency-ttl";
    return settings.source_of(name) + ": expected an idempotency-ttl (" +
           std::to_string(options.broker.idempotency_ttl_ms / 1000) + ") of twice hold (" +
           std::to_string(options.broker.hold_ms / 1000) +
           ") or more, or what is sent again may be stored twice";
  }
  // A session has one deadline, for its next ping or for the pong to the last.
  if (options.chat.ping_s != 0 && options.chat.pong_timeout_s >= options.chat.ping_s) {
    // Named is the one that was given: the other's default did not change.
    const char* name = settings.is_given("pong-timeout") ? "pong-timeout" : "ping";
    return settings.source_of(name) + ": expected a pong-timeout (" +
           std::to_string(options.chat.pong_timeout_s) + ") below ping (" +
           std::to_string(options.chat.ping_s) + ")";
  }
  return {};
}

// A node must not do what was sent before a pause when the store may have forgotten that it was
// done meanwhile, through another node. What waits through two pauses that are just not noticed,
// and is then held (for half the time that ids are remembered, at most), is not older than the ids.
std::uint64_t pause_max_ms(const BrokerSettings& settings) {
  const std::uint64_t most_ms = ServerSettings{}.pause_max_ms;
  if (settings.idempotency_ttl_ms == 0) return most_ms;
  return std::min(most_ms, settings.idempotency_ttl_ms / 4);
}

// Nobody can push all that the others have said out of a room's history within an hour.
void fit_to_history(const Settings& settings, std::uint32_t history_size, LimitSettings& limits) {
  constexpr std::uint32_t kLeast = 30;  // or there would be no conversation
  const auto fit = [&](const char* name, Allowance& allowance, std::uint32_t share) {
    if (settings.is_given(name)) return;
    allowance.per_hour = std::min(allowance.per_hour, std::max(kLeast, history_size / share));
  };
  fit("user-hour", limits.user, 4);
  fit("guest-hour", limits.guest, 40);
  fit("guests-hour", limits.guests, 4);
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

std::variant<ChirmdOptions, int> parse_chirmd_options(int argc, char** argv) {
  ChirmdOptions options;
  RedisPasswords passwords;
  Settings settings({"chirmd", kIntroduction, kEpilogue});
  add_listening(settings, options.server, options.is_behind_proxy);
  add_security(settings, options);
  add_accounts(settings, options);
  add_chat(settings, options.chat);
  add_store(settings, options, passwords);
  add_limits(settings, options.chat);
  add_budgets(settings, options.chat.limits);
  settings.begin_group("Logging");
  settings.add_text("audit-log", "FILE", options.server.audit_log,
                    "File for the audit log, a line of JSON for each event: sign-ins, refusals, "
                    "what administrators and moderators do; - for stderr. SIGHUP opens it again");
  settings.add_choice("log-level", "LEVEL", {"debug", "info", "warn", "error"}, options.log_level,
                      "How much is told on stderr: debug, info, warn or error");
  if (const auto code = settings.parse(argc, argv)) return *code;
  if (const std::string wrong = contradiction(settings, options); !wrong.empty()) {
    return settings.complain(wrong);
  }
  if (const std::string wrong = bad_secret(settings, options); !wrong.empty()) {
    return settings.complain(wrong);
  }
  if (const std::string wrong = bad_redis_tls(settings, options); !wrong.empty()) {
    return settings.complain(wrong);
  }
  if (const auto set = set_redis_tls(options); !set) {
    return settings.complain("TLS to Redis: " + set.error().message);
  }
  complete(options.redis, passwords);
  fit_to_history(settings, options.broker.history_size, options.chat.limits);
  warn_of_file(settings, options);
  // Else whoever registers the name of one of the tokens' users would be that user.
  if (options.chat.tokens.has_any() && !settings.is_given("registration")) {
    options.server.accounts.has_registration = false;
  }
  if (options.server.node_name.empty()) {
    options.server.node_name = host_name() + ":" + std::to_string(options.server.port);
  }
  options.server.pause_max_ms = pause_max_ms(options.broker);
  return options;
}

Expected<void, Error> read_redis_tls(const ChirmdOptions& options) {
  const RedisTlsFiles& files = options.redis_tls_files;
  auto context = TlsContext::make_client(files.authorities, files.own, false);
  if (!context) return Unexpected<Error>(context.error());
  options.redis_tls->context = std::move(*context);
  return {};
}

}  // namespace chirm
