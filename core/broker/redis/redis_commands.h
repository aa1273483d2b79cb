// SPDX-License-Identifier: MIT
#pragma once
// The command link's queue: requests go out in the order they came, wait while Redis is away, and
// are sent again when Redis refused them for the moment or the link was lost. Private to
// core/broker.
//
//   requests_:  refused   sent, not answered   waiting
//              0       answered_              sent_       size
//
// The gate is open while the link is up, the scripts are loaded, and the arrival is done. When
// Redis refuses a request for the moment (it has lost the scripts, is loading, busy, or a replica),
// nothing more is sent until all that was sent is answered; then the cause is dealt with, and what
// was refused goes out again before anything newer.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/broker/redis/redis_command.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_link.h"
#include "core/loop/timer.h"

namespace chirm {

// SHA-1 names, as SCRIPT LOAD answered them.
struct RedisScriptNames {
  std::string publish;
  std::string read;
  std::string rewrite;
  std::string put_document;
  std::string list_documents;
};

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

class RedisRequest {
 public:
  virtual ~RedisRequest() = default;
  // False once there is nothing to send any more.
  virtual bool is_wanted() const = 0;
  // Called each time the request is about to be sent.
  virtual void write(RedisCommand& command, const RedisScriptNames& scripts) = 0;

  // How a request that was sent ends; after any of these three it is deleted:
  virtual void on_reply(const RedisReply& reply) = 0;  // not an error
  virtual void on_error() = 0;
  virtual void on_unwanted() {}  // it was not sent, as is_wanted() was false

  // It will be sent again if it is_wanted(): it was not run, or nobody knows whether it was.
  virtual void on_refused() {}
  virtual void on_lost() = 0;
  // Now and then: time to give up what has waited too long.
  virtual void expire(std::uint64_t /*now_ms*/) {}
};

class RedisCommands final : private RedisLink::Owner {
 public:
  RedisCommands(RedisContext& context, const RedisUrl& url, const std::string& node_name,
                const RedisLinkSettings& link_settings);

  // The arrival must outlive the connection.
  void start(RedisArrival& arrival);

  // For the arrival: sent at once, before all requests. on_reply is called unless the connection is
  // lost.
  void ask(const RedisCommand& command, RedisLink::OnReply on_reply);
  // The arrival is done.
  void open();
  // This Redis cannot be used.
  void reconnect(const std::string& reason) { link_.drop(reason); }

  // Never calls the request from within submit().
  void submit(std::unique_ptr<RedisRequest> request) { requests_.push_back(std::move(request)); }
  // Sent now or never: for messages that are worth nothing later. False when the gate is closed.
  bool send(const RedisCommand& command, RedisLink::OnReply on_reply);
  void flush();
  // Only what was sent: requests may not be asked for anything any more.
  void flush_sent() { link_.flush(); }

  // From on_connected() to open().
  bool is_arriving() const { return gate_ == Gate::kArriving; }
  // True exactly while the gate is open.
  bool is_open() const { return gate_ == Gate::kOpen; }
  std::string problem() const { return link_.problem(); }  // while it is not open

 private:
  enum class Gate : std::uint8_t { kClosed, kLoading, kArriving, kOpen, kDraining };
  enum class Refusal : std::uint8_t { kNone, kNoScript, kTryLater };

  void on_link_up() override;
  void on_link_down() override;
  void on_push(const RedisReply&) override {}
  void load_scripts();
  void on_script_loaded(const RedisReply& reply, std::string& name, bool is_last);

  void pump();
  void on_reply(const RedisReply& reply);
  void on_refused(Refusal refusal, std::string_view error);
  void on_drained();
  void rewind();
  void expire();
  void drop_unwanted();
  void log_error(std::string_view error);
  static Refusal refusal_of(std::string_view error);

  // What may be sent and not answered. Redis works on it one by one; more only makes hiredis'
  // output buffer long, which is quadratic to drain.
  static constexpr std::size_t kInFlightBytesMax = 4 * 1024 * 1024;
  static constexpr std::size_t kInFlightMax = 10'000;

  RedisContext& context_;
  RedisLink link_;
  RedisArrival* arrival_ = nullptr;
  bool has_arrived_ = false;  // on this connection

  Gate gate_ = Gate::kClosed;
  Refusal refusal_ = Refusal::kNone;  // why the gate is draining
  std::string refusal_text_;
  RedisScriptNames scripts_;
  RedisCommand command_;

  std::deque<std::unique_ptr<RedisRequest>> requests_;  // null: answered, behind refused ones
  std::size_t answered_ = 0;
  std::size_t sent_ = 0;
  std::deque<std::size_t> in_flight_bytes_;  // of each
  std::size_t in_flight_bytes_sum_ = 0;

  Timer expiry_timer_;
  std::uint64_t error_logged_ms_ = 0;  // 0: never
  std::uint64_t errors_not_logged_ = 0;
};

// How often it is looked whether something has waited for hold_ms.
std::uint64_t expiry_period_ms(std::uint64_t hold_ms);

}  // namespace chirm
