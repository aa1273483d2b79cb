// SPDX-License-Identifier: MIT
#include "tests/chaos/arena.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "protocol/jwt.h"
#include "tests/chaos/api_traffic.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/sqlite_backup.h"

namespace chirm::chaos {

namespace {

using testing::Cluster;
using testing::Process;

constexpr std::uint64_t kStartMs = 60'000;
constexpr std::uint64_t kVerifyMs = 120'000;
constexpr std::uint64_t kStepMs = 1'000'000;  // in which some pause is over
constexpr const char* kLoadDrainS = "60";     // until all is acked and delivered; it takes less

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

constexpr const char* kTokenSecret = "the secret of chaos";

// A token that does not end.
std::string token_of(const std::string& user) {
  return sign_token_hs256(R"({"sub":")" + user + "\"}", kTokenSecret);
}

using Clocks = std::vector<std::unique_ptr<testing::SteppedClock>>;

// Makes the clocks of the nodes and of Redis, where these can be stepped.
Cluster::Options cluster_options(const Settings& settings, const std::string& store_path,
                                 Clocks& clocks) {
  Cluster::Options options;
  options.nodes = settings.nodes;
  options.is_single = settings.store == Store::kFile;
  options.has_relays = settings.store == Store::kRedis;
  options.has_sentinel = settings.store == Store::kSentinel;
  options.worker_shutdown_timeout = "3s";
  options.chirmd = settings.programs + "/chirmd";
  options.wrapper = words(settings.wrapper);
  // Rooms are open, and no more checked than with --insecure; private conversations are.
  options.chirmd_arguments = {"--token-hmac-secret",
                              kTokenSecret,
                              "--rooms",
                              "open",
                              "--publish-rate",
                              "0",
                              "--limits",
                              "off",
                              "--api-key",
                              ApiTraffic::kKey,
                              "--drain",
                              "1",
                              "--ping",
                              "10",
                              "--pong-timeout",
                              "5",
                              "--tail-bytes-max",
                              "1048576"};
  if (options.is_single) {
    options.chirmd_arguments.insert(options.chirmd_arguments.end(), {"--store", store_path});
  }
  if (settings.history_ttl_s != 0) {
    options.chirmd_arguments.insert(options.chirmd_arguments.end(),
                                    {"--history-ttl", std::to_string(settings.history_ttl_s)});
  }
  if (settings.faketime.empty()) return options;
  clocks.resize(settings.nodes + 1);
  for (std::size_t i = 0; i <= settings.nodes; ++i) {
    clocks[i] = std::make_unique<testing::SteppedClock>(settings.faketime);
    if (i < settings.nodes) options.node_environments.push_back(clocks[i]->environment());
  }
  options.redis_environment = clocks.back()->environment();
  return options;
}

}  // namespace

std::uint64_t now_us() { return Loop::clock_ns() / 1000; }

client::Options Arena::editor_options() const {
  client::Options options;
  options.url = cluster_->url();
  options.token = token_of("editor");
  return options;
}

Arena::Arena(const Settings& settings)
    : settings_(settings),
      on_interrupt_(loop_, SIGINT, [this] { is_interrupted_ = true; }),
      on_terminate_(loop_, SIGTERM, [this] { is_interrupted_ = true; }),
      journal_(directory_.path() + "/journal"),
      totals_(settings.nodes),
      suspended_(settings.nodes),
      taken_(settings.nodes),
      cluster_(std::make_unique<Cluster>(loop_, cluster_options(settings, store_path(), clocks_))) {
}

Arena::~Arena() = default;

