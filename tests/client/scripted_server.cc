// SPDX-License-Identifier: MIT
#include "tests/client/scripted_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "protocol/http.h"
#include "protocol/http_response.h"
#include "protocol/limits.h"
#include "protocol/lines.h"

namespace chirm::testing {

Peer::Peer(ScriptedServer& server, Socket socket)
    : server_(server),
      socket_(std::move(socket)),
      watcher_(
          std::make_unique<FdWatcher>(server.loop_, socket_.fd(), [this](auto) { on_readable(); })),
      decoder_(server.pool_) {
  watcher_->watch({.readable = true});
}

void Peer::send(std::string_view text) {
  std::string frame;
  server_.encoder_.append(frame, Opcode::kText, text);
  send_bytes(frame);
}

void Peer::send_publication(std::string_view channel, std::uint64_t offset, std::string_view data) {
  std::string body;
  append_publication_body(body, data, {.user = "ada", .client = "c9", .conn_info = {}}, 0);
  std::string push;
  append_publication_push(push, channel, body, offset);
  send(push);
}

void Peer::send_bytes(std::string_view bytes) {
  if (!is_open()) return;
  const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  // Tests send little, so that it fits; a client that has gone away is found when reading.
  CHIRM_CHECK(sent < 0 || sent == static_cast<ssize_t>(bytes.size()), sent);
}

void Peer::close(std::uint16_t code, std::string_view reason) {
  std::string frame;
  server_.encoder_.append_close(frame, code, reason);
  send_bytes(frame);
  drop();
}

void Peer::drop() {
  if (!is_open()) return;
  watcher_.reset();
  socket_.reset();
}

void Peer::on_readable() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t received = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
  if (received <= 0) return drop();
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(received));
  if (server_.never_answers) return;
  if (!is_upgraded_) {
    head_ += bytes;
    const auto request = parse_http_request(head_);
    CHIRM_CHECK(request.has_value());
    if (!*request) return;
    if (!(*request)->wants_upgrade) return answer_http(**request);
    if (server_.refuses_upgrade) {
      send_bytes(encode_response(text_response(503, "later")));
      return drop();
    }
    const auto response = accept_upgrade(**request);
    CHIRM_CHECK(response.has_value());
    CHIRM_CHECK((*request)->head_bytes == head_.size());  // clients wait for the 101
    send_bytes(*response);
    is_upgraded_ = true;
    return;
  }
  const auto refused = decoder_.feed(bytes, *this);
  CHIRM_CHECK(!refused || !is_open());
}

void Peer::answer_http(const HttpRequest& request) {
  const std::string body = head_.substr(request.head_bytes);
  if (body.size() < request.content_length) return;
  const auto response = server_.on_http ? server_.on_http(request, body) : std::nullopt;
  send_bytes(encode_response(response.value_or(text_response(404, "nothing here"))));
  drop();
}

bool Peer::on_message(std::string_view payload) {
  messages.emplace_back(payload);
  server_.log.push_back(std::to_string(server_.number_of(*this)) + ": " + messages.back());
  CHIRM_CHECK(for_each_line(payload, [&](std::string_view line) {
    server_.run(*this, line);
    return is_open();
  }));
  return is_open();
}

bool Peer::on_ping(std::string_view) { return true; }
bool Peer::on_pong(std::string_view) { return true; }

bool Peer::on_close(std::uint16_t code, std::string_view) {
  close_code = code;
  drop();
  return false;
}

ScriptedServer::ScriptedServer(Loop& loop)
    : loop_(loop), pool_(WsRole::kServer, limits::kMessageBytes), encoder_(WsRole::kServer) {
  listen();
}

void ScriptedServer::listen() {
  auto listener = listen_tcp("127.0.0.1", port_.number());
  CHIRM_CHECK(listener.has_value());
  listener_ = std::move(*listener);
  watcher_ = std::make_unique<FdWatcher>(loop_, listener_.fd(), [this](auto) { accept(); });
  watcher_->watch({.readable = true});
}

void ScriptedServer::stop_listening() {
  watcher_.reset();
  listener_.reset();
}

client::Url ScriptedServer::url() const {
  client::Url url;
  url.host = "127.0.0.1";
  url.port = port_.number();
  return url;
}

void ScriptedServer::accept() {
  Socket socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) return;
  set_no_delay(socket.fd());
  peers.push_back(std::make_unique<Peer>(*this, std::move(socket)));
}

void ScriptedServer::run(Peer& peer, std::string_view line) {
  const auto command = decoder_.decode(line);
  CHIRM_CHECK(command.has_value(), line);
  if (!on_command || !on_command(peer, *command)) answer(peer, *command);
}

void ScriptedServer::answer(Peer& peer, const Command& command) {
  std::string reply;
  if (std::holds_alternative<ConnectCommand>(command.method)) {
    append_connect_reply(reply, command.id, connect_result);
  } else if (const auto* subscribe = std::get_if<SubscribeCommand>(&command.method)) {
    SubscribeResult result;
    result.position = {subscribe->since.offset, "e1"};
    result.was_recovering = result.recovered = subscribe->recover;
    append_subscribe_reply(reply, command.id, result);
  } else if (std::holds_alternative<UnsubscribeCommand>(command.method)) {
    append_unsubscribe_reply(reply, command.id);
  } else if (std::holds_alternative<PublishCommand>(command.method)) {
    append_publish_reply(reply, command.id, {});
  } else if (std::holds_alternative<RpcCommand>(command.method)) {
    append_rpc_reply(reply, command.id, "{}");
  } else if (std::holds_alternative<RefreshCommand>(command.method)) {
    append_refresh_reply(reply, command.id, connect_result.client, connect_result.version,
                         connect_result.expires_in_s);
  }
  if (!reply.empty()) peer.send(reply);
}

std::size_t ScriptedServer::number_of(const Peer& peer) const {
  const auto found =
      std::find_if(peers.begin(), peers.end(), [&](const auto& p) { return p.get() == &peer; });
  return static_cast<std::size_t>(found - peers.begin()) + 1;
}

}  // namespace chirm::testing
