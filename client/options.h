// SPDX-License-Identifier: MIT
#pragma once
// How a client connects, and how patient it is. Plain values; durations are in milliseconds of the
// loop's clock.

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/url.h"

namespace chirm::client {

struct Options {
  Url url;
  std::string token;          // connection JWT, "" for none (yet)
  std::string name;           // connect.data.name, "" for none: the user name in insecure mode
  std::string local_address;  // source address to bind, "" for the system's choice
  std::uint32_t receive_buffer_bytes = 0;  // of the socket, 0 for the system's choice
  // Delay before attempt n: uniform in [0, min(backoff_max_ms, backoff_min_ms * 2^n)], at least 10.
  std::uint32_t backoff_min_ms = 100;
  std::uint32_t backoff_max_ms = 5000;
  std::uint32_t command_timeout_ms = 5000;  // also for opening the connection
  // For the ack of a publication: longer than a server holds it while its store is away (chirmd's
  // --hold, 4 s), for a client that gives up sooner loses its connection for nothing.
  std::uint32_t publish_timeout_ms = 15'000;
  // A publication is sent again until so long after it was sent first, then reported as failed.
  // Must be shorter than the server remembers its id (chirmd's --idempotency-ttl, 300 s), by the
  // timeout above: sent later, it could be stored twice.
  std::uint32_t resend_limit_ms = 240'000;
  std::size_t outbox_max = 1000;             // publications waiting for their ack
  std::uint32_t ping_delay_max_ms = 10'000;  // how late a ping may be before the server is dead
  // Events::on_token_wanted() is asked for a token: before connecting when there is none or it has
  // expired, and while connected before it expires. Without, a connection ends with its token.
  bool has_token_source = false;
};

struct SubscribeOptions {
  bool join_leave = false;  // on_join() and on_leave() tell who comes and goes
};

}  // namespace chirm::client