void Arena::start_load() {
  std::vector<std::string> arguments = {settings_.programs + "/chirm-load",
                                        "--url",
                                        cluster_->url().text(),
                                        "--token",
                                        token_of("load"),
                                        "--clients",
                                        std::to_string(settings_.clients),
                                        "--rooms",
                                        std::to_string(settings_.rooms),
                                        "--rate",
                                        std::to_string(settings_.rate),
                                        "--churn",
                                        std::to_string(settings_.churn),
                                        "--seed",
                                        std::to_string(settings_.seed),
                                        "--warmup",
                                        "0",
                                        "--duration",
                                        "1000000",  // until stop_load()
                                        "--drain",
                                        kLoadDrainS,
                                        "--vanish",
                                        settings_.has("vanish") ? "1" : "0",
                                        "--journal",
                                        directory_.path() + "/journal",
                                        "--json",
                                        directory_.path() + "/load.json"};
  if (settings_.history_ttl_s != 0) {
    arguments.insert(arguments.end(), {"--silence", std::to_string(2 * settings_.history_ttl_s)});
  }
  load_ = std::make_unique<Process>(
      loop_, Process::Options{.arguments = std::move(arguments), .environment = {}});
  const bool has_started = wait_until(
      [this] {
        journal_.update();
        return journal_.has_started();
      },
      kStartMs);
  if (!has_started) throw Interrupted("chirm-load does not start: " + load_->errors());
}

std::string Arena::stop_load() {
  load_->send_signal(SIGTERM);
  (void)testing::run_until(
      loop_, [this] { return is_interrupted_ || load_->exit_code().has_value(); }, kVerifyMs);
  if (is_interrupted_) throw Interrupted("interrupted");
  journal_.update();
  if (!load_->exit_code()) troubles_.emplace_back("chirm-load does not end");
  return content(directory_.path() + "/load.json");
}

void Arena::run_load(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {settings_.programs + "/chirm-load", "--token",
                                       token_of("load"), "--drain", kLoadDrainS});
  Process load(loop_, Process::Options{.arguments = std::move(arguments), .environment = {}});
  (void)wait_until([&] { return load.exit_code().has_value(); }, kVerifyMs);
  if (load.exit_code() == 0) return;
  troubles_.push_back("another chirm-load: " +
                      (load.exit_code() ? load.output() + load.errors() : "does not end"));
}

void Arena::stop() {
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) scrape(node);
  for (const std::string& trouble : cluster_->stop()) troubles_.push_back("node " + trouble);
}

void Arena::check() const {
  if (is_interrupted_) throw Interrupted("interrupted");
  if (load_ && load_->exit_code()) throw Interrupted("chirm-load ended: " + load_->errors());
}

void Arena::wait(std::uint64_t ms) {
  (void)testing::run_until(
      loop_, [this] { return is_interrupted_; }, ms);
  check();
}

bool Arena::Pause::is_over() {
  was_true_ = is_true_();
  return was_true_ || now_us() >= ends_us_;
}

void Arena::run(const std::function<bool()>& is_over) {
  while (!is_over()) {
    Pause* over = nullptr;
    // Somebody waits, always, and not for ever.
    (void)testing::run_until(
        loop_,
        [&] {
          const auto found =
              std::ranges::find_if(pauses_, [](Pause* pause) { return pause->is_over(); });
          if (found != pauses_.end()) over = *found;
          return is_interrupted_ || over != nullptr;
        },
        kStepMs);
    check();
    if (over == nullptr) continue;
    pauses_.remove(over);
    over->waiting_.resume();
  }
}

bool Arena::wait_until(const std::function<bool()>& is_true, std::uint64_t deadline_ms) {
  const bool was_true = testing::run_until(
      loop_, [&] { return is_interrupted_ || is_true(); }, deadline_ms);
  check();
  return was_true;
}

std::size_t Arena::sessions(std::size_t node) const {
  if (suspended_[node]) return 0;  // it would not answer
  return static_cast<std::size_t>(cluster_->find_metric(node, "chirm_sessions").value_or(0));
}

std::size_t Arena::all_sessions() const {
  std::size_t sum = 0;
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) sum += sessions(node);
  return sum;
}

