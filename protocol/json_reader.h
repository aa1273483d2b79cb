// SPDX-License-Identifier: MIT
#pragma once
// Reading JSON with simdjson's DOM, which validates all of it, while keeping the raw text of chosen
// values: a cursor walks over the text in step with the DOM. Private to protocol/.

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chirm {

class JsonParser {
 public:
  // simdjson needs about 14 bytes of memory for each byte of text. What texts up to
  // `retained_bytes` need stays allocated. What a longer text needs is freed when the next short
  // one is parsed.
  explicit JsonParser(std::size_t retained_bytes) : retained_bytes_(retained_bytes) {}

  // Parses one complete JSON value (RFC 8259) of at most limits::kJsonDepth levels; behind it
  // limits::kJsonPadding bytes must be readable. The element and its strings are valid until the
  // next call. Numbers too large for simdjson appear as an empty array, lone surrogates as U+FFFD.
  [[nodiscard]] simdjson::error_code parse(std::string_view text, simdjson::dom::element& root);

 private:
  std::size_t retained_bytes_;
  simdjson::dom::parser parser_;
  std::string lenient_copy_;
};

// A place in JSON text that is known to be valid.
class RawCursor {
 public:
  explicit RawCursor(std::string_view json) : next_(json.data()), end_(next_ + json.size()) {}

  // From a value that is an object or array to its first member.
  void open();
  // From a member of an object to its value.
  void skip_key();
  // From a value to behind it; returns its text without white space around it.
  std::string_view skip_value();
  // From behind a value to the next member.
  void skip_comma();
  // From behind the last member to behind the object or array.
  void close() { open(); }

  // Whether both stand at the same place.
  friend bool operator==(const RawCursor&, const RawCursor&) = default;

 private:
  void skip_whitespace();
  void skip_string();
  void skip_container();

  const char* next_;
  const char* end_;
};

// The raw text of a value at which `cursor` stands, which is behind it then; empty when it is null.
std::string_view read_raw(simdjson::dom::element value, RawCursor& cursor);

// Calls on_member(key, value) for all members of `object`, at whose start `cursor` must stand.
// During a call the cursor stands at the value, and on_member may move it behind the value to learn
// the raw text. Stops and returns false as soon as on_member returns false.
template <class OnMember>
bool for_each_member(simdjson::dom::object object, RawCursor& cursor, OnMember&& on_member) {
  cursor.open();
  for (const simdjson::dom::key_value_pair member : object) {
    cursor.skip_key();
    const RawCursor value = cursor;
    if (!on_member(member.key, member.value)) return false;
    if (cursor == value) cursor.skip_value();
    cursor.skip_comma();
  }
  cursor.close();
  return true;
}

// The same for an array, with on_element(value).
template <class OnElement>
bool for_each_element(simdjson::dom::array array, RawCursor& cursor, OnElement&& on_element) {
  cursor.open();
  for (const simdjson::dom::element element : array) {
    const RawCursor value = cursor;
    if (!on_element(element)) return false;
    if (cursor == value) cursor.skip_value();
    cursor.skip_comma();
  }
  cursor.close();
  return true;
}

// Each returns false when `value` has another type than the field; null leaves the field as it is.
bool read_field(simdjson::dom::element value, std::string_view& field);
bool read_field(simdjson::dom::element value, bool& field);
bool read_field(simdjson::dom::element value, std::uint32_t& field);
bool read_field(simdjson::dom::element value, std::uint64_t& field);
bool read_field(simdjson::dom::element value, std::int64_t& field);

// The string member `key` of `value`; "" when there is none of 1 to bytes_max bytes.
std::string_view string_member(simdjson::dom::element value, std::string_view key,
                               std::size_t bytes_max);

}  // namespace chirm
