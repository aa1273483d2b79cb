// SPDX-License-Identifier: MIT
#pragma once
// Reads a JSON object by a schema: each member is asked for with its type and bounds, and the first
// that is missing or wrong is remembered as a sentence for the sender. Members that nobody asks for
// are ignored. Pure.
//
//   JsonFields fields(body);
//   const std::string room = fields.text("room", {1, 64});
//   const auto seconds = fields.number_or("seconds", {1, kYear}, 0);
//   if (!fields.is_right()) return refuse(fields.problem());

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chirm {

class JsonFields {
 public:
  struct Range {
    std::uint64_t low;
    std::uint64_t high;  // inclusive
  };
  static constexpr Range kAny{0, UINT64_MAX};

  // Copies the text. An empty one, or null, is an object without members.
  explicit JsonFields(std::string_view text);
  ~JsonFields();
  JsonFields(const JsonFields&) = delete;
  JsonFields& operator=(const JsonFields&) = delete;

  // False when the text is no JSON object, or something asked for so far was missing or wrong.
  bool is_right() const { return problem_.empty(); }
  // "room: expected text of 1 to 64 characters".
  const std::string& problem() const { return problem_; }
  // Notes a problem that the caller has found, unless there is one already.
  void refuse(std::string_view name, std::string_view expected);

  // Notes a problem when a name stands there twice: readers differ in which of the two they
  // believe.
  void refuse_duplicates();

  bool has(std::string_view name) const;  // and is not null
  // Whether a member has this name, whatever its value is, null included.
  bool names(std::string_view name) const;

  // Where a name stands twice, the first one is read. Lengths are in characters (code points). A
  // member that is wrong reads as "", 0, false or nothing.
  std::string text(std::string_view name, Range length);
  std::string text_or(std::string_view name, Range length, std::string_view otherwise);
  std::uint64_t number(std::string_view name, Range range);
  std::uint64_t number_or(std::string_view name, Range range, std::uint64_t otherwise);
  bool flag(std::string_view name);
  bool flag_or(std::string_view name, bool otherwise);
  // An array of at most count_max texts; none when absent.
  std::vector<std::string> texts(std::string_view name, std::size_t count_max, Range length);
  // The members of an object, which all are texts; none when absent.
  std::vector<std::pair<std::string, std::string>> text_members(std::string_view name,
                                                                std::size_t count_max,
                                                                Range length);
  // A member of any type as JSON text; "" when absent or null.
  std::string raw(std::string_view name);
  // The elements of an array as JSON texts; none when absent.
  std::vector<std::string> raw_elements(std::string_view name, std::size_t count_max);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string problem_;
};

}  // namespace chirm
