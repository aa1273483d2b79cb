// SPDX-License-Identifier: MIT
#pragma once
// What scripts are told of the connection: that it stands, is lost, still away, and back, each once
// and not too often. Pure: it is told the time. Private to client/terminal/.

#include <cstdint>
#include <string>
#include <string_view>

#include "client/events.h"
#include "client/terminal/plain/chat_display.h"

namespace chirm::terminal {

class ConnectionReports {
 public:
  // `display` must outlive it. `server` and `name` (who one is, "" when unknown) are shown.
  ConnectionReports(ChatDisplay& display, std::string server, std::string name)
      : display_(display), server_(std::move(server)), name_(std::move(name)) {}

  void on_connected();
  // There will be another attempt.
  void on_lost(const client::Disconnected& why, std::uint64_t now_ms);
  // Says "reconnected", unless that was said of this connection.
  void report_reconnect();
  // The same together with what became of messages meanwhile.
  void report_loss(const std::string& what);

  bool was_connected() const { return was_connected_; }  // ever

 private:
  ChatDisplay& display_;
  std::string server_;
  std::string name_;
  bool was_connected_ = false;
  bool is_connected_ = false;    // and was not said to be lost
  bool is_resuming_ = false;     // connected again, but that was not said yet
  std::string outage_;           // why there was no connection when that was last said
  std::uint64_t outage_ms_ = 0;  // when outage_ was said
};

}  // namespace chirm::terminal
