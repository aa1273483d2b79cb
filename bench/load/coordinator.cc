// SPDX-License-Identifier: MIT
#include "bench/load/coordinator.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <tuple>

#include "bench/load/clock.h"
#include "bench/load/worker.h"

namespace chirm::load {

namespace {

constexpr std::uint64_t kShowUs = 500'000;
constexpr std::uint64_t kLeadUs = 100'000;  // from the plan to the first message

volatile std::sig_atomic_t is_interrupted =
    0;  // by SIGINT or SIGTERM: a signal handler has no this

[[noreturn]] void run_worker(const Settings& settings, Journal& journal, std::uint32_t run,
                             std::uint32_t number, Pipe pipe) {
  // Ctrl-C reaches all processes of the terminal; the coordinator says what it means.
  (void)signal(SIGINT, SIG_IGN);
  (void)signal(SIGTERM, SIG_DFL);
  {
    Worker worker(settings, journal, run, number, std::move(pipe));
    worker.run();
  }
  // Not return: the rest of main() is the coordinator's, and its copy of everything is in here,
  // too.
  std::exit(0);
}

}  // namespace

Violations compare_tips(const std::vector<Tip>& tips) {
  Violations violations;
  std::map<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>, const Tip*> first_seen;
  for (const Tip& tip : tips) {
    if (tip.known == 0) continue;  // what is owed to them was counted already
    const Tip& other =
        *first_seen.try_emplace({tip.room, tip.epoch, tip.first}, &tip).first->second;
    // Only where both know equally many up to the same end: one that has received less has simply
    // not got the rest yet, which audit() counts.
    if (tip.known == other.known && tip.end == other.end && tip.digest != other.digest) {
      ++violations.forked;
    }
  }
  return violations;
}

std::vector<Tip> furthest_tips(const std::vector<Tip>& tips) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, Tip> furthest;
  for (const Tip& tip : tips) {
    Tip& known = furthest.try_emplace({tip.room, tip.epoch}, tip).first->second;
    // When it was named last says which life is the present one; who went furthest in it need not
    // be who heard of it last.
    const std::uint64_t named_us = std::max(tip.named_us, known.named_us);
    if (tip.end > known.end) known = tip;
    known.named_us = named_us;
  }
  std::vector<Tip> result;
  for (const auto& [room, tip] : furthest) result.push_back(tip);
  return result;
}

Coordinator::~Coordinator() {
  for (Child& child : children_) {
    if (child.pid <= 0) continue;
    (void)kill(child.pid, SIGKILL);  // it has nothing more to tell
    (void)waitpid(child.pid, nullptr, 0);
  }
}

int Coordinator::run() {
  const auto on_signal = [](int) { is_interrupted = 1; };
  (void)signal(SIGINT, on_signal);
  (void)signal(SIGTERM, on_signal);
  begun_us_ = now_us();
  if (!settings_.journal.empty() && !journal_.is_open()) {
    fail("--journal: expected a file that can be written: " + settings_.journal);
    return 2;
  }
  const auto empty = usage_of(settings_.server_pids);
  if (!empty) {
    fail("--server-pid: expected a running process: " + empty.error().message);
    return 2;
  }
  // Before there is any client: what a connection takes is what comes on top.
  server_.empty = *empty;
  // The order of a run (figures.h): all are there; traffic; everything published has come back to
  // its publisher, so it is known what every subscriber is owed; all have got it, or will not.
  start_workers();
  if (!wait_for(Moment::kReady)) return 1;
  if (!start_traffic()) return 1;
  if (!wait_for(Moment::kTips)) return 1;
  std::vector<Tip> tips;
  for (const Child& child : children_)
    tips.insert(tips.end(), child.tips.begin(), child.tips.end());
  Packer packer;
  packer.add_all(std::span<const Tip>(furthest_tips(tips)));
  send_all(Kind::kRequired, packer.bytes());
  if (!wait_for(Moment::kResult)) return 1;
  return finish();
}

void Coordinator::start_workers() {
  // Not from the seed: a server that kept the last run's messages must not take this one's for the
  // same.
  const auto run = static_cast<std::uint32_t>(std::random_device{}());
  for (std::uint32_t number = 0; number < settings_.processes(); ++number) {
    auto [mine, theirs] = Pipe::make();
    // Before there are threads or a loop: the child has all settings, and the journal's open file.
    const pid_t pid = fork();
    CHIRM_CHECK(pid >= 0, errno);
    if (pid == 0) {
      children_.clear();  // closes the pipes of the workers before
      { const Pipe closed = std::move(mine); }
      run_worker(settings_, journal_, run, number, std::move(theirs));
    }
    children_.emplace_back(pid, std::move(mine));
  }
}

bool Coordinator::is_past(const Child& child, Moment moment) const {
  switch (moment) {
    case Moment::kReady:
      return child.is_ready;
    case Moment::kTips:
      return child.has_tips;
    case Moment::kResult:
      return child.result.has_value();
  }
  return false;
}

