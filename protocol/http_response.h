// SPDX-License-Identifier: MIT
#pragma once
// What an HTTP/1.1 server answers: small complete responses. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chirm {

struct HttpError;

struct HttpResponse {
  int status = 200;
  std::string content_type;  // "": none
  std::string body;
  // Others than Content-Type, Content-Length and Connection. No line feeds in them.
  std::vector<std::pair<std::string, std::string>> headers = {};
  // What follows the body: bytes that last as long as the program, and so are never copied.
  std::string_view lasting_body = {};
};

HttpResponse text_response(int status, std::string_view text);
// The reason as text. With `Sec-WebSocket-Version: 13` for a 426 (RFC 6455 §4.4).
HttpResponse error_response(const HttpError& error);
// `json` is an object.
HttpResponse json_response(int status, std::string json);
// {"error":{"code":…,"message":…}}
HttpResponse json_error(int status, std::string_view code, std::string_view message);

struct HttpFraming {
  bool is_last = true;   // says `Connection: close`
  bool has_body = true;  // false for the answer to HEAD, which keeps the length of the body
  bool is_1_0 = false;   // the request was HTTP/1.0: one that is not the last says `keep-alive`
};
// The bytes of a response, with Content-Length. `more_headers`: lines that each begin with CRLF.
std::string encode_response(const HttpResponse& response, const HttpFraming& framing = {},
                            std::string_view more_headers = {});
// ... but for the lasting body: that is to follow, if the answer has a body.
std::string encode_response_begin(const HttpResponse& response, const HttpFraming& framing,
                                  std::string_view more_headers);
bool has_body(const HttpResponse& response, const HttpFraming& framing);

}  // namespace chirm
