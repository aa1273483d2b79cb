// SPDX-License-Identifier: MIT
#pragma once
// A node: listens, serves connections, and runs the turn: broker, fan-out, burial.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/base/error.h"
#include "core/base/intrusive_list.h"
#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/chat/authenticator.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/hub.h"
#include "core/chat/rpc.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/loop/loop.h"
#include "core/loop/poller.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"
#include "core/loop/timer_wheel.h"
#include "core/server/admin/admin_rpc.h"
#include "core/server/admin/api.h"
#include "core/server/admin/api_methods.h"
#include "core/server/admin/node_board.h"
#include "core/server/admin/node_survey.h"
#include "core/server/admin/session_control.h"
#include "core/server/http/http_router.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"
#include "protocol/command.h"
#include "protocol/http.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"

namespace chirm {

class Connection;
class Listener;
class Rooms;
struct ConnectionTag;

class Server {
 public:
  // loop and broker must outlive the server.
  Server(Loop& loop, Broker& broker, ServerSettings settings, ChatSettings chat_settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the listening socket. The error says which address and why.
  [[nodiscard]] Expected<void, Error> listen();
  std::uint16_t port() const;

  // Drains: not ready any more, stops listening, and sends clients away with 3001, evenly spread
  // over drain_s, each once its publishes have been answered. `on_stopped` runs when all are gone,
  // at the latest drain_s and the closing handshake's time from now. Call once.
  void stop(std::function<void()> on_stopped);

  // For the server's own connections.
  const ServerSettings& settings() const { return settings_; }
  ServerCounters& counters() { return counters_; }
  Poller& poller() { return poller_; }
  TimerWheel& wheel() { return wheel_; }
  WsDecoderPool& decoder_pool() { return decoder_pool_; }
  SessionContext& session_context() { return session_context_; }
  // One read's bytes, with limits::kJsonPadding behind them; valid until the next read.
  std::string& read_buffer() { return read_buffer_; }
  void bury(Connection& connection);
  // While no more WebSocket connections are wanted: what an upgrade is answered. It is a 503, and
  // the load balancer tries another node.
  std::optional<HttpError> refusal() const;

  bool is_stopping() const { return is_stopping_; }

  // What else is answered over HTTP: routes are added before listen().
  HttpRouter& router() { return router_; }
  // In the Prometheus text format.
  std::string metrics() const;
  // Null where there are none.
  Accounts* accounts() { return accounts_.get(); }
  // Null in insecure mode.
  Revocations* revocations() { return revocations_.get(); }

 private:
  Loop::TurnEnd end_turn();
  void add_routes();
  void close_sessions(const std::string& user, std::uint64_t sign_in);
  NodeStatistics measure();
  HttpResponse readiness() const;
  HttpResponse file(const HttpRequest& request) const;
  void drain_some();
  bool accept(Socket socket);
  bool has_files() const;

  Loop& loop_;
  Broker& broker_;
  ServerSettings settings_;
  ChatSettings chat_settings_;
  ServerCounters counters_;
  ChatCounters chat_counters_;
  Poller poller_;
  TimerWheel wheel_;
  WsDecoderPool decoder_pool_;
  WsEncoder encoder_;
  CommandDecoder command_decoder_;
  Random random_;
  std::unique_ptr<Revocations> revocations_;  // null in insecure mode
  std::unique_ptr<Accounts> accounts_;        // null where there are none
  Authenticator authenticator_;
  Hub hub_;
  SessionDirectory directory_;
  SessionContext session_context_;
  NodeSurvey survey_;
  SessionControl session_control_;
  RecentDurations recent_deliveries_;
  RecentDurations recent_turns_;
  NodeBoard board_;
  ApiMethods api_methods_;
  Api api_;
  AdminRpc admin_rpc_;
  RpcTable rpc_;
  std::unique_ptr<Rooms> rooms_;  // null in insecure mode
  HttpRouter router_;
  std::string read_buffer_;
  std::uint64_t files_max_;
  IntrusiveList<Connection, ConnectionTag> connections_;
  IntrusiveList<Connection, ConnectionTag> leaving_;  // told to go, while draining
  IntrusiveList<Connection, ConnectionTag> graveyard_;
  std::unique_ptr<Listener> listener_;
  const std::uint64_t start_ms_;
  std::uint64_t pause_logged_ms_ = 0;
  Timer drain_timer_;
  bool is_stopping_ = false;    // stop() was called
  std::uint64_t to_drain_ = 0;  // connections at that time
  std::uint64_t drained_ = 0;   // of them, those whose turn has come
  std::uint64_t drain_ticks_ = 0;
  std::function<void()> on_stopped_;
};

}  // namespace chirm
