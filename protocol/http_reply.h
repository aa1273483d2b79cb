// SPDX-License-Identifier: MIT
#pragma once
// Client side of small HTTP/1.1 exchanges: a request with a JSON body, and the whole reply to it.
// Parsing is done by http-parser. Pure.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/expected.h"

namespace chirm {

struct HttpReply {
  int status = 0;
  std::optional<std::uint32_t> retry_after_s;
  std::string body;
};

// A request that asks the server to close the connection behind its reply. `body` may be "".
std::string http_request(std::string_view method, std::string_view host, std::string_view target,
                         std::string_view body);

// Reads one reply as its bytes come in, chunked or not. Errors are sentences for people. After an
// error, or once the reply is complete, no more may be fed.
class HttpReplyReader {
 public:
  // Longer bodies are an error.
  static constexpr std::size_t kBodyBytesMax = std::size_t{1024} * 1024;

  HttpReplyReader();
  ~HttpReplyReader();
  HttpReplyReader(const HttpReplyReader&) = delete;
  HttpReplyReader& operator=(const HttpReplyReader&) = delete;

  // True when the reply is complete.
  [[nodiscard]] Expected<bool, std::string> feed(std::string_view bytes);
  // The server has closed the connection; for a reply without a length that is its end.
  [[nodiscard]] Expected<bool, std::string> end();
  HttpReply take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
