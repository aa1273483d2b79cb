// SPDX-License-Identifier: MIT
#include "protocol/ws_decoder.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "protocol/json.h"
#include "protocol/limits.h"

namespace chirm {
namespace {

// What idle assemblies of a pool may keep: 64 of about 4.5 KiB and a buffer up to this. While all
// messages come whole, one assembly serves all connections of a thread.
constexpr std::size_t kIdleMax = 64;
constexpr std::size_t kRetainedBytes = 64 * 1024;

constexpr std::uint16_t kNoStatus = 1005;  // RFC 6455 §7.1.5

bool is_control(std::uint8_t opcode) { return (opcode & 0x8) != 0; }

// RFC 6455 §7.4 and the IANA registry: the codes that may stand in a Close frame.
bool is_close_code(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

// wslay does not say how long a header was; but it takes lengths in their shortest form only.
std::uint64_t header_bytes(const wslay_frame_iocb& frame) {
  const std::uint64_t length = frame.payload_length;
  const std::uint64_t length_bytes = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
  return 2 + length_bytes + (frame.mask ? 4 : 0);
}

// Bytes that have room for limits::kJsonPadding more behind them. It grows with what has really
// arrived, never with what a header announces.
class PaddedBuffer {
 public:
  void append(const std::uint8_t* bytes, std::size_t count) {
    if (count > capacity_ - size_) grow(size_ + count);
    if (count > 0) std::memcpy(bytes_.get() + size_, bytes, count);
    size_ += count;
  }

  void clear() { size_ = 0; }

  void shrink() {
    if (capacity_ <= kRetainedBytes) return;
    bytes_.reset();
    size_ = capacity_ = 0;
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  // Has its padding also when it is empty, once grow() has run.
  std::string_view view() {
    if (bytes_ == nullptr) grow(0);
    return {bytes_.get(), size_};
  }

 private:
  void grow(std::size_t at_least) {
    const std::size_t capacity = std::max({at_least, capacity_ * 2, std::size_t{1024}});
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity + limits::kJsonPadding);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // without the padding
};

}  // namespace

class WsAssembly {
 public:
  WsAssembly() {
    constexpr wslay_frame_callbacks kCallbacks = {nullptr, on_receive_cb, nullptr};
    if (wslay_frame_context_init(&context_, &kCallbacks, this) != 0) throw std::bad_alloc();
  }
  ~WsAssembly() { wslay_frame_context_free(context_); }
  WsAssembly(const WsAssembly&) = delete;
  WsAssembly& operator=(const WsAssembly&) = delete;

  // As WsDecoder::feed(). After an error or is_stopped() the assembly is of no more use.
  std::optional<Disconnect> feed(std::string_view bytes, WsRole role, std::size_t message_bytes_max,
                                 WsHandler& handler);

  bool is_stopped() const { return is_stopped_; }
  // wslay holds no byte and no message is open.
  bool is_at_message_boundary() const { return fed_bytes_ == framed_bytes_ && !is_in_message_; }

  void shrink() { message_.shrink(); }
  std::size_t held_bytes() const { return message_.capacity(); }

 private:
  static ssize_t on_receive_cb(std::uint8_t* buffer, std::size_t length, int, void* user_data);

  std::optional<Disconnect> begin_frame(const wslay_frame_iocb& frame, WsRole role,
                                        std::size_t message_bytes_max);
  std::optional<Disconnect> begin_data_frame(const wslay_frame_iocb& frame,
                                             std::size_t message_bytes_max);
  void take_payload(const wslay_frame_iocb& frame);
  std::optional<Disconnect> end_frame(const wslay_frame_iocb& frame, WsHandler& handler);
  std::optional<Disconnect> end_message(WsHandler& handler);
  std::optional<Disconnect> end_close(WsHandler& handler);

  wslay_frame_context_ptr context_ = nullptr;
  std::string_view input_;           // of the running feed(), not yet taken by wslay
  std::uint64_t fed_bytes_ = 0;      // since the last boundary
  std::uint64_t framed_bytes_ = 0;   // of those, the ones of frames that are complete
  std::uint64_t payload_bytes_ = 0;  // of the open frame, so far
  std::size_t fragments_ = 0;
  std::uint8_t message_opcode_ = 0;
  bool is_in_frame_ = false;    // wslay has shown a frame's header, but not its last payload byte
  bool is_in_message_ = false;  // a data frame has begun whose message has not ended
  bool is_stopped_ = false;     // the handler has returned false
  std::uint8_t control_size_ = 0;
  std::uint8_t control_[125] = {};  // payload of the open control frame
  PaddedBuffer message_;
};

ssize_t WsAssembly::on_receive_cb(std::uint8_t* buffer, std::size_t length, int, void* user_data) {
  std::string_view& input = static_cast<WsAssembly*>(user_data)->input_;
  // -1 makes wslay_frame_recv() return WANT_READ and leaves the context as it is.
  if (input.empty()) return -1;
  const std::size_t count = input.copy(reinterpret_cast<char*>(buffer), length);
  input.remove_prefix(count);
  return static_cast<ssize_t>(count);
}

std::optional<Disconnect> WsAssembly::feed(std::string_view bytes, WsRole role,
                                           std::size_t message_bytes_max, WsHandler& handler) {
  input_ = bytes;
  fed_bytes_ += bytes.size();
  wslay_frame_iocb frame{};
  while (true) {
    const ssize_t received = wslay_frame_recv(context_, &frame);
    if (received == WSLAY_ERR_WANT_READ) return std::nullopt;
    // Control frames that are fragmented or too long, lengths that are not minimal (§5.2, §5.5).
    if (received < 0) return disconnects::kProtocolError;
    if (!is_in_frame_) {
      if (auto error = begin_frame(frame, role, message_bytes_max)) return error;
    }
    take_payload(frame);
    if (payload_bytes_ < frame.payload_length) continue;
    if (auto error = end_frame(frame, handler)) return error;
    if (is_stopped_) return std::nullopt;
  }
}

std::optional<Disconnect> WsAssembly::begin_frame(const wslay_frame_iocb& frame, WsRole role,
                                                  std::size_t message_bytes_max) {
  // Before any payload is stored, so that what is too long is never held (RFC 6455 §10.4).
  is_in_frame_ = true;
  payload_bytes_ = 0;
  const bool is_masked = frame.mask != 0;
  if (frame.rsv != 0 || is_masked != (role == WsRole::kServer)) return disconnects::kProtocolError;
  if (!is_control(frame.opcode)) return begin_data_frame(frame, message_bytes_max);
  control_size_ = 0;
  if (frame.opcode > WSLAY_PONG) return disconnects::kProtocolError;
  return std::nullopt;
}

std::optional<Disconnect> WsAssembly::begin_data_frame(const wslay_frame_iocb& frame,
                                                       std::size_t message_bytes_max) {
  const bool is_continuation = frame.opcode == WSLAY_CONTINUATION_FRAME;
  if (frame.opcode > WSLAY_BINARY_FRAME || is_continuation != is_in_message_) {
    return disconnects::kProtocolError;
  }
  if (!is_continuation) {
    is_in_message_ = true;
    message_opcode_ = frame.opcode;
    message_.clear();
    fragments_ = 0;
  }
  // Empty fragments cost the sender two bytes each and never reach the limit of the length.
  if (++fragments_ > limits::kMessageFragments) return disconnects::kTooBig;
  // A subtraction, as the sum with an announced length of 2^63 would overflow.
  if (frame.payload_length > message_bytes_max - message_.size()) return disconnects::kTooBig;
  return std::nullopt;
}

void WsAssembly::take_payload(const wslay_frame_iocb& frame) {
  payload_bytes_ += frame.data_length;
  if (!is_control(frame.opcode)) {
    message_.append(frame.data, frame.data_length);
  } else if (frame.data_length > 0) {
    std::memcpy(control_ + control_size_, frame.data, frame.data_length);
    control_size_ = static_cast<std::uint8_t>(control_size_ + frame.data_length);
  }
}

std::optional<Disconnect> WsAssembly::end_frame(const wslay_frame_iocb& frame, WsHandler& handler) {
  is_in_frame_ = false;
  framed_bytes_ += header_bytes(frame) + frame.payload_length;
  const std::string_view payload(reinterpret_cast<const char*>(control_), control_size_);
  switch (frame.opcode) {
    case WSLAY_PING:
      is_stopped_ = !handler.on_ping(payload);
      return std::nullopt;
    case WSLAY_PONG:
      is_stopped_ = !handler.on_pong(payload);
      return std::nullopt;
    case WSLAY_CONNECTION_CLOSE:
      return end_close(handler);
    default:
      return frame.fin ? end_message(handler) : std::nullopt;
  }
}

std::optional<Disconnect> WsAssembly::end_message(WsHandler& handler) {
  is_in_message_ = false;
  // UTF-8 is judged once, over the whole message: fragments may end within a character (RFC 6455
  // §5.6, §8.1).
  const std::string_view message = message_.view();
  if (message_opcode_ == WSLAY_TEXT_FRAME && !json::is_utf8(message)) {
    return disconnects::kInvalidPayload;
  }
  is_stopped_ = !handler.on_message(message);
  return std::nullopt;
}

std::optional<Disconnect> WsAssembly::end_close(WsHandler& handler) {
  if (control_size_ == 0) {
    is_stopped_ = !handler.on_close(kNoStatus, {});
    return std::nullopt;
  }
  const unsigned code = control_[0] * 256u + control_[1];
  if (control_size_ == 1 || !is_close_code(code)) return disconnects::kProtocolError;
  const std::string_view reason(reinterpret_cast<const char*>(control_) + 2, control_size_ - 2u);
  if (!json::is_utf8(reason)) return disconnects::kInvalidPayload;
  is_stopped_ = !handler.on_close(static_cast<std::uint16_t>(code), reason);
  return std::nullopt;
}

WsDecoderPool::WsDecoderPool(WsRole role, std::size_t message_bytes_max)
    : role_(role), message_bytes_max_(message_bytes_max) {}

WsDecoderPool::~WsDecoderPool() = default;

std::unique_ptr<WsAssembly> WsDecoderPool::borrow() {
  if (idle_.empty()) return std::make_unique<WsAssembly>();
  auto assembly = std::move(idle_.back());
  idle_.pop_back();
  return assembly;
}

void WsDecoderPool::give_back(std::unique_ptr<WsAssembly> assembly) {
  if (idle_.size() == kIdleMax) return;
  assembly->shrink();
  idle_.push_back(std::move(assembly));
}

WsDecoder::WsDecoder(WsDecoderPool& pool) : pool_(pool) {}
WsDecoder::~WsDecoder() = default;

std::size_t WsDecoder::held_bytes() const {
  return assembly_ == nullptr ? 0 : assembly_->held_bytes();
}

void WsDecoder::abandon() { assembly_.reset(); }

std::optional<Disconnect> WsDecoder::feed(std::string_view bytes, WsHandler& handler) {
  if (bytes.empty()) return std::nullopt;
  if (assembly_ == nullptr) assembly_ = pool_.borrow();
  const auto error = assembly_->feed(bytes, pool_.role_, pool_.message_bytes_max_, handler);
  // After an error wslay's context is in the middle of something, and cannot be used again.
  if (error || assembly_->is_stopped()) {
    assembly_.reset();
  } else if (assembly_->is_at_message_boundary()) {
    pool_.give_back(std::move(assembly_));
  }
  return error;
}

}  // namespace chirm
