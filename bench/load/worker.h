// SPDX-License-Identifier: MIT
#pragma once
// One process of a run: its share of the clients on one loop, and the checking of what they
// receive. The coordinator tells it through a pipe when to do what (figures.h).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/debts.h"
#include "bench/load/disturbance.h"
#include "bench/load/figures.h"
#include "bench/load/member.h"
#include "bench/load/pacer.h"
#include "bench/load/pipe.h"
#include "bench/load/room.h"
#include "bench/load/settings.h"
#include "client/context.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm::load {

// One class all the same: its members are what the phases of a run hand on to one another, and its
// functions are those phases and what clients tell (two interfaces).
class Worker final : private Room::Events, private MemberEvents {
 public:
  // settings and journal must outlive the worker. `run` names the run, `number` this worker in it.
  Worker(const Settings& settings, Journal& journal, std::uint32_t run, std::uint32_t number,
         Pipe pipe);
  ~Worker();

  // Returns when the results are with the coordinator, or when that is gone.
  void run();

 private:
  enum class Phase : std::uint8_t {
    kJoining,   // clients connect and subscribe
    kReady,     // waits for the plan
    kTraffic,   // publishes
    kAnswers,   // no new messages; waits for what is on its way
    kTips,      // waits to be told what all subscribers are owed
    kDelivery,  // waits for it
    kDone,
  };
  // Room::Events
  void on_logged(std::uint32_t publisher, std::uint32_t sequence, std::uint64_t offset) override;
  // MemberEvents
  void on_joined(Member& member) override;
  void on_back(Member& member, bool recovered, std::uint64_t away_us) override;
  void on_caught_up(Member& member, const Outage& outage) override;
  void on_resubscribed(Member& member) override;
  void on_gone(Member& member, bool wanted, bool is_final, std::string_view why) override;
  void on_refused(Member& member, std::string_view why) override;
  void on_failed(std::string_view why) override;
  void on_settleable(Member& member) override;

  static constexpr std::uint64_t kTickMs = 20;

  void make_rooms();
  void make_members();
  void make_publishers();
  Member& member_of(std::uint32_t client);

  // Joining
  void start_members();
  void note_tls(const Member& member);
  void note_trouble(std::string_view why);
  bool is_joining_over() const;

  // Traffic
  void begin(const Plan& plan);
  void publish(Member& member, std::uint64_t due_us);
  void settle();
  void replace_refused();

  // Measuring and ending (worker_ending.cc)
  void begin_measuring();
  void end_traffic();
  bool is_answered();
  bool is_delivered();
  bool is_silent(std::uint64_t count);
  void audit();

  void on_tick();
  void on_pipe();
  void on_message(const PipeMessage& message);
  void trim_rooms(std::size_t bytes_min);
  Progress progress();
  void send_progress(Kind kind);
  std::vector<Tip> tips() const;
  void send_result();

  const Settings& settings_;
  Journal& journal_;
  std::uint32_t run_;
  std::uint32_t number_;
  Pipe pipe_;
  Phase phase_ = Phase::kJoining;
  Plan plan_;
  std::string text_;  // of all messages

  Tally load_;
  Tally probe_;
  Counts load_before_;
  Counts probe_before_;
  Result result_;
  Histogram reported_;  // load_.delivery as of the last progress
  bool is_measuring_ = false;
  std::uint64_t cpu_before_us_ = 0;

  std::uint32_t started_ = 0;  // of members_
  std::uint64_t begun_us_ = 0;
  std::uint64_t advanced_us_ = 0;  // when a client joined last
  std::uint64_t deadline_us_ = 0;  // of what the phase waits for
  std::uint64_t count_then_ = 0;   // what is_silent() looks at, at changed_us_
  std::uint64_t changed_us_ = 0;
  std::uint64_t ticks_ = 0;
  std::vector<std::uint32_t> refused_;  // publishers, once for each message; closed loop

  MessageDecoder decoder_;
  Loop loop_;
  IntrusiveList<Member, SettleTag> settleable_;
  // Made before the context, whose own hook flushes what this one publishes.
  const Loop::TurnEndHook settle_hook_;
  std::unique_ptr<client::Context> context_;
  std::vector<std::unique_ptr<Room>> rooms_;
  std::vector<std::unique_ptr<Member>> members_;  // ascending by their numbers
  Disturbance disturbance_;
  Debts debts_;
  std::vector<std::vector<Member*>> by_room_;
  std::vector<Member*> publishers_;
  std::unique_ptr<Pacer> pacer_;
  std::unique_ptr<Pacer> probe_pacer_;
  std::unique_ptr<Timer> tick_;
  std::unique_ptr<FdWatcher> pipe_watcher_;
};

}  // namespace chirm::load
