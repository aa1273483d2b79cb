// SPDX-License-Identifier: MIT
#pragma once
// The command link's queue: requests go out in the order they came, wait while Redis is away, and
// are repeated when it is certain that this does no harm. Private to core/broker.
//
//   requests_:  refused, or tombstones   sent, not answered   waiting
//              0                  answered_               sent_        size
//
// The gate is open while the link is up and the scripts are loaded. When Redis refuses a request
// for the moment (it has lost the scripts, is loading, busy, or a replica), nothing more is sent
// until all that was sent is answered; then the cause is dealt with and what was refused goes out
// again, before anything newer.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/redis_command.h"
#include "core/broker/redis_link.h"
#include "core/loop/timer.h"

namespace chirm {

// SHA-1 names, as SCRIPT LOAD answered them.
struct RedisScriptNames {
  std::string publish;
  std::string read;
};

class RedisRequest {
 public:
  virtual ~RedisRequest() = default;
  // Called each time the request is sent.
  virtual void write(RedisCommand& command, const RedisScriptNames& scripts) = 0;
  // Exactly one of these two is called, from the loop, never from within a call of RedisCommands.
  virtual void on_reply(const RedisReply& reply) = 0;
  virtual void on_failure() = 0;
  // What it holds in memory.
  virtual std::size_t bytes() const = 0;
  // Whether it may be run a second time when nobody knows if it was run.
  virtual bool is_repeatable() const = 0;
  // Whether it fails after hold_ms; otherwise it waits for Redis as long as that takes.
  virtual bool expires() const = 0;
};

class RedisCommands final : private RedisLink::Owner {
 public:
  RedisCommands(Loop& loop, const RedisUrl& url, const std::string& node_name,
                const BrokerSettings& settings, const RedisLinkSettings& link_settings,
                BrokerCounters& counters);

  void start();

  void submit(std::unique_ptr<RedisRequest> request);
  // Sent now or never: for messages that are worth nothing later. False when the gate is closed.
  bool send(const RedisCommand& command, RedisLink::OnReply on_reply);
  void flush();

  // True exactly while the gate is open.
  bool is_open() const { return gate_ == Gate::kOpen; }

 private:
  enum class Gate : std::uint8_t { kClosed, kLoading, kOpen, kDraining };
  enum class Refusal : std::uint8_t { kNone, kNoScript, kTryLater };
  struct Entry {
    std::unique_ptr<RedisRequest> request;  // null: a tombstone, answered or failed already
    std::size_t bytes;
    std::uint64_t submitted_ms;
  };

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
  std::unique_ptr<RedisRequest> take(Entry& entry);
  void fail_later(std::unique_ptr<RedisRequest> request);
  void log_error(std::string_view error);
  static Refusal refusal_of(std::string_view error);

  // What may be sent and not answered. Redis works on it one by one; more only makes hiredis'
  // output buffer long, which is quadratic to drain.
  static constexpr std::size_t kInFlightBytesMax = 4 * 1024 * 1024;
  static constexpr std::size_t kInFlightMax = 10'000;

  Loop& loop_;
  const BrokerSettings settings_;
  BrokerCounters& counters_;
  const std::string publish_script_;
  RedisLink link_;

  Gate gate_ = Gate::kClosed;
  Refusal refusal_ = Refusal::kNone;  // why the gate is draining
  std::string refusal_text_;
  RedisScriptNames scripts_;
  RedisCommand command_;

  std::deque<Entry> requests_;
  std::size_t answered_ = 0;
  std::size_t sent_ = 0;
  std::size_t pending_bytes_ = 0;
  std::size_t in_flight_bytes_ = 0;
  std::size_t pending_ = 0;  // without tombstones

  std::vector<std::unique_ptr<RedisRequest>> failed_;
  Timer failed_timer_;
  Timer expiry_timer_;
  std::uint64_t error_logged_ms_ = 0;  // 0: never
  std::uint64_t errors_not_logged_ = 0;
};

}  // namespace chirm
