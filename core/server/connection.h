// SPDX-License-Identifier: MIT
#pragma once
// One accepted socket: HTTP requests, one after the other, and after an upgrade a WebSocket
// connection that carries a Session. Keeps no buffer while idle. Private to core/server.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/intrusive_list.h"
#include "core/chat/session.h"
#include "core/chat/transport.h"
#include "core/loop/poller.h"
#include "core/loop/socket.h"
#include "core/loop/timer_wheel.h"
#include "protocol/http_response.h"
#include "protocol/ws_decoder.h"

namespace chirm {

class Server;
struct ConnectionTag;

class Connection final : public ListHook<ConnectionTag>,
                         private PollTarget,
                         private WheelEntry,
                         private WsHandler,
                         private Transport {
 public:
  // server must outlive the connection.
  Connection(Server& server, Socket socket);
  ~Connection();

  // False when the socket cannot be watched.
  [[nodiscard]] bool start();
  // Sends the session away when its commands have been answered, or ends at once where there is
  // none. An HTTP request whose head has come is answered, and the connection ends with that.
  void drain();

 private:
  enum class State : std::uint8_t {
    kRequest,   // reading an HTTP request, or waiting for the next
    kHandling,  // its handler has not answered yet
    kResponse,  // writing the answer
    kOpen,      // a WebSocket connection
    kClosing,   // our Close frame is queued; input only matters for the peer's Close frame
    kFinished,  // all is written and our direction is shut down; waiting for the peer to close
    kEnded,     // the socket is closed; the server deletes us at the end of the turn
  };

  // PollTarget, WheelEntry
  void on_ready(bool readable, bool writable) override;
  void on_deadline() override;
  // WsHandler
  bool on_message(std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;
  // Transport
  std::size_t write(std::span<const iovec> pieces, std::size_t bytes) override;
  void set_input_wanted(bool is_wanted) override;
  void on_closing() override;
  void on_all_written() override;

  void read();
  void on_bytes(std::string_view bytes);
  void feed(std::string_view bytes);
  void watch();
  void end();

  // HTTP (connection_http.cc)
  struct Http;
  void on_request_bytes(std::string_view bytes);
  void on_http_deadline();
  void serve();
  bool serve_one();
  bool read_head();
  void admit();
  void upgrade();
  // In the form of what was asked for.
  HttpResponse refusal(const HttpError& error) const;
  void refuse(const HttpResponse& response);
  void answer(std::uint64_t serial, const HttpResponse& response);
  void respond(const HttpResponse& response);
  void write_response();
  void begin_next_request();

  Server& server_;
  Socket socket_;
  State state_ = State::kRequest;
  bool is_input_wanted_ = true;
  bool is_output_wanted_ = false;
  bool is_decoder_done_ = false;  // it refused its input or saw a Close frame
  WsDecoder decoder_;
  std::unique_ptr<Http> http_;  // until the upgrade
  std::unique_ptr<Session> session_;
};

}  // namespace chirm
