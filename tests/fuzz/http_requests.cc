// SPDX-License-Identifier: MIT
// The head of an HTTP request, as the server reads it, and the WebSocket upgrade that it may be.

#include <string>

#include "core/base/check.h"
#include "protocol/ascii.h"
#include "protocol/http.h"
#include "protocol/limits.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

using Parsed = Expected<std::optional<HttpRequest>, HttpError>;

// All fields but head_bytes, as a text to compare.
std::string describe(const HttpRequest& request) {
  std::string text = request.method + ' ' + request.target + ' ';
  for (const bool flag :
       {request.wants_upgrade, request.is_last, request.is_1_0, request.expects_continue}) {
    text += flag ? 'y' : 'n';
  }
  text += ' ' + std::to_string(request.content_length);
  for (const auto& [name, value] : request.headers) text += '\n' + name + ": " + value;
  return text;
}

std::string describe(const Parsed& parsed) {
  if (!parsed)
    return std::to_string(parsed.error().status) + ' ' + std::string(parsed.error().reason);
  if (!*parsed) return "incomplete";
  return describe(**parsed) + '\n' + std::to_string((*parsed)->head_bytes);
}

bool is_incomplete(const Parsed& parsed) { return parsed && !*parsed; }

// A head that comes in pieces is read again from its start with each: what is decided stays so.
void check_prefixes(std::string_view bytes, const std::string& whole) {
  std::minstd_rand random = random_of(bytes);
  bool is_decided = false;
  std::size_t size = 0;
  while (size < bytes.size()) {
    size = std::min(bytes.size(), size + 1 + random() % (1 + bytes.size() / 8));
    const std::string prefix(bytes.substr(0, size));
    const Parsed parsed = parse_http_request(prefix);
    CHIRM_CHECK(!is_decided || !is_incomplete(parsed), size);
    if (is_incomplete(parsed)) continue;
    is_decided = true;
    CHIRM_CHECK(describe(parsed) == whole, size, describe(parsed), whole);
  }
}

void check_headers(const HttpRequest& request) {
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers) {
    CHIRM_CHECK(!name.empty() && name == ascii::to_lower(name), name);
    CHIRM_CHECK(name.find_first_of(" \t\r\n:,;/()<>@\"[]{}=?\\") == std::string::npos, name);
    CHIRM_CHECK(value.find_first_of("\r\n") == std::string::npos, name, value);
    CHIRM_CHECK(value.empty() || (value.back() != ' ' && value.back() != '\t'), name);
    CHIRM_CHECK(name != "transfer-encoding");
    hosts += name == "host";
  }
  CHIRM_CHECK(request.is_1_0 || hosts == 1, hosts);
  CHIRM_CHECK(!request.is_1_0 || !request.wants_upgrade);
}

void check_target(const HttpRequest& request) {
  std::string target(request.path());
  if (target.size() < request.target.size()) target.append("?").append(request.query());
  CHIRM_CHECK(target == request.target, target, request.target);
  CHIRM_CHECK(target.find_first_of(" \r\n") == std::string::npos, target);
}

// A head written from what was read is read as the same.
void check_round_trip(const HttpRequest& request) {
  std::string text = request.method + ' ' + request.target;
  text += request.is_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  text += "\r\n";
  if (text.size() > limits::kHttpHeadBytes) return;
  const Parsed again = parse_http_request(text);
  CHIRM_CHECK(again && *again, text);
  CHIRM_CHECK(describe(**again) == describe(request), text);
  CHIRM_CHECK((*again)->head_bytes == text.size(), text);
}

// The client that asked takes our answer for an upgrade, unless it wanted a subprotocol, which ours
// never does.
void check_upgrade(const HttpRequest& request) {
  const auto response = accept_upgrade(request);
  if (!response) return;
  CHIRM_CHECK(request.method == "GET" && request.wants_upgrade);
  CHIRM_CHECK(response->find("\r\n\r\n") == response->size() - 4, *response);
  if (response->find("Sec-WebSocket-Protocol") != std::string::npos) return;
  const auto taken = parse_upgrade_response(*response, *request.header("sec-websocket-key"));
  CHIRM_CHECK(taken && *taken == response->size(), *response);
}

void run(std::string_view bytes) {
  const Parsed parsed = parse_http_request(bytes);
  check_prefixes(bytes, describe(parsed));
  if (!parsed) {
    const int status = parsed.error().status;
    CHIRM_CHECK(status == 400 || status == 411 || status == 431 || status == 505, status);
    return;
  }
  if (!*parsed) {
    CHIRM_CHECK(bytes.size() < limits::kHttpHeadBytes, bytes.size());
    return;
  }
  const HttpRequest& request = **parsed;
  CHIRM_CHECK(request.head_bytes <= std::min(bytes.size(), limits::kHttpHeadBytes));
  CHIRM_CHECK(request.head_bytes > 0 && bytes[request.head_bytes - 1] == '\n');
  check_headers(request);
  check_target(request);
  check_round_trip(request);
  check_upgrade(request);
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
