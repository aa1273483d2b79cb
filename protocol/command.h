// SPDX-License-Identifier: MIT
#pragma once
// Commands of the Centrifugal client protocol v2 in JSON: decoding them (server) and encoding them
// (client). Pure. All views are valid until the decoder's next call or until its input goes.
// Source: client.proto of centrifugal/protocol,
// https://centrifugal.dev/docs/transports/client_protocol

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/codes.h"
#include "protocol/expected.h"

namespace chirm {

// A place in a channel's log. Offset 0 is before the first publication; an empty epoch is unknown.
struct PositionView {
  std::uint64_t offset = 0;
  std::string_view epoch;
};

// Where a client stands in a channel that the server subscribes it to.
struct KnownPosition {
  std::string_view channel;
  bool recover = false;
  PositionView since = {};
};

struct ConnectCommand {
  std::string_view token;
  std::string_view data;  // raw JSON, empty when absent
  // `data.name` when data is an object and that is a string of at most limits::kUserBytes bytes,
  // unescaped; else "".
  std::string_view data_name;
  std::string_view name;  // client software
  std::string_view version;
  std::span<const KnownPosition> subs = {};  // in the order of the text
};

struct SubscribeCommand {
  std::string_view channel;
  std::string_view token;
  bool recover = false;
  PositionView since;
  bool recoverable = false;
  bool positioned = false;
  bool join_leave = false;  // wants to be told who comes and goes
  std::int64_t flag = 0;    // bit 2: answer error 112 instead of `recovered:false`
  std::int64_t type = 0;    // 0 is a stream subscription, the only kind there is here
};

struct UnsubscribeCommand {
  std::string_view channel;
};

struct PublishCommand {
  std::string_view channel;
  std::string_view data;  // raw JSON, completely validated; empty when absent
  // `data.id` when data is an object and that is a string of at most limits::kMessageIdBytes bytes,
  // unescaped; else "". A longer one is no error: it just is no idempotency key.
  std::string_view message_id;
};

struct PresenceCommand {
  std::string_view channel;
};

struct PresenceStatsCommand {
  std::string_view channel;
};

struct HistoryCommand {
  std::string_view channel;
  std::int64_t limit = 0;  // 0: position only; negative: no limit
  std::optional<PositionView> since;
  bool reverse = false;
};

struct RpcCommand {
  std::string_view method;
  std::string_view data;  // raw JSON
};

struct SendCommand {};  // never answered

struct RefreshCommand {
  std::string_view token;
};

struct SubRefreshCommand {
  std::string_view channel;
  std::string_view token;
};

struct PongCommand {};  // `{}`: the answer to a ping

// One command. An object should name one method; if it names several, the first in this order
// counts: connect, subscribe, unsubscribe, publish, presence, presence_stats, history, rpc, send,
// refresh, sub_refresh.
struct Command {
  std::uint32_t id = 0;  // 0 for send and pong
  std::variant<PongCommand, ConnectCommand, SubscribeCommand, UnsubscribeCommand, PublishCommand,
               PresenceCommand, PresenceStatsCommand, HistoryCommand, RpcCommand, SendCommand,
               RefreshCommand, SubRefreshCommand>
      method;
};

// Decodes one line (one JSON object) at a time with simdjson; the whole line is validated, also
// where its values are only carried on. One decoder serves all connections of a thread.
class CommandDecoder {
 public:
  CommandDecoder();
  ~CommandDecoder();
  CommandDecoder(const CommandDecoder&) = delete;
  CommandDecoder& operator=(const CommandDecoder&) = delete;

  // limits::kJsonPadding bytes behind `line` must be readable. Any error is disconnects::
  // kBadRequest (3501): not JSON, wrong type of a known field, id without a known method, an empty
  // channel where one is needed, an empty refresh token, an unknown `delta`. What has no id and is
  // no `send` is a PongCommand, as in the reference server. Where a key stands twice, the last one
  // counts. A `data` of null is empty.
  [[nodiscard]] Expected<Command, Disconnect> decode(std::string_view line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Client side: append one command as JSON, without a line feed. Zero values are left out.
void append_connect(std::string& out, std::uint32_t id, const ConnectCommand& command);
void append_subscribe(std::string& out, std::uint32_t id, const SubscribeCommand& command);
void append_unsubscribe(std::string& out, std::uint32_t id, const UnsubscribeCommand& command);
void append_publish(std::string& out, std::uint32_t id, const PublishCommand& command);
void append_presence(std::string& out, std::uint32_t id, const PresenceCommand& command);
void append_presence_stats(std::string& out, std::uint32_t id, const PresenceStatsCommand& command);
void append_history(std::string& out, std::uint32_t id, const HistoryCommand& command);
void append_rpc(std::string& out, std::uint32_t id, const RpcCommand& command);
void append_refresh(std::string& out, std::uint32_t id, const RefreshCommand& command);

}  // namespace chirm
