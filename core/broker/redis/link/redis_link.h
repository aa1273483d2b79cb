// SPDX-License-Identifier: MIT
#pragma once
// A link to Redis: a connection that is made again whenever it is lost. Private to core/broker;
// loop's thread.
//
//   idle → locating → resolving → connecting → greeting (AUTH, SELECT, SETNAME, ROLE) → up
//             ↑           ↑   the next address    any failure or loss ↓
//          waiting (backoff with jitter)     ←      lost (tells the owner from a timer, never
//                                                         from inside a call)
//
// An attempt goes through all hosts, and through all addresses of each, before it waits. With
// Sentinels (redis_master_locator.h) each attempt asks them for the master, and a link to one that
// they do not name any more is dropped.
//
// One machine of states: most of its functions are an arrow of the picture, and most of its members
// are what one state hands to the next.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/broker/redis/link/redis_connection.h"
#include "core/broker/redis/link/redis_greeting.h"
#include "core/broker/redis/link/redis_master_locator.h"
#include "core/broker/redis/link/redis_reply.h"
#include "core/broker/redis/link/redis_url.h"
#include "core/loop/resolver.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

struct RedisLinkSettings {
  // For the name, the connection and the login together, of each address.
  std::uint64_t connect_timeout_ms = 1000;
  std::uint64_t command_deadline_ms = 5000;  // an answer later than this: the connection is dead
  std::uint64_t backoff_min_ms = 50;
  std::uint64_t backoff_max_ms = 1000;
  // How often it is tried whether messages of Pub/Sub still arrive.
  std::uint64_t probe_period_ms = 1000;
};

class RedisLink final : private RedisConnection::Owner {
 public:
  class Owner {
   public:
    virtual void on_link_up() = 0;
    // After each on_link_up(), once the connection is gone. Commands without an answer by then get
    // none: whether Redis has run them is unknown.
    virtual void on_link_down() = 0;
    // A message or a confirmation on a connection with subscriptions.
    virtual void on_push(const RedisReply& push) = 0;
    // Sentinels have begun to replace the master: it should be given nothing more. Or that is over.
    virtual void on_failover(bool /*is_under_way*/) {}

   protected:
    ~Owner() = default;
  };
  using OnReply = RedisConnection::OnReply;

  // `name` shows in logs and in Redis' CLIENT LIST. `locator` is asked where the master is; null
  // when the URL names the server itself. Loop and owner must outlive the link.
  RedisLink(Loop& loop, RedisUrl url, std::string name, const RedisLinkSettings& settings,
            Owner& owner, std::unique_ptr<RedisMasterLocator> locator,
            RedisRole role = RedisRole::kMaster);
  ~RedisLink();
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  // Once.
  void start();

  // As of RedisConnection. Both are ignored while the link is not up.
  void command(std::string_view bytes, OnReply on_reply);
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

  // What its members promise of each other; at the end of a turn.
  void check() const;

 private:
  enum class State : std::uint8_t {
    kIdle,        // not started
    kLocating,    // asking Sentinels for the master
    kResolving,   // asking for the address
    kConnecting,  // the connection was begun
    kGreeting,    // the login is not answered completely
    kUp,          // the owner may send
    kLost,        // the connection is gone, the owner does not know it yet
    kWaiting,     // until the next attempt
  };
  // The round through all hosts and addresses that is under way, or was the last.
  struct Attempt {
    std::deque<RedisHost> hosts_left = {};
    std::deque<std::string> addresses_left = {};  // of `host`
    RedisHost host = {};                          // the one that is tried or connected
    std::string target = {};                      // its address and port
    std::string problem = {};                     // why the attempt has failed so far

    bool has_next() const { return !hosts_left.empty() || !addresses_left.empty(); }
  };

  void on_connected() override;
  void on_closed(const std::string& reason) override { lose(reason); }
  void on_push(const RedisReply& push) override { owner_.on_push(push); }

  void connect();
  void on_master(const RedisHost& master);
  void connect_next();
  void resolve_next_host();
  void open(const std::string& address);
  void on_greeting_done(const std::string& problem, bool is_answer_to_role);
  void become_up();
  void lose(const std::string& reason);
  void on_timer();
  void wait_and_retry();
  void note_loss(const std::string& reason);
  void on_lost();
  std::string place() const;

  Loop& loop_;
  const RedisUrl url_;
  const std::string name_;
  const RedisLinkSettings settings_;
  Owner& owner_;
  const RedisRole role_;
  const std::unique_ptr<RedisMasterLocator> locator_;  // null: the URL names the server itself

  State state_ = State::kIdle;
  RedisConnection connection_;
  Resolver resolver_;
  Timer timer_;  // what kLocating … kGreeting, kLost and kWaiting wait for
  Random random_;

  std::size_t first_host_ = 0;  // of url_.hosts; the one that was useful last
  Attempt attempt_;
  std::uint64_t useful_since_ms_ = 0;
  std::uint64_t backoff_ms_ = 0;
  std::string logged_reason_;     // of the attempts since the link was useful last
  bool owner_thinks_up_ = false;  // between on_link_up() and on_link_down()
  bool is_useful_ = false;
};

}  // namespace chirm
