// SPDX-License-Identifier: MIT
#include "tests/support/chat_node.h"

#include "core/base/check.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "tests/support/loop_runner.h"

namespace chirm::testing {

FakeClient::FakeClient(ChatNode& node)
    : session(std::make_unique<Session>(node.context, transport)),
      node_(node),
      decoder_(node.client_pool) {}

void FakeClient::send(std::string_view message) {
  std::string padded(message);
  padded.append(limits::kJsonPadding, '\0');
  session->on_message(std::string_view(padded).substr(0, message.size()));
}

void FakeClient::connect(std::string_view name) {
  std::string data = "{\"name\":";
  json::append_string(data, name);
  data += '}';
  std::string command;
  append_connect(command, ++last_id,
                 {.token = {}, .data = data, .data_name = {}, .name = {}, .version = {}});
  send(command);
}

void FakeClient::connect_with(std::string_view token) {
  std::string command;
  append_connect(command, ++last_id,
                 {.token = token, .data = {}, .data_name = {}, .name = {}, .version = {}});
  send(command);
}

void FakeClient::subscribe(std::string_view channel) {
  SubscribeCommand subscribe;
  subscribe.channel = channel;
  std::string command;
  append_subscribe(command, ++last_id, subscribe);
  send(command);
}

void FakeClient::subscribe_to_presence(std::string_view channel) {
  SubscribeCommand subscribe;
  subscribe.channel = channel;
  subscribe.join_leave = true;
  std::string command;
  append_subscribe(command, ++last_id, subscribe);
  send(command);
}

void FakeClient::recover(std::string_view channel, const Recover& from) {
  SubscribeCommand subscribe;
  subscribe.channel = channel;
  subscribe.recover = true;
  subscribe.since = {from.offset, from.epoch};
  subscribe.flag = from.rejects ? 2 : 0;
  std::string command;
  append_subscribe(command, ++last_id, subscribe);
  send(command);
}

void FakeClient::unsubscribe(std::string_view channel) {
  std::string command;
  append_unsubscribe(command, ++last_id, {channel});
  send(command);
}

void FakeClient::publish(std::string_view channel, std::string_view data) {
  std::string command;
  append_publish(command, ++last_id, {.channel = channel, .data = data, .message_id = {}});
  send(command);
}

void FakeClient::drain() {
  transport.room = SIZE_MAX;
  while (transport.is_full) {
    transport.is_full = false;
    session->on_writable();
  }
}

void FakeClient::take_bytes(std::size_t count) {
  transport.room = count;
  transport.is_full = false;
  session->on_writable();
}

ServerEvents& FakeClient::events() {
  const std::string_view fresh = std::string_view(transport.sent).substr(decoded_bytes_);
  // After a Close frame nothing may come.
  CHIRM_CHECK(fresh.empty() || events_.close_code == 0, fresh.size());
  decoded_bytes_ = transport.sent.size();
  const auto refusal = decoder_.feed(fresh, events_);
  CHIRM_CHECK(!refusal, refusal->reason);
  return events_;
}

std::vector<std::string> FakeClient::take() {
  std::vector<std::string> lines = events().take();
  CHIRM_CHECK(transport.is_full || events_.close_code != 0 || decoder_.is_at_message_boundary());
  return lines;
}

ChatSettings ChatNode::open_settings() {
  ChatSettings settings;
  settings.is_insecure = true;
  settings.has_inboxes = false;
  settings.ping_s = 0;
  return settings;
}

ChatNode::ChatNode(const ChatSettings& chat, const BrokerSettings& kept)
    : memory_broker(std::make_unique<MemoryBroker>(loop, kept)),
      broker(*memory_broker),
      settings(chat) {}

ChatNode::ChatNode(const ChatSettings& chat, Broker& its_broker)
    : broker(its_broker), settings(chat) {}

FakeClient& ChatNode::add_client() {
  return *clients.emplace_back(std::make_unique<FakeClient>(*this));
}

FakeClient& ChatNode::add_client(std::string_view name) {
  FakeClient& client = add_client();
  client.connect(name);
  settle();
  const auto lines = client.take();
  CHIRM_CHECK(lines.size() == 1 && lines[0].starts_with("1 connect "), lines.size());
  return client;
}

FakeClient& ChatNode::add_client(std::string_view name, std::string_view channel) {
  FakeClient& client = add_client(name);
  client.subscribe(channel);
  settle();
  const auto lines = client.take();
  CHIRM_CHECK(lines.size() == 1 && lines[0].starts_with("2 subscribe "), lines.size());
  return client;
}

Loop::TurnEnd ChatNode::end_turn() {
  broker.flush();
  return hub.flush();
}

void ChatNode::settle() {
  constexpr int kTurnsMax = 100'000;
  for (int turn = 0; end_turn() == Loop::TurnEnd::kMore; ++turn) CHIRM_CHECK(turn < kTurnsMax);
}

bool ChatNode::run_until(const std::function<bool()>& is_done) {
  return testing::run_until(loop, is_done);
}

bool ChatNode::pass_until(const std::function<bool()>& is_done, std::uint64_t step_ms) {
  return testing::pass_until(loop, is_done, step_ms);
}

void ChatNode::pass_ms(std::uint64_t ms) { testing::pass_ms(loop, ms); }

}  // namespace chirm::testing
