// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_command.h"

#include <array>
#include <charconv>

namespace chirm {

namespace {

class Decimal {
 public:
  explicit Decimal(std::uint64_t value)
      : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr) {}
  std::string_view text() const { return {digits_.data(), end_}; }

 private:
  std::array<char, 20> digits_;
  char* end_;
};

}  // namespace

RedisCommand::RedisCommand(std::initializer_list<std::string_view> arguments) {
  begin(arguments.size());
  for (const std::string_view argument : arguments) add(argument);
}

void RedisCommand::append_header(char type, std::size_t number) {
  bytes_ += type;
  bytes_ += Decimal(number).text();
  bytes_ += "\r\n";
}

// One too many, or one that is missing, and Redis would take the rest for another command.
void RedisCommand::note_argument(std::size_t size) {
  CHIRM_CHECK(missing_ > 0);
  --missing_;
  append_header('$', size);
}

RedisCommand& RedisCommand::begin(std::size_t arguments) {
  bytes_.clear();
  append_header('*', arguments);
  missing_ = arguments;
  return *this;
}

RedisCommand& RedisCommand::add(std::string_view argument) {
  note_argument(argument.size());
  bytes_ += argument;
  bytes_ += "\r\n";
  return *this;
}

RedisCommand& RedisCommand::add(std::uint64_t argument) { return add(Decimal(argument).text()); }

// Keys are made of pieces: joining them in a string first would be an allocation per key and
// publish.
RedisCommand& RedisCommand::add_joined(std::initializer_list<std::string_view> pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  note_argument(size);
  for (const std::string_view piece : pieces) bytes_ += piece;
  bytes_ += "\r\n";
  return *this;
}

}  // namespace chirm
