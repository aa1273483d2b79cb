// SPDX-License-Identifier: MIT
#include "bench/load/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "bench/load/clock.h"
#include "protocol/json.h"

namespace chirm::load {

namespace {

// One object, which is a line when it is complete.
class Line {
 public:
  Line(std::string& out, std::string_view event, std::uint64_t at_us) : out_(out) {
    out_ += "{\"event\":";
    json::append_string(out_, event);
    add("at_us", at_us);
  }
  ~Line() { out_ += "}\n"; }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void add(std::string_view name, std::uint64_t value) {
    begin(name);
    json::append_number(out_, value);
  }
  void add(std::string_view name, std::string_view value) {
    begin(name);
    json::append_string(out_, value);
  }
  void add(std::string_view name, bool value) {
    begin(name);
    out_ += value ? "true" : "false";
  }

 private:
  void begin(std::string_view name) {
    out_ += ',';
    json::append_string(out_, name);
    out_ += ':';
  }

  std::string& out_;
};

}  // namespace

Journal::Journal(const std::string& path) {
  if (path.empty()) return;
  // Appending: what several processes write one after the other does not overwrite the others'.
  file_.reset(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
}

Journal::~Journal() { flush(); }

void Journal::start(std::uint64_t at_us) {
  if (is_open()) Line(lines_, "start", at_us);
}

void Journal::outage(std::uint32_t client, const Outage& outage) {
  if (!is_open()) return;
  Line line(lines_, "outage", now_us());
  line.add("client", std::uint64_t{client});
  line.add("gone_us", outage.gone_us);
  line.add("back_us", outage.back_us);
  line.add("caught_up_us", outage.caught_up_us);
  line.add("recovered", outage.recovered);
}

void Journal::reset(std::string_view channel, std::string_view epoch, std::uint64_t offset,
                    std::uint64_t gone_us) {
  if (!is_open()) return;
  Line line(lines_, "reset", now_us());
  line.add("channel", channel);
  line.add("epoch", epoch);
  line.add("offset", offset);
  line.add("gone_us", gone_us);
}

void Journal::resubscribed(std::uint32_t client) {
  if (!is_open()) return;
  Line(lines_, "resubscribed", now_us()).add("client", std::uint64_t{client});
}

void Journal::violation(std::string_view kind, std::uint64_t count, const Scene& scene) {
  // The report counts all of them; here are those that somebody may look into.
  if (!is_open() || ++violations_ > kViolationsMax) return;
  Line line(lines_, "violation", now_us());
  line.add("kind", kind);
  line.add("count", count);
  line.add("channel", scene.channel);
  line.add("epoch", scene.epoch);
  line.add("offset", scene.offset);
  line.add("due_us", scene.scheduled_us);
  line.add("acked_us", scene.acked_us);
}

void Journal::flush() {
  // In whole lines and one write, as far as the system takes it: with O_APPEND the workers' lines
  // do not get into one another.
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const ssize_t written = write(file_.fd(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;  // a full disk: the report still has the counts
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  lines_.clear();
}

}  // namespace chirm::load
