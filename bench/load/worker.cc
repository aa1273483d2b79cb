// SPDX-License-Identifier: MIT
#include "bench/load/worker.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "bench/load/clock.h"
#include "core/base/random.h"
#include "core/tls/tls_session.h"

namespace chirm::load {

namespace {

constexpr std::uint64_t kProgressTicks = 25;
constexpr std::uint64_t kTrimTicks = 50;
constexpr std::uint32_t kJoiningMax = 128;                    // clients that join at the same time
constexpr std::uint64_t kGiveUpUs = 5'000'000;                // when not one client could connect
constexpr std::size_t kLogKeptBytes = std::size_t{1} << 20;   // beyond that, forget what all have
constexpr std::size_t kLogMaxBytes = std::size_t{256} << 20;  // beyond that, whoever is behind
constexpr std::size_t kOutboxMax = 1'000'000;
constexpr std::uint32_t kCommandTimeoutMs = 15'000;  // a server under test may be slow

// As much of a text as fits, and a NUL.
template <std::size_t kSize>
void keep(std::array<char, kSize>& kept, std::string_view text) {
  kept.fill('\0');
  text.copy(kept.data(), kSize - 1);
}

std::string random_text(std::size_t bytes, std::uint64_t seed) { return Random(seed).name(bytes); }

}  // namespace

Worker::Worker(const Settings& settings, Journal& journal, std::uint32_t run, std::uint32_t number,
               Pipe pipe)
    : settings_(settings),
      journal_(journal),
      run_(run),
      number_(number),
      pipe_(std::move(pipe)),
      text_(random_text(settings.payload_bytes, settings.seed)),
      settle_hook_(loop_.add_turn_end_hook([this] {
        settle();
        return Loop::TurnEnd::kDone;
      })),
      disturbance_(settings, members_, result_.figures, settings.seed + number),
      debts_(rooms_) {
  load_.journal = probe_.journal = &journal;
  context_ = std::make_unique<client::Context>(loop_, settings.seed + number);
  make_rooms();
  make_members();
  make_publishers();
  tick_ = std::make_unique<Timer>(loop_, [this] { on_tick(); });
  pipe_watcher_ = std::make_unique<FdWatcher>(loop_, pipe_.fd(), [this](auto) { on_pipe(); });
}

Worker::~Worker() = default;

void Worker::make_rooms() {
  const std::string prefix = settings_.channel + "-" + std::to_string(run_) + "-";
  Room::Events& events = *this;  // make_unique has no access to the base
  for (std::uint32_t room = 0; room < settings_.all_rooms(); ++room) {
    const bool is_probe = room >= settings_.rooms;
    rooms_.push_back(std::make_unique<Room>(Room::Name{run_, room, prefix + std::to_string(room)},
                                            decoder_, is_probe ? probe_ : load_, events));
  }
  by_room_.resize(rooms_.size());
}

void Worker::make_members() {
  MemberEvents& events = *this;
  for (std::uint32_t client = 0; client < settings_.all_clients(); ++client) {
    if (settings_.worker_of(client) != number_) continue;
    client::Options options;
    options.url = settings_.url_of(client);
    options.token = settings_.token;
    options.name = settings_.name + "-" + std::to_string(client);
    options.local_address = settings_.local_address_of(client);
    options.receive_buffer_bytes = settings_.receive_buffer_bytes;
    options.command_timeout_ms = kCommandTimeoutMs;
    options.outbox_max = kOutboxMax;
    const std::uint32_t room = settings_.room_of(client);
    members_.push_back(
        std::make_unique<Member>(client, *rooms_[room], events, *context_, std::move(options)));
    by_room_[room].push_back(members_.back().get());
  }
}

void Worker::make_publishers() {
  std::vector<std::uint32_t> mine;
  std::vector<std::uint32_t> mine_probing;
  for (const auto& member : members_) {
    const std::uint32_t client = member->number();
    if (!settings_.is_publisher(client)) continue;
    MessageId author;
    author.run = run_;
    author.room = settings_.room_of(client);
    author.publisher = client;
    member->publish_as(author);
    publishers_.push_back(member.get());
    if (settings_.is_probe(client)) {
      member->follower().leave_out_latency();  // the other one may be on another node
      mine_probing.push_back((client - settings_.clients) / 2);
    } else {
      mine.push_back(client);
    }
  }
  if (!mine.empty() && settings_.rate > 0) {
    pacer_ = std::make_unique<Pacer>(
        loop_, std::move(mine), settings_.publishers, settings_.rate,
        [this](std::uint32_t client, std::uint64_t due) { publish(member_of(client), due); });
  }
  if (!mine_probing.empty()) {
    probe_pacer_ = std::make_unique<Pacer>(loop_, std::move(mine_probing), settings_.probe_rooms,
                                           settings_.probe_rate * settings_.probe_rooms,
                                           [this](std::uint32_t pair, std::uint64_t due) {
                                             publish(member_of(settings_.clients + 2 * pair), due);
                                           });
  }
}

Member& Worker::member_of(std::uint32_t client) {
  const bool is_probe = settings_.is_probe(client);
  return *members_[is_probe ? client - settings_.clients : client / settings_.workers];
}

void Worker::run() {
  begun_us_ = advanced_us_ = now_us();
  pipe_watcher_->watch({.readable = true});
  tick_->start_repeating(kTickMs);
  start_members();
  loop_.run();
}

// ---- Joining

void Worker::start_members() {
  if (phase_ != Phase::kJoining) return;
  Progress& progress = result_.figures.progress;
  const std::uint64_t now = now_us();
  const auto ramp_us = static_cast<std::uint64_t>(settings_.ramp_s * 1e6);
  // Not all at once: a listener's backlog is shorter than the clients are many.
  while (started_ < members_.size()) {
    if (started_ - progress.joined - progress.refused >= kJoiningMax) return;
    if (ramp_us != 0 && begun_us_ + ramp_us * started_ / members_.size() > now) return;
    if (started_ == 0) progress.first_connect_us = now;
    members_[started_++]->start(settings_.is_watching);
  }
}

void Worker::note_tls(const Member& member) {
  const TlsSession* tls = member.tls();
  if (tls == nullptr) return;
  Figures& figures = result_.figures;
  ++figures.tls_connections;
  if (std::string_view(tls->version()) == "TLSv1.3") ++figures.tls13_connections;
  if (tls->is_resumed()) ++figures.tls_resumed;
}

void Worker::on_joined(Member& member) {
  note_tls(member);
  Progress& progress = result_.figures.progress;
  ++progress.joined;
  progress.last_join_us = advanced_us_ = now_us();
  result_.joining.record(advanced_us_ - member.started_us());
  start_members();
}

void Worker::on_back(Member& member, bool recovered, std::uint64_t away_us) {
  note_tls(member);
  ++result_.figures.reconnects;
  if (recovered) ++result_.figures.recovered;
  result_.recovering.record(away_us);
}

void Worker::on_caught_up(Member& member, const Outage& outage) {
  result_.catching_up.record(outage.caught_up_us - outage.gone_us);
  journal_.outage(member.number(), outage);
}

void Worker::on_resubscribed(Member& member) {
  ++result_.figures.resubscribed;
  journal_.resubscribed(member.number());
}

void Worker::on_gone(Member& member, bool wanted, bool is_final, std::string_view why) {
  if (!wanted) note_trouble(why);
  if (is_final) on_refused(member, why);
}

void Worker::on_refused(Member& member, std::string_view why) {
  note_trouble(why);
  if (member.has_joined()) {
    ++result_.figures.unsubscribed;
  } else {
    ++result_.figures.progress.refused;
  }
}

void Worker::on_failed(std::string_view why) { keep(result_.figures.refusal, why); }

void Worker::note_trouble(std::string_view why) {
  Progress& progress = result_.figures.progress;
  ++progress.failures;
  keep(progress.trouble, why);
}

bool Worker::is_joining_over() const {
  const Progress& progress = result_.figures.progress;
  if (progress.joined + progress.refused == members_.size()) return true;
  const std::uint64_t now = now_us();
  if (progress.joined == 0 && progress.failures != 0 && now - begun_us_ > kGiveUpUs) return true;
  // A ramp may be slow: as long as somebody gets further, others may, too.
  const auto timeout_us = static_cast<std::uint64_t>(settings_.connect_timeout_s * 1e6);
  return started_ == members_.size()
             ? now - advanced_us_ > timeout_us
             : now - advanced_us_ > timeout_us + static_cast<std::uint64_t>(settings_.ramp_s * 1e6);
}

// ---- Traffic

void Worker::begin(const Plan& plan) {
  plan_ = plan;
  phase_ = Phase::kTraffic;
  load_.measure_from_us = probe_.measure_from_us = plan.measure_from_us;
  if (pacer_) pacer_->start(plan.start_us);
  if (probe_pacer_) probe_pacer_->start(plan.start_us);
  if (!settings_.is_closed_loop()) return;
  for (Member* member : publishers_) {
    const std::uint32_t client = member->number();
    if (settings_.is_probe(client)) continue;
    // --window is spread over all publishers, the first ones get what does not divide.
    const std::uint32_t share = settings_.window / settings_.publishers;
    const bool has_one_more = client < settings_.window % settings_.publishers;
    for (std::uint32_t i = 0; i < share + (has_one_more ? 1 : 0); ++i) publish(*member, now_us());
  }
}

void Worker::publish(Member& member, std::uint64_t due_us) {
  if (phase_ != Phase::kTraffic || due_us >= plan_.measure_to_us) return;
  if (settings_.is_silent(settings_.room_of(member.number()), due_us)) return;
  const std::uint64_t now = now_us();
  // How late the generator is: latencies count from when a message was due, so its own delay is in
  // them, and has to be known.
  if (due_us >= plan_.measure_from_us) result_.lateness.record(now > due_us ? now - due_us : 0);
  member.publish(due_us, text_);
}

void Worker::on_settleable(Member& member) {
  // Gathered until the end of the turn: one read brings many publications.
  if (!member.is_linked()) settleable_.push_back(member);
}

void Worker::settle() {
  IntrusiveList<Member, SettleTag> due;
  // Publishing may put members on the list again; those are of the next turn.
  due.take(settleable_);
  while (Member* member = due.pop_front()) {
    const Publisher::Released released = member->settle();
    if (!settings_.is_closed_loop() || settings_.is_probe(member->number())) continue;
    for (std::size_t i = 0; i < released.delivered; ++i) publish(*member, now_us());
    refused_.insert(refused_.end(), released.failed, member->number());
  }
}

// Not at once: who refuses one message refuses the next one, too.
void Worker::replace_refused() {
  for (const std::uint32_t client : std::exchange(refused_, {})) {
    publish(member_of(client), now_us());
  }
}

void Worker::on_logged(std::uint32_t publisher, std::uint32_t sequence, std::uint64_t offset) {
  // Every worker with members in the room sees the message; only one of them has its publisher.
  if (publisher >= settings_.all_clients() || settings_.worker_of(publisher) != number_) return;
  if (settings_.is_publisher(publisher)) member_of(publisher).on_logged(sequence, offset);
}

// ---- The course of things

void Worker::on_tick() {
  ++ticks_;
  const std::uint64_t now = now_us();
  if (ticks_ % kProgressTicks == 0) {
    send_progress(Kind::kProgress);
    journal_.flush();
  }
  // Once the traffic is over all read on: what is owed to them has to get through.
  disturbance_.end_stalls(phase_ >= Phase::kAnswers ? UINT64_MAX : now);
  // Large logs at each tick, all of them now and then: trimming goes over all members of a room.
  trim_rooms(ticks_ % kTrimTicks == 0 ? 0 : kLogKeptBytes);
  switch (phase_) {
    case Phase::kJoining:
      start_members();
      if (!is_joining_over()) break;
      phase_ = Phase::kReady;
      send_progress(Kind::kReady);
      break;
    case Phase::kTraffic:
      if (!is_measuring_ && now >= plan_.measure_from_us) begin_measuring();
      if (now >= plan_.start_us && number_ < settings_.workers) disturbance_.run(kTickMs);
      replace_refused();
      if (now >= plan_.measure_to_us) end_traffic();
      break;
    case Phase::kAnswers:
      if (!is_answered() && now < deadline_us_) break;
      phase_ = Phase::kTips;
      {
        Packer packer;
        packer.add_all(std::span<const Tip>(tips()));
        pipe_.send(static_cast<std::uint32_t>(Kind::kTips), packer.bytes());
      }
      break;
    case Phase::kDelivery:
      if (!is_delivered() && now < deadline_us_ && !is_silent(progress().counts.delivered)) break;
      phase_ = Phase::kDone;
      audit();
      journal_.flush();  // with the last result the coordinator ends all workers
      send_result();
      loop_.stop();
      break;
    case Phase::kReady:
    case Phase::kTips:
    case Phase::kDone:
      break;
  }
}

void Worker::on_pipe() {
  if (!pipe_.receive()) return loop_.stop();
  while (const auto message = pipe_.next()) on_message(*message);
}

void Worker::on_message(const PipeMessage& message) {
  Unpacker unpacker(message.body);
  switch (static_cast<Kind>(message.kind)) {
    case Kind::kStart:
      return begin(unpacker.take<Plan>());
    case Kind::kStop:
      if (phase_ == Phase::kTraffic) end_traffic();
      return;
    case Kind::kRequired:
      for (const Tip& tip : unpacker.take_all<Tip>()) debts_.require(tip);
      phase_ = Phase::kDelivery;
      changed_us_ = now_us();
      // The drain may be over while publishers were waited for; subscribers get a little time, too.
      deadline_us_ = std::max(deadline_us_, now_us() + 2'000'000);
      return;
    default:
      return;
  }
}

void Worker::trim_rooms(std::size_t bytes_min) {
  for (std::size_t room = 0; room < rooms_.size(); ++room) {
    for (const auto& epoch : rooms_[room]->epochs()) {
      RoomLog& log = epoch->log;
      if (log.bytes() < bytes_min) continue;
      std::uint64_t needed = log.end();
      for (Member* member : by_room_[room]) {
        const Follower& follower = member->follower();
        if (follower.epoch() == epoch.get() && follower.next() != 0) {
          needed = std::min(needed, follower.next());
        }
      }
      log.trim(needed);
      // Somebody is so far behind that the log would fill the memory. What they get of the older
      // half can be compared with nothing any more (kForgotten).
      if (log.bytes() > kLogMaxBytes) log.trim((log.begin() + log.end()) / 2);
    }
  }
}

Progress Worker::progress() {
  Progress& progress = result_.figures.progress;
  progress.connected = static_cast<std::uint64_t>(std::count_if(
      members_.begin(), members_.end(), [](const auto& member) { return member->is_connected(); }));
  progress.counts = load_.counts;
  progress.counts.add(probe_.counts);
  progress.violations = load_.violations.total() + probe_.violations.total();
  Histogram recent = load_.delivery;
  // The last half second only: a stall is to be seen at once, not in an average over minutes.
  recent.subtract(reported_);
  reported_ = load_.delivery;
  progress.p99_us = recent.percentile_us(99);
  return progress;
}

void Worker::send_progress(Kind kind) {
  Packer packer;
  packer.add(progress());
  pipe_.send(static_cast<std::uint32_t>(kind), packer.bytes());
}

}  // namespace chirm::load
