// SPDX-License-Identifier: MIT
#include "protocol/json_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "protocol/limits.h"

namespace chirm {
namespace {

namespace dom = simdjson::dom;

static_assert(limits::kJsonPadding >= simdjson::SIMDJSON_PADDING);

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// RFC 8259 §6.
bool is_number(std::string_view text) {
  std::size_t i = 0;
  const auto skip_digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > begin;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!skip_digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!skip_digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!skip_digits()) return false;
  }
  return i == text.size();
}

// Whether simdjson might be unable to hold this number: more than 64 bits or beyond a double.
bool may_be_out_of_range(std::string_view number) {
  constexpr std::size_t kSafeDigits = std::numeric_limits<std::int64_t>::digits10;
  return number.size() > kSafeDigits || number.find_first_of("eE") != std::string_view::npos;
}

// The code unit of the escape `\uXXXX` at the start of `text`, or 0 when there is none.
unsigned escaped_unit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return 0;
  unsigned unit = 0;
  for (const char c : text.substr(2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return 0;
    unit = unit * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

bool is_high_surrogate(unsigned unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Replaces lone surrogates of the string that starts at `i`; returns the index of its last quote.
std::size_t replace_lone_surrogates(std::string& json, std::size_t i) {
  const std::string_view text = json;
  for (++i; i < json.size() && json[i] != '"'; ++i) {
    if (json[i] != '\\') continue;
    const unsigned unit = escaped_unit(text.substr(i));
    if (is_high_surrogate(unit) && is_low_surrogate(escaped_unit(text.substr(i + 6)))) {
      i += 11;
    } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      json.replace(i, 6, "\\ufffd");
      i += 5;
    } else {
      ++i;
    }
  }
  return i;
}

// RFC 8259 allows numbers of any size (§6) and escapes of lone surrogates (§8.2), which
// JSON.stringify() really sends for a string that was cut within an emoji. simdjson refuses both.
// Replaces them by text of the same length that it accepts, an array because no field is one.
void replace_unrepresentable(std::string& json) {
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') {
      i = replace_lone_surrogates(json, i);
    } else if (json[i] == '-' || is_digit(json[i])) {
      const std::size_t end = std::min(json.find_first_not_of("+-.0123456789Ee", i), json.size());
      const std::string_view number = std::string_view(json).substr(i, end - i);
      if (is_number(number) && may_be_out_of_range(number)) {
        json.replace(i, end - i, "[]" + std::string(end - i - 2, ' '));
      }
      i = end - 1;
    }
  }
}

}  // namespace

// simdjson's buffers only ever grow: after a long text, the parser is replaced by a small one as
// soon as a short text comes, and not before, as long ones come in rows.
simdjson::error_code JsonParser::parse(std::string_view text, dom::element& root) {
  if (text.empty()) return simdjson::EMPTY;
  const std::size_t capacity = parser_.capacity();
  if (capacity == 0 || (capacity > retained_bytes_ && text.size() <= retained_bytes_)) {
    parser_ = dom::parser();
    if (const auto error = parser_.allocate(retained_bytes_, limits::kJsonDepth)) return error;
  }
  // "false": simdjson need not copy the text for its padding, the caller has it.
  const simdjson::error_code error = parser_.parse(text.data(), text.size(), false).get(root);
  if (error != simdjson::NUMBER_ERROR && error != simdjson::STRING_ERROR) return error;

  lenient_copy_.reserve(text.size() + limits::kJsonPadding);
  lenient_copy_.assign(text);
  replace_unrepresentable(lenient_copy_);
  lenient_copy_.append(limits::kJsonPadding, ' ');
  const auto second = parser_.parse(lenient_copy_.data(), text.size(), false).get(root);
  if (lenient_copy_.capacity() > retained_bytes_ * 2) std::string().swap(lenient_copy_);
  return second;
}

void RawCursor::skip_whitespace() {
  while (next_ < end_ && (*next_ == ' ' || *next_ == '\t' || *next_ == '\n' || *next_ == '\r')) {
    ++next_;
  }
}

void RawCursor::open() {
  skip_whitespace();
  if (next_ < end_) ++next_;
  skip_whitespace();
}

void RawCursor::skip_comma() {
  skip_whitespace();
  if (next_ < end_ && *next_ == ',') ++next_;
  skip_whitespace();
}

void RawCursor::skip_key() {
  skip_string();
  skip_whitespace();
  if (next_ < end_) ++next_;
  skip_whitespace();
}

// A string ends at the first quote that has an even number of backslashes in front of it.
void RawCursor::skip_string() {
  const char* const begin = next_ + 1;
  const char* quote = next_;
  while (true) {
    ++quote;
    if (quote >= end_) break;
    quote =
        static_cast<const char*>(std::memchr(quote, '"', static_cast<std::size_t>(end_ - quote)));
    if (quote == nullptr) break;
    const char* slash = quote;
    while (slash > begin && slash[-1] == '\\') --slash;
    if ((quote - slash) % 2 == 0) {
      next_ = quote + 1;
      return;
    }
  }
  next_ = end_;
}

// By brackets alone: the text is known to be valid, so they match, and commas and colons need not
// be looked at.
void RawCursor::skip_container() {
  std::size_t depth = 0;
  while (next_ < end_) {
    switch (*next_) {
      case '"':
        skip_string();
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        --depth;
        break;
      default:
        break;
    }
    ++next_;
    if (depth == 0) return;
  }
}

std::string_view RawCursor::skip_value() {
  const char* const begin = next_;
  if (next_ == end_) return {};
  if (*next_ == '"') {
    skip_string();
  } else if (*next_ == '{' || *next_ == '[') {
    skip_container();
  } else {
    const auto rest = std::string_view(next_, static_cast<std::size_t>(end_ - next_));
    next_ += std::min(rest.find_first_of(",]} \t\n\r"), rest.size());
  }
  return {begin, static_cast<std::size_t>(next_ - begin)};
}

bool read_field(dom::element value, std::string_view& field) {
  return value.is_null() || value.get_string().get(field) == simdjson::SUCCESS;
}

bool read_field(dom::element value, bool& field) {
  return value.is_null() || value.get_bool().get(field) == simdjson::SUCCESS;
}

bool read_field(dom::element value, std::uint64_t& field) {
  return value.is_null() || value.get_uint64().get(field) == simdjson::SUCCESS;
}

bool read_field(dom::element value, std::int64_t& field) {
  return value.is_null() || value.get_int64().get(field) == simdjson::SUCCESS;
}

// simdjson has no 32-bit numbers; one that is larger is refused rather than cut.
bool read_field(dom::element value, std::uint32_t& field) {
  std::uint64_t wide = field;
  if (!read_field(value, wide) || wide > std::numeric_limits<std::uint32_t>::max()) return false;
  field = static_cast<std::uint32_t>(wide);
  return true;
}

std::string_view string_member(dom::element value, std::string_view key, std::size_t bytes_max) {
  std::string_view found;
  dom::object object;
  if (value.get(object)) return found;
  // Of equal keys the last counts, also when it is no string.
  for (const dom::key_value_pair member : object) {
    if (member.key == key && member.value.get(found)) found = {};
  }
  return found.size() <= bytes_max ? found : std::string_view();
}

std::string_view read_raw(dom::element value, RawCursor& cursor) {
  const std::string_view raw = cursor.skip_value();
  return value.is_null() ? std::string_view() : raw;
}

}  // namespace chirm
