// SPDX-License-Identifier: MIT
#pragma once
// Writes JSON objects and arrays, compact or with one member a line. Whoever opens an object or
// array closes it, in reverse order. Pure.

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace chirm {

class JsonWriter {
 public:
  enum class Layout { kCompact, kLines };
  explicit JsonWriter(Layout layout = Layout::kCompact) : layout_(layout) {}

  // With a name, the object or array becomes that member of the object which is open. Without one,
  // it is the whole value, or an element of the array which is open.
  void open(std::string_view name) { open_with(&name, '{'); }
  void open() { open_with(nullptr, '{'); }
  void close() { close_with('}'); }
  void open_array(std::string_view name) { open_with(&name, '['); }
  void open_array() { open_with(nullptr, '['); }
  void close_array() { close_with(']'); }

  // Members of an object. Text must be valid UTF-8. Fractions are rounded to four decimals; what is
  // not finite becomes 0.
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }
  void add(std::string_view name, double value);
  void add(std::string_view name, bool value);
  void add(std::string_view name, std::integral auto value) {
    begin(&name);
    text_ += std::to_string(value);
  }
  // `value` is JSON.
  void add_raw(std::string_view name, std::string_view value);

  // Elements of an array.
  void add_element(std::string_view value);
  void add_raw_element(std::string_view value);

  std::string take();

 private:
  void begin(const std::string_view* name);
  void open_with(const std::string_view* name, char bracket);
  void close_with(char bracket);
  void new_line();

  Layout layout_;
  std::string text_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
};

}  // namespace chirm
