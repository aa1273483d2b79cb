// SPDX-License-Identifier: MIT
// A WebSocket message from a server, as our client reads it: lines, each a reply or a push in JSON.

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/lines.h"
#include "protocol/message.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

using Kind = ServerMessage::Kind;

// A raw value as it is after having been sent on once.
std::string one_line(std::string_view raw) {
  std::string line;
  json::append_raw(line, raw);
  return line;
}

void check_raw(std::string_view raw) { CHIRM_CHECK(raw.empty() || json::is_valid(raw), raw); }

void check_text(std::string_view text) { CHIRM_CHECK(json::is_utf8(text)); }

void check_info(const ClientInfoView& info) {
  check_text(info.user);
  check_text(info.client);
  check_raw(info.conn_info);
  check_raw(info.chan_info);
}

void check_publications(std::span<const PublicationView> publications) {
  for (const PublicationView& publication : publications) {
    check_raw(publication.data);
    check_info(publication.info);
  }
}

void check_values(const ServerMessage& message) {
  for (const std::string_view text :
       {message.channel, message.reason, message.client, message.version, message.epoch}) {
    check_text(text);
  }
  if (message.error) check_text(message.error->message);
  check_raw(message.data);
  check_publications(message.publications);
  for (const ClientInfoView& info : message.clients) check_info(info);
  for (const ServerSubscriptionView& sub : message.subs) {
    check_text(sub.channel);
    check_text(sub.position.epoch);
    check_publications(sub.publications);
  }
}

// What the kind promises.
void check_kind(const ServerMessage& message) {
  CHIRM_CHECK((message.kind == Kind::kReply) == (message.id != 0), message.id);
  CHIRM_CHECK(message.kind != Kind::kPublication || !message.publications.empty());
  CHIRM_CHECK(message.kind != Kind::kSubscribe || !message.subs.empty());
  const bool is_presence = message.kind == Kind::kJoin || message.kind == Kind::kLeave;
  CHIRM_CHECK(!is_presence || !message.clients.empty());
}

void append_text(std::string& out, const ClientInfoView& info) {
  out.append(info.user).append("\n").append(info.client) += '\n';
  out += one_line(info.conn_info) + '\n' + one_line(info.chan_info) + '\n';
}

void append_text(std::string& out, std::span<const PublicationView> publications) {
  for (const PublicationView& publication : publications) {
    out += std::to_string(publication.offset) + ' ' + one_line(publication.data) + '\n';
    append_text(out, publication.info);
    out += std::to_string(std::max<std::int64_t>(publication.time_ms, 0)) + '\n';
  }
}

std::string join(std::span<const PublicationView> publications) {
  std::string joined;
  for (const PublicationView& publication : publications) {
    std::string body;
    append_publication_body(body, publication.data, publication.info, publication.time_ms);
    if (!joined.empty()) joined += ',';
    append_publication(joined, body, publication.offset);
  }
  return joined;
}

// The same as a server of ours would send it, and what of it must come back; "" for what it does
// not send.
struct Echo {
  std::string sent;
  std::string text;
};

// What a result says, whatever the command was, in a reply to subscribe.
std::string encode_result(const ServerMessage& message) {
  const std::string publications = join(message.publications);
  std::string out;
  append_subscribe_reply(out, message.id,
                         {.position = {message.offset, message.epoch},
                          .recoverable = message.recoverable,
                          .positioned = false,
                          .was_recovering = message.was_recovering,
                          .recovered = message.recovered,
                          .publications = publications,
                          .data = message.data});
  return out;
}

std::string describe_result(const ServerMessage& message) {
  std::string text = std::to_string(message.id) + ' ' + std::to_string(message.offset) + ' ';
  for (const bool flag : {message.recoverable, message.recovered, message.was_recovering}) {
    text += flag ? 'y' : 'n';
  }
  text.append(message.epoch) += '\n' + one_line(message.data) + '\n';
  append_text(text, message.publications);
  return text;
}

std::string describe_ending(const ServerMessage& message) {
  return std::to_string(message.code) + ' ' + std::string(message.reason);
}

Echo echo_of_push(const ServerMessage& message) {
  Echo echo;
  switch (message.kind) {
    case Kind::kPublication: {
      const PublicationView& publication = message.publications.front();
      std::string body;
      append_publication_body(body, publication.data, publication.info, publication.time_ms);
      const std::size_t start =
          append_publication_push(echo.sent, message.channel, body, publication.offset);
      const std::string_view object = std::string_view(echo.sent).substr(
          start, echo.sent.size() - start - kPublicationPushTail);
      CHIRM_CHECK(json::is_valid(object), object);
      append_text(echo.text, message.publications.first(1));
      break;
    }
    case Kind::kJoin:
    case Kind::kLeave:
      (message.kind == Kind::kJoin ? append_join_push : append_leave_push)(
          echo.sent, message.channel, message.clients.front());
      append_text(echo.text, message.clients.front());
      break;
    case Kind::kUnsubscribe:
      append_unsubscribe_push(echo.sent, message.channel,
                              {static_cast<std::uint16_t>(message.code), message.reason});
      if (message.code <= 0xFFFF) echo.text = describe_ending(message);
      break;
    default:
      break;
  }
  return echo;
}

Echo echo_of(const ServerMessage& message) {
  if (message.kind != Kind::kReply) return echo_of_push(message);
  if (message.error) return {};
  return {encode_result(message), describe_result(message)};
}

void check_line(MessageDecoder& decoder, std::string_view text) {
  const PaddedLine line(text);
  const auto message = decoder.decode(line.text());
  if (!message) {
    CHIRM_CHECK(!message.error().empty());
    return;
  }
  CHIRM_CHECK(json::is_valid(text), text);
  check_values(*message);
  check_kind(*message);
  const Echo echo = echo_of(*message);
  if (echo.text.empty()) return;

  const Kind kind = message->kind;
  const std::string channel(message->channel);
  const PaddedLine sent(echo.sent);
  const auto again = decoder.decode(sent.text());
  CHIRM_CHECK(again && again->kind == kind, text, echo.sent);
  CHIRM_CHECK(kind == Kind::kReply || again->channel == channel, text, echo.sent);
  CHIRM_CHECK(echo_of(*again).text == echo.text, text, echo.sent);
}

void run(std::string_view message) {
  static MessageDecoder decoder;
  (void)for_each_line(message, [&](std::string_view line) {
    check_line(decoder, line);
    return true;
  });
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
