// SPDX-License-Identifier: MIT
#pragma once
// Makes a connection of each socket that the listener accepts, as long as there are files for more.
// Private to core/server.

#include <cstdint>
#include <memory>

#include "core/base/error.h"
#include "core/loop/socket.h"
#include "core/server/http/http_exchange.h"

namespace chirm {

class Connection;
class ConnectionRegistry;
class Listener;
class Loop;
struct ConnectionContext;

class Acceptor {
 public:
  // All must outlive the acceptor.
  Acceptor(Loop& loop, ConnectionContext& context, ConnectionRegistry& connections);
  ~Acceptor();

  // Opens the listening sockets of the settings. The error says which address and why. Call once.
  [[nodiscard]] Expected<void, Error> listen();
  // Stops listening, for good. Connections in the kernel's queue are reset.
  void close();
  // Closes the connections that wait to be accepted.
  void drop_pending();
  // The port that it listens on; 0 when it does not.
  std::uint16_t port() const;

  // Goes on accepting when connections that have ended gave their files back. Once a turn.
  void resume_if_possible();

 private:
  [[nodiscard]] Expected<std::unique_ptr<Listener>, Error> open(std::uint16_t port,
                                                                HttpService service);
  bool accept(Socket socket, HttpService service);
  // Its address has as many sockets as it may have, and it is this machine itself that asks.
  bool is_for_health(const Connection& connection);
  void note_pause(const char* why);
  std::uint64_t connections_max() const;  // clients
  bool has_files() const;                 // for one connection more

  Loop& loop_;
  ConnectionContext& context_;
  ConnectionRegistry& connections_;
  const std::uint64_t files_max_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Listener> redirect_listener_;  // null: nobody is sent from plain HTTP to TLS
  std::uint64_t pause_logged_ms_ = 0;            // when one was last; 0: never
};

}  // namespace chirm
