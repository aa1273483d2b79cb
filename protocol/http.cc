// SPDX-License-Identifier: MIT
#include "protocol/http.h"

#include <http_parser.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>

#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/limits.h"

namespace chirm {
namespace {

// Calls on_item(std::string_view) for the items of a comma-separated list (RFC 9110 §5.6.1).
template <class OnItem>
void for_each_item(std::string_view list, OnItem&& on_item) {
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    const std::size_t begin = item.find_first_not_of(" \t");
    const std::size_t end = item.find_last_not_of(" \t");
    if (begin != std::string_view::npos) on_item(item.substr(begin, end - begin + 1));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// RFC 9110 §5.6.2. http-parser takes more, blanks before the colon included; whoever stands before
// us may not, and would see another message.
bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// One head, request or response, as http-parser tells it.
struct Head {
  HttpRequest fields;
  http_parser parser;
  bool is_complete = false;
  bool is_in_value = false;  // the last callback was on_value_cb
  std::string status_text;

  bool has_token(std::string_view name, std::string_view token) const {
    bool found = false;
    for (const auto& [key, value] : fields.headers) {
      if (key != name) continue;
      for_each_item(value, [&](std::string_view item) {
        found = found || ascii::equals_ignoring_case(item, token);
      });
    }
    return found;
  }
};

// The callbacks are noexcept: no exception may cross http-parser's frames.

Head& head_of(http_parser* parser) { return *static_cast<Head*>(parser->data); }

int on_url_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
  head_of(parser).fields.target.append(at, length);
  return 0;
}

int on_status_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
  head_of(parser).status_text.append(at, length);
  return 0;
}

// http-parser calls this for each piece of a name. Whether it begins a header shows only by what
// came before it.
int on_name_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
  Head& head = head_of(parser);
  if (head.is_in_value || head.fields.headers.empty()) head.fields.headers.emplace_back();
  head.is_in_value = false;
  std::string& name = head.fields.headers.back().first;
  name += ascii::to_lower(std::string_view(at, length));
  return 0;
}

int on_value_cb(http_parser* parser, const char* at, std::size_t length) noexcept {
  Head& head = head_of(parser);
  head.is_in_value = true;
  head.fields.headers.back().second.append(at, length);
  return 0;
}

int on_head_cb(http_parser* parser) noexcept {
  Head& head = head_of(parser);
  head.is_complete = true;
  for (auto& [name, value] : head.fields.headers) {
    value.erase(value.find_last_not_of(" \t") + 1);  // RFC 9110 §5.5; npos + 1 is 0
  }
  constexpr auto kNoLength = std::numeric_limits<std::uint64_t>::max();
  head.fields.content_length = parser->content_length == kNoLength ? 0 : parser->content_length;
  return 2;  // as for an upgrade: http-parser stops right behind the head
}

// http-parser, as Debian builds it, takes any byte behind the CR that ends the head, or that stands
// where a value begins, for a line feed: `X:\rZHost: b` would be two headers. RFC 9112 §2.2 wants a
// lone CR refused, and a proxy before us has read it as something else.
bool has_lone_cr(std::string_view head) {
  for (std::size_t at = head.find('\r'); at != std::string_view::npos;
       at = head.find('\r', at + 1)) {
    if (!head.substr(at + 1).starts_with('\n')) return true;
  }
  return false;
}

http_errno parse_head(Head& head, http_parser_type type, std::string_view bytes) {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = on_url_cb;
  settings.on_status = on_status_cb;
  settings.on_header_field = on_name_cb;
  settings.on_header_value = on_value_cb;
  settings.on_headers_complete = on_head_cb;
  http_parser_init(&head.parser, type);
  head.parser.data = &head;
  // Each time from the start: a head nearly always comes in one piece, and then nothing has to be
  // kept for a connection between two reads.
  bytes = bytes.substr(0, limits::kHttpHeadBytes);
  head.fields.head_bytes = http_parser_execute(&head.parser, &settings, bytes.data(), bytes.size());
  if (head.is_complete && has_lone_cr(bytes.substr(0, head.fields.head_bytes))) {
    return HPE_LF_EXPECTED;
  }
  return HTTP_PARSER_ERRNO(&head.parser);
}

// Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2).
std::string accept_value(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr) != 1) return {};
  return base64::encode({reinterpret_cast<const char*>(digest), length});
}

// A header that must stand in a request exactly once: of two, another reader may believe the other
// one.
std::optional<std::string_view> only_header(const HttpRequest& request, std::string_view name) {
  const auto count = std::count_if(request.headers.begin(), request.headers.end(),
                                   [&](const auto& header) { return header.first == name; });
  return count == 1 ? request.header(name) : std::nullopt;
}

bool wants_protobuf(std::string_view query) {
  while (true) {
    const std::size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    if (item == "format=protobuf" || item == "cf_protocol=protobuf") return true;
    if (end == std::string_view::npos) return false;
    query.remove_prefix(end + 1);
  }
}

bool offers(const HttpRequest& request, std::string_view subprotocol) {
  bool found = false;
  for (const auto& [name, value] : request.headers) {
    if (name != "sec-websocket-protocol") continue;
    for_each_item(value, [&](std::string_view item) { found = found || item == subprotocol; });
  }
  return found;
}

// What makes a head ambiguous or unreadable, although http-parser takes it.
std::optional<HttpError> check_headers(const Head& head) {
  const HttpRequest& request = head.fields;
  if (!std::ranges::all_of(request.headers, is_token, &HttpHeader::first)) {
    return HttpError{400, "The name of a header has characters that none may have."};
  }
  // Without Transfer-Encoding there is no doubt where a request ends, and nothing to smuggle
  // (RFC 9112 §11.2); http-parser itself refuses a second Content-Length.
  if ((head.parser.flags & F_CHUNKED) != 0 || request.header("transfer-encoding")) {
    return HttpError{411, "A request body needs a Content-Length."};
  }
  // RFC 9112 §3.2
  if (head.parser.http_minor != 0 && !only_header(request, "host")) {
    return HttpError{400, "One Host header is needed."};
  }
  return std::nullopt;
}

