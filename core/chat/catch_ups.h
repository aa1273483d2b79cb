// SPDX-License-Identifier: MIT
#pragma once
// All catch-ups of the node (catch_up.h): who comes back from longer ago than a tail reaches, and
// slow readers that fell off one, are written from pages of history. This decides who is a reader,
// when a page moves on, and who gets the memory for one. The fan-out writes. Private to core/chat.

#include <cstdint>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/history_reader.h"
#include "core/chat/subscriber.h"
#include "core/chat/tail_memory.h"
#include "core/chat/write_queue.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

class CatchUps {
 public:
  using List = IntrusiveList<CatchUp, CatchUpTag>;
  // The parts that catching up works with. All must outlive it.
  struct Parts {
    Loop& loop;
    const ChatSettings& settings;
    ChatCounters& counters;
    WsEncoder& encoder;
    HistoryReader& reader;
    WriteQueue& queue;
    TailMemory& tails;
  };
  explicit CatchUps(const Parts& parts);

  // ---- Readers: members whose cursor the tail does not cover

  // It must not be one yet.
  void add(Channel& channel, Subscriber& subscriber);
  // The same for a slow reader that was within the tail until now: that is counted, and logged.
  void add_fallen(Channel& channel, Subscriber& subscriber);
  // It must be one; the member is still there.
  void remove(Channel& channel, Subscriber& subscriber);
  // Nobody is a reader of the channel any more. The channel must have readers.
  void end(Channel& channel);

  // A reader has been written: its cursor was at `before` and is at `cursor` now.
  void count_served(CatchUp& up, std::uint64_t before, std::uint64_t cursor) {
    if (up.unserved == 0 || !up.has(before) || up.has(cursor)) return;
    if (--up.unserved == 0) make_due(up);
  }
  // The page has nothing for a reader that may be written: it may be time for the next one.
  void look_soon(CatchUp& up) {
    if (up.unserved == 0) make_due(up);
  }

  // ---- History

  // A credible page has come for a channel with readers. Returns those whose next publication the
  // store does not have any more: the caller ends their subscriptions.
  [[nodiscard]] std::vector<Subscriber*> on_page(Channel& channel, std::uint64_t since,
                                                 const History& history);
  // The members stay where they are, and it is tried again after a while.
  void on_read_failed(Channel& channel);
  // What the channel's page holds up to `offset` may not be given to anybody any more.
  void on_rewritten(Channel& channel, std::uint64_t offset);

  // ---- Turns

  // Lets pages move on, a bounded number a turn.
  void advance_due();
  // Whether advance_due() has nothing to do before something else happens.
  bool is_idle() const { return due_.empty() && (wanting_.empty() || !has_room_for_page()); }
  List& list() { return all_; }

  // Between turns, of all of them: a member is marked as catching up exactly while it is among the
  // readers of its channel, `unserved` are the readers that the page has something for, and
  // behind_tail are all readers of the node.
  void check() const;

 private:
  struct Readers;
  void make_due(CatchUp& up);
  void look_round();
  void advance(CatchUp& up, bool is_its_turn);
  void read_page(CatchUp& up, const Readers& readers);
  bool has_room_for_page() const { return parts_.tails.has_room_for_page(reader_.under_way()); }
  Readers look_at_readers(CatchUp& up);
  bool wait_for_blocked(CatchUp& up, const Readers& readers);
  void fill_page(CatchUp& up, const History& history);
  std::vector<Subscriber*> overtaken(const CatchUp& up) const;
  void log_fallen(const Channel& channel, const Subscriber& subscriber);

  const Parts parts_;
  Loop& loop_;
  ChatCounters& counters_;
  HistoryReader& reader_;
  List all_;
  // One is on at most one of these. It may be able to go on; or it wants a page, and waits until
  // others give theirs back.
  IntrusiveList<CatchUp, DueCatchUpTag> due_;
  IntrusiveList<CatchUp, DueCatchUpTag> wanting_;
  Timer timer_;                      // runs exactly while there are any
  std::uint64_t fallen_log_ms_ = 0;  // when the log's allowance was last filled
  std::uint32_t fallen_logged_ = 0;  // since then
};

}  // namespace chirm
