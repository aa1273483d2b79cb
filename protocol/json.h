// SPDX-License-Identifier: MIT
#pragma once
// Writing JSON text. Reading it is the business of command.h and message.h. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace chirm::json {

// Appends `text` as a JSON string with its quotes. `text` must be valid UTF-8. Escapes what
// RFC 8259 §7 demands, and nothing else.
void append_string(std::string& out, std::string_view text);

void append_number(std::string& out, std::uint64_t number);

// Appends a JSON value as it is, but for line feeds: on the wire they separate objects, and within
// valid JSON they only stand between tokens.
void append_raw(std::string& out, std::string_view value);

// True when `text` is valid UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

// True when `text` is one complete JSON value within limits::kJsonDepth. Copies `text` for padding,
// so not for hot paths.
bool is_valid(std::string_view text);

}  // namespace chirm::json
