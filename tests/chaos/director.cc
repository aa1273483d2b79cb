// SPDX-License-Identifier: MIT
#include "tests/chaos/director.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>

#include "tests/chaos/verdict_report.h"

namespace chirm::chaos {

Director::Director(const Settings& settings) : settings_(settings), random_(settings.seed) {}

std::ostream& Director::tell() const {
  std::ostream& out = settings_.json == "-" ? std::cerr : std::cout;
  const double at_s = begun_us_ == 0 ? 0 : static_cast<double>(now_us() - begun_us_) / 1e6;
  return out << std::fixed << std::setprecision(1) << std::setw(6) << at_s << " s  ";
}

int Director::run() {
  try {
    arena_ = std::make_unique<Arena>(settings_);
    arena_->start_load();
    begun_us_ = now_us();
    tell() << settings_.nodes << " nodes, " << settings_.clients << " clients, " << settings_.rate
           << " messages/s, seed " << settings_.seed << std::endl;
    if (!settings_.has_no_api) start_other_traffic();
    run_faults();
    if (records_.empty() && !is_left_to_load()) {
      arena_->troubles().emplace_back("no fault was injected");
    }
    arena_->revive_nodes();
    heal();
    tell() << "verifying" << std::endl;
    const std::vector<Violation> found = end_other_traffic();
    const auto report = LoadReport::parse(arena_->stop_load());
    if (report && settings_.has("vanish")) record_vanished(*report);
    arena_->stop();
    return finish(judge({.report = report,
                         .journal = arena_->journal(),
                         .faults = records_,
                         .troubles = arena_->troubles(),
                         .more = found,
                         .totals = arena_->totals(),
                         .limits = settings_.limits,
                         .history_ttl_s = settings_.history_ttl_s}));
  } catch (const Interrupted& why) {
    tell() << why.what() << std::endl;
    if (arena_) keep_logs(settings_.keep);
    return 1;
  }
}

void Director::run_faults() {
  const auto every_us = static_cast<std::uint64_t>(settings_.every_s * 1e6);
  const auto duration_us = static_cast<std::uint64_t>(settings_.duration_s * 1e6);
  for (std::uint64_t due_us = begun_us_ + every_us;; due_us += every_us) {
    if (const std::uint64_t end_us = begun_us_ + duration_us;
        !settings_.is_once && due_us > end_us) {
      const std::uint64_t now = now_us();
      return arena_->wait(now < end_us ? (end_us - now) / 1000 : 0);
    }
    if (const std::uint64_t now = now_us(); now < due_us) {
      arena_->wait((due_us - now) / 1000);
    } else {
      due_us = now;  // the one before took longer
    }
    if (const auto faults = next_faults(); !faults.empty()) inject(faults);
    if (settings_.is_once && bag_.empty()) return;
  }
}

bool Director::is_left_to_load() const {
  return !settings_.faults.empty() &&
         std::all_of(settings_.faults.begin(), settings_.faults.end(),
                     [](const std::string& name) { return find_fault(name)->inject == nullptr; });
}

void Director::fill_bag() {
  for (const std::string& name : settings_.faults) {
    if (find_fault(name)->inject != nullptr) bag_.push_back(find_fault(name));
  }
  for (std::size_t i = bag_.size(); i > 1; --i) {
    std::swap(bag_[i - 1], bag_[random_.between(0, i - 1)]);
  }
}

std::vector<const Fault*> Director::next_faults() {
  if (bag_.empty()) fill_bag();
  std::vector<const Fault*> chosen;
  if (bag_.empty()) return chosen;
  const std::uint64_t wanted = settings_.at_once == 1 ? 1 : random_.between(2, settings_.at_once);
  // From the back: the first one, and what can be injected with it.
  for (std::size_t i = bag_.size(); i > 0 && chosen.size() < wanted; --i) {
    const auto next = bag_.begin() + static_cast<std::ptrdiff_t>(i) - 1;
    if (!is_compatible(**next, chosen, settings_.nodes)) continue;
    chosen.push_back(*next);
    bag_.erase(next);
  }
  return chosen;
}

namespace {

constexpr std::uint64_t kStaggerMs = 1500;  // at once need not be at the same moment

Task<bool> inject_later(Injection& injection, const Fault& fault, std::uint64_t after_ms) {
  if (after_ms > 0) (void)co_await injection.arena.pause(after_ms);
  injection.record.begin_us = now_us();
  co_return co_await fault.inject(injection);
}

}  // namespace

void Director::inject(const std::vector<const Fault*>& faults) {
  arena_->revive_nodes();
  arena_->copy_store();
  std::string names;
  std::deque<Injection> injections;
  TaskScope scope;
  std::size_t running = faults.size();
  for (const Fault* fault : faults) {
    names += (names.empty() ? "" : " + ") + std::string(fault->name);
    injections.push_back({*arena_, Random(random_.between(0, UINT64_MAX)), {}});
    injections.back().record.name = fault->name;
    injections.back().record.kind = fault->kind;
    if (faults.size() > 1) injections.back().record.round_us = now_us();
  }
  tell() << names << " …" << std::endl;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const std::uint64_t after_ms = i == 0 ? 0 : injections[i].random_ms(0, kStaggerMs);
    scope.start(inject_later(injections[i], *faults[i], after_ms), [&, i](bool) {
      --running;
      const FaultRecord& record = injections[i].record;
      tell() << record.name << ": " << record.what << "; "
             << (record.trace.empty() ? "NO EFFECT" : record.trace) << std::endl;
    });
  }
  arena_->run([&running] { return running == 0; });
  for (Injection& injection : injections) {
    injection.record.end_us = now_us();
    if (injection.record.kind.loses_store && edits_) edits_->move();
    records_.push_back(std::move(injection.record));
  }
}

