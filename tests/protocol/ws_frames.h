// SPDX-License-Identifier: MIT
#pragma once
// Frames made byte by byte, right and wrong ones (RFC 6455 §5.2), and a handler that notes what a
// decoder finds.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/limits.h"
#include "protocol/ws_decoder.h"

namespace chirm {

struct FrameSpec {
  int opcode = 0x1;
  std::string_view payload = {};
  bool fin = true;
  bool masked = true;
  int rsv = 0;
  int length_bytes = 0;               // 2 or 8 force a longer form of the length
  std::uint64_t announced_bytes = 0;  // unless 0: a length that is not the payload's
};

inline std::string frame(const FrameSpec& spec) {
  constexpr std::uint8_t kMask[4] = {0x37, 0xFA, 0x21, 0x3D};
  const std::uint64_t length = spec.announced_bytes ? spec.announced_bytes : spec.payload.size();
  int length_bytes = spec.length_bytes;
  if (length_bytes == 0) length_bytes = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
  std::string out;
  out += static_cast<char>((spec.fin ? 0x80 : 0) | (spec.rsv << 4) | spec.opcode);
  const int short_length = length_bytes == 8   ? 127
                           : length_bytes == 2 ? 126
                                               : static_cast<int>(length);
  out += static_cast<char>((spec.masked ? 0x80 : 0) | short_length);
  for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(length >> (8 * i));
  if (spec.masked) out.append(reinterpret_cast<const char*>(kMask), 4);
  for (std::size_t i = 0; i < spec.payload.size(); ++i) {
    out += static_cast<char>(spec.payload[i] ^ (spec.masked ? kMask[i % 4] : 0));
  }
  return out;
}

class RecordingHandler final : public WsHandler {
 public:
  bool on_message(std::string_view payload) override {
    // The padding must be readable; AddressSanitizer watches.
    for (std::size_t i = 0; i < limits::kJsonPadding; ++i)
      sum_ = sum_ + payload.data()[payload.size() + i];
    return note("message", payload);
  }
  bool on_ping(std::string_view payload) override { return note("ping", payload); }
  bool on_pong(std::string_view payload) override { return note("pong", payload); }
  bool on_close(std::uint16_t code, std::string_view reason) override {
    return note("close " + std::to_string(code), reason);
  }

  // "message:<payload>", "close 1000:<reason>" …
  std::vector<std::string> events;
  std::size_t stop_after = 1'000'000;  // events

 private:
  bool note(std::string_view what, std::string_view payload) {
    events.push_back(std::string(what) + ":" + std::string(payload));
    return events.size() < stop_after;
  }

  volatile int sum_ = 0;
};

// What one decoder makes of some bytes.
struct Decoded {
  std::vector<std::string> events;
  std::optional<Disconnect> error;
  bool is_at_message_boundary = false;
};

// Feeds `bytes` in pieces of the given sizes, the last size again and again.
inline Decoded decode_pieces(WsDecoderPool& pool, std::string_view bytes,
                             const std::vector<std::size_t>& sizes) {
  RecordingHandler handler;
  WsDecoder decoder(pool);
  Decoded result;
  for (std::size_t i = 0; !bytes.empty() && !result.error; ++i) {
    const std::size_t size = std::min(sizes[std::min(i, sizes.size() - 1)], bytes.size());
    // A copy on the heap, so that reads beyond the piece are seen.
    const std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    result.error = decoder.feed({piece.data(), piece.size()}, handler);
    bytes.remove_prefix(size);
  }
  result.events = handler.events;
  result.is_at_message_boundary = decoder.is_at_message_boundary();
  return result;
}

}  // namespace chirm
