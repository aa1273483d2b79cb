// SPDX-License-Identifier: MIT
#pragma once
// Messages between the processes of a run, over a socket pair. Both ends are the same program, so
// plain structures travel as they are in memory.

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/loop/socket.h"

namespace chirm::load {

// Appends plain values and sequences of them.
class Packer {
 public:
  template <class T>
  void add(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <class T>
  void add_all(std::span<const T> values) {
    add(values.size());
    for (const T& value : values) add(value);
  }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Takes them out again, in the same order.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T take() {
    T value;
    CHIRM_CHECK(rest_.size() >= sizeof value, rest_.size());
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> take_all() {
    std::vector<T> values(take<std::size_t>());
    for (T& value : values) value = take<T>();
    return values;
  }

 private:
  std::string_view rest_;
};

struct PipeMessage {
  std::uint32_t kind = 0;
  std::string body;
};

// One end. Sending blocks; the other end is always about to read.
class Pipe {
 public:
  explicit Pipe(Socket socket) : socket_(std::move(socket)) {}
  static std::pair<Pipe, Pipe> make();

  void send(std::uint32_t kind, std::string_view body);
  // Reads what is there. False when the other end is gone.
  [[nodiscard]] bool receive();
  // The next complete message of those read.
  std::optional<PipeMessage> next();
  int fd() const { return socket_.fd(); }

 private:
  Socket socket_;
  std::string received_;
};

}  // namespace chirm::load