// What went on all the time.
void Director::record_vanished(const LoadReport& report) {
  FaultRecord record;
  record.name = "vanish";
  record.begin_us = begun_us_;
  record.end_us = now_us();
  record.what = "one client a second";
  if (report.vanished > 0) record.trace = std::to_string(report.vanished) + " vanished";
  records_.push_back(std::move(record));
}

void Director::heal() {
  const bool is_well = arena_->wait_until([this] { return arena_->are_nodes_ready(); });
  if (!is_well) arena_->troubles().emplace_back("not all nodes became ready again");
}

void Director::start_other_traffic() {
  std::vector<std::uint16_t> ports;
  for (std::size_t node = 0; node < settings_.nodes; ++node) {
    ports.push_back(arena_->cluster().node_port(node));
  }
  api_ = std::make_unique<ApiTraffic>(std::move(ports), settings_.seed);
  edits_ = std::make_unique<EditTraffic>(arena_->loop(), arena_->editor_options(), settings_.seed);
}

std::vector<Violation> Director::end_other_traffic() {
  if (!api_) return {};
  constexpr std::size_t kShownMax = 10;
  // Each fault that loses something makes the edits begin again; and on a busy machine the faults
  // of a short run may be over before anything was published.
  bool is_over = arena_->wait_until([this] { return edits_->changes() > 0 && api_->has_begun(); });
  edits_->stop();
  is_over &= arena_->wait_until([this] { return edits_->is_settled(); });
  api_->begin_end(edits_->channel());
  // Its requests need the relays of this loop.
  is_over &= arena_->wait_until([this] { return api_->has_ended(); });
  if (!is_over) {
    arena_->troubles().emplace_back("what was published or edited beside chirm-load got no answer");
    return {};
  }
  tell() << api_->acked() << " published through the API, " << api_->repeated()
         << " times asked for again; " << edits_->changes() << " edits and deletes" << std::endl;
  if (api_->acked() == 0) arena_->troubles().emplace_back("nothing was published through the API");
  std::vector<Violation> found = api_->found();
  for (Violation& one : compare_edits(edits_->said(), api_->other_history())) {
    found.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < std::min(found.size(), kShownMax); ++i) {
    tell() << found[i].kind << ' ' << found[i].line << std::endl;
  }
  edits_.reset();
  return found;
}

int Director::finish(const Verdict& verdict) {
  const std::string json = to_json(verdict, settings_, records_, arena_->totals());
  const std::string text = to_text(verdict, records_, arena_->totals());
  (settings_.json == "-" ? std::cerr : std::cout) << text << std::flush;
  if (settings_.json == "-") {
    std::cout << json << std::flush;
  } else if (!settings_.json.empty()) {
    std::ofstream(settings_.json) << json;
  }
  std::string keep = settings_.keep;
  if (keep.empty() && !verdict.is_good()) {
    keep = std::filesystem::temp_directory_path() / ("chirm-chaos-" + std::to_string(getpid()));
  }
  keep_logs(keep);
  if (!keep.empty()) {
    std::ofstream(keep + "/verdict") << text;
    std::ofstream(keep + "/verdict.json") << json;
  }
  return verdict.is_good() ? 0 : 1;
}

void Director::keep_logs(const std::string& directory) {
  if (directory.empty()) return;
  arena_->keep_logs(directory);
  tell() << "logs are in " << directory << std::endl;
}

}  // namespace chirm::chaos
