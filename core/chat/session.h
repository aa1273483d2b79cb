// SPDX-License-Identifier: MIT
#pragma once
// One client's protocol state, from the WebSocket upgrade to its end: handles its commands and
// keeps its private lane (replies, pings, the Close frame). Knows no socket. What the hub needs of
// it is its base, Subscriber.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/chat/access.h"
#include "core/chat/authenticator.h"
#include "core/chat/session_deadlines.h"
#include "core/chat/subscriber.h"
#include "core/limits/budgets.h"
#include "core/limits/rate.h"
#include "core/loop/timer_wheel.h"
#include "protocol/codes.h"
#include "protocol/command.h"
#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm {

class AuditLog;
class Hub;
class Session;
struct ChatCounters;

// Who is connected. Implemented by SessionDirectory.
class SessionRegistry {
 public:
  // From the connect reply on, until it closes.
  virtual void add(Session& session) = 0;
  virtual void remove(Session& session) = 0;  // one that was added

 protected:
  ~SessionRegistry() = default;
};

// What all sessions of a node share. Must outlive them.
struct SessionContext {
  Hub& hub;
  const ChatSettings& settings;
  const Authenticator& authenticator;
  TimerWheel& wheel;
  WsEncoder& encoder;
  CommandDecoder& decoder;
  ChatCounters& counters;
  Random& random;
  SessionRegistry& directory;
  std::string scratch = {};       // a reply's JSON, within one call
  const RpcTable* rpc = nullptr;  // null: there are no methods
  Access* access = nullptr;       // null: channels are open to whom their names admit
  Budgets* budgets = nullptr;     // null: nobody has a limit but that of a connection
  AuditLog* audit = nullptr;      // null: nothing is noted
};

// More functions and members than a class should have: each command of the protocol is one or two
// functions, and all of them need the session's state, which would only be passed around.
class Session final : public Subscriber, public WheelEntry {
 public:
  // All must outlive the session. `address`: the client's; null when it is not known.
  Session(SessionContext& context, Transport& transport, const AddressBytes* address = nullptr);
  ~Session();

  // A complete WebSocket message with limits::kJsonPadding readable bytes behind it.
  void on_message(std::string_view message);
  void on_ping(std::string_view payload);
  // A part of a message waits for the rest, and takes so many bytes; 0: none does any more. To be
  // told before the rest is handed over, too. May close the session.
  void on_part(std::size_t bytes);
  // The peer's Close frame: it is answered, and nothing else is sent.
  void on_peer_close(std::uint16_t code);
  // The socket takes bytes again.
  void on_writable();
  void on_deadline() override;

  // Queues a Close frame behind what the private lane holds. Does nothing when already closing.
  void close(const Disconnect& why);
  // Takes no more commands, and closes with 3001 when those under way have been answered.
  void drain();

  UserRole role() const { return role_; }
  // Which log-in it belongs to; 0: none of core/accounts.
  std::uint64_t sign_in() const { return sign_in_; }
  RpcCaller caller();
  // Valid as long as the session, and its user.
  Spender spender() const {
    return {user_, role_, address_ ? std::optional(network_of(*address_)) : std::nullopt};
  }
  // Numeric; "" when it is not known.
  std::string address() const { return address_ ? to_text(*address_) : std::string(); }
  // That the client has asked for itself.
  std::vector<std::string> subscribed_channels() const;
  // The names of those that it has, at most so many.
  std::vector<std::string> channels(std::size_t count_max) const;
  // Points to this session, and to null once it has gone.
  std::shared_ptr<Session*> self();
  // Subscribes a connected client, which is told by a push; nothing to do when it is subscribed.
  // Closes the session when it has as many channels as it may have.
  struct ServerSubscribe {
    std::string_view channel;
    TokenChannel options;
    std::optional<PositionView> since;  // what followed is sent
  };
  void subscribe_by_server(const ServerSubscribe& wanted);
  // Sends a publication that no log has to who has the channel; false when this client has not.
  bool deliver(std::string_view channel, std::string_view body);
  // The user is not looking, or is again; it is told to others. Ignored before it is connected.
  void set_away(bool is_away);
  // One JSON message, for this client alone. Closes it when it does not read.
  void push(std::string_view json) override;

  // Every subscriber of a hub is a session.
  static Session& of(Subscriber& subscriber) { return static_cast<Session&>(subscriber); }

 private:
  friend class SessionDirectory;  // which keeps where it has put the session

  // As a subscriber
  std::string_view channel_info(std::string_view channel) const override;
  void on_subscribed(const Joining& asked, std::string_view channel,
                     const SubscribeResult& result) override;
  void on_refused(std::uint32_t command_id, const ErrorCode& error) override;
  void on_join_late() override;
  void leave_after(std::uint64_t delay_ms) override;
  bool is_leaving() const override { return deadlines_.is_leaving() || is_closing(); }
  void on_written() override;

  void handle_line(std::string_view line);
  void handle(std::uint32_t id, const ConnectCommand& command);
  void handle(std::uint32_t id, const SubscribeCommand& command);
  void handle(std::uint32_t id, const UnsubscribeCommand& command);
  void handle(std::uint32_t id, const PublishCommand& command);
  void handle(std::uint32_t id, const PresenceCommand& command);
  void handle(std::uint32_t id, const PresenceStatsCommand& command);
  void handle(std::uint32_t id, const HistoryCommand& command);
  void handle(std::uint32_t id, const RpcCommand& command);
  void handle(std::uint32_t id, const SendCommand& command);
  void handle(std::uint32_t id, const RefreshCommand& command);
  void handle(std::uint32_t id, const SubRefreshCommand& command);
  void handle(std::uint32_t id, const PongCommand& command);

