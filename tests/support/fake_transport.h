// SPDX-License-Identifier: MIT
#pragma once
// A session's connection without a socket: keeps what is written to it, and takes as little of each
// write, and as much in all, as a test wants.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/check.h"
#include "core/chat/transport.h"

namespace chirm::testing {

class FakeTransport final : public Transport {
 public:
  std::size_t write(std::span<const iovec> pieces, std::size_t bytes) override {
    ++writes;
    if (on_write) on_write();
    const std::size_t taken = std::min({bytes, bytes_per_write, room});
    std::size_t offered = 0;
    for (const iovec& piece : pieces) {
      const std::size_t begin = std::min(offered, taken);
      offered += piece.iov_len;
      const std::size_t length = std::min(offered, taken) - begin;
      if (is_kept) sent.append(static_cast<const char*>(piece.iov_base), length);
    }
    CHIRM_CHECK(offered == bytes && bytes > 0 && !pieces.empty(), offered, bytes);
    CHIRM_CHECK(!is_full && ends == 0, is_full, ends);  // promised by Session and Hub
    if (room != SIZE_MAX) room -= taken;
    is_full = taken < bytes;
    return taken;
  }
  void set_input_wanted(bool is_wanted) override { is_input_wanted = is_wanted; }
  void on_closing() override { ++closings; }
  void on_all_written() override { ++ends; }

  // What the next writes take.
  std::size_t bytes_per_write = SIZE_MAX;
  std::size_t room = SIZE_MAX;

  std::string sent;  // all bytes taken
  bool is_kept = true;
  bool is_full = false;  // a write was not taken completely: on_writable() is due
  bool is_input_wanted = true;
  std::size_t writes = 0;
  int closings = 0;
  int ends = 0;
  std::function<void()> on_write;
};

}  // namespace chirm::testing
