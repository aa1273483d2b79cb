// SPDX-License-Identifier: MIT
#pragma once
// The fan-out: channels, who follows them, and the flush at the end of each turn. Publications come
// from the broker, are encoded once, and every subscriber is written from where it stands: live
// delivery, catching up after a reconnect and a slow reader are the same code.

#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/base/string_hash.h"
#include "core/broker/broker.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/presence/presence.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

class Session;
class WsEncoder;
struct BlockedSessionTag;
struct DirtySessionTag;
struct SubscribeCommand;

class Hub final : private BrokerListener {
 public:
  // All must outlive the hub, and the hub all sessions. Sets itself as the broker's listener.
  Hub(Loop& loop, Broker& broker, WsEncoder& encoder, const ChatSettings& settings,
      ChatCounters& counters);
  ~Hub();

  // Answers on the session's lane, later; with command_id 0 the session is told instead, and its
  // connect command is to be answered. The session must not be subscribed or joining already.
  void subscribe(Session& session, std::uint32_t command_id, const SubscribeCommand& command);
  // The session forgets the channel, at once.
  void unsubscribe(Session& session, Channel& channel);
  void unsubscribe_all(Session& session);

  // Ends a subscription, whoever asked for it, and tells the client why. May close the session.
  void take_away(Session& session, std::string_view channel, const Unsubscribe& why);
  struct Reader {
    const Session* session;
    std::string_view channel;
    std::uint64_t behind;  // publications
  };
  // Those that are behind because they read slowly, or catch up from before a tail; the farthest
  // first, as far as a thousand looks find them. Valid until the end of the turn.
  std::vector<Reader> slow_readers();
  // Calls visit(name, subscribers) for each channel that has any.
  void for_each_channel(const std::function<void(const std::string&, std::size_t)>& visit) const;

  // The sessions that have asked for the channel themselves, and have it or will.
  std::vector<Session*> subscribers(std::string_view channel);
  // Ends what the session has asked for itself, and tells it why; a subscribe command that is not
  // answered yet is refused. May close the session.
  void end_subscription(Session& session, std::string_view channel, const Unsubscribe& why);

  // Of a channel, on this node.
  std::span<const Member> members(std::string_view channel) const;

  // The session has something in its private lane: it is written in this turn's flush.
  void mark_dirty(Session& session);

  // Writes what the turn has added, as far as the budget goes.
  Loop::TurnEnd flush();
  // The session's socket takes bytes again: it is written as much as that takes.
  void unblock(Session& session);

  Broker& broker() { return broker_; }
  Presence& presence() { return presence_; }
  Loop& loop() { return loop_; }

 private:
  void on_publication(std::string_view channel, std::uint64_t offset, std::string_view epoch,
                      std::string_view body) override;
  void on_signal(std::string_view channel, std::string_view body) override;
  void on_rewritten(std::string_view channel, std::uint64_t offset) override;
  void on_maybe_missed(std::string_view channel) override;
  Position known_position(std::string_view channel) override;
  std::vector<Publication> tail(std::string_view channel, std::uint64_t since,
                                std::size_t bytes_max) override;

  Channel* find(std::string_view name) const;
  Channel& find_or_open(std::string_view name);
  void on_subscribed(const std::string& name, const Expected<Position, ErrorCode>& top);
  void append(Channel& channel, std::string_view body);
  void trim(Channel& channel);
  void mark_dirty(Channel& channel);

  // Recovery and repair (hub_recovery.cc)
  void join_all(Channel& channel);
  bool try_join(Channel& channel, Joining& joining);  // false: it has to wait
  void join(Channel& channel, const Joining& joining, bool recovered);
  void refuse(Channel& channel, const Joining& joining, const ErrorCode& error);
  void refuse_joining(Channel& channel, const ErrorCode& error);
  void look_back(Channel& channel);
  bool fits_tail(const Channel& channel, std::uint64_t since) const;
  void read_back(Channel& channel, const HistoryRequest& request,
                 void (Hub::*on_read)(Channel&, std::uint64_t, const History&));
  void on_older(Channel& channel, std::uint64_t since, const History& history);
  void on_oldest(Channel& channel, std::uint64_t since, const History& history);
  void on_read_failed(Channel& channel, const ErrorCode& error);
  static bool is_credible(const Channel& channel, std::uint64_t since, const History& history);
  bool is_kept(const Channel& channel, std::uint64_t since) const;
  void note_oldest(Channel& channel, std::uint64_t since, const History& history);
  void doubt(Channel& channel);
  void repair(Channel& channel);
  void on_missing(const std::string& name, const Expected<History, ErrorCode>& history);
  void start_over(Channel& channel, Position top);

