// SPDX-License-Identifier: MIT
#pragma once
// What a connection keeps while it speaks HTTP. Private to core/server/connection*.cc.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/server/connection.h"
#include "core/server/http/http_router.h"

namespace chirm {

//   input:  | body of the request | later requests |
struct Connection::Http {
  Http() = default;
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;
  ~Http() {
    if (connection) *connection = nullptr;
  }

  std::string input;                   // behind the request's head
  std::optional<HttpRequest> request;  // its head has come
  const HttpRouter::Route* route = nullptr;
  HttpFraming framing;                      // of the answer
  std::string output;                       // it, encoded
  std::size_t written = 0;                  // of it, the bytes that the socket has taken
  std::uint64_t serial = 0;                 // of the request: what answers another comes too late
  bool has_begun = true;                    // false while nothing of the next request has come
  bool is_serving = false;                  // serve() is running
  bool wants_json = false;                  // how errors are told
  std::shared_ptr<Connection*> connection;  // for handlers; null before the first
};

}  // namespace chirm
