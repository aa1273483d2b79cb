// SPDX-License-Identifier: MIT
#pragma once
// A node: listens, serves connections, and runs the turn: broker, fan-out, burial. The root of the
// program: it makes all the parts, and each gets what it needs when it is made.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/error.h"

namespace chirm {

class Accounts;
class Broker;
class HttpRouter;
class Loop;
class Revocations;
struct ChatSettings;
struct ServerSettings;

class Server {
 public:
  // loop and broker must outlive the server, and the loop must not run any more once it has gone.
  Server(Loop& loop, Broker& broker, ServerSettings settings, ChatSettings chat_settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Reads the certificate, if there is to be one, and opens the listening sockets. The error says
  // which file or address, and why. Call once.
  [[nodiscard]] Expected<void, Error> listen();
  // Reads the certificate again, for the connections that come from now on, and opens the audit log
  // again. The error says what is wrong with the first that fails; what was before stays then.
  [[nodiscard]] Expected<void, Error> reload();
  // The port that it listens on; 0 when it does not.
  std::uint16_t port() const;

  // Drains: not ready any more, stops listening, and sends clients away with 3001, evenly spread
  // over drain_s, each once its publishes have been answered. `on_stopped` runs when all are gone,
  // at the latest drain_s and the closing handshake's time from now. Call once.
  void stop(std::function<void()> on_stopped);

  // What else is answered over HTTP: routes are added before listen().
  HttpRouter& router();
  // In the Prometheus text format.
  std::string metrics() const;
  // Null where there are none.
  Accounts* accounts();
  // Null in insecure mode.
  Revocations* revocations();

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace chirm
