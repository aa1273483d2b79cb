// SPDX-License-Identifier: MIT
#pragma once
// One connection to Redis that is made again whenever it is lost. The only place that knows
// hiredis' connections: its asynchronous API (0.14 and 1.x) on our loop, with an adapter of our own
// that hands errors on and writes once per turn. Private to core/broker.
//
//   idle → locating → resolving → connecting → greeting (AUTH, SELECT, SETNAME, ROLE) → up
//             ↑           ↑   the next address    any failure or loss ↓
//          waiting (backoff with jitter)     ←      lost (tells the owner from a timer, never
//                                                         from inside a call)
//
// An attempt goes through all hosts, and through all addresses of each, before it waits. With
// Sentinels (redis_sentinel.h) each attempt asks them for the master, and a link to one that they
// do not name any more is dropped.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/broker/redis/redis_reply.h"
#include "core/broker/redis/redis_url.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/resolver.h"
#include "core/loop/timer.h"

struct redisAsyncContext;

namespace chirm {

class Loop;
class RedisSentinel;

struct RedisLinkSettings {
  // For the name, the connection and the login together, of each address.
  std::uint64_t connect_timeout_ms = 1000;
  std::uint64_t command_deadline_ms = 5000;  // an answer later than this: the connection is dead
  std::uint64_t backoff_min_ms = 50;
  std::uint64_t backoff_max_ms = 1000;
  // How often it is tried whether messages of Pub/Sub still arrive.
  std::uint64_t probe_period_ms = 1000;
};

class RedisLink {
 public:
  class Owner {
   public:
    virtual void on_link_up() = 0;
    // After each on_link_up(), once the connection is gone. Commands without an answer by then get
    // none: whether Redis has run them is unknown.
    virtual void on_link_down() = 0;
    // A message or a confirmation on a connection with subscriptions.
    virtual void on_push(const RedisReply& push) = 0;

   protected:
    ~Owner() = default;
  };
  using OnReply = std::function<void(const RedisReply&)>;

  enum class Role : std::uint8_t { kMaster, kSentinel };  // what the server must be

  // `name` shows in logs and in Redis' CLIENT LIST. Loop and owner must outlive the link.
  RedisLink(Loop& loop, RedisUrl url, std::string name, const RedisLinkSettings& settings,
            Owner& owner, Role role = Role::kMaster);
  ~RedisLink();
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  void start();

  // Queues a command (RedisCommand::bytes) for the next flush(). Answers come in order. Ignored
  // while the link is not up. on_reply may be empty.
  void command(std::string_view bytes, OnReply on_reply);
  // SUBSCRIBE or UNSUBSCRIBE. Once subscribed, nothing else may be sent on this link, and one
  // channel must stay subscribed: hiredis 0.14 aborts otherwise.
  void subscription_command(std::string_view bytes);
  // Writes what is queued. At the end of each turn.
  void flush();
  // Closes the connection, and connects again. May be called from any callback.
  void drop(const std::string& reason);
  // Likewise, and begins with the next host.
  void try_next_host(const std::string& reason);
  // The owner has made sure that the server is fit for use; until then a connection counts as a
  // failed attempt.
  void mark_useful();

  bool is_up() const { return state_ == State::kUp; }
  // Why it is not of use, as far as is known.
  std::string problem() const { return logged_reason_.empty() ? "connecting" : logged_reason_; }

 private:
  enum class State : std::uint8_t {
    kIdle,        // not started
    kLocating,    // asking Sentinels for the master
    kResolving,   // asking for the address
    kConnecting,  // context_ exists, hiredis has not reported the connection yet
    kGreeting,    // the login is not answered completely
    kUp,          // the owner may send
    kLost,        // context_ is gone, the owner does not know it yet
    kWaiting,     // until the next attempt
  };
  struct Adapter;  // hiredis' callbacks
  struct InFlight {
    std::uint64_t sent_tick;
    OnReply on_reply;
  };

  void connect();
  void on_master(const RedisHost& master);
  void connect_next();
  void open(const std::string& address);
  void adopt(redisAsyncContext* context);
  void greet();
  void on_greeted(const RedisReply& reply, bool is_required);
  void on_role(const RedisReply& reply);
  void become_up();
  void lose(const std::string& reason);
  redisAsyncContext* release();
  void on_timer();
  void wait_and_retry();
  void on_tick();
  void on_ready(FdWatcher::Events events);
  void read(redisAsyncContext* context);
  void write(redisAsyncContext* context);
  void watch();
  void append(std::string_view bytes, OnReply on_reply);
  void note_loss(const std::string& reason);
  void on_lost();
  bool has_next() const { return !hosts_left_.empty() || !addresses_left_.empty(); }
  std::string place() const;

  Loop& loop_;
  const RedisUrl url_;
  const std::string name_;
  const RedisLinkSettings settings_;
  Owner& owner_;
  const Role role_;
  std::unique_ptr<RedisSentinel> sentinel_;  // null: the URL names the server itself

  State state_ = State::kIdle;
  redisAsyncContext* context_ = nullptr;  // hiredis frees it; null from the moment that it will
  std::unique_ptr<FdWatcher> watcher_;
  Resolver resolver_;
  Timer timer_;       // what kLocating … kGreeting, kLost and kWaiting wait for
  Timer tick_timer_;  // runs while a context exists
  Random random_;

  std::size_t first_host_ = 0;              // of url_.hosts; the one that was useful last
  std::deque<RedisHost> hosts_left_;        // of this attempt
  std::deque<std::string> addresses_left_;  // of host_
  RedisHost host_;                          // the one that is tried or connected
  std::string target_;                      // its address and port
  std::string attempt_problem_;             // why this attempt has failed so far

  std::deque<InFlight> in_flight_;
  std::uint64_t tick_ = 0;
  std::uint64_t useful_since_ms_ = 0;
  std::uint64_t backoff_ms_ = 0;
  std::string logged_reason_;     // of the attempts since the link was useful last
  bool owner_thinks_up_ = false;  // between on_link_up() and on_link_down()
  bool is_useful_ = false;
  bool has_output_ = false;  // something was queued since the last write
  bool watches_read_ = false;
  bool watches_write_ = false;  // the socket was full, or is connecting
  bool is_writing_ = false;     // inside write()
  bool is_reading_ = false;     // inside read()
};

}  // namespace chirm
