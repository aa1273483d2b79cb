// SPDX-License-Identifier: MIT
#pragma once
// Encodes WebSocket frames (RFC 6455 §5.2) with wslay's frame API. One encoder serves any number of
// connections of one thread: it keeps nothing between calls.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chirm {

enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

// Which end of a connection we are: a client masks what it sends, a server must not (§5.1).
enum class WsRole : std::uint8_t { kServer, kClient };

class WsEncoder {
 public:
  explicit WsEncoder(WsRole role);
  ~WsEncoder();
  WsEncoder(const WsEncoder&) = delete;
  WsEncoder& operator=(const WsEncoder&) = delete;

  // Appends one complete, final frame to `out`. Control frames take at most 125 bytes (§5.5).
  void append(std::string& out, Opcode opcode, std::string_view payload);

  // Appends a Close frame. `reason` is cut at a character boundary to fit 123 bytes (§5.5.1).
  void append_close(std::string& out, std::uint16_t code, std::string_view reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