// RFC 6455 §4.2.1. In this order, so that a browser that just opens the address is told what it is.
std::optional<HttpError> check_upgrade(const HttpRequest& request) {
  if (request.method != "GET") return HttpError{405, "A WebSocket is opened by GET."};
  // What is behind the head are frames; whoever stands before us may take them for the body, and
  // what comes then for another request.
  if (request.content_length > 0) return HttpError{400, "A WebSocket upgrade has no body."};
  const auto upgrade = request.header("upgrade");
  bool is_websocket = false;
  for_each_item(upgrade.value_or(""), [&](std::string_view item) {
    is_websocket = is_websocket || ascii::equals_ignoring_case(item, "websocket");
  });
  if (!request.wants_upgrade || !is_websocket) {
    return HttpError{400, "This address takes WebSocket connections only."};
  }
  if (only_header(request, "sec-websocket-version") != "13") {
    return HttpError{426, "Only WebSocket version 13 is spoken here."};
  }
  const auto key = base64::decode(only_header(request, "sec-websocket-key").value_or(""));
  if (!key || key->size() != 16) {
    return HttpError{400, "Sec-WebSocket-Key must be 16 bytes in base64."};
  }
  return std::nullopt;
}

}  // namespace

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Expected<std::optional<HttpRequest>, HttpError> parse_http_request(std::string_view bytes) {
  Head head;
  const http_errno error = parse_head(head, HTTP_REQUEST, bytes);
  if (error == HPE_INVALID_VERSION) {
    return Unexpected<HttpError>({505, "Only HTTP/1.1 is spoken here."});
  }
  if (error != HPE_OK) return Unexpected<HttpError>({400, "This is not an HTTP request."});
  if (!head.is_complete) {
    if (bytes.size() < limits::kHttpHeadBytes) return std::nullopt;
    return Unexpected<HttpError>({431, "The request head is too long."});
  }
  if (head.parser.http_major != 1) {
    return Unexpected<HttpError>({505, "Only HTTP/1.1 is spoken here."});
  }
  HttpRequest& request = head.fields;
  if (const auto wrong = check_headers(head)) return Unexpected<HttpError>(*wrong);
  request.method = http_method_str(static_cast<http_method>(head.parser.method));
  request.is_1_0 = head.parser.http_minor == 0;
  // HTTP/1.0 knows neither Upgrade nor Expect (RFC 9110 §7.8, §10.1.1).
  request.wants_upgrade = !request.is_1_0 && request.header("upgrade").has_value() &&
                          head.has_token("connection", "upgrade");
  request.expects_continue = !request.is_1_0 && head.has_token("expect", "100-continue");
  // RFC 9112 §9.3
  request.is_last = request.is_1_0 ? !head.has_token("connection", "keep-alive")
                                   : head.has_token("connection", "close");
  return std::move(request);
}

Expected<std::string, HttpError> accept_upgrade(const HttpRequest& request) {
  if (const auto error = check_upgrade(request)) return Unexpected<HttpError>(*error);
  // Who offers neither subprotocol speaks JSON: so do plain WebSocket clients.
  const bool is_json = offers(request, "centrifuge-json");
  if (!is_json && (offers(request, "centrifuge-protobuf") || wants_protobuf(request.query()))) {
    return Unexpected<HttpError>({400, "Only the JSON protocol is spoken here."});
  }
  std::string response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  response += accept_value(*request.header("sec-websocket-key"));
  if (is_json) response += "\r\nSec-WebSocket-Protocol: centrifuge-json";
  response += "\r\n\r\n";
  return response;
}

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key) {
  std::string request = "GET ";
  request.append(target).append(" HTTP/1.1\r\nHost: ").append(host);
  request += "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ";
  request.append(key).append("\r\nSec-WebSocket-Version: 13\r\n\r\n");
  return request;
}

std::string make_websocket_key(const std::uint8_t (&random)[16]) {
  return base64::encode({reinterpret_cast<const char*>(random), sizeof random});
}

Expected<std::optional<std::size_t>, std::string> parse_upgrade_response(std::string_view bytes,
                                                                         std::string_view key) {
  Head head;
  const auto refusal = [](std::string text) { return Unexpected<std::string>(std::move(text)); };
  if (parse_head(head, HTTP_RESPONSE, bytes) != HPE_OK) return refusal("not an HTTP response");
  if (!head.is_complete) {
    if (bytes.size() < limits::kHttpHeadBytes) return std::nullopt;
    return refusal("a response head that is too long");
  }
  if (head.parser.status_code != 101) {
    return refusal("HTTP " + std::to_string(head.parser.status_code) + ' ' + head.status_text);
  }
  // RFC 6455 §4.1, the client's checks in order.
  if (!head.has_token("upgrade", "websocket")) return refusal("101 without Upgrade: websocket");
  if (!head.has_token("connection", "upgrade")) return refusal("101 without Connection: upgrade");
  if (only_header(head.fields, "sec-websocket-accept") != accept_value(key)) {
    return refusal("101 with a wrong Sec-WebSocket-Accept");
  }
  // We would not understand its frames.
  if (head.fields.header("sec-websocket-extensions") ||
      head.fields.header("sec-websocket-protocol")) {
    return refusal("101 with an extension or subprotocol that was not asked for");
  }
  return head.fields.head_bytes;
}

}  // namespace chirm
