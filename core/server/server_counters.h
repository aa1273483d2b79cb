// SPDX-License-Identifier: MIT
#pragma once
// What the server counts about connections and requests, since the process started.

#include <array>
#include <cstdint>
#include <map>

#include "core/base/metric_table.h"

namespace chirm {

struct ServerCounters {
  std::uint64_t connections = 0;
  std::uint64_t spare_connections = 0;
  std::uint64_t accepted = 0;
  std::uint64_t accept_pauses = 0;
  std::uint64_t pauses = 0;
  std::uint64_t tls_handshakes = 0;
  std::uint64_t tls_resumed = 0;
  std::uint64_t tls_failures = 0;
  std::uint64_t tls_expires_at = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::map<int, std::uint64_t> responses;  // by status
};

inline constexpr auto kServerMetrics = std::to_array<Metric<ServerCounters>>({
    gauge(&ServerCounters::connections, "chirm_connections", "Open sockets"),
    gauge(&ServerCounters::spare_connections, "chirm_spare_connections",
          "Open sockets beyond what there are files for; only health checks are answered"),
    counter(&ServerCounters::accepted, "chirm_connections_accepted_total", "Sockets accepted"),
    counter(&ServerCounters::accept_pauses, "chirm_accept_pauses_total",
            "Times accepting paused for want of files"),
    counter(&ServerCounters::pauses, "chirm_pauses_total",
            "Times the process did not run for long, and what waited meanwhile was refused"),
    counter(&ServerCounters::tls_handshakes, "chirm_tls_handshakes_total",
            "TLS handshakes that were completed"),
    counter(&ServerCounters::tls_resumed, "chirm_tls_resumed_total",
            "... of them, going on from an earlier session"),
    counter(&ServerCounters::tls_failures, "chirm_tls_failures_total",
            "TLS connections that failed"),
    gauge(&ServerCounters::tls_expires_at, "chirm_tls_certificate_expiry_timestamp_seconds",
          "When the certificate expires, Unix seconds; 0 without TLS"),
    counter(&ServerCounters::bytes_received, "chirm_received_bytes_total",
            "Bytes read from clients"),
    counter(&ServerCounters::bytes_sent, "chirm_sent_bytes_total", "Bytes written to clients"),
});
inline constexpr LabelledMetric kServerResponses{&ServerCounters::responses,
                                                 "chirm_http_responses_total",
                                                 "HTTP responses; 101 are upgrades", "status"};
static_assert(covers<ServerCounters, std::map<int, std::uint64_t>>(kServerMetrics));

}  // namespace chirm
