// SPDX-License-Identifier: MIT
#include "protocol/ws_encoder.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <random>

namespace chirm {
namespace {

constexpr std::size_t kHeaderBytesMax = 14;
constexpr std::size_t kControlPayloadMax = 125;  // RFC 6455 §5.5

// splitmix64. The mask protects intermediaries from chosen bytes (§10.3): it must be unforeseeable
// for whoever writes the payload, it hides nothing.
class MaskSource {
 public:
  MaskSource() {
    std::random_device device;
    state_ = (std::uint64_t{device()} << 32) | device();
  }

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

struct WsEncoder::Impl {
  explicit Impl(WsRole end) : role(end) {
    constexpr wslay_frame_callbacks kCallbacks = {on_send_cb, nullptr, on_mask_cb};
    if (wslay_frame_context_init(&context, &kCallbacks, this) != 0) throw std::bad_alloc();
  }
  ~Impl() { wslay_frame_context_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Never throws: append() has reserved the room.
  static ssize_t on_send_cb(const std::uint8_t* data, std::size_t length, int, void* user_data) {
    static_cast<Impl*>(user_data)->out->append(reinterpret_cast<const char*>(data), length);
    return static_cast<ssize_t>(length);
  }

  static int on_mask_cb(std::uint8_t* buffer, std::size_t length, void* user_data) {
    const std::uint64_t mask = static_cast<Impl*>(user_data)->masks.next();
    std::memcpy(buffer, &mask, std::min(length, sizeof mask));
    return 0;
  }

  WsRole role;
  MaskSource masks;
  std::string* out = nullptr;  // set exactly within append()
  wslay_frame_context_ptr context = nullptr;
};

WsEncoder::WsEncoder(WsRole role) : impl_(std::make_unique<Impl>(role)) {}
WsEncoder::~WsEncoder() = default;

void WsEncoder::append(std::string& out, Opcode opcode, std::string_view payload) {
  assert(static_cast<std::uint8_t>(opcode) < 8 || payload.size() <= kControlPayloadMax);
  // wslay sends in pieces; with the room reserved none of them can fail, nor throw through C.
  out.reserve(out.size() + kHeaderBytesMax + payload.size());
  wslay_frame_iocb frame{};
  frame.fin = 1;
  frame.opcode = static_cast<std::uint8_t>(opcode);
  frame.mask = impl_->role == WsRole::kClient;
  frame.payload_length = payload.size();
  frame.data = reinterpret_cast<const std::uint8_t*>(payload.data());
  frame.data_length = payload.size();
  impl_->out = &out;
  [[maybe_unused]] const ssize_t sent = wslay_frame_send(impl_->context, &frame);
  impl_->out = nullptr;
  assert(sent == static_cast<ssize_t>(payload.size()));
}

void WsEncoder::append_close(std::string& out, std::uint16_t code, std::string_view reason) {
  char payload[kControlPayloadMax];
  payload[0] = static_cast<char>(code >> 8);
  payload[1] = static_cast<char>(code & 0xFF);
  std::size_t length = std::min(reason.size(), sizeof payload - 2);
  const auto is_continuation = [&](std::size_t i) {
    return i < reason.size() && (static_cast<unsigned char>(reason[i]) & 0xC0) == 0x80;
  };
  // A reason that is cut within a character would not be UTF-8, which closes with 1007 at the peer.
  while (length > 0 && is_continuation(length)) --length;
  reason.copy(payload + 2, length);
  append(out, Opcode::kClose, {payload, length + 2});
}

}  // namespace chirm
