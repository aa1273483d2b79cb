// SPDX-License-Identifier: MIT
#pragma once
// One client's protocol state, from the WebSocket upgrade to its end: handles its commands and
// keeps its private lane (replies, pings, the Close frame) and its subscriptions. Knows no socket.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/base/random.h"
#include "core/chat/access.h"
#include "core/chat/authenticator.h"
#include "core/chat/rate_limit.h"
#include "core/chat/transport.h"
#include "core/loop/timer_wheel.h"
#include "protocol/codes.h"
#include "protocol/command.h"
#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm {

class Channel;
class Hub;
class SessionDirectory;
struct ChatCounters;
struct BlockedSessionTag;
struct Joining;
struct DirtySessionTag;

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
  SessionDirectory& directory;
  std::string scratch = {};       // a reply's JSON, within one call
  const RpcTable* rpc = nullptr;  // null: there are no methods
  Access* access = nullptr;       // null: channels are open to whom their names admit
};

class Session final : public WheelEntry,
                      public ListHook<DirtySessionTag>,
                      public ListHook<BlockedSessionTag> {
 public:
  // context and transport must outlive the session.
  Session(SessionContext& context, Transport& transport);
  ~Session();

  // A complete WebSocket message with limits::kJsonPadding readable bytes behind it.
  void on_message(std::string_view message);
  void on_ping(std::string_view payload);
  // The peer's Close frame: it is answered, and nothing else is sent.
  void on_peer_close(std::uint16_t code);
  // The socket takes bytes again.
  void on_writable();
  void on_deadline() override;

  // Queues a Close frame behind what the private lane holds. Does nothing when already closing.
  void close(const Disconnect& why);
  bool is_closing() const { return state_ == State::kClosing; }
  // Takes no more commands, and closes with 3001 when those under way have been answered.
  void drain();

  const std::string& user() const { return user_; }
  const std::string& client_id() const { return client_id_; }
  const std::string& info() const { return info_; }
  UserRole role() const { return role_; }
  // Which log-in it belongs to; 0: none of core/accounts.
  std::uint64_t sign_in() const { return sign_in_; }
  RpcCaller caller();
  // That the client has asked for itself.
  std::vector<std::string> subscribed_channels() const;
  bool is_connected() const { return state_ == State::kConnected; }
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
  // The user is not looking. False: nothing has changed.
  bool set_away(bool is_away) { return std::exchange(is_away_, is_away) != is_away; }
  bool is_away() const { return is_away_; }
  // A join or leave push, if the session wants those of the channel.
  void push_presence(std::string_view channel, const std::string& json);
  // What its token says of the channel: raw JSON or "".
  std::string_view channel_info(std::string_view channel) const;

 private:
  friend class Hub;
  friend class SessionDirectory;

  enum class State : std::uint8_t {
    kNew,      // waiting for connect
    kJoining,  // connect is not answered yet: others are held, nothing is written
    kRefused,  // connect was answered with an error: commands are ignored
    kConnected,
    kClosing,  // a Close frame is queued or sent: nothing may be queued behind it
  };

  struct Subscription {
    Channel* channel;
    bool is_live;                 // false while joining
    bool is_server_side;          // not asked for by the client
    std::uint32_t index;          // in channel->members, when live
    bool is_catching_up = false;  // in channel->catch_up->readers
    bool wants_presence = false;  // join and leave pushes
  };

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
  bool is_throttled(RateLimit& limit, std::uint32_t weight = 1);
  template <class E>
  void answer_publish(std::uint32_t id, const Expected<Position, E>& position);
  void read_history(std::uint32_t id, const HistoryCommand& command);
  void read_presence(std::uint32_t id, std::string_view channel);
  void read_presence_stats(std::uint32_t id, std::string_view channel);
  void reply_error(std::uint32_t id, const ErrorCode& error);
  // Sends context_.scratch, filled by the caller, as one text frame on the private lane.
  void send_scratch();
  // An encoded frame that may be lost: it is, unless the client is connected and keeps up.
  void send_signal(std::string_view frame);

  // Connecting (session_connect.cc)
  void refuse_connect(std::uint32_t id, const Refusal& refusal);
  void join_server_side(std::uint32_t id, const ConnectCommand& command);
  // One of the server's channels is joined, cannot be, or takes so long that connect is answered
  // without it.
  void on_joined(const Joining& how, std::string_view channel, SubscribeResult result);
  void on_join_refused(const ErrorCode& error);
  void on_join_late();
  void note_channel(const ServerSubscribe& wanted);
  void finish_joining_if_complete();
  void finish_connect(std::uint32_t id, std::string_view subs);
  void set_expiry(const std::optional<std::int64_t>& expires_at);
  std::optional<std::uint32_t> seconds_to_expiry() const;

  Subscription* find(std::string_view channel);
  Subscription* find(const Channel& channel);
  bool may_write() const { return !is_blocked_ && state_ != State::kJoining; }
  void begin(std::uint32_t weight) { in_flight_ += weight; }
  void finish(std::uint32_t weight);  // an asynchronous command was answered
  bool must_hold() const;
  void hold(std::string_view line);
  void resume();      // handles held commands as far as that is possible now
  void on_written();  // the hub has written, all or in part
  void schedule();    // sets the wheel to the next of ping, pong timeout, expiry and leaving
  // A server-side subscription has ended for want of what was missed.
  void leave_after(std::uint64_t delay_ms);
  bool is_leaving() const { return leave_ms_ != 0 || is_closing(); }

  // A write to a socket sweeps the caches. These fetch what the next writes will touch while the
  // kernel works on this one: first the session itself, then what it points to. At 1,000
  // subscribers and one message at a time they take the share of user-space CPU from 8 % to 4 %.
  void prefetch() const;
  void prefetch_pointees() const;

  void begin_close(std::uint16_t code, std::string_view reason);
  void unlist();  // from the directory, and as online

  // What a delivery touches stands first, together (see prefetch()).
  SessionContext& context_;
  Transport& transport_;
  std::string lane_;  // frames for this client alone, written before all others
  std::vector<Subscription> subscriptions_;
  State state_ = State::kNew;
  bool is_blocked_ = false;  // the socket did not take everything; on_writable() will come
  bool is_awaiting_pong_ = false;
  bool is_input_wanted_ = true;
  bool is_resuming_ = false;           // resume() is running
  bool is_draining_ = false;           // drain() was called
  bool is_end_told_ = false;           // transport_.on_all_written() was called
  std::uint32_t last_publish_ = 0;     // publishes are numbered
  std::uint32_t waiting_publish_ = 0;  // this one has to be answered before the next command
  bool is_listed_ = false;             // in the directory, at directory_index_
  bool is_away_ = false;
  UserRole role_ = UserRole::kUser;
  std::uint32_t directory_index_ = 0;
  std::uint32_t in_flight_ = 0;   // asynchronous commands, by weight
  std::uint64_t blocked_ms_ = 0;  // since when, while blocked
  std::uint64_t ping_ms_ = 0;     // when the next ping is due, or its pong when awaited
  std::int64_t expires_at_ = 0;   // unix seconds, grace included; 0: never
  std::uint64_t sign_in_ = 0;
  std::uint64_t leave_ms_ = 0;  // when leave_after() closes it; 0: not
  std::string user_;
  std::string client_id_;
  std::string info_;
  // Commands that wait: for a subscription to be answered, for answers under way, for lane_ to
  // drain. At most what one read of the socket brought, for input is not wanted meanwhile.
  std::unique_ptr<std::deque<std::string>> held_;  // null when none
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
  RateLimit publishes_;
  RateLimit calls_;
  std::shared_ptr<Session*> self_;
};

}  // namespace chirm
