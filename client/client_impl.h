// SPDX-License-Identifier: MIT
#pragma once
// What a Client is made of. Private to client/.
//
//   connection_  bytes and frames of the current attempt
//   lines_       commands of this turn, one a line, that become one WebSocket message at its end
//   commands_    sent and not answered; publications are in outbox_ instead
//   subs_        the channels that are wanted, whatever state the connection is in
//
// All deadlines share one entry of the timing wheel: it is set for the earliest, and when it fires
// everything is looked at and the next one is computed.
//
// Large, and one class: it is the state machine of a connection, and nearly every event moves the
// connection, the subscriptions, the commands and the outbox together. What stands by itself is in
// classes of its own. Its code is in client_impl.cc (what is asked for, and sending),
// client_replies.cc (what the server sends) and client_deadlines.cc.

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "client/backoff.h"
#include "client/connection.h"
#include "client/context.h"
#include "client/events.h"
#include "client/options.h"
#include "client/outbox.h"
#include "client/pending_commands.h"
#include "client/replies.h"
#include "client/subscription.h"
#include "core/loop/timer_wheel.h"

namespace chirm::client {

class ClientImpl final : private ConnectionHandler, private WheelEntry, private Flushable {
 public:
  ClientImpl(Context& context, Options options, Events& events);

  void connect();
  void disconnect();
  void drop_connection();
  Socket abandon_connection();
  void pause_reading(bool is_paused) { connection_.pause_reading(is_paused); }
  void set_token(std::string_view token);
  void fail_token(const CommandError& error);
  void subscribe(std::string_view channel, SubscribeOptions options);
  void unsubscribe(std::string_view channel);
  void advance(std::string_view channel, std::uint64_t offset);
  void publish(std::string_view channel, std::string_view data, OnPublished done);
  void presence(std::string_view channel, OnPresence done);
  void presence_stats(std::string_view channel, OnPresenceStats done);
  void history(std::string_view channel, std::uint32_t limit,
               const std::optional<PositionView>& before, OnHistory done);
  void rpc(std::string_view method, std::string_view data, OnRpc done);

  const TlsSession* tls() const { return connection_.tls(); }
  bool is_connected() const { return state_ == State::kConnected; }
  std::uint64_t position(std::string_view channel) const;
  std::size_t outbox_size() const { return outbox_.size(); }
  std::uint64_t resent() const { return outbox_.resent(); }

 private:
  enum class State : std::uint8_t {
    kIdle,         // no connection, and none will be made before connect()
    kWaiting,      // the next attempt begins at reconnect_at_ms_
    kAuthorizing,  // the next attempt begins with set_token()
    kOpening,      // connection_ is opening, until opening_ends_ms_
    kGreeting,     // the WebSocket stands, the connect command is not answered yet
    kConnected,    // the server knows us
  };

  using Subscriptions = std::map<std::string, Subscription, std::less<>>;

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  // ConnectionHandler
  void on_open() override;
  std::size_t on_bytes(std::string_view bytes) override;
  void on_message(std::string_view payload) override;
  void on_drained() override;
  void on_close(std::uint16_t code, std::string_view reason) override;
  // WheelEntry
  void on_deadline() override;
  // Flushable
  void flush() override;

  // Connection
  void open();
  void open_connection();
  void want_token();
  void lost(std::uint16_t code, std::string_view reason, bool may_retry);
  bool is_online() const { return state_ == State::kGreeting || state_ == State::kConnected; }

  // Sending
  template <class Append>
  void add_line(Append append);
  template <class Kind, class Append>
  std::uint32_t send_command(std::string_view channel, Kind kind, Append append);
  std::uint32_t take_id();
  void send_subscribe(const std::string& channel, Subscription& sub);
  void send_unsubscribe(std::string_view channel);
  void subscribe_again(const std::string& channel, Subscription& sub);
  void retry_subscribe(Subscription& sub);
  void pump_outbox();
  void answer_ping();

  // Receiving
  void on_server_message(const ServerMessage& message);
  void on_reply(const ServerMessage& reply);
  void on_reply_to(PendingCommand& command, const ServerMessage& reply);
  void on_connect_reply(const ServerMessage& reply);
  void on_server_subscription(const ServerSubscriptionView& view);
  void forget_server_subscriptions();
  void on_refresh_reply(const ServerMessage& reply);
  void note_expiry(const ServerMessage& reply);
  void on_subscribe_reply(const PendingCommand& command, const ServerMessage& reply);
  void on_publish_reply(const ServerMessage& reply);
  void on_publication(std::string_view channel, const PublicationView& publication);
  void on_unsubscribe(std::string_view channel, std::uint32_t code, std::string_view reason);

  // Time
  std::uint64_t now_ms() const { return context_.loop.now_ms(); }
  void arm(std::uint64_t at_ms);
  std::uint64_t next_deadline_ms() const;
  std::uint64_t ping_deadline_ms() const;
  void run_online_deadlines();
  void expire_commands();
  void give_up_resending();

  Context& context_;
  Options options_;  // only the token changes
  Events& events_;
  Connection connection_;

  State state_ = State::kIdle;
  bool answers_pings_ = false;
  bool is_token_wanted_ = false;  // asked for, and not answered
  Backoff backoff_;               // of connecting
  Backoff outbox_backoff_;        // of temporary errors to publications
  std::uint32_t last_id_ = 0;     // of a command
  std::uint64_t ping_ms_ = 0;     // between the server's pings, 0 when it sends none
  std::uint64_t armed_at_ms_ = kNever;
  std::uint64_t reconnect_at_ms_ = 0;
  std::uint64_t opening_ends_ms_ = 0;
  std::uint64_t outbox_resumes_ms_ = 0;   // nothing is published before
  std::uint64_t refresh_at_ms_ = kNever;  // when a new token is asked for
  std::string opening_error_;             // why opening_ends_ms_ is now, "" for a timeout

  std::string lines_;
  PendingCommands commands_;
  Subscriptions subs_;
  Outbox outbox_;
};

}  // namespace chirm::client
