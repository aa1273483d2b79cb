// SPDX-License-Identifier: MIT
#pragma once
// A node's counters in the Prometheus text format (prometheus-cpp makes the text). What each is
// called stands beside it, in the tables of the *_counters.h. Private to core/server.

#include <string>

namespace chirm {

class Accounts;
class Broker;
class Loop;
struct AuditCounters;
struct ChatCounters;
struct LimitCounters;
struct ServerCounters;

class Metrics {
 public:
  // All must outlive this. `accounts` is null where there are none.
  Metrics(const Loop& loop, const ServerCounters& server, const ChatCounters& chat,
          const LimitCounters& limits, const AuditCounters& audit, const Broker& broker,
          const Accounts* accounts)
      : loop_(loop),
        server_(server),
        chat_(chat),
        limits_(limits),
        audit_(audit),
        broker_(broker),
        accounts_(accounts) {}

  // As they are now.
  std::string text() const;

 private:
  const Loop& loop_;
  const ServerCounters& server_;
  const ChatCounters& chat_;
  const LimitCounters& limits_;
  const AuditCounters& audit_;
  const Broker& broker_;
  const Accounts* accounts_;
};

}  // namespace chirm
