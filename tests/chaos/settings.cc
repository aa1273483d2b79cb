// SPDX-License-Identifier: MIT
#include "tests/chaos/settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "tests/chaos/faults.h"

namespace chirm::chaos {

namespace {

constexpr const char* kIntroduction =
    "Runs real processes (Redis with an append-only file, chirmd, nginx) under load,\n"
    "breaks something, or several things at once, every few seconds, and judges: was anything that "
    "was acked lost, stored\n"
    "twice, delivered twice or out of order, or presented as recovered when it was not? And did\n"
    "each fault have an effect? The same --seed repeats the same faults in the same order,\n"
    "on the same nodes (a node without clients is passed over) and for the same times.\n";
constexpr const char* kEpilogue =
    "Exit code: 0 when all is well, 1 when not or when interrupted, 2 for a bad setting.\n\n"
    "Examples:\n"
    "  chirm-chaos --duration 600 --seed 7\n"
    "  chirm-chaos --duration 600 --at-once 3 --every 10 --seed 1\n"
    "  chirm-chaos --once --faults kill-node,kill-redis --keep /tmp/chaos";

void add_options(CLI::App& app, Settings& settings) {
  const auto number = [&app](const char* name, auto& value, const char* help, double low) {
    app.add_option(name, value, help)->option_text("N")->check(CLI::Range(low, 1e6));
  };
  number("--nodes", settings.nodes, "Nodes [3]", 2);
  number("--clients", settings.clients, "Clients, through nginx [600]", 2);
  number("--rooms", settings.rooms, "Rooms that they are in, each in one [20]", 1);
  number("--rate", settings.rate, "Messages a second [200]", 1);
  number("--churn", settings.churn, "Clients a second that lose or close their connection [1]", 0);
  app.add_option("--history-ttl", settings.history_ttl_s,
                 "Seconds after which the history of a silent room lapses; every third room is\n"
                 "silent for twice as long, every other time [never]")
      ->option_text("S")
      ->check(CLI::Range(8U, 10'000U));
  number("--every", settings.every_s, "Seconds from one fault to the next [5]", 0);
  number("--duration", settings.duration_s, "Seconds of faults [600]", 0);
  app.add_option("--at-once", settings.at_once,
                 "Faults at once: two up to so many, as far as they are compatible [1]")
      ->option_text("N")
      ->check(CLI::Range(1U, 5U));
  app.add_flag("--once", settings.is_once, "Each fault once, instead of for --duration");
  app.add_option("--faults", settings.faults, "Which, separated by commas [all]")
      ->option_text("NAMES")
      ->delimiter(',');
  const auto store = [&](const char* name, Store kind, const char* help) {
    return app.add_flag_callback(
        name, [&settings, kind] { settings.store = kind; }, help);
  };
  store("--sentinel", Store::kSentinel,
        "Redis has a replica and a Sentinel; other faults are possible then")
      ->excludes(store("--file", Store::kFile,
                       "One node with a file (--store), without Redis and nginx; other faults are\n"
                       "possible then"));
  app.add_option("--seed", settings.seed, "Repeats a sequence of faults [1]")->option_text("N");
  app.add_flag("--no-api", settings.has_no_api,
               "Nothing is published through the server API, for a --wrapper that stops it");
  app.add_option("--faketime", settings.faketime,
                 "libfaketimeMT.so.1, for steps of clocks [as Debian has it]")
      ->option_text("FILE");
  app.add_option("--programs", settings.programs, "Where chirmd and chirm-load are [beside this]")
      ->option_text("DIR");
  app.add_option("--wrapper", settings.wrapper,
                 "Runs each chirmd through a command, in one word: 'taskset 1'")
      ->option_text("COMMAND");
  app.add_option(
         "--keep", settings.keep,
         "Where logs and reports are kept [chirm-chaos-<pid> in the directory for temporary\n"
         "files, and only when the run failed]")
      ->option_text("DIR");
  number("--p50-ms", settings.limits.p50_ms,
         "Longest median from the kill of a node to its clients caught up, ms [any]", 0);
  number("--p99-ms", settings.limits.p99_ms, "… and the longest 99th percentile, ms [any]", 0);
  app.add_option("--json", settings.json, "Write the verdict to a file, - for stdout")
      ->option_text("FILE");
}

int list() {
  for (const Fault& fault : all_faults()) {
    std::cout << fault.name << std::string(18 - fault.name.size(), ' ') << fault.help << '\n';
  }
  return 0;
}

int complain(std::string_view what) {
  std::cerr << "chirm-chaos: " << what << " (see chirm-chaos --help)\n";
  return 2;
}

}  // namespace

std::variant<Settings, int> parse_settings(int argc, const char* const* argv) {
  Settings settings;
  CLI::App app(kIntroduction, "chirm-chaos");
  app.footer(kEpilogue);
  app.get_formatter()->column_width(28);
  add_options(app, settings);
  bool wants_list = false;
  app.add_flag("--list", wants_list, "List the faults and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  if (wants_list) return list();
  if (settings.store == Store::kFile) {
    if (app.count("--nodes") + app.count("--at-once") > 0) {
      return complain("--file: expected neither --nodes nor --at-once: there is one node");
    }
    settings.nodes = 1;
  }
  for (const std::string& name : settings.faults) {
    const Fault* const fault = find_fault(name);
    if (fault == nullptr) return complain("--faults: no fault is called " + name);
    if (!is_possible(*fault, settings.store)) {
      const char* const needed = is_possible(*fault, Store::kRedis)      ? "one Redis"
                                 : is_possible(*fault, Store::kSentinel) ? "--sentinel"
                                                                         : "--file";
      return complain(std::string("--faults: ") + name + " needs " + needed);
    }
  }
  // Histories that are kept for seconds lapse at once when Redis' clock is set by minutes.
  if (settings.history_ttl_s != 0 && settings.has(kStepRedisClock)) {
    return complain(std::string("--history-ttl: expected no ") + std::string(kStepRedisClock));
  }
  if (settings.faults.empty()) {
    for (const Fault& fault : all_faults()) {
      if (settings.history_ttl_s != 0 && fault.name == kStepRedisClock) continue;
      if (is_possible(fault, settings.store)) settings.faults.emplace_back(fault.name);
    }
  }
  if (settings.programs.empty()) {
    settings.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  }
  if (!std::filesystem::exists(settings.programs + "/chirmd")) {
    return complain("--programs: there is no chirmd in " + settings.programs);
  }
  return settings;
}

}  // namespace chirm::chaos
