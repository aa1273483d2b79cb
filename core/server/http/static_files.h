// SPDX-License-Identifier: MIT
#pragma once
// The web page's files, served from the program's own memory: which one a request asks for, in
// which encoding, and what its headers say about caching and safety. Pure.

#include <optional>
#include <span>
#include <string_view>

#include "protocol/http.h"
#include "protocol/http_response.h"

namespace chirm {

// One file of the page. The views must last as long as the program.
struct StaticFile {
  std::string_view path;          // as requested: "/", "/assets/chat-x1y2.js"
  std::string_view content_type;  // with charset
  std::string_view tag;           // of the content, without quotes; a strong ETag is made of it
  bool is_hashed;                 // the path changes with the content: may be kept for ever
  std::string_view plain;
  std::string_view gzip;    // "": this encoding is not there, as it would save nothing
  std::string_view brotli;  // likewise
};

// What to answer to GET of one of `files`: 200 or 304; nullopt when the request's path is none of
// theirs. HEAD is for who encodes it.
std::optional<HttpResponse> static_response(std::span<const StaticFile> files,
                                            const HttpRequest& request);

}  // namespace chirm
