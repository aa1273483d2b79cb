// SPDX-License-Identifier: MIT
#include "protocol/json_writer.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <utility>

#include "protocol/json.h"

namespace chirm {

// A comma belongs in front of what follows: whoever has written a value does not know whether
// another one comes.
void JsonWriter::begin(const std::string_view* name) {
  if (!is_first_) text_ += ',';
  is_first_ = false;
  if (depth_ > 0) new_line();
  if (name == nullptr) return;
  json::append_string(text_, *name);
  text_ += layout_ == Layout::kLines ? ": " : ":";
}

void JsonWriter::open_with(const std::string_view* name, char bracket) {
  begin(name);
  text_ += bracket;
  is_first_ = true;
  ++depth_;
}

void JsonWriter::close_with(char bracket) {
  assert(depth_ > 0);
  --depth_;
  if (!is_first_) new_line();  // an empty one stays "{}", in one line
  text_ += bracket;
  is_first_ = false;
}

void JsonWriter::new_line() {
  if (layout_ == Layout::kCompact) return;
  text_ += '\n';
  text_.append(2 * depth_, ' ');
}

void JsonWriter::add(std::string_view name, std::string_view value) {
  begin(&name);
  json::append_string(text_, value);
}

void JsonWriter::add(std::string_view name, double value) {
  begin(&name);
  // The shortest text that reads back as the same double (at most 24 characters). JSON has neither
  // infinity nor NaN (RFC 8259 §6).
  std::array<char, 32> digits;
  const double rounded = std::isfinite(value) ? std::round(value * 1e4) / 1e4 : 0;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), rounded).ptr;
  text_.append(digits.data(), end);
}

void JsonWriter::add(std::string_view name, bool value) {
  begin(&name);
  text_ += value ? "true" : "false";
}

void JsonWriter::add_raw(std::string_view name, std::string_view value) {
  begin(&name);
  json::append_raw(text_, value);
}

void JsonWriter::add_element(std::string_view value) {
  begin(nullptr);
  json::append_string(text_, value);
}

void JsonWriter::add_raw_element(std::string_view value) {
  begin(nullptr);
  json::append_raw(text_, value);
}

std::string JsonWriter::take() {
  // With lines it is for people and files, where a last line ends, too.
  if (layout_ == Layout::kLines) text_ += '\n';
  return std::exchange(text_, {});
}

}  // namespace chirm
