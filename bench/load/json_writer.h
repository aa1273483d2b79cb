// SPDX-License-Identifier: MIT
#pragma once
// Writes nested JSON objects, one member a line. Pure.

#include <concepts>
#include <string>
#include <string_view>

#include "protocol/json.h"

namespace chirm::load {

class JsonWriter {
 public:
  void open(std::string_view name) {
    begin(name);
    text_ += '{';
    is_first_ = true;
    ++depth_;
  }
  void close() {
    --depth_;
    new_line();
    text_ += '}';
    is_first_ = false;
  }
  void add(std::string_view name, std::string_view value) {
    begin(name);
    json::append_string(text_, value);
  }
  void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }
  void add(std::string_view name, double value);
  void add(std::string_view name, bool value) {
    begin(name);
    text_ += value ? "true" : "false";
  }
  void add(std::string_view name, std::unsigned_integral auto value) {
    begin(name);
    json::append_number(text_, value);
  }
  std::string take() {
    text_ += '\n';
    return std::move(text_);
  }

 private:
  void begin(std::string_view name) {
    if (!is_first_) text_ += ',';
    is_first_ = false;
    if (depth_ == 0) return;
    new_line();
    json::append_string(text_, name);
    text_ += ": ";
  }
  void new_line() {
    text_ += '\n';
    text_.append(2 * depth_, ' ');
  }

  std::string text_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
};

}  // namespace chirm::load
