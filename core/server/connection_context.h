// SPDX-License-Identifier: MIT
#pragma once
// What the connections of a node share, as sessions share a SessionContext. Private to core/server.

#include <memory>
#include <string>

#include "core/base/intrusive_list.h"

namespace chirm {

class Budgets;
class Connection;
class Poller;
class TimerWheel;
class TlsContext;
class WsDecoderPool;
struct ConnectionTag;
struct HttpContext;
struct ServerCounters;
struct ServerSettings;
struct SessionContext;

using ConnectionList = IntrusiveList<Connection, ConnectionTag>;

// Where a connection puts itself; owned by ConnectionRegistry.
struct ConnectionLists {
  ConnectionList http;           // in the order of their last bytes
  ConnectionList open;           // WebSocket connections
  ConnectionList leaving;        // told to go, of both kinds; they stay here
  ConnectionList ended;          // whose sockets are closed; deleted at the end of the turn
  bool is_sending_away = false;  // some have been told to go
};

// Must outlive the connections, and so must what it refers to.
struct ConnectionContext {
  const ServerSettings& settings;
  ServerCounters& counters;
  Poller& poller;
  TimerWheel& wheel;
  WsDecoderPool& decoder_pool;
  SessionContext& sessions;
  HttpContext& http;
  ConnectionLists& lists;
  Budgets& budgets;
  // Of the connections that come from now on; null: without TLS.
  std::shared_ptr<const TlsContext> tls = nullptr;
  // What one read or write of TLS decrypts or encrypts, likewise shared; "" without TLS.
  std::string plain_buffer = {};
  std::string cipher_buffer = {};
  std::string gather_buffer = {};
  // Handshakes may be gone on with so many times in this turn: they cost much, and strangers' ones
  // must not keep the loop from those who are here.
  int handshakes_left = 0;
  // The bytes of one read, and limits::kJsonPadding behind them; valid until the next read. All
  // connections read into this one, so that an idle connection holds no memory for input.
  std::string read_buffer;
};

}  // namespace chirm
