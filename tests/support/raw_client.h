// SPDX-License-Identifier: MIT
#pragma once
// A TCP client on the test's loop that sends whatever bytes a test wants, whole or broken, and
// writes down what the server answers: an HTTP response, or after an upgrade WebSocket messages.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"
#include "core/loop/socket.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"
#include "tests/support/server_events.h"

namespace chirm::testing {

class RawClient {
 public:
  // Connects; the loop must outlive the client.
  RawClient(Loop& loop, std::uint16_t port);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // What the socket does not take at once follows when it does.
  void send_bytes(std::string_view bytes);
  void send_upgrade(std::string_view more_headers = {});
  static std::string upgrade_text(std::string_view more_headers = {});
  // A text message, masked.
  void send(std::string_view text);
  static std::string frame(std::string_view text);
  void send_close(std::uint16_t code);

  void stop_reading();
  void go_on_reading();
  void shut_down();  // no more from us; we still read
  void close();      // our end is gone
  void reset();      // … with an RST

  bool is_upgraded() const { return is_upgraded_; }
  bool is_ended() const { return is_ended_; }  // the server has shut down its direction
  bool was_reset() const { return was_reset_; }
  bool has_sent_all() const { return unsent_.empty(); }
  int status() const;  // of the HTTP response, 0 before it is there

  std::string http;  // an HTTP response, as it came
  ServerEvents events;

 private:
  void on_ready(FdWatcher::Events events);
  void write();
  void read();
  void on_bytes(std::string_view bytes);
  void watch();

  Socket socket_;
  std::unique_ptr<FdWatcher> watcher_;
  WsDecoderPool pool_;
  WsDecoder decoder_{pool_};
  std::string unsent_;
  bool is_reading_ = true;
  bool is_upgraded_ = false;
  bool is_ended_ = false;
  bool was_reset_ = false;
};

}  // namespace chirm::testing
