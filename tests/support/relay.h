// SPDX-License-Identifier: MIT
#pragma once
// Stands between clients and a TCP server on this machine and passes bytes on, until it is told to
// misbehave like a network does. Lives on the test's loop.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "core/loop/fd_watcher.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"

namespace chirm {
class Loop;
}

namespace chirm::testing {

// Changes what one connection carries.
class RelayFilter {
 public:
  virtual ~RelayFilter() = default;
  // Returns what is passed on instead. `answer` goes back to where the bytes came from.
  virtual std::string from_client(std::string_view bytes, std::string& answer) = 0;
  virtual std::string from_server(std::string_view bytes) = 0;
  // Asked now and then: what was kept back from the client too long.
  virtual std::string overdue() = 0;
};

class Relay {
 public:
  // listen_port 0: the system chooses.
  Relay(Loop& loop, std::uint16_t server_port, std::uint16_t listen_port = 0);
  ~Relay();

  std::uint16_t port() const { return local_port(listener_); }

  // What servers send on connections on which the client has sent `word` is thrown away.
  void swallow_answers_where_client_said(std::string word) { swallow_ = std::move(word); }
  // Passes the next bytes of clients on, and the connection that carried `word` is closed at once,
  // before anything can be answered. Once.
  void cut_after_client_says(std::string word) { cut_ = std::move(word); }

  // From now on bytes arrive that much later, in both directions.
  void set_delay(std::uint64_t delay_ms) { delay_ms_ = delay_ms; }
  // Nothing arrives any more, or nothing from the server, also on new connections: a network that
  // is cut, in both directions or in one. Both false: it all arrives after all.
  void hold(bool from_clients, bool from_server);
  // A server's end of a connection is not passed on: the client goes on believing in it.
  void keep_clients() { keeps_clients_ = true; }
  // Closes all connections.
  void cut();
  // Each new connection gets a filter.
  void set_filter(std::function<std::unique_ptr<RelayFilter>()> make_filter);

  // Another server takes the place of the one: all connections end, new ones go there.
  void redirect(std::uint16_t server_port);
  // Likewise, but the connections that there are stay with the old one.
  void redirect_new(std::uint16_t server_port) { server_port_ = server_port; }
  int accepted() const { return accepted_; }
  // Bytes that had to wait for the delay or because they were held.
  std::uint64_t late_bytes() const { return late_bytes_; }

 private:
  struct Flow;
  struct Pair;

  void on_accept();
  void on_ready(Pair& pair);
  // False when the pair is gone.
  bool take(Pair& pair, bool from_client);
  bool send_due(Pair& pair, Flow& flow, bool from_client);
  void watch(Pair& pair);
  void send_all_due();
  void add(Flow& flow, std::string bytes);
  void filter(Pair& pair, std::string& bytes, bool from_client);
  void add_overdue();
  bool is_held(bool from_client) const { return from_client ? holds_clients_ : holds_server_; }

  Loop& loop_;
  std::uint16_t server_port_;
  Socket listener_;
  std::unique_ptr<FdWatcher> watcher_;
  std::list<std::unique_ptr<Pair>> pairs_;
  std::string swallow_;
  std::string cut_;
  std::uint64_t delay_ms_ = 0;
  bool holds_clients_ = false;
  bool holds_server_ = false;
  bool keeps_clients_ = false;
  int accepted_ = 0;
  std::uint64_t late_bytes_ = 0;
  Timer timer_;  // runs while something waits to become due
  std::function<std::unique_ptr<RelayFilter>()> make_filter_;
  Timer overdue_timer_;
};

}  // namespace chirm::testing
