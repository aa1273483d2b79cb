// SPDX-License-Identifier: MIT
#pragma once
// The payload of chat: what people write to each other, as `data` of publications. Pure.
//
//   {"id":"…","type":"message","text":"…","time":1700000000000}

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chirm {

struct ChatMessageView {
  std::string_view id;    // idempotency key, at most limits::kMessageIdBytes
  std::string_view type;  // "message", or one that the reader may not know
  std::string_view text;
  std::int64_t time_ms = 0;  // unix time by the sender's clock, 0 when absent
};

inline constexpr std::string_view kChatMessageType = "message";

// Appends a message as JSON. Its type is always kChatMessageType, whatever `message.type` says. id
// and text must be UTF-8.
void append_chat_message(std::string& out, const ChatMessageView& message);

// For programs that show messages to people: it copies each payload.
class ChatMessageDecoder {
 public:
  ChatMessageDecoder();
  ~ChatMessageDecoder();
  ChatMessageDecoder(const ChatMessageDecoder&) = delete;
  ChatMessageDecoder& operator=(const ChatMessageDecoder&) = delete;

  // nullopt unless `data` is a JSON object with a string member `type` and, where present, id, text
  // and time of the right types. Views are valid until the next call.
  [[nodiscard]] std::optional<ChatMessageView> decode(std::string_view data);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
