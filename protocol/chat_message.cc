// SPDX-License-Identifier: MIT
#include "protocol/chat_message.h"

#include "protocol/json.h"
#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm {

void append_chat_message(std::string& out, const ChatMessageView& message) {
  out += "{\"id\":";
  json::append_string(out, message.id);
  out += ",\"type\":";
  json::append_string(out, kChatMessageType);
  out += ",\"text\":";
  json::append_string(out, message.text);
  // 0 means that the time is unknown, and so does a clock that stands before 1970.
  if (message.time_ms > 0) {
    out += ",\"time\":";
    json::append_number(out, static_cast<std::uint64_t>(message.time_ms));
  }
  out += '}';
}

struct ChatMessageDecoder::Impl {
  JsonParser parser{limits::kMessageBytes};
  std::string padded;
};

ChatMessageDecoder::ChatMessageDecoder() : impl_(std::make_unique<Impl>()) {}

ChatMessageDecoder::~ChatMessageDecoder() = default;

std::optional<ChatMessageView> ChatMessageDecoder::decode(std::string_view data) {
  // Payloads come out of stored publications, where nobody keeps padding behind each; the copy is
  // made at the speed of a reader, not of the fan-out.
  impl_->padded.assign(data).append(limits::kJsonPadding, ' ');
  simdjson::dom::element root;
  simdjson::dom::object object;
  if (impl_->parser.parse({impl_->padded.data(), data.size()}, root) || root.get(object)) {
    return std::nullopt;
  }
  // A client of another kind may have published this: what has a wrong type is not a message of the
  // chat at all, rather than one with a hole in it.
  ChatMessageView message;
  for (const auto& [key, value] : object) {
    bool is_right = true;
    if (key == "id") is_right = read_field(value, message.id);
    if (key == "type") is_right = read_field(value, message.type);
    if (key == "text") is_right = read_field(value, message.text);
    if (key == "time") is_right = read_field(value, message.time_ms);
    if (!is_right) return std::nullopt;
  }
  if (message.type.empty()) return std::nullopt;
  return message;
}

}  // namespace chirm