  // Members before the tail (hub_catch_up.cc)
  struct Standing;
  void add_reader(Channel& channel, Session& session);
  void remove_reader(Channel& channel, Session& session, std::uint64_t cursor);
  void count_served(CatchUp& up, std::uint64_t before, std::uint64_t cursor);
  void make_due(CatchUp& up);
  void look_round();
  void advance_due();
  void advance(Channel& channel, bool is_its_turn);
  bool is_page_memory_taken() const;
  Standing look_at_readers(Channel& channel);
  bool wait_for_blocked(CatchUp& up, const Standing& standing);
  void on_page(Channel& channel, std::uint64_t since, const History& history);
  void fill_page(Channel& channel, const History& history);
  void reset_page(CatchUp& up, Position top);
  void end_overtaken(Channel& channel);
  void end_catch_up(Channel& channel);
  void log_fallen(const Channel& channel, const Session& session, std::uint64_t cursor);
  void note_fallen(Channel& channel, Session& session, std::uint64_t cursor);
  void measure_lag();

  // The flush
  class Budget;
  class Stopwatch;
  static std::uint32_t arrival_clock();
  struct Part {  // of a gathered write
    Channel* channel;
    std::uint32_t member;
    std::size_t bytes;
    std::uint64_t to;
  };
  enum class Scope : std::uint8_t {  // of a write
    kAll,
    kOwn,     // the private lane, and a little of channels that are not to be flushed anyway
    kBehind,  // … and as much as a write may have
  };
  void flush_channels(Budget& budget, std::size_t members_max);
  void flush_sessions(Budget& budget);
  void flush_behind(Budget& budget);
  void mark_behind(Session& session);
  void flush_channel(Channel& channel, Budget& budget);
  static void prefetch(const Channel& channel, std::size_t member);
  std::size_t write(Session& session, Scope scope);
  std::size_t gather(const Session& session, Scope scope);
  void account(Session& session, std::size_t taken);
  bool look_behind(Session& session);
  void end_subscription(Session& session, Channel& channel, const Unsubscribe& why);
  std::uint64_t next_leave_delay_ms();

  std::size_t tail_bytes_max() const;
  void on_tick();
  bool is_unused(const Channel& channel, std::uint64_t now_ms) const;
  void close(Channel& channel);
  void time_out_joining(Channel& channel, std::uint64_t now_ms);

  static constexpr std::uint32_t kPageCount = 1'000;  // publications in a read of history
  static constexpr std::uint64_t kRetryMs = 500;      // after a read of history failed

  Loop& loop_;
  Broker& broker_;
  WsEncoder& encoder_;
  const ChatSettings& settings_;
  ChatCounters& counters_;
  std::unordered_map<std::string, std::unique_ptr<Channel>, StringHash, std::equal_to<>> channels_;
  IntrusiveList<Channel, DirtyChannelTag> dirty_channels_;
  // A session is on one of these: it has something of its own, or just goes on catching up.
  IntrusiveList<Session, DirtySessionTag> dirty_sessions_;
  IntrusiveList<Session, DirtySessionTag> behind_sessions_;
  IntrusiveList<Session, BlockedSessionTag> blocked_sessions_;
  std::vector<iovec> pieces_;  // of one write, and whose they are
  std::vector<Part> parts_;
  bool has_resumed_ = false;  // the broker was asked for something, and is due again
  std::uint64_t next_leave_us_ = 0;
  Timer tick_;

  IntrusiveList<CatchUp, CatchUpTag> catching_up_;
  // One of them is on one of these: it may be able to go on, or wants a page and waits until others
  // give theirs back.
  IntrusiveList<CatchUp, DueCatchUpTag> due_;
  IntrusiveList<CatchUp, DueCatchUpTag> wanting_;
  std::uint64_t reads_ = 0;  // of history before a tail, so far
  std::size_t reads_under_way_ = 0;
  Timer catch_up_timer_;             // runs while there are any
  std::uint64_t fallen_log_ms_ = 0;  // when the log's allowance was last filled
  std::uint32_t fallen_logged_ = 0;  // since then
  Presence presence_;
};

}  // namespace chirm
