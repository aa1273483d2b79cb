// SPDX-License-Identifier: MIT
#pragma once
// A server of the client protocol for tests: real sockets on the test's loop, and it does what it
// is told. Unless told otherwise, it answers every command with success and keeps nothing.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/url.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"
#include "core/loop/socket.h"
#include "protocol/command.h"
#include "protocol/http.h"
#include "protocol/http_response.h"
#include "protocol/message.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"
#include "tests/support/reserved_port.h"

namespace chirm::testing {

class ScriptedServer;

// One connection to the server.
class Peer final : private WsHandler {
 public:
  Peer(ScriptedServer& server, Socket socket);

  // Sends one WebSocket message.
  void send(std::string_view text);
  void send_publication(std::string_view channel, std::uint64_t offset, std::string_view data);
  // Sends bytes as they are, for frames that are cut.
  void send_bytes(std::string_view bytes);
  void close(std::uint16_t code, std::string_view reason);
  // Ends the connection without a Close frame.
  void drop();
  bool is_open() const { return socket_.is_open(); }

  std::vector<std::string> messages;  // as received
  std::uint16_t close_code = 0;       // received

 private:
  void on_readable();
  void answer_http(const HttpRequest& request);
  bool on_message(std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;

  ScriptedServer& server_;
  Socket socket_;
  std::unique_ptr<FdWatcher> watcher_;
  WsDecoder decoder_;
  std::string head_;
  bool is_upgraded_ = false;
};

class ScriptedServer {
 public:
  // Returns true when it has dealt with the command.
  using OnCommand = std::function<bool(Peer&, const Command&)>;

  explicit ScriptedServer(Loop& loop);

  void listen();
  void stop_listening();
  client::Url url() const;
  // The connection that was accepted last.
  Peer& last() { return *peers.back(); }
  // All messages received, of all connections, each prefixed by the connection's number from 1.
  std::vector<std::string> log;

  // Answers a request that is no upgrade; without it, or with nullopt, the answer is 404. It may
  // drop the last connection, whose request it is, and then there is none.
  using OnHttp =
      std::function<std::optional<HttpResponse>(const HttpRequest&, const std::string& body)>;

  OnCommand on_command;
  OnHttp on_http;
  bool refuses_upgrade = false;
  bool never_answers = false;
  ConnectResult connect_result{
      .client = "c1", .version = "test", .expires_in_s = {}, .ping_s = 0, .pong = false};
  std::vector<std::unique_ptr<Peer>> peers;

 private:
  friend class Peer;
  void accept();
  void run(Peer& peer, std::string_view line);
  void answer(Peer& peer, const Command& command);
  std::size_t number_of(const Peer& peer) const;

  Loop& loop_;
  Socket listener_;
  ReservedPort port_;  // nobody else gets it while it does not listen
  std::unique_ptr<FdWatcher> watcher_;
  WsDecoderPool pool_;
  WsEncoder encoder_;
  CommandDecoder decoder_;
};

}  // namespace chirm::testing
