// SPDX-License-Identifier: MIT
#include "protocol/json_fields.h"

#include <algorithm>
#include <unordered_set>

#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr std::size_t kNameToldBytesMax = 64;

std::string expected_text(JsonFields::Range length) {
  if (length.low == 0) return "text of at most " + std::to_string(length.high) + " characters";
  return "text of " + std::to_string(length.low) + " to " + std::to_string(length.high) +
         " characters";
}

// Bytes that do not continue a character (RFC 3629 §3): limits are the same for all scripts.
std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool fits(std::string_view text, JsonFields::Range length) {
  const std::size_t count = characters(text);
  return count >= length.low && count <= length.high;
}

}  // namespace

struct JsonFields::Impl {
  JsonParser parser{0};  // retains nothing: one object is read once
  std::string text;
  std::size_t size = 0;
  bool is_object = false;
  simdjson::dom::object object;

  std::optional<simdjson::dom::element> find(std::string_view name) const {
    simdjson::dom::element value;
    if (!is_object || object.at_key(name).get(value) || value.is_null()) return std::nullopt;
    return value;
  }
};

JsonFields::JsonFields(std::string_view text) : impl_(std::make_unique<Impl>()) {
  // A request without parameters may leave them out, send null, or send an object without members.
  if (text.empty()) text = "{}";
  impl_->size = text.size();
  impl_->text.assign(text).append(limits::kJsonPadding, ' ');
  simdjson::dom::element root;
  if (impl_->parser.parse({impl_->text.data(), text.size()}, root)) {
    problem_ = "expected a JSON object";
    return;
  }
  impl_->is_object = !root.get(impl_->object);
  if (!impl_->is_object && !root.is_null()) problem_ = "expected a JSON object";
}

JsonFields::~JsonFields() = default;

// Only the first problem is told: those behind it may be nothing but its consequences.
void JsonFields::refuse(std::string_view name, std::string_view expected) {
  if (!problem_.empty()) return;
  problem_.append(name).append(": expected ").append(expected);
}

void JsonFields::refuse_duplicates() {
  if (!impl_->is_object) return;
  std::unordered_set<std::string_view> names;
  for (const auto& [name, value] : impl_->object) {
    if (names.insert(name).second) continue;
    // The name is the sender's own, and the problem goes back to the sender: it stays short.
    refuse(name.size() <= kNameToldBytesMax ? name : "a member", "to be there once");
  }
}

bool JsonFields::has(std::string_view name) const { return impl_->find(name).has_value(); }

bool JsonFields::names(std::string_view name) const {
  if (!impl_->is_object) return false;
  for (const auto& [its_name, value] : impl_->object) {
    if (its_name == name) return true;
  }
  return false;
}

std::string JsonFields::text(std::string_view name, Range length) {
  // With the problem noted, what text_or() finds cannot become a second one.
  if (!has(name)) refuse(name, expected_text(length));
  return text_or(name, length, {});
}

std::string JsonFields::text_or(std::string_view name, Range length, std::string_view otherwise) {
  const auto value = impl_->find(name);
  if (!value) return std::string(otherwise);
  std::string_view text;
  if (!value->get(text) && fits(text, length)) return std::string(text);
  refuse(name, expected_text(length));
  return {};
}

std::uint64_t JsonFields::number(std::string_view name, Range range) {
  if (!has(name)) refuse(name, "a whole number");
  return number_or(name, range, 0);
}

std::uint64_t JsonFields::number_or(std::string_view name, Range range, std::uint64_t otherwise) {
  const auto value = impl_->find(name);
  if (!value) return otherwise;
  std::uint64_t number = 0;
  if (!value->get(number) && number >= range.low && number <= range.high) return number;
  refuse(name,
         "a whole number from " + std::to_string(range.low) + " to " + std::to_string(range.high));
  return 0;
}

bool JsonFields::flag(std::string_view name) {
  if (!has(name)) refuse(name, "true or false");
  return flag_or(name, false);
}

bool JsonFields::flag_or(std::string_view name, bool otherwise) {
  const auto value = impl_->find(name);
  if (!value) return otherwise;
  bool flag = false;
  if (value->get(flag)) refuse(name, "true or false");
  return flag;
}

std::vector<std::string> JsonFields::texts(std::string_view name, std::size_t count_max,
                                           Range length) {
  std::vector<std::string> texts;
  const auto value = impl_->find(name);
  if (!value) return texts;
  simdjson::dom::array array;
  const std::string expected = "at most " + std::to_string(count_max) + " texts";
  // simdjson's size() saturates at 0xFFFFFF, which is far above any count_max.
  if (value->get(array) || array.size() > count_max) {
    refuse(name, expected);
    return texts;
  }
  for (const simdjson::dom::element element : array) {
    std::string_view text;
    if (element.get(text) || !fits(text, length)) {
      refuse(name, expected + ", each a " + expected_text(length));
      return {};
    }
    texts.emplace_back(text);
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> JsonFields::text_members(std::string_view name,
                                                                          std::size_t count_max,
                                                                          Range length) {
  std::vector<std::pair<std::string, std::string>> members;
  const auto value = impl_->find(name);
  if (!value) return members;
  simdjson::dom::object object;
  bool is_right = !value->get(object) && object.size() <= count_max;
  if (is_right) {
    for (const auto [key, member] : object) {
      std::string_view text;
      is_right = is_right && !member.get(text) && fits(text, length) && fits(key, length);
      members.emplace_back(key, text);
    }
  }
  if (is_right) return members;
  refuse(name, "an object of at most " + std::to_string(count_max) +
                   " members, each name and each " + "value a " + expected_text(length));
  return {};
}

// The first of equal names, as find() has it: a value that was checked by its type and then taken
// as text must be one and the same.
std::string JsonFields::raw(std::string_view name) {
  std::string found;
  if (!has(name)) return found;
  RawCursor cursor({impl_->text.data(), impl_->size});
  for_each_member(impl_->object, cursor, [&](std::string_view key, simdjson::dom::element) {
    if (key != name) return true;
    found = cursor.skip_value();
    return false;
  });
  return found;
}

std::vector<std::string> JsonFields::raw_elements(std::string_view name, std::size_t count_max) {
  std::vector<std::string> elements;
  const auto value = impl_->find(name);
  if (!value) return elements;
  simdjson::dom::array array;
  if (value->get(array) || array.size() > count_max) {
    refuse(name, "an array of at most " + std::to_string(count_max));
    return elements;
  }
  // The DOM has no text of its elements (numbers would lose digits), so the text of the array is
  // walked through beside it.
  const std::string text = raw(name);
  RawCursor cursor(text);
  for_each_element(array, cursor, [&](simdjson::dom::element) {
    elements.emplace_back(cursor.skip_value());
    return true;
  });
  return elements;
}

}  // namespace chirm
