// SPDX-License-Identifier: MIT
#pragma once
// The command link: sends requests in the order they came, holds them while Redis is away, and
// sends them again when Redis refused them for the moment or the link was lost. Private to
// core/broker; loop's thread.
//
// The gate is open while the link is up, the scripts are loaded, and the arrival is done. When
// Redis refuses a request for the moment (it has lost the scripts, is loading, busy, or a replica),
// nothing more is sent until all that was sent is answered; then the cause is dealt with, and what
// was refused goes out again before anything newer.
//
//   closed ──link up──▶ loading ──▶ arriving ──▶ open ──refused──▶ draining
//                          ▲                                          │ all is answered
//                          └──the scripts were lost───────────────────┤
//   closed ◀──anything else: connects again───────────────────────────┘
//
// While Sentinels replace the master, the gate is held instead of open: what the old one would be
// given, the new one would not have.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/broker/redis/link/redis_command.h"
#include "core/broker/redis/link/redis_link.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_request.h"
#include "core/broker/redis/redis_request_queue.h"
#include "core/loop/timer.h"

namespace chirm {

// What has to be done with a Redis before requests go to it.
class RedisArrival {
 public:
  // On each new connection. It asks with RedisCommands::ask(), and ends with open() or reconnect().
  virtual void on_connected() = 0;
  // The connection is gone; what was asked is not answered any more.
  virtual void on_disconnected() = 0;

 protected:
  ~RedisArrival() = default;
};

class RedisCommands final : private RedisLink::Owner {
 public:
  RedisCommands(RedisContext& context, const RedisUrl& url, const std::string& node_name,
                const RedisLinkSettings& link_settings);

  // Once. The arrival must outlive the connection.
  void start(RedisArrival& arrival);

  // For the arrival: sent at once, before all requests. on_reply is called unless the connection is
  // lost.
  void ask(const RedisCommand& command, RedisLink::OnReply on_reply);
  // The arrival is done: requests are sent. Only while it is arriving.
  void open();
  // This Redis cannot be used.
  void reconnect(const std::string& reason) { link_.drop(reason); }

  // Never calls the request from within submit().
  void submit(std::unique_ptr<RedisRequest> request) { requests_.add(std::move(request)); }
  // What may wait for hold_ms has waited for too long. The connection is made again: a part of what
  // was sent may still be on this side of it.
  void refuse_waiting();
  // Sent now or never: for messages that are worth nothing later. False when the gate is closed.
  bool send(const RedisCommand& command, RedisLink::OnReply on_reply);
  void flush();
  // Only what was sent: requests may not be asked for anything any more.
  void flush_sent() { link_.flush(); }
  // What the members promise of each other; at the end of a turn.
  void check() const;

  // From on_connected() to open().
  bool is_arriving() const { return gate_ == Gate::kArriving; }
  // True exactly while the gate is open.
  bool is_open() const { return gate_ == Gate::kOpen; }
  std::string problem() const { return link_.problem(); }  // while it is not open
  // Counts connections; 0 before the first.
  std::uint64_t connection() const { return connection_; }

 private:
  enum class Gate : std::uint8_t {
    kClosed,    // no connection, or one that is to be dropped
    kLoading,   // the scripts are on the way
    kArriving,  // the arrival asks
    kOpen,      // requests are sent
    kHeld,      // … not sent, as a failover is under way; answers may be missing
    kDraining,  // something was refused; answers are missing
  };
  enum class Refusal : std::uint8_t {
    kNone,
    kNoScript,  // the scripts are to be loaded again
    kTryLater,  // this Redis cannot be used now
  };

  void on_link_up() override;
  void on_link_down() override;
  void on_push(const RedisReply&) override {}
  void on_failover(bool is_under_way) override;
  void load_scripts();
  void on_script_loaded(const RedisReply& reply, std::string& name, bool is_last);

  void pump();
  void on_reply(const RedisReply& reply);
  void on_refused(Refusal refusal, std::string_view error);
  void on_drained();
  void rewind();
  void log_error(std::string_view error);
  static Refusal refusal_of(std::string_view error);
  void note_life(std::string_view error);

  RedisContext& context_;
  RedisLink link_;
  RedisArrival* arrival_ = nullptr;
  bool has_arrived_ = false;  // open() was called on this connection
  bool is_failing_over_ = false;
  std::uint64_t connection_ = 0;

  Gate gate_ = Gate::kClosed;
  Refusal refusal_ = Refusal::kNone;  // why the gate is draining
  std::string refusal_text_;
  RedisScriptNames scripts_;
  RedisCommand command_;

  RedisRequestQueue requests_;
  Timer expiry_timer_;
  std::uint64_t error_logged_ms_ = 0;  // 0: never
  std::uint64_t errors_not_logged_ = 0;
};

// How often it is looked whether something has waited for hold_ms.
std::uint64_t expiry_period_ms(std::uint64_t hold_ms);

}  // namespace chirm
