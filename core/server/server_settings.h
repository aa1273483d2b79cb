// SPDX-License-Identifier: MIT
#pragma once
// What an operator can set about the process and its sockets, with the defaults.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/accounts/account_settings.h"
#include "core/base/address_range.h"
#include "core/server/http/static_files.h"
#include "core/tls/tls_context.h"

namespace chirm {

struct ServerSettings {
  std::string listen = "127.0.0.1";  // numeric address
  std::uint16_t port = 8080;         // 0: the kernel chooses
  // Both or neither: clients are served over TLS. Read when the server begins to listen, and again
  // by Server::reload().
  TlsFiles tls = {};
  // Where clients without TLS are sent to `port`; 0: nowhere. Only with TLS.
  std::uint16_t redirect_port = 0;
  std::string node_name;  // in the log and to Redis; unique among its nodes
  // WebSocket connections at once; more are answered with 503. 0: as many as there are files for;
  // then accepting pauses until one is free.
  std::uint32_t connections_max = 0;
  // For the head of an HTTP request, for its body, and for the client to read the answer.
  std::uint32_t request_timeout_s = 10;
  std::uint32_t answer_timeout_s = 30;  // for a handler
  // An HTTP connection without a request. Longer than nginx's (60 s), so that it is nginx who ends
  // it: a POST that meets our end could not be repeated.
  std::uint32_t keep_alive_s = 75;
  // What these say of where a request comes from is believed.
  std::vector<AddressRange> trusted_proxies = {};
  // Whose pages may open WebSockets and sign in here, beside the page's own: "https://example.org".
  std::vector<std::string> allowed_origins = {};
  std::uint32_t close_timeout_s = 5;  // for the peer's part of the closing handshake
  std::uint32_t drain_s = 5;          // over which clients are sent away when stopping
  // What waited while the process did not run for longer than that is refused.
  std::uint64_t pause_max_ms = 15'000;
  AccountSettings accounts;  // none in insecure mode
  std::string api_key;       // of /api; "": there is none
  std::string audit_log;     // a file; "-": stderr; "": only the newest events are kept, in memory
  // The page; its memory must outlive the server.
  std::span<const StaticFile> web_files = {};
};

}  // namespace chirm
