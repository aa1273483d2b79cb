// SPDX-License-Identifier: MIT
#include "core/server/static_files.h"

#include <algorithm>
#include <array>

namespace chirm {

namespace {

// The page loads nothing from elsewhere, has no inline code, and no text becomes markup.
constexpr std::string_view kSafety =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// Calls on_item with each trimmed item of a comma separated list until it returns true.
template <typename OnItem>
bool any_item(std::string_view list, OnItem on_item) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (on_item(trim(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// RFC 9110 §12.4.2: 0, 0., 0.0 … mean "not acceptable".
bool is_zero_weight(std::string_view parameters) {
  const auto equals = parameters.find('=');
  if (equals == parameters.npos) return false;
  if (!equal_ignoring_case(trim(parameters.substr(0, equals)), "q")) return false;
  const std::string_view value = trim(parameters.substr(equals + 1));
  return !value.empty() && value.find_first_not_of("0.") == value.npos;
}

// Only codings that are named count; `*` is answered without one, which is always acceptable.
bool accepts(const HttpRequest& request, std::string_view coding) {
  return any_item(request.header("accept-encoding").value_or(""), [&](std::string_view item) {
    const auto semicolon = std::min(item.find(';'), item.size());
    return equal_ignoring_case(trim(item.substr(0, semicolon)), coding) &&
           !is_zero_weight(item.substr(std::min(semicolon + 1, item.size())));
  });
}

struct Variant {
  std::string_view coding;  // "" for plain
  std::string_view body;
};

Variant best_variant(const StaticFile& file, const HttpRequest& request) {
  if (!file.brotli.empty() && accepts(request, "br")) return {"br", file.brotli};
  if (!file.gzip.empty() && accepts(request, "gzip")) return {"gzip", file.gzip};
  return {"", file.plain};
}

std::string entity_tag(const StaticFile& file, const Variant& variant) {
  std::string tag = "\"";
  tag += file.tag;
  if (!variant.coding.empty()) tag.append("-").append(variant.coding);
  return tag + '"';
}

// RFC 9110 §13.1.2: compared weakly.
bool is_known_to_client(const HttpRequest& request, std::string_view tag) {
  return any_item(request.header("if-none-match").value_or(""), [&](std::string_view item) {
    if (item.starts_with("W/")) item.remove_prefix(2);
    return item == "*" || item == tag;
  });
}

}  // namespace

std::optional<StaticAnswer> static_answer(std::span<const StaticFile> files,
                                          const HttpRequest& request) {
  const auto file = std::ranges::find(files, request.path(), &StaticFile::path);
  if (file == files.end()) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") {
    return StaticAnswer{405, "Allow: GET, HEAD\r\nContent-Length: 0\r\n", {}};
  }
  const Variant variant = best_variant(*file, request);
  const std::string tag = entity_tag(*file, variant);
  StaticAnswer answer{200, "ETag: " + tag + "\r\n", {}};
  answer.headers += file->is_hashed ? "Cache-Control: public, max-age=31536000, immutable\r\n"
                                    : "Cache-Control: no-cache\r\n";
  answer.headers += "Vary: Accept-Encoding\r\n";
  answer.headers += kSafety;
  if (is_known_to_client(request, tag)) {
    answer.status = 304;
    return answer;
  }
  answer.headers.append("Content-Type: ").append(file->content_type).append("\r\n");
  if (!variant.coding.empty()) {
    answer.headers.append("Content-Encoding: ").append(variant.coding).append("\r\n");
  }
  answer.headers += "Content-Length: " + std::to_string(variant.body.size()) + "\r\n";
  if (request.method == "GET") answer.body = variant.body;
  return answer;
}

}  // namespace chirm
