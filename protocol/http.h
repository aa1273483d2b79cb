// SPDX-License-Identifier: MIT
#pragma once
// The HTTP/1.1 that a chat server needs: request heads and the WebSocket upgrade (RFC 6455 §4) on
// both sides. Parsing is done by http-parser. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/expected.h"

namespace chirm {

using HttpHeader = std::pair<std::string, std::string>;  // name in lower case, value

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as sent: "/connection/websocket?x=y"
  std::vector<HttpHeader> headers;
  std::size_t head_bytes = 0;        // bytes of the input up to and with the empty line
  std::uint64_t content_length = 0;  // 0 when absent
  bool wants_upgrade = false;        // `Connection: upgrade` and an `Upgrade` header are present
  bool is_last = false;              // the client wants the connection to end with the answer
  bool is_1_0 = false;               // HTTP/1.0
  bool expects_continue = false;     // waits for a 100 before it sends the body

  std::string_view path() const;   // target without the query
  std::string_view query() const;  // without '?', "" when there is none
  // The first header of that lower-case name; nullopt when absent.
  std::optional<std::string_view> header(std::string_view name) const;
};

// What to answer instead of going on; `reason` is a sentence for the body.
struct HttpError {
  int status;  // 400, 404, 405, 411, 413, 426, 431, 503 …
  std::string_view reason;
};

// Reads a request head from the start of `bytes`. nullopt inside Expected: not complete yet, call
// again with all of it and more (at most limits::kHttpHeadBytes, then 431). Errors: 400 (also for
// HTTP/1.1 without exactly one Host header, and for a CR without a line feed), 411 (a body without
// Content-Length), 431, 505.
[[nodiscard]] Expected<std::optional<HttpRequest>, HttpError> parse_http_request(
    std::string_view bytes);

// Checks a WebSocket upgrade (RFC 6455 §4.2.1) and makes the complete 101 response. A client that
// offers the subprotocol `centrifuge-json` gets it; one that insists on Protobuf (subprotocol or
// query `format=protobuf` / `cf_protocol=protobuf`) is refused with 400, a wrong version with 426.
[[nodiscard]] Expected<std::string, HttpError> accept_upgrade(const HttpRequest& request);

// Client side: the request that opens a WebSocket, without Origin and without subprotocol. `key` is
// 16 random bytes, base64 (make_websocket_key).
std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key);
std::string make_websocket_key(const std::uint8_t (&random)[16]);

// Client side: reads the response head. nullopt: not complete yet. The value is the head's length;
// the error says what the server answered instead of a valid 101, for people.
[[nodiscard]] Expected<std::optional<std::size_t>, std::string> parse_upgrade_response(
    std::string_view bytes, std::string_view key);

}  // namespace chirm
