// SPDX-License-Identifier: MIT
#include "bench/load/settings.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "core/base/version.h"

#include "core/tls/tls_context.h"

namespace chirm::load {

namespace {

constexpr const char* kDefaultUrl = "ws://127.0.0.1:8080/connection/websocket";
// Connections from one source address to one server: below the 28,000 ports that Linux gives out.
constexpr std::uint32_t kClientsPerAddress = 10'000;
constexpr std::uint32_t kClientsPerWorker = 18'000;
constexpr rlim_t kOtherFiles = 64;  // that a worker has open besides its connections

constexpr const char* kIntroduction =
    "Opens many clients of a chat server (chirmd, or any that speaks the Centrifugal protocol v2,\n"
    "JSON), publishes, measures, and verifies that every subscriber gets every message of its\n"
    "room exactly once and in order, also across reconnects.\n\n"
    "Open loop (--rate): messages are due at fixed times, and latency counts from then, so that a\n"
    "stall of the server cannot hide. Closed loop (--window): each publisher sends its next\n"
    "message when the last one was acked and came back to it; shows what the server can do.\n";
constexpr const char* kEpilogue =
    "Exit code: 0 when all is well; 1 when a message was lost, doubled, reordered or altered, "
    "when\n"
    "clients were told that they missed some, could not connect or did not come back, when a\n"
    "message got no answer (one that was refused did), or when nothing was delivered; 2 for a bad\n"
    "setting.\n\n"
    "Examples:\n"
    "  chirm-load --clients 1000 --rate 50 --duration 10 --json -\n"
    "  chirm-load --clients 1000 --window 64 --server-pid $(pidof chirmd)\n"
    "  chirm-load --clients 5000 --rooms 500 --rate 1000 --churn 50 --duration 60\n"
    "  chirm-load --clients 10000 --idle --server-pid $(pidof chirmd)";

void add_targets(CLI::App& app, Settings& settings, std::vector<std::string>& urls) {
  app.add_option("--url", urls,
                 "Server; several times to spread the clients over several nodes\n"
                 "(CHIRM_URL) [ws://127.0.0.1:8080/connection/websocket]")
      ->option_text("URL")
      ->envname("CHIRM_URL");
  app.add_option("--ca", settings.authorities,
                 "PEM file with the authorities that are believed with wss:// (CHIRM_CA)\n"
                 "[the system's]")
      ->option_text("FILE")
      ->envname("CHIRM_CA");
  app.add_option("--token", settings.token, "Connection token of all clients (CHIRM_TOKEN)")
      ->option_text("TOKEN")
      ->envname("CHIRM_TOKEN");
  app.add_option("--name", settings.name, "Users are called NAME-0, NAME-1, … [load]")
      ->option_text("NAME");
  app.add_option("--channel", settings.channel, "Rooms are called CHANNEL-<run>-0, … [room:load]")
      ->option_text("CHANNEL");
  app.add_option("--clients", settings.clients, "Clients, each in one room [1000]")
      ->option_text("N")
      ->check(CLI::Range(1U, 10'000'000U));
  app.add_option("--rooms", settings.rooms, "Rooms [1]")
      ->option_text("N")
      ->check(CLI::Range(1U, 1'000'000U));
  app.add_option("--source-addresses", settings.source_addresses,
                 "Addresses 127.0.0.2, … to connect from [enough for the ports]")
      ->option_text("N")
      ->check(CLI::Range(0U, 60'000U));
  app.add_option("--workers", settings.workers,
                 "Processes that share the clients [as the limit of open files demands]")
      ->option_text("N")
      ->check(CLI::Range(0U, 256U));
}

void add_traffic(CLI::App& app, Settings& settings) {
  app.add_option("--rate", settings.rate, "Open loop: messages a second in all [50]")
      ->option_text("N")
      ->check(CLI::Range(0.001, 10'000'000.0));
  app.add_option("--window", settings.window, "Closed loop: messages in flight in all")
      ->option_text("N")
      ->check(CLI::Range(1U, 1'000'000U));
  app.add_flag("--idle", settings.is_idle, "Connect, subscribe and hold; publish nothing");
  app.add_flag("--join-leave", settings.is_watching, "Ask to be told who comes to a room and goes");
  app.add_option("--publishers", settings.publishers,
                 "Clients that publish [one a room, or one for each of --window]")
      ->option_text("N")
      ->check(CLI::Range(0U, 10'000'000U));
  app.add_option("--payload", settings.payload_bytes, "Bytes of text in a message [128]")
      ->option_text("BYTES")
      ->check(CLI::Range(std::size_t{0}, std::size_t{60'000}));
  app.add_option("--silence", settings.silence_s,
                 "Seconds for which, every other time, nothing is said in every third room [0]")
      ->option_text("S")
      ->check(CLI::Range(0.1, 100'000.0));
  app.add_option("--churn", settings.churn,
                 "Clients a second that come back after they lost their connection\n"
                 "or, every other one, closed it [0]")
      ->option_text("N")
      ->check(CLI::Range(0.0, 100'000.0));
  app.add_option("--vanish", settings.vanish,
                 "Clients a second that reset their connection or, every other one, leave it\n"
                 "open and unread, as a machine does that vanished; and come back [0]")
      ->option_text("N")
      ->check(CLI::Range(0.0, 100'000.0));
  app.add_option("--stall", settings.stall,
                 "Clients a second, of those that do not publish, that stop reading for\n"
                 "--stall-time [0]")
      ->option_text("N")
      ->check(CLI::Range(0.0, 100'000.0));
  app.add_option("--stall-time", settings.stall_s, "Seconds that a client does not read [3]")
      ->option_text("S")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_option("--receive-buffer", settings.receive_buffer_bytes,
                 "Bytes that a client's socket takes while it does not read [the system's choice]")
      ->option_text("BYTES")
      ->check(CLI::Range(1024U, 1U << 30));
  app.add_flag("--allow-resets", settings.allows_resets,
               "All is well, too, when clients were told that not everything could be\n"
               "recovered: for runs in which the server is made to lose its store");
  app.add_option("--probe-rooms", settings.probe_rooms,
                 "Rooms of two clients beside the others, with figures of their own; of\n"
                 "several --url, the two are on different ones [0]")
      ->option_text("N")
      ->check(CLI::Range(0U, 10'000U));
  app.add_option("--probe-rate", settings.probe_rate, "Messages a second in each probe room [10]")
      ->option_text("N")
      ->check(CLI::Range(0.001, 100'000.0));
}

void add_times(CLI::App& app, Settings& settings) {
  const auto add = [&app](const char* name, double& value, const char* help, double low = 0) {
    app.add_option(name, value, help)->option_text("S")->check(CLI::Range(low, 1'000'000.0));
  };
  add("--ramp", settings.ramp_s, "Seconds over which to connect; 0: as fast as possible [0]");
  add("--warmup", settings.warmup_s, "Seconds of traffic before measuring [1]");
  add("--duration", settings.duration_s, "Seconds to measure [10]", 0.1);
  add("--drain", settings.drain_s,
      "Seconds that acks and deliveries may take after the last message [10]");
  add("--connect-timeout", settings.connect_timeout_s,
      "Seconds to wait for clients while none gets further [15]");
}

void add_output(CLI::App& app, Settings& settings) {
  app.add_option("--server-pid", settings.server_pids,
                 "Server process to report CPU and memory of; several times for several")
      ->option_text("PID");
  app.add_option("--json", settings.json, "Write every figure to a file, - for stdout")
      ->option_text("FILE");
  app.add_option("--journal", settings.journal,
                 "Write who lost a connection and had caught up again when, who was told\n"
                 "recovered:false, and each violation to a file, one JSON object a line")
      ->option_text("FILE");
  app.add_option("--seed", settings.seed, "Repeats the choices of a run: texts, jitter, churn [1]")
      ->option_text("N");
  app.add_flag("--quiet", settings.is_quiet, "No progress and no summary");
}

// The most open files that this process may have, for it to have them.
rlim_t raise_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  // The soft limit is 1024 nearly everywhere, and raising it needs no rights.
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);  // then there will be more workers
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::string add_urls(Settings& settings, const std::vector<std::string>& urls) {
  std::shared_ptr<const TlsContext> tls;
  for (const std::string& text : urls) {
    auto url = client::parse_url(text);
    if (!url) return "--url: " + url.error().message;
    if (url->is_tls && !tls) {
      auto made = TlsContext::make_client(settings.authorities);
      if (!made) return "--ca: " + made.error().message;
      tls = std::move(*made);
    }
    if (url->is_tls) url->tls = tls;
    settings.urls.push_back(std::move(*url));
  }
  return {};
}

bool is_loopback(const client::Url& url) { return url.host.starts_with("127."); }

// Names go into JSON as they are, and into the line prefix that deliveries are compared with: with
// an escape in them the server could write them in more than one way.
bool needs_escapes(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c < ' ' || c == '"' || c == '\\' || c == '\x7f'; });
}

// Completes the settings. Returns what is wrong with them; empty when all is well.
std::string complete(Settings& settings) {
  if (needs_escapes(settings.channel) || settings.channel.size() > 200) {
    return "--channel: expected at most 200 bytes without quotes, backslashes and controls";
  }
  if (needs_escapes(settings.name) || settings.name.empty() || settings.name.size() > 100) {
    return "--name: expected 1 to 100 bytes without quotes, backslashes and controls";
  }
  if (settings.is_closed_loop() && settings.rate != 0)
    return "--window: expected no --rate beside it";
  if (settings.is_closed_loop() && settings.silence_s != 0) {
    return "--silence: expected no --window beside it";
  }
  if (settings.is_idle && (settings.is_closed_loop() || settings.rate != 0)) {
    return "--idle: expected no --rate or --window beside it";
  }
  if (settings.rooms > settings.clients) return "--rooms: expected at most --clients";
  if (settings.publishers > settings.clients) return "--publishers: expected at most --clients";
  const bool are_local = std::all_of(settings.urls.begin(), settings.urls.end(), is_loopback);
  if (settings.source_addresses != 0 && !are_local) {
    return "--source-addresses: expected every --url to be in 127.0.0.0/8";
  }
  if (!settings.is_idle && !settings.is_closed_loop() && settings.rate == 0) settings.rate = 50;
  // What was not given follows from the rest; what was given was judged above.
  if (settings.is_idle) settings.publishers = 0;
  if (settings.publishers == 0 && !settings.is_idle) {
    const std::uint32_t wanted = settings.is_closed_loop() ? settings.window : settings.rooms;
    settings.publishers = std::min(wanted, settings.clients);
  }
  if (settings.source_addresses == 0 && are_local) {
    settings.source_addresses = settings.all_clients() / kClientsPerAddress;  // 0: below that
    if (settings.source_addresses != 0) ++settings.source_addresses;
  }
  const rlim_t files = raise_files_limit();
  if (files <= kOtherFiles * 2) return "ulimit -n: expected more than 128 open files";
  // Each client is an open file. More workers, not fewer clients, when there are too few.
  const auto each = std::min<std::uint64_t>(files - kOtherFiles, kClientsPerWorker);
  const auto needed = static_cast<std::uint32_t>((settings.clients + each - 1) / each);
  if (settings.workers == 0) settings.workers = needed;
  settings.workers = std::min(settings.workers, settings.clients);
  if (settings.workers < needed) {
    return "--workers: expected at least " + std::to_string(needed) + ", for one may have " +
           std::to_string(each) + " clients";
  }
  return {};
}

int complain(std::string_view what) {
  std::string line(what);
  // CLI11 breaks its lines; a bad setting is one line, for whoever reads it from a log.
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::cerr << "chirm-load: " << line << " (see chirm-load --help)\n";
  return 2;
}

}  // namespace

std::string Settings::local_address_of(std::uint32_t client) const {
  if (source_addresses == 0) return {};
  const std::uint32_t number = client % source_addresses;
  return "127.0." + std::to_string(number / 250) + "." + std::to_string(2 + number % 250);
}

std::variant<Settings, int> parse_settings(int argc, const char* const* argv) {
  Settings settings;
  std::vector<std::string> urls;
  CLI::App app(kIntroduction, "chirm-load");
  app.footer(kEpilogue);
  app.get_formatter()->column_width(28);
  app.set_version_flag("--version", std::string(kVersion));
  add_targets(app, settings, urls);
  add_traffic(app, settings);
  add_times(app, settings);
  add_output(app, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  if (urls.empty()) urls.emplace_back(kDefaultUrl);
  std::string wrong = add_urls(settings, urls);
  if (wrong.empty()) wrong = complete(settings);
  if (!wrong.empty()) return complain(wrong);
  return settings;
}

}  // namespace chirm::load
