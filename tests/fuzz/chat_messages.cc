// SPDX-License-Identifier: MIT
// The payload of chat: a JSON value that a client has published, as those read it who show it, who
// look for an idempotency key, and who read requests by a schema.

#include <string>

#include "core/base/check.h"
#include "protocol/chat_message.h"
#include "protocol/command.h"
#include "protocol/json.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"
#include "protocol/message.h"
#include "protocol/publication_key.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

void check_chat_message(std::string_view data) {
  static ChatMessageDecoder decoder;
  const auto message = decoder.decode(data);
  if (!message) return;
  CHIRM_CHECK(json::is_valid(data), data);
  const std::string id(message->id);
  const std::string text(message->text);
  const std::int64_t time_ms = std::max<std::int64_t>(message->time_ms, 0);
  CHIRM_CHECK(!message->type.empty() && json::is_utf8(message->type), data);
  std::string out;
  append_chat_message(out, *message);
  const auto again = decoder.decode(out);
  CHIRM_CHECK(again, out);
  CHIRM_CHECK(again->id == id && again->type == kChatMessageType && again->text == text, out);
  CHIRM_CHECK(again->time_ms == time_ms, out);
}

// The node that gets a command and the one that later reads its publication back must agree on the
// idempotency key, or a retry is stored twice.
void check_publication_key(std::string_view data) {
  static CommandDecoder commands;
  static PublicationKeyDecoder keys;
  std::string text;
  append_publish(text, 1, {.channel = "c", .data = data, .message_id = {}});
  const PaddedLine line(text);
  const auto command = commands.decode(line.text());
  if (!command) return;
  const auto* publish = std::get_if<PublishCommand>(&command->method);
  if (publish == nullptr) return;  // `data` has closed the object that it stands in
  std::string body;
  append_publication_body(body, publish->data, {.user = "ada", .client = "1", .conn_info = {}}, 1);
  const PublicationKey key = keys.decode(body);
  CHIRM_CHECK(key.user == "ada", body);
  CHIRM_CHECK(key.message_id == publish->message_id, body);
  CHIRM_CHECK(key.message_id.size() <= limits::kMessageIdBytes, body);
  (void)keys.decode(data);  // of what is none
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned>(c) & 0xC0) != 0x80; }));
}

void check_text(const std::string& text, JsonFields::Range length) {
  CHIRM_CHECK(json::is_utf8(text), text);
  const std::size_t count = characters(text);
  CHIRM_CHECK(text.empty() || (count >= length.low && count <= length.high), text);
}

// `ask` asks one time for one member: a wrong one is a problem that names it.
template <class Ask>
void check_fields(std::string_view data, Ask&& ask) {
  JsonFields fields(data);
  const bool was_right = fields.is_right();
  ask(fields);
  CHIRM_CHECK(fields.is_right() == fields.problem().empty());
  CHIRM_CHECK(was_right || !fields.is_right());
  CHIRM_CHECK(!was_right || fields.is_right() || fields.problem().find(": expected ") <= 64,
              fields.problem());
}

void check_json_fields(std::string_view data) {
  constexpr JsonFields::Range kLength{1, 8};
  constexpr JsonFields::Range kNumbers{3, 1000};
  constexpr std::size_t kCount = 3;
  check_fields(data,
               [&](JsonFields& fields) { check_text(fields.text("text", kLength), kLength); });
  check_fields(data, [&](JsonFields& fields) {
    const std::uint64_t number = fields.number("time", kNumbers);
    CHIRM_CHECK(number == 0 || (number >= kNumbers.low && number <= kNumbers.high), number);
    CHIRM_CHECK(number == 0 || fields.is_right());
  });
  check_fields(data, [&](JsonFields& fields) {
    CHIRM_CHECK(!fields.flag("on") || fields.has("on"));
    CHIRM_CHECK(!fields.has("on") || fields.names("on"));
  });
  check_fields(data, [&](JsonFields& fields) {
    const auto texts = fields.texts("mentions", kCount, kLength);
    CHIRM_CHECK(texts.size() <= kCount, texts.size());
    for (const std::string& text : texts) check_text(text, kLength);
  });
  check_fields(data, [&](JsonFields& fields) {
    const auto members = fields.text_members("labels", kCount, kLength);
    CHIRM_CHECK(members.size() <= kCount, members.size());
    for (const auto& [name, text] : members) check_text(name, kLength), check_text(text, kLength);
  });
  check_fields(data, [&](JsonFields& fields) {
    const std::string raw = fields.raw("data");
    CHIRM_CHECK(raw.empty() || json::is_valid(raw), raw);
    const auto elements = fields.raw_elements("data", kCount);
    CHIRM_CHECK(elements.size() <= kCount, elements.size());
    for (const std::string& element : elements) CHIRM_CHECK(json::is_valid(element), element);
  });
  check_fields(data, [&](JsonFields& fields) { fields.refuse_duplicates(); });
}

// Any text comes back out of the JSON that we make of it.
void check_writing(std::string_view text) {
  if (!json::is_utf8(text)) return;
  for (const auto layout : {JsonWriter::Layout::kCompact, JsonWriter::Layout::kLines}) {
    JsonWriter writer(layout);
    writer.open();
    writer.open_array("texts");
    writer.add_element(text);
    writer.close_array();
    writer.add("text", text);
    writer.close();
    JsonFields fields(writer.take());
    const JsonFields::Range any{0, text.size()};
    CHIRM_CHECK(fields.text_or("text", any, "absent") == text, text);
    const auto texts = fields.texts("texts", 1, any);
    CHIRM_CHECK(texts.size() == 1 && texts.front() == text, text);
    CHIRM_CHECK(fields.is_right(), fields.problem());
  }
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  chirm::check_chat_message(text);
  chirm::check_publication_key(text);
  chirm::check_json_fields(text);
  chirm::check_writing(text);
  return 0;
}
