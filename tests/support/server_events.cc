// SPDX-License-Identifier: MIT
#include "tests/support/server_events.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "protocol/limits.h"
#include "protocol/lines.h"

namespace chirm::testing {

namespace {

void replace(std::string& text, std::string_view what, std::string_view with) {
  const std::size_t at = what.empty() ? std::string::npos : text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), with);
}

}  // namespace

std::vector<std::string> ServerEvents::take() { return std::exchange(lines, {}); }

std::size_t ServerEvents::count(std::string_view prefix) const {
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const auto& line) { return line.starts_with(prefix); }));
}

bool ServerEvents::on_message(std::string_view payload) {
  ++message_count;
  if (!is_kept) return true;
  messages.emplace_back(payload);
  const bool is_well_formed = for_each_line(payload, [&](std::string_view line) {
    add_line(line);
    return true;
  });
  CHIRM_CHECK(is_well_formed, payload);
  return true;
}

bool ServerEvents::on_ping(std::string_view payload) {
  lines.push_back("ws-ping " + std::string(payload));
  return true;
}

bool ServerEvents::on_pong(std::string_view payload) {
  lines.push_back("ws-pong " + std::string(payload));
  return true;
}

bool ServerEvents::on_close(std::uint16_t code, std::string_view reason) {
  close_code = code;
  lines.push_back("close " + std::to_string(code) + " " + std::string(reason));
  return false;
}

void ServerEvents::add_line(std::string_view json) {
  std::string padded(json);
  padded.append(limits::kJsonPadding, '\0');
  const auto message = decoder_.decode(std::string_view(padded).substr(0, json.size()));
  CHIRM_CHECK(message.has_value(), json);
  switch (message->kind) {
    case ServerMessage::Kind::kPing:
      lines.emplace_back("ping");
      return;
    case ServerMessage::Kind::kReply:
      lines.push_back(describe_reply(json, *message));
      return;
    case ServerMessage::Kind::kPublication: {
      const PublicationView& publication = message->publications[0];
      lines.push_back(std::string(message->channel) + " " + std::to_string(publication.offset) +
                      " " + std::string(publication.data));
      return;
    }
    case ServerMessage::Kind::kUnsubscribe:
      lines.push_back(std::string(message->channel) + " unsubscribed " +
                      std::to_string(message->code));
      return;
    case ServerMessage::Kind::kJoin:
    case ServerMessage::Kind::kLeave:
      lines.push_back(std::string(message->channel) +
                      (message->kind == ServerMessage::Kind::kJoin ? " joined " : " left ") +
                      std::string(message->clients[0].user));
      return;
    case ServerMessage::Kind::kSubscribe:
    case ServerMessage::Kind::kDisconnect:
    case ServerMessage::Kind::kOtherPush:
      lines.emplace_back(json);
      return;
  }
}

// `json` is {"id":N,"<method>":<result>}.
std::string ServerEvents::describe_reply(std::string_view json, const ServerMessage& reply) {
  std::string text = std::to_string(reply.id);
  if (reply.error) return text + " error " + std::to_string(reply.error->code);
  json.remove_prefix(json.find(",\"") + 2);
  const std::size_t method_end = json.find('"');
  text.append(" ").append(json.substr(0, method_end)).append(" ");
  json.remove_suffix(1);
  text.append(json.substr(method_end + 2));
  if (!reply.client.empty()) {
    client_id = reply.client;
    replace(text, client_id, "C");
  }
  const auto take_epoch = [&](std::string_view told) {
    if (told.empty()) return;
    epoch = told;
    replace(text, "\"epoch\":\"" + epoch + "\"", "\"epoch\":\"E\"");
  };
  take_epoch(reply.epoch);
  for (const ServerSubscriptionView& sub : reply.subs) take_epoch(sub.position.epoch);
  return text;
}

}  // namespace chirm::testing
