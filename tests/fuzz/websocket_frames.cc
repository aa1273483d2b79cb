// SPDX-License-Identifier: MIT
// Bytes of a WebSocket connection, at the server's end and at the client's. The first byte of the
// input chooses the end and the longest message, the others are what arrives.

#include <array>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "protocol/json.h"
#include "protocol/ws_encoder.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocol/ws_frames.h"

namespace chirm {
namespace {

constexpr std::array<std::size_t, 4> kMessageMax = {5, 125, 1000, 70'000};

WsRole other(WsRole role) { return role == WsRole::kServer ? WsRole::kClient : WsRole::kServer; }

Decoded decode(WsRole role, std::size_t message_max, std::string_view bytes,
               const std::vector<std::size_t>& pieces) {
  WsDecoderPool pool(role, message_max);
  RecordingHandler handler;
  WsDecoder decoder(pool);
  Decoded result;
  for_each_piece(bytes, pieces, [&](std::string_view piece) {
    result.error = decoder.feed(piece, handler);
    return !result.error;
  });
  result.events = std::move(handler.events);
  result.is_at_message_boundary = decoder.is_at_message_boundary();
  return result;
}

// What stands behind "message:", or nothing when the event is another one.
std::optional<std::string_view> payload_of(std::string_view event, std::string_view kind) {
  if (!event.starts_with(kind)) return std::nullopt;
  return event.substr(kind.size());
}

void check_limits(const Decoded& decoded, std::size_t message_max) {
  for (const std::string& event : decoded.events) {
    if (const auto message = payload_of(event, "message:")) {
      CHIRM_CHECK(message->size() <= message_max, message->size(), message_max);
    } else if (event.starts_with("close ")) {
      const std::string_view reason = std::string_view(event).substr(event.find(':') + 1);
      CHIRM_CHECK(reason.size() <= 123 && json::is_utf8(reason), event);
    } else {
      CHIRM_CHECK(event.size() - sizeof("ping") <= 125, event.size());
    }
  }
  if (!decoded.error) return;
  const unsigned code = decoded.error->code;
  CHIRM_CHECK(code == 1002 || code == 1007 || code == 1009, code);
}

// What RFC 6455 §5 says, without speed and over all of the input at once: the messages and control
// frames in order, up to the first fault.
class Reference {
 public:
  Reference(WsRole role, std::size_t message_max) : role_(role), message_max_(message_max) {}

  void read(std::string_view bytes) {
    while (!bytes.empty() && !is_wrong) {
      if (!read_frame(bytes)) return;
    }
  }

  std::vector<std::string> events;
  bool is_wrong = false;
  bool is_undecided = false;  // it ends within a header, or right behind one

 private:
  static std::uint8_t byte(std::string_view text, std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
  }

  // False when the frame is not complete.
  bool read_frame(std::string_view& bytes) {
    is_undecided = true;
    if (bytes.size() < 2) return false;
    const bool is_masked = (byte(bytes, 1) & 0x80) != 0;
    std::uint64_t length = byte(bytes, 1) & 0x7F;
    const std::size_t length_bytes = length < 126 ? 0 : length == 126 ? 2 : 8;
    const std::size_t header = 2 + length_bytes + (is_masked ? 4 : 0);
    if (bytes.size() < header) return false;
    if (length_bytes > 0) length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | byte(bytes, 2 + i);
    const bool is_minimal = length_bytes == 0   ? true
                            : length_bytes == 2 ? length > 125
                                                : length > 0xFFFF && length >> 63 == 0;
    if (bytes.size() == header && length > 0) return false;
    is_undecided = false;
    const std::uint8_t first = byte(bytes, 0);
    judge(first, length, is_masked);
    is_wrong = is_wrong || !is_minimal;
    if (is_wrong || bytes.size() - header < length) return false;
    std::string payload(bytes.substr(header, length));
    for (std::size_t i = 0; is_masked && i < payload.size(); ++i) {
      payload[i] = static_cast<char>(payload[i] ^ bytes[header - 4 + i % 4]);
    }
    bytes.remove_prefix(header + length);
    take(first, std::move(payload));
    return true;
  }

  void judge(std::uint8_t first, std::uint64_t length, bool is_masked) {
    const unsigned opcode = first & 0x0F;
    const bool is_control = opcode >= 8;
    const bool is_final = (first & 0x80) != 0;
    if ((first & 0x70) != 0 || is_masked != (role_ == WsRole::kServer)) is_wrong = true;
    if (is_control && (opcode > 10 || !is_final || length > 125)) is_wrong = true;
    if (!is_control && (opcode > 2 || (opcode == 0) != is_in_message_)) is_wrong = true;
    if (is_wrong || is_control) return;
    if (opcode != 0) {
      is_in_message_ = true;
      is_text_ = opcode == 1;
      message_.clear();
      fragments_ = 0;
    }
    is_wrong = ++fragments_ > limits::kMessageFragments || length > message_max_ - message_.size();
  }

  void take(std::uint8_t first, std::string payload) {
    const unsigned opcode = first & 0x0F;
    if (opcode == 9 || opcode == 10) {
      events.push_back((opcode == 9 ? "ping:" : "pong:") + payload);
    } else if (opcode == 8) {
      take_close(payload);
    } else {
      message_ += payload;
      if ((first & 0x80) == 0) return;
      is_in_message_ = false;
      is_wrong = is_text_ && !json::is_utf8(message_);
      if (!is_wrong) events.push_back("message:" + message_);
    }
  }

  void take_close(const std::string& payload) {
    if (payload.empty()) return events.push_back("close 1005:");
    if (payload.size() == 1) {
      is_wrong = true;
      return;
    }
    const unsigned code = byte(payload, 0) * 256U + byte(payload, 1);
    const bool is_allowed =
        (code >= 3000 && code < 5000) ||
        (code >= 1000 && code < 1015 && code != 1004 && code != 1005 && code != 1006);
    is_wrong = !is_allowed || !json::is_utf8(std::string_view(payload).substr(2));
    if (!is_wrong) events.push_back("close " + std::to_string(code) + ":" + payload.substr(2));
  }

  const WsRole role_;
  const std::size_t message_max_;
  bool is_in_message_ = false;
  bool is_text_ = false;
  std::string message_;
  std::size_t fragments_ = 0;
};

void append_event(std::string& out, WsEncoder& encoder, std::string_view event) {
  if (const auto message = payload_of(event, "message:")) {
    encoder.append(out, json::is_utf8(*message) ? Opcode::kText : Opcode::kBinary, *message);
  } else if (const auto ping = payload_of(event, "ping:")) {
    encoder.append(out, Opcode::kPing, *ping);
  } else if (const auto pong = payload_of(event, "pong:")) {
    encoder.append(out, Opcode::kPong, *pong);
  } else if (event == "close 1005:") {
    encoder.append(out, Opcode::kClose, "");
  } else {
    const std::size_t colon = event.find(':');
    const int code = std::stoi(std::string(event.substr(6, colon - 6)));
    encoder.append_close(out, static_cast<std::uint16_t>(code), event.substr(colon + 1));
  }
}

// What was decoded, encoded by the other end, is decoded to the same.
void check_round_trip(WsRole role, std::size_t message_max, const Decoded& decoded) {
  static WsEncoder client(WsRole::kClient);
  static WsEncoder server(WsRole::kServer);
  std::string bytes;
  for (const std::string& event : decoded.events) {
    append_event(bytes, role == WsRole::kServer ? client : server, event);
  }
  const Decoded again = decode(role, message_max, bytes, {bytes.size() + 1});
  CHIRM_CHECK(!again.error && again.events == decoded.events && again.is_at_message_boundary);
}

// A handler that returns false hears nothing more.
void check_stop(WsRole role, std::size_t message_max, std::string_view bytes,
                const Decoded& decoded) {
  WsDecoderPool pool(role, message_max);
  WsDecoder decoder(pool);
  RecordingHandler handler;
  handler.stop_after = 1 + bytes.size() % 3;
  if (handler.stop_after > decoded.events.size()) return;
  (void)decoder.feed(bytes, handler);
  CHIRM_CHECK(handler.events.size() == handler.stop_after, handler.events.size());
  CHIRM_CHECK(decoder.is_at_message_boundary());
}

void run(FuzzInput input) {
  const unsigned choice = input.take_byte();
  const WsRole role = (choice & 1) == 0 ? WsRole::kServer : WsRole::kClient;
  const std::size_t message_max = kMessageMax[choice >> 1 & 3];
  const std::string_view bytes = input.rest();

  const auto ways = ways_to_cut(bytes);
  const Decoded whole = decode(role, message_max, bytes, ways.front());
  check_limits(whole, message_max);
  for (const auto& pieces : ways) {
    const Decoded cut = decode(role, message_max, bytes, pieces);
    CHIRM_CHECK(cut.events == whole.events, cut.events.size(), whole.events.size());
    CHIRM_CHECK(cut.error == whole.error);
    CHIRM_CHECK(cut.is_at_message_boundary == whole.is_at_message_boundary);
  }
  Reference reference(role, message_max);
  reference.read(bytes);
  CHIRM_CHECK(reference.events == whole.events, reference.events.size(), whole.events.size());
  CHIRM_CHECK(reference.is_undecided || reference.is_wrong == whole.error.has_value(),
              reference.is_wrong);
  check_round_trip(role, message_max, whole);
  check_stop(role, message_max, bytes, whole);
  // Masks are for one direction: the other end takes none of it.
  if (!whole.events.empty()) {
    const Decoded reflected = decode(other(role), message_max, bytes, ways.front());
    CHIRM_CHECK(reflected.error && reflected.events.empty());
  }
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::run({data, size});
  return 0;
}
