// SPDX-License-Identifier: MIT
#pragma once
// Where a frame from a server ends (RFC 6455 §5.2), to cut whole frames out of received bytes.
// Their content is decoded by protocol/. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace chirm::load {

// Views into the bytes that the frame was read from.
struct ServerFrame {
  std::string_view all;  // header and payload
  std::string_view payload;
};

// The length of the header that `bytes` starts with; 0 when not even that can be told.
constexpr std::size_t frame_header_bytes(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const unsigned length = static_cast<unsigned char>(bytes[1]) & 0x7fU;
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

// The length of the frame that `bytes` starts with, header and payload; 0 when it cannot be told
// yet. Servers do not mask.
constexpr std::size_t frame_bytes(std::string_view bytes) {
  const std::size_t header = frame_header_bytes(bytes);
  if (header == 0 || bytes.size() < header) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (header == 2) return 2 + (byte(1) & 0x7fU);
  std::size_t payload_bytes = 0;
  for (std::size_t i = 2; i < header; ++i) payload_bytes = payload_bytes << 8 | byte(i);
  return header + payload_bytes;
}

// The frame that `bytes` starts with; nullopt unless all of it is there.
constexpr std::optional<ServerFrame> read_frame(std::string_view bytes) {
  const std::size_t size = frame_bytes(bytes);
  if (size == 0 || bytes.size() < size) return std::nullopt;
  const std::string_view all = bytes.substr(0, size);
  return ServerFrame{all, all.substr(frame_header_bytes(all))};
}

// True for a complete, uncompressed text message in one frame.
constexpr bool is_text_message(std::string_view frame) {
  return !frame.empty() && static_cast<unsigned char>(frame[0]) == 0x81;
}

}  // namespace chirm::load
