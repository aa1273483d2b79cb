// SPDX-License-Identifier: MIT
#include "protocol/json.h"

#include <array>
#include <charconv>

#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm::json {
namespace {

// A table: append_string() looks at every byte, and one load is cheaper than three comparisons.
constexpr std::array<bool, 256> make_escaped() {
  std::array<bool, 256> escaped{};
  for (std::size_t i = 0; i < 0x20; ++i) escaped[i] = true;
  escaped['"'] = escaped['\\'] = true;
  return escaped;
}

constexpr std::array<bool, 256> kEscaped = make_escaped();

void append_escape(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    case '"':
    case '\\':
      out += '\\';
      out += c;
      break;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  // Copies runs of ordinary bytes at once; most texts are a single run.
  const char* run = text.data();
  const char* const end = run + text.size();
  for (const char* next = run; next != end; ++next) {
    if (!kEscaped[static_cast<unsigned char>(*next)]) continue;
    out.append(run, next);
    append_escape(out, *next);
    run = next + 1;
  }
  out.append(run, end);
  out += '"';
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];  // of 2^64 - 1
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_raw(std::string& out, std::string_view value) {
  while (true) {
    const std::size_t line_feed = value.find('\n');
    out.append(value.substr(0, line_feed));
    if (line_feed == std::string_view::npos) return;
    value.remove_prefix(line_feed + 1);
  }
}

// simdjson follows RFC 3629: neither surrogates, nor overlong forms, nor anything beyond U+10FFFF.
bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool is_valid(std::string_view text) {
  std::string padded;
  padded.reserve(text.size() + limits::kJsonPadding);
  padded.append(text).append(limits::kJsonPadding, ' ');
  // With the parser that everything is read by, so that nothing is stored which a decoder refuses
  // later.
  simdjson::dom::element root;
  return JsonParser(text.size()).parse({padded.data(), text.size()}, root) == simdjson::SUCCESS;
}

}  // namespace chirm::json