  // True and answered when no command of this user is allowed in this channel.
  bool refuse(std::uint32_t id, std::string_view channel);
  // Does `act` when the user has the right, now or later, or answers the error. Later commands of
  // the connection do not wait; what `act` needs of this one it has to own.
  template <class Act>
  void if_allowed(std::uint32_t id, Right right, std::string_view channel, Act act);
  void subscribe_later(std::uint32_t id, const SubscribeCommand& command);
  void subscribe_as_allowed(std::uint32_t id, SubscribeCommand command);
  bool is_checking(std::string_view channel) const;
  void end_checking(std::string_view channel);
  bool is_throttled(Bucket& bucket, std::uint32_t weight = 1);
  // True and answered when it, or its user or address, asks too much.
  bool refuse_read(std::uint32_t id, std::uint32_t weight, std::size_t bytes);
  bool refuse_spending(std::uint32_t id, Spending spending, std::uint32_t weight = 1,
                       std::size_t bytes = 0);
  template <class E>
  void answer_publish(std::uint32_t id, const Expected<Position, E>& position);
  void read_history(std::uint32_t id, const HistoryCommand& command);
  void read_presence(std::uint32_t id, std::string_view channel);
  void read_presence_stats(std::uint32_t id, std::string_view channel);
  void reply_error(std::uint32_t id, const ErrorCode& error);
  // A long reply is about to be made. False and answered: too much waits to be read already.
  bool begin_long_reply(std::uint32_t id);
  void end_long_reply();  // it was made, or will not be
  // Sends context_.scratch as the reply, unless too much waits to be read already: then an error.
  void send_reply(std::uint32_t id);
  void count_lane();
  void change_role(UserRole role);  // may close the session
  void call_audited(std::uint32_t id, const RpcTable::Method& method, const RpcCommand& command);
  void answer_call(std::uint32_t id, const RpcResult& result);
  // Sends context_.scratch, filled by the caller, as one text frame on the private lane.
  void send_scratch();

  // Connecting (session_connect.cc)
  void audit_refusal(const Refusal& refusal);
  void refuse_connect(std::uint32_t id, const Refusal& refusal);
  void join_server_side(std::uint32_t id, const ConnectCommand& command);
  // One of the server's channels is joined, or cannot be.
  void on_joined(bool is_late, std::string_view channel, SubscribeResult result);
  void on_join_refused(const ErrorCode& error);
  void note_channel(const ServerSubscribe& wanted);
  void finish_joining_if_complete();
  void finish_connect(std::uint32_t id, std::string_view subs);

  void begin(std::uint32_t weight) { in_flight_ += weight; }
  void finish(std::uint32_t weight);  // an asynchronous command was answered
  bool must_hold() const;
  // May close the session.
  void hold(std::string_view line);
  void drop_held();
  void resume();    // handles held commands as far as that is possible now
  void schedule();  // sets the wheel to what is due next

  void begin_close(std::uint16_t code, std::string_view reason);
  void unlist();  // from the directory, and as online

  SessionContext& context_;
  bool is_resuming_ = false;           // resume() is running
  bool is_draining_ = false;           // drain() was called
  bool is_end_told_ = false;           // transport_.on_all_written() was called
  std::uint32_t last_publish_ = 0;     // publishes are numbered
  std::uint32_t waiting_publish_ = 0;  // this one has to be answered before the next command
  bool is_listed_ = false;             // in the directory, at directory_index_
  bool is_away_ = false;
  UserRole role_ = UserRole::kUser;
  std::uint32_t directory_index_ = 0;
  std::uint32_t in_flight_ = 0;  // asynchronous commands, by weight
  SessionDeadlines deadlines_;
  std::uint64_t sign_in_ = 0;
  // Commands that wait: for a subscription to be answered, for answers under way, for lane_ to
  // drain. At most what one read of the socket brought, for input is not wanted meanwhile.
  std::unique_ptr<std::deque<std::string>> held_;  // null when none
  std::uint32_t held_bytes_ = 0;                   // of them, as the budgets count them
  std::uint32_t part_bytes_ = 0;  // of a message that has come in part, as the budgets count it
  // The connect command that is not answered yet; null exactly when not kJoining.
  struct Greeting {
    std::uint32_t command_id;
    std::size_t missing;  // channels that it waits for
    std::string subs;     // of the reply, as far as known
  };
  std::unique_ptr<Greeting> greeting_;
  std::unique_ptr<TokenChannels> token_channels_;  // null when they say nothing
  // Channels of subscribe commands whose right is being looked up; null when none.
  std::unique_ptr<std::vector<std::string>> checking_;
  Bucket publishes_;
  Bucket calls_;
  Bucket reads_;
  const AddressBytes* const address_;    // null: not known
  std::uint32_t lane_held_ = 0;          // bytes of lane_ that the budgets hold
  std::uint32_t long_replies_held_ = 0;  // ... and of replies that are being made
  std::shared_ptr<Session*> self_;
};

}  // namespace chirm
