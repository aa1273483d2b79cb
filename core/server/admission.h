// SPDX-License-Identifier: MIT
#pragma once
// Whether this node takes new clients: what an upgrade is refused with, and what a load balancer is
// told that asks. Private to core/server.

#include <optional>

#include "protocol/http.h"
#include "protocol/http_response.h"

namespace chirm {

class Authenticator;
class Broker;
class Loop;
struct ChatCounters;
struct ServerSettings;

class Admission {
 public:
  // All must outlive this.
  Admission(const Loop& loop, const ServerSettings& settings, const ChatCounters& counters,
            const Broker& broker, const Authenticator& authenticator)
      : loop_(loop),
        settings_(settings),
        counters_(counters),
        broker_(broker),
        authenticator_(authenticator) {}

  // From now on nobody is taken, and no HTTP connection waits for another request. Call once.
  void begin_stopping();
  bool is_stopping() const { return is_stopping_; }

  // While no more WebSocket connections are wanted: what an upgrade is answered. It is a 503, and
  // the load balancer tries another node.
  std::optional<HttpError> refusal() const;
  // What GET /readyz is answered: 200, or 503 with the reason. A node that is not ready but refuses
  // nobody serves those that it has, and takes others when there is no better node.
  HttpResponse readiness() const;

 private:
  const Loop& loop_;
  const ServerSettings& settings_;
  const ChatCounters& counters_;
  const Broker& broker_;
  const Authenticator& authenticator_;
  bool is_stopping_ = false;  // stays true
};

}  // namespace chirm