bool Coordinator::wait_for(Moment moment) {
  const auto is_over = [&] {
    return std::all_of(children_.begin(), children_.end(),
                       [&](const Child& child) { return is_past(child, moment); });
  };
  std::vector<pollfd> polled;
  for (const Child& child : children_) polled.push_back({child.pipe.fd(), POLLIN, 0});
  while (!is_over()) {
    // Short enough for the samples at both ends of the interval to be on time.
    (void)poll(polled.data(), polled.size(), 5);  // EINTR is a reason to look, too
    for (std::size_t i = 0; i < children_.size(); ++i) {
      Child& child = children_[i];
      if (polled[i].revents == 0) continue;
      if (!child.pipe.receive()) {
        child.is_gone = true;
        polled[i].fd = -1;  // poll() would report its end for ever
      }
      // What a worker had to say before it died counts.
      while (const auto message = child.pipe.next()) on_message(child, *message);
      if (child.is_gone && !is_past(child, moment)) {
        fail("a worker process died");
        return false;
      }
    }
    measure_server();
    show_progress();
    if (is_interrupted == 0) continue;
    // Later on Ctrl-C ends the traffic early, and what was measured until then is reported.
    if (moment == Moment::kReady) {
      fail("interrupted");
      return false;
    }
    if (!std::exchange(is_stop_sent_, true)) send_all(Kind::kStop, {});
    report_.is_interrupted = true;
  }
  return true;
}

void Coordinator::on_message(Child& child, const PipeMessage& message) {
  Unpacker unpacker(message.body);
  switch (static_cast<Kind>(message.kind)) {
    case Kind::kReady:
      child.is_ready = true;
      [[fallthrough]];
    case Kind::kProgress:
      child.progress = unpacker.take<Progress>();
      return;
    case Kind::kTips:
      child.tips = unpacker.take_all<Tip>();
      child.has_tips = true;
      return;
    case Kind::kResult:
      child.result = Result::unpack(message.body);
      return;
    default:
      return;
  }
}

void Coordinator::send_all(Kind kind, std::string_view body) {
  for (Child& child : children_) child.pipe.send(static_cast<std::uint32_t>(kind), body);
}

bool Coordinator::start_traffic() {
  std::uint64_t joined = 0;
  std::string trouble;
  for (const Child& child : children_) {
    joined += child.progress.joined;
    if (child.progress.trouble[0] != '\0') trouble = child.progress.trouble.data();
  }
  // A server that some cannot reach is a result, and is reported as one.
  if (joined == 0) {
    fail("no client could connect to " + settings_.urls.front().text() + ": " + trouble);
    return false;
  }
  read_server(server_.connected);
  // All workers begin at the same time: late enough that the plan has reached each of them by then.
  plan_.start_us = now_us() + kLeadUs;
  plan_.measure_from_us = plan_.start_us + static_cast<std::uint64_t>(settings_.warmup_s * 1e6);
  plan_.measure_to_us =
      plan_.measure_from_us + static_cast<std::uint64_t>(settings_.duration_s * 1e6);
  Packer packer;
  packer.add(plan_);
  send_all(Kind::kStart, packer.bytes());
  journal_.start(plan_.start_us);
  journal_.flush();
  return true;
}

// Samples at both ends of the measured interval.
void Coordinator::measure_server() {
  if (plan_.start_us == 0 || settings_.server_pids.empty()) return;
  const std::uint64_t now = now_us();
  if (!has_from_ && now >= plan_.measure_from_us) {
    has_from_ = true;
    read_server(server_.from);
  }
  if (!has_to_ && (now >= plan_.measure_to_us || is_interrupted != 0)) {
    has_to_ = true;
    read_server(server_.to);
  }
}

// A run may be about servers that die; then there are no figures of them.
void Coordinator::read_server(ProcessUsage& usage) {
  const auto now = usage_of(settings_.server_pids);
  if (!now) {
    is_server_gone_ = true;
  } else {
    usage = *now;
  }
}

int Coordinator::finish() {
  for (const Child& child : children_) add_result(report_.total, *child.result);
  report_.total.load.violations.add(compare_tips(report_.total.tips));
  if (has_from_ && has_to_ && !is_server_gone_) report_.server = server_;
  clear_progress();
  const std::string json = to_json(report_, settings_);
  if (!settings_.is_quiet) {
    (settings_.json == "-" ? std::cerr : std::cout) << to_text(report_, settings_) << std::flush;
  }
  if (settings_.json == "-") {
    std::cout << json << std::flush;
  } else if (!settings_.json.empty()) {
    std::ofstream file(settings_.json);
    file << json << std::flush;
    if (!file) {
      fail("--json: expected a file that can be written: " + settings_.json);
      return 2;
    }
  }
  return report_.is_good(settings_) ? 0 : 1;
}

void Coordinator::show_progress() {
  if (settings_.is_quiet || isatty(STDERR_FILENO) == 0) return;
  const std::uint64_t now = now_us();
  if (now - shown_us_ < kShowUs) return;
  shown_us_ = now;
  Progress sum;
  for (const Child& child : children_) {
    sum.connected += child.progress.connected;
    sum.counts.add(child.progress.counts);
    sum.violations += child.progress.violations;
    sum.failures += child.progress.failures;
    sum.p99_us = std::max(sum.p99_us, child.progress.p99_us);
  }
  const std::uint64_t errors = sum.violations + sum.failures + sum.counts.failed;
  std::fprintf(
      stderr,
      "\r\x1b[K%6.1f s  connected %llu  sent %llu  delivered %llu  p99 %.2f ms  errors %llu",
      static_cast<double>(now - begun_us_) / 1e6, static_cast<unsigned long long>(sum.connected),
      static_cast<unsigned long long>(sum.counts.sent),
      static_cast<unsigned long long>(sum.counts.delivered), static_cast<double>(sum.p99_us) / 1000,
      static_cast<unsigned long long>(errors));
}

void Coordinator::clear_progress() const {
  if (shown_us_ != 0) std::fputs("\r\x1b[K", stderr);
}

void Coordinator::fail(const std::string& why) const {
  clear_progress();
  std::cerr << "chirm-load: " << why << "\n";
}

}  // namespace chirm::load
