// SPDX-License-Identifier: MIT
#pragma once
// One connection of hiredis' asynchronous API (0.14 and 1.x) on our loop, and the only place that
// knows that API. hiredis' own adapter for libuv will not do: it loses the error of a connection
// that was refused or reset, and changes the epoll registration with every command. This one hands
// each error on, once, and writes when it is told to. Private to core/broker; loop's thread.
//
// An object makes one connection after the other. The connection is the object's until close(), or
// until hiredis says that it is over; from then on nothing of it is heard any more, although
// hiredis may free it a little later (when close() was called from within one of its callbacks).
//
// Half of its members are flags that hiredis' callbacks set: there is no smaller thing hidden in
// it.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/broker/redis/link/redis_reply.h"
#include "core/broker/redis/link/tls_pipe.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/timer.h"
#include "protocol/expected.h"

struct redisAsyncContext;

namespace chirm {

class Loop;

class RedisConnection {
 public:
  using OnReply = std::function<void(const RedisReply&)>;

  class Owner {
   public:
    // Commands may be sent from now on.
    virtual void on_connected() = 0;
    // The connection is over, and not by close(); or there was none to be had. Commands without an
    // answer by now get none. Called from within flush() as well.
    virtual void on_closed(const std::string& reason) = 0;
    // A message or a confirmation for a subscription_command().
    virtual void on_push(const RedisReply& push) = 0;

   protected:
    ~Owner() = default;
  };

  // Loop and owner must outlive the connection. A command that has no answer within the deadline
  // ends it.
  RedisConnection(Loop& loop, Owner& owner, std::uint64_t command_deadline_ms);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Begins to connect to a numeric address, or to a Unix socket. Must not be open.
  [[nodiscard]] Expected<void, Error> open(const std::string& address, std::uint16_t port);
  // Likewise, over TLS: the certificate must be `host`'s, which is at that address.
  [[nodiscard]] Expected<void, Error> open_tls(const std::string& address, std::uint16_t port,
                                               const TlsContext& tls, const std::string& host);
  [[nodiscard]] Expected<void, Error> open_unix(const std::string& path);
  // From open() until close() or on_closed().
  bool is_open() const { return context_ != nullptr; }
  // The server is connected to, and has not proved who it is yet.
  bool is_in_handshake() const { return tls_ != nullptr && tls_->is_in_handshake(); }
  // Ends it without on_closed(). May be called from any callback.
  void close();

  // Queues a command (RedisCommand::bytes) for the next flush(). Answers come in order. Only after
  // on_connected(). on_reply may be empty; it is not called when the connection ends before.
  void command(std::string_view bytes, OnReply on_reply);
  // SUBSCRIBE or UNSUBSCRIBE. Once subscribed, nothing else may be sent, and one channel must stay
  // subscribed: hiredis 0.14 aborts otherwise.
  void subscription_command(std::string_view bytes);
  // Writes what is queued.
  void flush();

  // What its members promise of each other; at the end of a turn.
  void check() const;

 private:
  struct Adapter;  // hiredis' callbacks
  struct InFlight {
    std::uint64_t sent_tick;
    OnReply on_reply;
  };

  struct TlsPeer {
    const TlsContext& context;
    const std::string& host;
  };

  [[nodiscard]] Expected<void, Error> adopt(redisAsyncContext* context, bool is_tcp,
                                            const TlsPeer* tls = nullptr);
  redisAsyncContext* release();
  void end(const std::string& reason);
  void on_ready(FdWatcher::Events events);
  void on_ready_tls(FdWatcher::Events events);
  void receive_tls(redisAsyncContext* context);
  void begin_tls(redisAsyncContext* context);
  void end_or_watch_tls();
  void on_tick();
  void read(redisAsyncContext* context);
  void write(redisAsyncContext* context);
  void watch();

  Loop& loop_;
  Owner& owner_;
  const std::uint64_t command_deadline_ms_;

  redisAsyncContext* context_ = nullptr;  // hiredis frees it; null from the moment that it will
  std::unique_ptr<TlsPipe> tls_;          // null without TLS
  std::unique_ptr<FdWatcher> watcher_;
  Timer tick_timer_;  // runs exactly while there is a context
  std::uint64_t tick_ = 0;
  std::deque<InFlight> in_flight_;  // commands without an answer, oldest first
  bool is_connecting_ = false;      // hiredis has not reported the connection yet, or TLS
  bool has_output_ = false;         // something was queued since the last write
  bool watches_read_ = false;
  bool watches_write_ = false;  // the socket was full, or is connecting
  bool is_writing_ = false;     // inside write()
  bool is_reading_ = false;     // inside read()
};

}  // namespace chirm
