// SPDX-License-Identifier: MIT
#include "protocol/http_response.h"

#include <http_parser.h>

#include <cassert>

#include "protocol/http.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

// From http-parser's table, so that no second list of them has to be kept.
std::string_view status_name(int status) {
  switch (status) {
#define CHIRM_STATUS(number, name, text) \
  case number:                           \
    return #text;
    HTTP_STATUS_MAP(CHIRM_STATUS)
#undef CHIRM_STATUS
    default:
      return "Unknown";
  }
}

}  // namespace

HttpResponse text_response(int status, std::string_view text) {
  return {status, "text/plain; charset=utf-8", std::string(text)};
}

HttpResponse error_response(const HttpError& error) {
  HttpResponse response = text_response(error.status, std::string(error.reason) + '\n');
  // RFC 9110 §15.5.22: a 426 names the protocol that is wanted.
  if (error.status == 426) {
    response.headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  }
  return response;
}

HttpResponse json_response(int status, std::string json) {
  return {status, "application/json", std::move(json)};
}

HttpResponse json_error(int status, std::string_view code, std::string_view message) {
  JsonWriter json;
  json.open();
  json.open("error");
  json.add("code", code);
  json.add("message", message);
  json.close();
  json.close();
  return json_response(status, json.take());
}

bool has_body(const HttpResponse& response, const HttpFraming& framing) {
  return framing.has_body && response.status != 304;
}

std::string encode_response(const HttpResponse& response, const HttpFraming& framing,
                            std::string_view more_headers) {
  std::string text = encode_response_begin(response, framing, more_headers);
  if (has_body(response, framing)) text += response.lasting_body;
  return text;
}

std::string encode_response_begin(const HttpResponse& response, const HttpFraming& framing,
                                  std::string_view more_headers) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  text += status_name(response.status);
  if (!response.content_type.empty()) text.append("\r\nContent-Type: ") += response.content_type;
  // RFC 9110 §8.6: not in a 304 unless it is what a 200 would have.
  const std::size_t bytes = response.body.size() + response.lasting_body.size();
  if (response.status != 304) text += "\r\nContent-Length: " + std::to_string(bytes);
  for (const auto& [name, value] : response.headers) {
    // A line feed would begin another header, or end the head (RFC 9110 §5.5).
    assert(name.find_first_of("\r\n") == std::string::npos);
    assert(value.find_first_of("\r\n") == std::string::npos);
    text.append("\r\n").append(name).append(": ").append(value);
  }
  text += more_headers;
  // HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 ends it unless told otherwise
  // (RFC 9112 §9.3).
  if (framing.is_last) text += "\r\nConnection: close";
  if (!framing.is_last && framing.is_1_0) text += "\r\nConnection: keep-alive";
  text += "\r\n\r\n";
  if (has_body(response, framing)) text += response.body;
  return text;
}

}  // namespace chirm
