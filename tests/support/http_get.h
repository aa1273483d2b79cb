// SPDX-License-Identifier: MIT
#pragma once
// A plain HTTP request to a server on this machine that runs in another process or thread.

#include <cstdint>
#include <string>

namespace chirm::testing {

struct HttpAnswer {
  int status = 0;  // 0: no connection, or no answer
  std::string body;
};

// GET with "Connection: close"; waits for the answer, not longer than `patience_ms` for each piece.
HttpAnswer http_get(std::uint16_t port, const std::string& path, int patience_ms = 60'000);
// The same with POST, a body of JSON, and `headers`, which end in "\r\n".
HttpAnswer http_post(std::uint16_t port, const std::string& path, const std::string& headers,
                     const std::string& body, int patience_ms = 60'000);

}  // namespace chirm::testing
