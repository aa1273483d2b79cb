// SPDX-License-Identifier: MIT
#pragma once
// The hub of a node: its channels and who follows them. It lets subscribers in and ends their
// subscriptions, takes what the broker says of the channels, and runs the parts that do the rest:
//
//   Hub ─┬─▶ FanOut ────┬─▶ CatchUps ─┬─▶ HistoryReader   reads the broker's history
//        └─▶ Recovery ──┘             ├─▶ WriteQueue      who is to be written
//                                     └─▶ TailMemory      counts what tails and pages take
//                                                         … all of them over Channel
//
// A part never calls the one above it, except that the history reader hands over what it was asked
// for when that comes. A part returns what it has found out, and the hub answers those who wait and
// ends those who cannot be served. Lives on the loop's thread.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/broker.h"
#include "core/chat/catch_ups.h"
#include "core/chat/channel.h"
#include "core/chat/channel_table.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/fan_out.h"
#include "core/chat/history_reader.h"
#include "core/chat/presence/presence.h"
#include "core/chat/recovery.h"
#include "core/chat/slow_readers.h"
#include "core/chat/subscriber.h"
#include "core/chat/subscriptions.h"
#include "core/chat/tail_memory.h"
#include "core/chat/write_queue.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

class WsEncoder;
struct SubscribeCommand;

// More than a class should have: most members are the parts of the picture above, which are put
// together here, and most functions pass on what sessions, operators and the broker say.
class Hub final : private BrokerListener {
 public:
  // All must outlive the hub, and the hub all subscribers. Sets itself as the broker's listener.
  Hub(Loop& loop, Broker& broker, WsEncoder& encoder, const ChatSettings& settings,
      ChatCounters& counters);
  ~Hub();

  // ---- For sessions

  // Answers with on_subscribed() or on_refused(), now or later. With command_id 0 the server wants
  // it, not the client. The subscriber must not be subscribed or joining already.
  void subscribe(Subscriber& subscriber, std::uint32_t command_id, const SubscribeCommand& command);
  // The subscriber forgets the channel, at once; it must have it.
  void unsubscribe(Subscriber& subscriber, Channel& channel) {
    subscriptions_.end(subscriber, channel);
  }
  void unsubscribe_all(Subscriber& subscriber) { subscriptions_.end_all(subscriber); }
  // It has something in its private lane: it is written in this turn's flush.
  void mark_dirty(Subscriber& subscriber) { queue_.add_dirty(subscriber); }
  // Its socket takes bytes again: it is written as much as that takes.
  void unblock(Subscriber& subscriber) { fan_out_.unblock(subscriber); }
  // It is about to be destroyed.
  void forget(Subscriber& subscriber);

  // ---- For rooms and operators

  // Those that have asked for the channel themselves, and have it or will.
  std::vector<Subscriber*> subscribers(std::string_view channel) const;
  // Ends what the client has asked for itself, and tells it why; a subscribe command that is not
  // answered yet is refused. May close the session.
  void end_subscription(Subscriber& subscriber, std::string_view channel, const Unsubscribe& why);
  // Ends a subscription, whoever asked for it, and tells the client why. May close the session.
  void take_away(Subscriber& subscriber, std::string_view channel, const Unsubscribe& why);
  // See SlowReaders::farthest().
  std::vector<SlowReader> slow_readers() { return slow_readers_.farthest(); }
  // Calls visit(name, subscribers) for each channel that has any.
  void for_each_channel(const std::function<void(const std::string&, std::size_t)>& visit) const;

  // ---- The end of a turn: writes what the turn has added, as far as the budget goes.
  Loop::TurnEnd flush();

  Broker& broker() { return broker_; }
  Presence& presence() { return presence_; }
  Loop& loop() { return loop_; }

 private:
  // What somebody who asked for a channel is told.
  struct Answer {
    Joining asked;
    Recovery::Outcome outcome;
    const ErrorCode* error;  // null: it is a member now
  };

  void on_publication(std::string_view channel, std::uint64_t offset, std::string_view epoch,
                      std::string_view body) override;
  void on_signal(std::string_view channel, std::string_view body) override;
  void on_rewritten(std::string_view channel, std::uint64_t offset, std::string_view body) override;
  void on_maybe_missed(std::string_view channel) override;
  Position known_position(std::string_view channel) override;
  std::vector<Publication> tail(std::string_view channel, std::uint64_t since,
                                std::size_t bytes_max) override;

  Channel& find_or_open(std::string_view name);
  // Null while it has no tail either.
  Channel* find_subscribed(std::string_view name) const;
  void on_subscribed(const std::string& name, const Expected<LogTop, ErrorCode>& top);
  void on_history(Channel& channel, const HistoryAnswer& answer);
  void on_missing(Channel& channel, const Expected<History, ErrorCode>& history);

  void let_in(Channel& channel);
  bool try_let_in(Channel& channel, Joining& joining, std::vector<Answer>& answers);
  void answer(Channel& channel, const std::vector<Answer>& answers);
  void refuse(Channel& channel, const std::vector<Joining>& refused, const ErrorCode& error);
  void end(Subscriber& subscriber, Channel& channel, const Unsubscribe& why);
  std::uint64_t next_leave_delay_ms();

  void on_tick();
  bool is_unused(const Channel& channel, std::uint64_t now_ms) const;
  void close(Channel& channel);
  void time_out_joining(Channel& channel, std::uint64_t now_ms);

  void check_by_turns();
  std::size_t check() const;

  Loop& loop_;
  Broker& broker_;
  WsEncoder& encoder_;
  const ChatSettings& settings_;
  ChatCounters& counters_;
  ChannelTable channels_;
  WriteQueue queue_;
  TailMemory tails_;
  HistoryReader reader_;
  CatchUps catch_ups_;
  Recovery recovery_;
  FanOut fan_out_;
  SlowReaders slow_readers_;
  Presence presence_;
  Subscriptions subscriptions_;
  std::uint64_t next_leave_us_ = 0;
  std::string scratch_;            // a push's JSON, within one call
  std::size_t checked_ahead_ = 0;  // by check_by_turns(): looks that turns have still to pay for
  Timer tick_;
};

}  // namespace chirm
