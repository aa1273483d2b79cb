// SPDX-License-Identifier: MIT
#include "protocol/http_reply.h"

#include <http_parser.h>

#include <algorithm>
#include <cassert>
#include <charconv>

#include "protocol/ascii.h"
#include "protocol/limits.h"

namespace chirm {

std::string http_request(std::string_view method, std::string_view host, std::string_view target,
                         std::string_view body) {
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host);
  request += "\r\nAccept: application/json\r\nConnection: close\r\n";
  if (!body.empty()) {
    request += "Content-Type: application/json\r\nContent-Length: ";
    request += std::to_string(body.size()) + "\r\n";
  }
  request.append("\r\n").append(body);
  return request;
}

struct HttpReplyReader::Impl {
  http_parser parser;
  http_parser_settings settings;
  HttpReply reply;
  // Of names and values; http-parser's own limit is ten times as high, and one for the whole
  // process.
  std::size_t head_bytes = 0;
  std::string name;   // of the header that is being read, in lower case
  std::string value;  // of that header
  bool is_in_value = false;
  bool is_complete = false;

  void end_header() {
    std::uint32_t seconds = 0;
    const char* const end = value.data() + value.size();
    const bool is_number = std::from_chars(value.data(), end, seconds).ec == std::errc();
    if (name == "retry-after" && is_number) reply.retry_after_s = seconds;
    name.clear();
    value.clear();
    is_in_value = false;
  }
};

namespace {

// The callbacks are noexcept: no exception may cross http-parser's frames.
template <class Impl>
struct Callbacks {
  static Impl& self(http_parser* parser) { return *static_cast<Impl*>(parser->data); }

  static bool has_room(Impl& impl, std::size_t bytes) {
    impl.head_bytes += bytes;
    return impl.head_bytes <= limits::kHttpHeadBytes;
  }
  static int on_name_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
    Impl& impl = self(parser);
    if (impl.is_in_value) impl.end_header();
    impl.name += ascii::to_lower(std::string_view(at, length));
    return has_room(impl, length) ? 0 : 1;
  }
  static int on_value_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
    Impl& impl = self(parser);
    impl.is_in_value = true;
    impl.value.append(at, length);
    return has_room(impl, length) ? 0 : 1;
  }
  // A header ends where the next one begins; behind the last one there is none.
  static int on_head_cb(http_parser* parser) noexcept {
    self(parser).end_header();
    return 0;
  }
  static int on_body_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
    std::string& body = self(parser).reply.body;
    if (body.size() + length > HttpReplyReader::kBodyBytesMax) return 1;
    body.append(at, length);
    return 0;
  }
  // Pauses, or http-parser would go on and take what follows for the next reply.
  static int on_complete_cb(http_parser* parser) noexcept {
    self(parser).is_complete = true;
    self(parser).reply.status = static_cast<int>(parser->status_code);
    http_parser_pause(parser, 1);
    return 0;
  }
};

}  // namespace

HttpReplyReader::HttpReplyReader() : impl_(std::make_unique<Impl>()) {
  using On = Callbacks<Impl>;
  http_parser_init(&impl_->parser, HTTP_RESPONSE);
  impl_->parser.data = impl_.get();
  http_parser_settings_init(&impl_->settings);
  impl_->settings.on_header_field = On::on_name_cb;
  impl_->settings.on_header_value = On::on_value_cb;
  impl_->settings.on_headers_complete = On::on_head_cb;
  impl_->settings.on_body = On::on_body_cb;
  impl_->settings.on_message_complete = On::on_complete_cb;
}

HttpReplyReader::~HttpReplyReader() = default;

Expected<bool, std::string> HttpReplyReader::feed(std::string_view bytes) {
  assert(!impl_->is_complete);
  // How much was taken says nothing: behind a complete reply it is the pause that counts, and an
  // error is in the parser.
  (void)http_parser_execute(&impl_->parser, &impl_->settings, bytes.data(), bytes.size());
  if (impl_->is_complete) return true;
  const http_errno error = HTTP_PARSER_ERRNO(&impl_->parser);
  if (error == HPE_OK) return false;
  const bool is_long = error == HPE_CB_body || error == HPE_CB_header_field ||
                       error == HPE_CB_header_value || error == HPE_HEADER_OVERFLOW;
  return Unexpected<std::string>(is_long ? "an HTTP response that is too long"
                                         : "not an HTTP response");
}

Expected<bool, std::string> HttpReplyReader::end() {
  // No bytes are the end of the input to http-parser.
  (void)http_parser_execute(&impl_->parser, &impl_->settings, nullptr, 0);
  if (impl_->is_complete) return true;
  return Unexpected<std::string>("the server closed the connection before it answered");
}

HttpReply HttpReplyReader::take() { return std::move(impl_->reply); }

}  // namespace chirm
