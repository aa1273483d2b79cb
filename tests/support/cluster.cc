// SPDX-License-Identifier: MIT
#include "tests/support/cluster.h"

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/base/check.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"

namespace chirm::testing {

namespace {

std::string address(const ReservedPort& port) {
  return "127.0.0.1:" + std::to_string(port.number());
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string in_one_text(const std::vector<Cluster::Log>& logs) {
  std::string all;
  for (const auto& [name, text] : logs) all += "\n---- " + name + "\n" + text;
  return all;
}

// Without any node, which may be frozen: a location that is only for nginx itself.
constexpr const char* kAnsweredByNginx = "/-/answers/chirm";

}  // namespace

Cluster::Cluster(Loop& loop, Options options)
    : loop_(loop), options_(std::move(options)), nodes_(options_.is_single ? 1 : options_.nodes) {
  // nginx' workers run as another user when the test runs as root.
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  if (!options_.is_single) {
    start_redis();
  }
  for (std::size_t node = 0; node < nodes_.size(); ++node) start_node(node);
  if (options_.is_single) return;
  CHIRM_CHECK(wait_until_ready(), in_one_text(logs()));
  start_nginx();
}

Cluster::~Cluster() {
  (void)stop();
  nodes_.clear();
}

std::vector<std::string> Cluster::stop() {
  is_stopping_ = true;
  nginx_.reset();
  for (Node& node : nodes_) {
    if (!node.process->exit_code()) node.process->send_signal(SIGTERM);
  }
  (void)run_until(loop_, [&] {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [](const Node& node) { return node.process->exit_code().has_value(); });
  });
  std::vector<std::string> troubles;
  for (Node& node : nodes_) {
    const auto code = node.process->exit_code();
    if (code == 0 || node.is_killed) continue;
    troubles.push_back(address(node.port) + ": " +
                       (code ? "exit code " + std::to_string(*code) : "does not stop"));
  }
  return troubles;
}

std::string Cluster::find_death() const {
  std::string died;
  if (is_stopping_) return died;
  for (const Node& node : nodes_) {
    if (node.is_killed || !node.process) continue;
    // One that was told to stop ends with 0.
    if (const auto code = node.process->exit_code(); code.value_or(0) != 0) {
      died += "chirmd-" + address(node.port) + ": exit code " + std::to_string(*code) + "\n";
    }
  }
  if (nginx_ && !is_nginx_killed_ && nginx_->exit_code()) {
    died += "nginx: exit code " + std::to_string(*nginx_->exit_code()) + "\n";
  }
  return died;
}

std::vector<Cluster::Log> Cluster::logs() const {
  std::vector<Log> logs;
  for (const Node& node : nodes_) {
    logs.push_back({"chirmd-" + std::to_string(node.port.number()),
                    node.earlier_log + node.process->errors()});
  }
  if (!options_.is_single) logs.push_back({"nginx", content(directory_.path() + "/error.log")});
  for (const RedisServer* redis : {redis_.get(), replica_.get()}) {
    if (redis != nullptr) logs.push_back({"redis-" + std::to_string(redis->port()), redis->log()});
  }
  if (sentinel_) logs.push_back({"sentinel", sentinel_->log()});
  return logs;
}

void Cluster::start_redis() {
  redis_ = std::make_unique<RedisServer>(
      RedisServer::Options{.configuration = CHIRM_SOURCE_DIR "/conf/redis.conf",
                           .arguments = options_.redis_arguments,
                           .has_tcp = options_.has_relays || options_.has_sentinel,
                           .environment = options_.redis_environment});
  if (options_.has_sentinel) {
    replica_ = std::make_unique<RedisServer>(RedisServer::Options{
        .configuration = CHIRM_SOURCE_DIR "/conf/redis.conf",
        .arguments = {"--replicaof", "127.0.0.1", std::to_string(redis_->port()),
                      "--repl-diskless-sync-delay", "0"},
        .has_tcp = true,
        .environment = options_.redis_environment});
    sentinel_ = std::make_unique<SentinelServer>(
        loop_, SentinelServer::Options{.master_port = redis_->port()});
    CHIRM_CHECK(run_until(loop_, [this] { return is_guarded(); }));
  }
  if (!options_.has_relays) return;
  for (Node& node : nodes_) node.relay = std::make_unique<Relay>(loop_, redis_->port());
}

client::Url Cluster::url_at(std::uint16_t port) const {
  client::Url url;
  url.host = "127.0.0.1";
  url.port = port;
  return url;
}

client::Url Cluster::url() const {
  return url_at(options_.is_single ? nodes_[0].port.number() : nginx_port_.number());
}

client::Url Cluster::node_url(std::size_t node) const { return url_at(nodes_[node].port.number()); }

std::string Cluster::redis_url(const Node& node) const {
  if (sentinel_) return "redis+sentinel://" + sentinel_->place() + "/main";
  return node.relay ? "redis://127.0.0.1:" + std::to_string(node.relay->port())
                    : redis_->unix_url();
}

void Cluster::start_node(std::size_t index) {
  Node& node = nodes_[index];
  if (node.process) node.earlier_log += node.process->errors();
  std::vector<std::string> arguments = options_.wrapper;
  arguments.insert(arguments.end(),
                   {options_.chirmd, "--port", std::to_string(node.port.number())});
  if (redis_) {
    // As bin/up runs them behind conf/nginx.conf.
    arguments.insert(arguments.end(),
                     {"--redis", redis_url(node), "--trusted-proxies", "127.0.0.1"});
  }
  arguments.insert(arguments.end(), options_.chirmd_arguments.begin(),
                   options_.chirmd_arguments.end());
  node.process.reset();
  node.is_killed = false;
  std::vector<std::string> environment;
  if (!options_.node_environments.empty()) environment = options_.node_environments[index];
  node.process = std::make_unique<Process>(
      loop_,
      Process::Options{.arguments = std::move(arguments), .environment = std::move(environment)});
  wait_for(*node.process, "listening on " + address(node.port));
}

// The Sentinel may still go by what it asked the replica ten seconds ago, and would promote it in
// the middle of a full synchronisation.
bool Cluster::is_guarded() {
  const std::string in_step = "slave 127.0.0.1 " + std::to_string(redis_->port()) + " connected";
  if (!replica_->try_command({"ROLE"}).value_or("").starts_with(in_step)) return false;
  return sentinel_->command({"SENTINEL", "REPLICAS", "main"}).find("master-link-status ok") !=
         std::string::npos;
}

bool Cluster::is_replica_promoted() {
  return sentinel_->command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"}) ==
             "127.0.0.1 " + std::to_string(replica_->port()) &&
         replica_->try_command({"ROLE"}).value_or("").starts_with("master");
}

bool Cluster::fail_over() {
  redis_->kill();
  const bool is_promoted = run_until(loop_, [this] { return is_replica_promoted(); });
  exchange_redis();
  replica_->start();
  (void)replica_->command({"REPLICAOF", "127.0.0.1", std::to_string(redis_->port())});
  return is_promoted && run_until(loop_, [this] { return is_guarded(); });
}

void Cluster::kill_node(std::size_t node) {
  nodes_[node].is_killed = true;
  nodes_[node].process->kill();
}

void Cluster::start_nginx() {
  const std::string& directory = directory_.path();
  std::string render = CHIRM_SOURCE_DIR "/conf/render-nginx " + directory + ' ';
  render += address(nginx_port_);
  for (const Node& node : nodes_) render += ' ' + address(node.port);
  CHIRM_CHECK(std::system(render.c_str()) == 0, render);
  if (!options_.worker_shutdown_timeout.empty()) {
    std::string text = content(directory + "/nginx.conf");
    const std::string setting = "worker_shutdown_timeout ";
    const std::size_t start = text.find(setting);
    CHIRM_CHECK(start != std::string::npos);
    const std::size_t end = text.find(';', start);
    text.replace(start, end - start, setting + options_.worker_shutdown_timeout);
    std::ofstream(directory + "/nginx.conf") << text;
  }
  if (!options_.nginx_edits.empty()) {
    std::string text = content(directory + "/nginx.conf");
    for (const auto& [what, instead] : options_.nginx_edits) {
      const std::size_t at = text.find(what);
      CHIRM_CHECK(at != std::string::npos, what);
      text.replace(at, what.size(), instead);
    }
    std::ofstream(directory + "/nginx.conf") << text;
  }
  nginx_.reset();
  is_nginx_killed_ = false;
  nginx_ = std::make_unique<Process>(
      loop_, Process::Options{
                 .arguments = {"nginx", "-p", directory + '/', "-c", directory + "/nginx.conf",
                               "-e", "stderr", "-g", "daemon off;"},
                 // It is in sbin, off an ordinary user's PATH.
                 .environment = {std::string("PATH=") + getenv("PATH") + ":/usr/sbin"},
                 .parent_death_signal = SIGTERM});
  CHIRM_CHECK(run_until(loop_,
                        [&] {
                          return nginx_->exit_code() ||
                                 http_get(nginx_port_.number(), kAnsweredByNginx).status == 404;
                        }) &&
                  !nginx_->exit_code(),
              nginx_->errors());
}

void Cluster::kill_nginx() {
  is_nginx_killed_ = true;
  nginx_->kill();
}

void Cluster::wait_for(Process& process, std::string_view line) {
  const bool is_there = run_until(loop_, [&] {
    return process.exit_code() || process.errors().find(line) != std::string::npos;
  });
  CHIRM_CHECK(is_there && !process.exit_code(), process.errors());
}

bool Cluster::wait_until_ready() {
  return run_until(loop_, [&] {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
      return http_get(node.port.number(), "/readyz").status == 200;
    });
  });
}

std::string Cluster::metrics(std::size_t node) const {
  return http_get(nodes_[node].port.number(), "/metrics").body;
}

std::optional<double> Cluster::find_metric(std::size_t node, std::string_view name) const {
  std::istringstream lines(metrics(node));
  const std::string wanted = std::string(name) + ' ';
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(wanted)) return std::atof(line.c_str() + wanted.size());
  }
  return std::nullopt;
}

}  // namespace chirm::testing
