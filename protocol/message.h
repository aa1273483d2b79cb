// SPDX-License-Identifier: MIT
#pragma once
// What a server sends in the Centrifugal client protocol v2 in JSON, replies and pushes: encoding
// (server) and decoding (client). Pure. Zero values are left out, as the schema wants
// (https://centrifugal.dev/docs/transports/client_protocol).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codes.h"
#include "protocol/command.h"
#include "protocol/expected.h"

namespace chirm {

// Who published or is present. The infos, of the connection and of its subscription, are raw JSON
// or empty.
struct ClientInfoView {
  std::string_view user;
  std::string_view client;
  std::string_view conn_info;
  std::string_view chan_info = {};
};

// ---- Server side: each appends one JSON object, without a line feed.

// A publication's *body* is its JSON members without the offset: `"data":{…},"info":{…},"time":N`.
// The node that publishes makes it once, by its own clock, and the broker keeps it. `time_ms`: unix
// time; 0 or less, of a clock that stands before 1970, is left out.
void append_publication_body(std::string& out, std::string_view data, const ClientInfoView& info,
                             std::int64_t time_ms);
// `{<body>,"offset":N}`; without the offset when it is 0.
void append_publication(std::string& out, std::string_view body, std::uint64_t offset);
// `{"push":{"channel":…,"pub":<publication>}}`. Returns where in `out` the publication object
// starts; it ends two bytes before the end of `out`.
std::size_t append_publication_push(std::string& out, std::string_view channel,
                                    std::string_view body, std::uint64_t offset);
inline constexpr std::size_t kPublicationPushTail = 2;  // the `}}` behind the publication

struct ConnectResult {
  std::string_view client;
  std::string_view version;
  std::optional<std::uint32_t> expires_in_s;  // `expires:true` and `ttl`
  std::uint32_t ping_s = 0;                   // 0: no application pings
  bool pong = false;
  std::string_view subs = {};  // comma-separated, of append_server_subscription()
};

struct SubscribeResult {
  PositionView position;  // see §7 of the protocol: the client's own offset when recovered
  bool recoverable = true;
  bool positioned = true;
  bool was_recovering = false;
  bool recovered = false;
  std::string_view publications = {};  // comma-separated publication objects, without brackets
  std::string_view data = {};          // raw JSON for the application
};

struct HistoryResult {
  PositionView position;          // the log's top
  std::string_view publications;  // comma-separated publication objects, without brackets
};

void append_connect_reply(std::string& out, std::uint32_t id, const ConnectResult& result);
// `"<channel>":{…}`, for ConnectResult::subs.
void append_server_subscription(std::string& out, std::string_view channel,
                                const SubscribeResult& result);
void append_subscribe_reply(std::string& out, std::uint32_t id, const SubscribeResult& result);
void append_unsubscribe_reply(std::string& out, std::uint32_t id);
void append_publish_reply(std::string& out, std::uint32_t id, const PositionView& position);
void append_history_reply(std::string& out, std::uint32_t id, const HistoryResult& result);
void append_presence_reply(std::string& out, std::uint32_t id,
                           std::span<const ClientInfoView> clients);
void append_presence_stats_reply(std::string& out, std::uint32_t id, std::uint64_t clients,
                                 std::uint64_t users);
void append_refresh_reply(std::string& out, std::uint32_t id, std::string_view client,
                          std::string_view version, std::optional<std::uint32_t> expires_in_s);
// `data` is raw JSON.
void append_rpc_reply(std::string& out, std::uint32_t id, std::string_view data);
void append_error_reply(std::string& out, std::uint32_t id, const ErrorCode& error);
// A server-side subscription of a client that is connected already.
void append_subscribe_push(std::string& out, std::string_view channel,
                           const SubscribeResult& result);
void append_unsubscribe_push(std::string& out, std::string_view channel,
                             const Unsubscribe& unsubscribe);
// A client has come to a channel, or gone.
void append_join_push(std::string& out, std::string_view channel, const ClientInfoView& info);
void append_leave_push(std::string& out, std::string_view channel, const ClientInfoView& info);
// A client's info as one JSON object, as in presence:
// {"user":…,"client":…,"conn_info":…,"chan_info":…}.
void append_client_info(std::string& out, const ClientInfoView& info);

// ---- Client side

struct PublicationView {
  std::string_view data;  // raw JSON
  std::uint64_t offset = 0;
  ClientInfoView info;       // user and client are "" when the server published
  std::int64_t time_ms = 0;  // unix time by the server's clock; 0 when it has told none
};

// A channel that the server has subscribed the client to.
struct ServerSubscriptionView {
  std::string_view channel;
  PositionView position;
  bool recoverable = false;
  bool recovered = false;
  bool was_recovering = false;
  std::span<const PublicationView> publications;
};

// Why a command was refused.
struct ReplyError {
  std::uint32_t code = 0;
  std::string_view message;
  bool temporary = false;  // the client may try the same command again later
};

// One object from the server. Which members mean something depends on `kind`; so many of them, as
// most results of the schema share their fields.
struct ServerMessage {
  enum class Kind : std::uint8_t {
    kPing,         // `{}`
    kReply,        // id, and either error or what the method answers
    kPublication,  // channel, publications[0]
    kSubscribe,    // subs[0]
    kUnsubscribe,  // channel, code, reason
    kJoin,         // channel, clients[0]
    kLeave,        // channel, clients[0]
    kDisconnect,   // code, reason
    kOtherPush,    // a push this client has no use for (message, …)
  };
  Kind kind = Kind::kPing;
  std::uint32_t id = 0;

  std::optional<ReplyError> error;

  std::string_view channel;
  std::uint32_t code = 0;
  std::string_view reason;

  // connect
  std::string_view client;
  std::string_view version;
  std::uint32_t ping_s = 0;
  bool pong = false;
  bool expires = false;
  std::uint32_t ttl_s = 0;
  std::span<const ServerSubscriptionView> subs;
  // subscribe, publish, history
  std::uint64_t offset = 0;
  std::string_view epoch;
  bool recoverable = false;
  bool recovered = false;
  bool was_recovering = false;
  std::span<const PublicationView> publications;
  // presence, presence_stats
  std::span<const ClientInfoView> clients;
  std::uint64_t num_clients = 0;
  std::uint64_t num_users = 0;
  // rpc: raw JSON
  std::string_view data;
};

// Decodes one line at a time. Views are valid until the next call. One decoder serves all
// connections of a thread.
class MessageDecoder {
 public:
  MessageDecoder();
  ~MessageDecoder();
  MessageDecoder(const MessageDecoder&) = delete;
  MessageDecoder& operator=(const MessageDecoder&) = delete;

  // limits::kJsonPadding bytes behind `line` must be readable. The error says what is wrong.
  [[nodiscard]] Expected<ServerMessage, std::string> decode(std::string_view line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
