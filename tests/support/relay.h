// SPDX-License-Identifier: MIT
#pragma once
// Stands between a client and a TCP server on this machine and passes bytes on, until it is told to
// misbehave like a network does. Lives on the test's loop.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/loop/fd_watcher.h"
#include "core/loop/socket.h"

namespace chirm {
class Loop;
}

namespace chirm::testing {

class Relay {
 public:
  Relay(Loop& loop, std::uint16_t server_port);
  ~Relay();

  std::uint16_t port() const { return local_port(listener_); }

  // What servers send on connections on which the client has sent `word` is thrown away.
  void swallow_answers_where_client_said(std::string word) { swallow_ = std::move(word); }
  // Passes the next bytes of clients on, and the connection that carried `word` is closed at once,
  // before anything can be answered. Once.
  void cut_after_client_says(std::string word) { cut_ = std::move(word); }
  int accepted() const { return accepted_; }

 private:
  struct Pair;

  void on_accept();
  void pass_on(Pair& pair, bool from_client);

  Loop& loop_;
  std::uint16_t server_port_;
  Socket listener_;
  std::unique_ptr<FdWatcher> watcher_;
  std::list<Pair> pairs_;
  std::string swallow_;
  std::string cut_;
  int accepted_ = 0;
};

}  // namespace chirm::testing
