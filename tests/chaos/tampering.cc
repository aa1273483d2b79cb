// SPDX-License-Identifier: MIT
#include "tests/chaos/tampering.h"

#include <array>
#include <utility>

#include "protocol/lines.h"
#include "protocol/ws_encoder.h"

namespace chirm::chaos {

namespace {

// One direction of a connection, cut into the HTTP head and whole frames (RFC 6455 §5.2).
class FrameCutter {
 public:
  struct Frame {
    std::string bytes;
    std::string payload;  // unmasked
    bool is_text = false;
  };

  // on_frame(frame) for each; what comes before the frames is given to on_head(bytes).
  template <class OnHead, class OnFrame>
  void feed(std::string_view bytes, OnHead on_head, OnFrame on_frame) {
    pending_ += bytes;
    if (!is_past_head_) {
      const std::size_t end = pending_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      is_past_head_ = true;
      on_head(std::string_view(pending_).substr(0, end + 4));
      pending_.erase(0, end + 4);
    }
    Frame frame;
    while (cut(frame)) on_frame(frame);
  }
  // What is not a whole frame, for those who give up.
  std::string take_rest() { return std::exchange(pending_, {}); }

 private:
  bool cut(Frame& frame) {
    const auto at = [&](std::size_t i) -> std::uint64_t {
      return static_cast<unsigned char>(pending_[i]);
    };
    if (pending_.size() < 2) return false;
    const bool is_masked = (at(1) & 0x80U) != 0;
    std::uint64_t size = at(1) & 0x7fU;
    const std::size_t length_bytes = size < 126 ? 0 : size == 126 ? 2 : 8;
    const std::size_t header = 2 + length_bytes + (is_masked ? 4 : 0);
    if (pending_.size() < header) return false;
    if (length_bytes != 0) size = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | at(2 + i);
    if (pending_.size() < header + size) return false;
    frame.is_text = at(0) == 0x81;
    frame.bytes = pending_.substr(0, header + size);
    frame.payload = frame.bytes.substr(header);
    if (is_masked) {
      const std::string mask = frame.bytes.substr(header - 4, 4);
      for (std::size_t i = 0; i < size; ++i) frame.payload[i] ^= mask[i % 4];
    }
    pending_.erase(0, header + size);
    return true;
  }

  std::string pending_;
  bool is_past_head_ = false;
};

std::string frame_of(WsRole role, std::string_view payload) {
  std::string bytes;
  WsEncoder(role).append(bytes, Opcode::kText, payload);
  return bytes;
}

// The id of a publish command as client/ writes it, {"publish":{…},"id":7}; "" for any other.
std::string_view publish_id(std::string_view command) {
  constexpr std::string_view kId = R"(},"id":)";
  const std::size_t id = command.rfind(kId);
  if (!command.starts_with(R"({"publish":)") || id == std::string_view::npos) return {};
  command.remove_prefix(id + kId.size());
  return command.substr(0, command.find('}'));
}

class TamperingFilter final : public testing::RelayFilter {
 public:
  TamperingFilter(Tampering kind, TamperingCounter& counter) : kind_(kind), counter_(counter) {}

  std::string from_client(std::string_view bytes, std::string& answer) override {
    if (kind_ != Tampering::kAck) return std::string(bytes);
    std::string passed;
    commands_.feed(
        bytes, [&](std::string_view head) { passed += head; },
        [&](const FrameCutter::Frame& frame) { passed += ack(frame, answer); });
    return passed;
  }

  std::string from_server(std::string_view bytes) override {
    if (kind_ == Tampering::kAck || is_plain_http_) return std::string(bytes);
    std::string passed;
    pushes_.feed(
        bytes,
        [&](std::string_view head) {
          is_plain_http_ = !head.starts_with("HTTP/1.1 101");
          passed += head;
        },
        [&](const FrameCutter::Frame& frame) { passed += deliver(frame); });
    if (is_plain_http_) passed += pushes_.take_rest();
    return passed;
  }

  // Nothing has come to be swapped with it: another one shall be.
  std::string overdue() override {
    if (held_.empty() || ++held_ticks_ < kHeldTicksMax) return {};
    return std::exchange(held_, {});
  }

 private:
  static constexpr int kHeldTicksMax = 4;

  std::string deliver(const FrameCutter::Frame& frame) {
    const bool is_publication =
        frame.is_text && frame.payload.find(R"("pub":{)") != std::string::npos;
    if (!is_publication) return std::exchange(held_, {}) + frame.bytes;
    if (!held_.empty()) return frame.bytes + std::exchange(held_, {});
    if (!counter_.is_due()) return frame.bytes;
    counter_.restart();
    if (kind_ == Tampering::kSwap) {
      held_ = frame.bytes;
      held_ticks_ = 0;
      return {};
    }
    return kind_ == Tampering::kDouble ? frame.bytes + frame.bytes : "";
  }

  // Answers the publishes of a message. Returns what the server gets of it.
  std::string ack(const FrameCutter::Frame& frame, std::string& answer) {
    std::string kept;
    for_each_line(frame.payload, [&](std::string_view command) {
      const std::string_view id = publish_id(command);
      if (!id.empty()) {
        answer += frame_of(WsRole::kServer, R"({"id":)" + std::string(id) + R"(,"publish":{}})");
        if (counter_.is_due()) {
          counter_.restart();
          return true;
        }
      }
      kept += kept.empty() ? "" : "\n";
      kept += command;
      return true;
    });
    if (kept.size() == frame.payload.size()) return frame.bytes;
    return kept.empty() ? "" : frame_of(WsRole::kClient, kept);
  }

  Tampering kind_;
  TamperingCounter& counter_;
  FrameCutter commands_;
  FrameCutter pushes_;
  bool is_plain_http_ = false;
  std::string held_;  // a delivery that is to come after the next one
  int held_ticks_ = 0;
};

}  // namespace

std::unique_ptr<testing::RelayFilter> make_tampering(Tampering kind, TamperingCounter& counter) {
  return std::make_unique<TamperingFilter>(kind, counter);
}

}  // namespace chirm::chaos
