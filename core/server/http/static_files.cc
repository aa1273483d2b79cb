// SPDX-License-Identifier: MIT
#include "core/server/http/static_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/ascii.h"

namespace chirm {

namespace {

// Besides what every answer says (HttpExchange): the page loads nothing from elsewhere, has no
// inline code, and no text becomes markup.
constexpr std::array<std::pair<const char*, const char*>, 2> kSafety = {{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
     "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
     "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
}};

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
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
  if (!ascii::equals_ignoring_case(trim(parameters.substr(0, equals)), "q")) return false;
  const std::string_view value = trim(parameters.substr(equals + 1));
  return !value.empty() && value.find_first_not_of("0.") == value.npos;
}

// Only codings that are named count; `*` is answered without one, which is always acceptable.
bool accepts(const HttpRequest& request, std::string_view coding) {
  return any_item(request.header("accept-encoding").value_or(""), [&](std::string_view item) {
    const auto semicolon = std::min(item.find(';'), item.size());
    return ascii::equals_ignoring_case(trim(item.substr(0, semicolon)), coding) &&
           !is_zero_weight(item.substr(std::min(semicolon + 1, item.size())));
  });
}

struct Variant {
  std::string_view coding;  // "" for plain
  std::string_view body;
};

// Brotli first: it is the smallest, and both were compressed when the program was built, so that
// serving costs nothing either way.
Variant best_variant(const StaticFile& file, const HttpRequest& request) {
  if (!file.brotli.empty() && accepts(request, "br")) return {"br", file.brotli};
  if (!file.gzip.empty() && accepts(request, "gzip")) return {"gzip", file.gzip};
  return {"", file.plain};
}

// Each encoding is a representation with a tag of its own (RFC 9110 §8.8.3.3): a cache must not
// answer a client that takes no Brotli with a 304 for it.
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

std::optional<HttpResponse> static_response(std::span<const StaticFile> files,
                                            const HttpRequest& request) {
  const auto file = std::ranges::find(files, request.path(), &StaticFile::path);
  if (file == files.end()) return std::nullopt;
  const Variant variant = best_variant(*file, request);
  const std::string tag = entity_tag(*file, variant);
  HttpResponse response{200, "", ""};
  auto& headers = response.headers;
  headers.emplace_back("ETag", tag);
  // What has its content's hash in its name never changes. The rest is asked for each time, and the
  // answer is mostly a 304: so a new version is there with the next load.
  headers.emplace_back("Cache-Control",
                       file->is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  headers.emplace_back("Vary", "Accept-Encoding");
  headers.insert(headers.end(), kSafety.begin(), kSafety.end());
  // With the headers above and without those of the content (RFC 9110 §15.4.5).
  if (is_known_to_client(request, tag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file->content_type;
  if (!variant.coding.empty()) headers.emplace_back("Content-Encoding", variant.coding);
  response.lasting_body = variant.body;
  return response;
}

}  // namespace chirm