bool Arena::are_nodes_ready() const {
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) {
    if (taken_[node]) continue;
    if (testing::http_get(cluster_->node_port(node), "/readyz").status != 200) return false;
  }
  return true;
}

std::size_t Arena::take_node(Random& random, bool has_clients) {
  const auto next = [&](std::size_t node) { return (node + 1) % cluster_->nodes(); };
  std::size_t node = random.between(0, cluster_->nodes() - 1);
  while (taken_[node]) node = next(node);
  if (has_clients) {
    std::size_t busy = node;
    do {
      if (!taken_[busy] && sessions(busy) > 0) {
        node = busy;
        break;
      }
      busy = next(busy);
    } while (busy != node);
  }
  taken_[node] = true;
  return node;
}

bool Arena::note_death(std::size_t node) {
  const auto code = cluster_->node(node).exit_code();
  if (!code) return false;
  troubles_.push_back("node " + std::to_string(node) + " ended by itself with code " +
                      std::to_string(*code));
  return true;
}

void Arena::revive_nodes() {
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) {
    if (!note_death(node)) continue;
    totals_.retire(node);
    cluster_->start_node(node);
  }
}

void Arena::scrape(std::size_t node) {
  if (!suspended_[node] && !cluster_->node(node).exit_code()) {
    totals_.update(node, cluster_->metrics(node));
  }
}

double Arena::total(std::string_view counter) {
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) scrape(node);
  return totals_.total(counter);
}

std::uint64_t Arena::kill_node(std::size_t node) {
  scrape(node);  // waits for the node's answer
  (void)note_death(node);
  const std::uint64_t killed_us = now_us();
  cluster_->kill_node(node);
  totals_.retire(node);
  return killed_us;
}

void Arena::begin_drain(std::size_t node) {
  scrape(node);
  cluster_->node(node).send_signal(SIGTERM);
}

bool Arena::has_left(std::size_t node) const {
  if (settings_.store == Store::kFile) return true;
  constexpr int kPatienceMs = 300;
  const testing::RedisServer& redis = cluster_->redis();
  if (!redis.is_running() || !redis.answers(kPatienceMs)) return false;
  const auto nodes = redis.try_command({"ZRANGE", "chirm:nodes", "0", "-1"});
  // Names are <host>:<port>:<random>.
  const std::string port = ":" + std::to_string(cluster_->node_port(node)) + ":";
  return nodes && nodes->find(port) == nodes->npos;
}

void Arena::end_drain(std::size_t node) {
  Process& process = cluster_->node(node);
  if (!process.exit_code()) {
    troubles_.emplace_back("a node did not end after SIGTERM");
    process.kill();
  } else if (process.exit_code() != 0) {
    troubles_.push_back("a node ended after SIGTERM with " + std::to_string(*process.exit_code()));
  }
  totals_.retire(node);
}

void Arena::start_node(std::size_t node) { cluster_->start_node(node); }

void Arena::suspend_node(std::size_t node) {
  scrape(node);
  suspended_[node] = true;
  cluster_->node(node).send_signal(SIGSTOP);
}

void Arena::resume_node(std::size_t node) {
  cluster_->node(node).send_signal(SIGCONT);
  suspended_[node] = false;
}

void Arena::copy_store() {
  if (settings_.store == Store::kSentinel) return;
  copies_.take([this](const std::string& directory) {
    if (settings_.store == Store::kRedis) return copy_redis(redis(), directory);
    testing::back_up(store_path(), directory + "/copy.db");
  });
}

void Arena::keep_logs(const std::string& directory) {
  std::filesystem::create_directories(directory);
  for (const auto& [name, text] : cluster_->logs()) std::ofstream(directory + "/" + name) << text;
  for (const char* name : {"journal", "load.json"}) {
    std::ofstream(directory + "/" + name) << content(directory_.path() + "/" + name);
  }
  if (load_) std::ofstream(directory + "/chirm-load") << load_->output() << load_->errors();
}

}  // namespace chirm::chaos
