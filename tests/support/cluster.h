// SPDX-License-Identifier: MIT
#pragma once
// The whole of chirm as real processes: Redis and nginx with the configuration of conf/, and any
// number of chirmd. Ports are reserved, so a part that was killed comes back at the same place. All
// of it ends with the cluster.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/url.h"
#include "core/loop/loop.h"
#include "tests/support/death_watch.h"
#include "tests/support/process.h"
#include "tests/support/redis_server.h"
#include "tests/support/relay.h"
#include "tests/support/reserved_port.h"
#include "tests/support/sentinel_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

class Cluster {
 public:
  struct Options {
    std::size_t nodes = 3;
    bool is_single = false;                 // one node with the embedded store: no Redis, no nginx
    std::vector<std::string> wrapper = {};  // before chirmd's command line, which it runs
    std::vector<std::string> chirmd_arguments = {"--insecure"};
    std::string chirmd = CHIRM_BIN_DIR "/chirmd";
    std::vector<std::string> redis_arguments = {};
    // NAME=value, besides the test's own; those of the nodes in their order, or none at all.
    std::vector<std::string> redis_environment = {};
    std::vector<std::vector<std::string>> node_environments = {};
    bool has_relays = false;    // one between each node and Redis
    bool has_sentinel = false;  // Redis has a replica and a Sentinel, and nodes ask that
    // Of nginx.conf, when not "": how long old workers keep their connections after a reload.
    std::string worker_shutdown_timeout = {};
    // Texts in it, and what stands there instead.
    std::vector<std::pair<std::string, std::string>> nginx_edits = {};
  };

  // Returns when everything accepts connections. The loop must outlive it.
  Cluster(Loop& loop, Options options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Where clients connect: nginx, or the single node.
  client::Url url() const;
  client::Url node_url(std::size_t node) const;
  std::uint16_t node_port(std::size_t node) const { return nodes_[node].port.number(); }

  std::size_t nodes() const { return nodes_.size(); }
  Process& node(std::size_t node) { return *nodes_[node].process; }
  // The master, where there are two.
  RedisServer& redis() { return *redis_; }
  const RedisServer& redis() const { return *redis_; }
  RedisServer& replica() { return *replica_; }
  SentinelServer& sentinel() { return *sentinel_; }
  // Kills the master; returns when the Sentinel has made the replica the master and knows the old
  // one, which is started again, as its replica, in step. False when that does not happen.
  [[nodiscard]] bool fail_over();
  // In single steps. The Sentinel has made the replica the master …
  bool is_replica_promoted();
  // … so that the two change places here …
  void exchange_redis() { std::swap(redis_, replica_); }
  // … and the Sentinel knows a replica that is in step.
  bool is_guarded();
  Relay& relay(std::size_t node) { return *nodes_[node].relay; }
  Process& nginx() { return *nginx_; }

  void start_node(std::size_t node);
  void kill_node(std::size_t node);  // SIGKILL
  void start_nginx();
  void kill_nginx();  // SIGKILL, master and workers

  // Stops nginx and the nodes. Returns a line for each node that had died by itself or did not stop
  // cleanly.
  std::vector<std::string> stop();

  struct Log {
    std::string name;
    std::string text;
  };
  // What everybody has written so far.
  std::vector<Log> logs() const;

  // /metrics of a node, "" when it does not answer.
  std::string metrics(std::size_t node) const;
  // The value of a metric of this node, e.g. "chirm_connections"; nullopt when it does not tell.
  std::optional<double> find_metric(std::size_t node, std::string_view name) const;
  // Waits, running the loop, until all nodes are ready (/readyz). False when they do not get ready.
  [[nodiscard]] bool wait_until_ready();

 private:
  struct Node {
    ReservedPort port;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<Process> process;
    std::string earlier_log;  // of processes before
    bool is_killed = false;   // by kill_node()
  };

  // A line for each node that has failed by itself, and for nginx when it has ended and was not
  // killed; "" when all is well.
  std::string find_death() const;
  client::Url url_at(std::uint16_t port) const;
  std::string redis_url(const Node& node) const;
  void start_redis();
  void wait_for(Process& process, std::string_view line);

  Loop& loop_;
  const Options options_;
  const TempDirectory directory_;
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<RedisServer> replica_;
  std::unique_ptr<SentinelServer> sentinel_;
  std::vector<Node> nodes_;
  ReservedPort nginx_port_;
  std::unique_ptr<Process> nginx_;
  bool is_nginx_killed_ = false;  // by kill_nginx()
  bool is_stopping_ = false;
  DeathWatch death_watch_{[this] { return find_death(); }};
};

}  // namespace chirm::testing
