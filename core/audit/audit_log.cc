// SPDX-License-Identifier: MIT
#include "core/audit/audit_log.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "core/loop/loop.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
// Addresses whose refusals are counted one by one in a minute; those of others are summed up under
// none.
constexpr std::size_t kAddressesMax = 10'000;
constexpr std::size_t kFieldBytes = 256;

// RFC 3339, in UTC.
std::string time_text(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm calendar{};
  gmtime_r(&seconds, &calendar);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &calendar);
  const std::string thousandths = std::to_string(1000 + unix_ms % 1000);
  return std::string(text, length) + '.' + thousandths.substr(1) + 'Z';
}

// Never in the middle of a character.
std::string_view cut(std::string_view text) {
  if (text.size() <= kFieldBytes) return text;
  std::size_t end = kFieldBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

AuditLog::AuditLog(const Loop& loop, std::string node) : loop_(loop), node_(std::move(node)) {}

Expected<void, Error> AuditLog::open(const std::string& path) {
  is_stderr_ = path == "-";
  if (is_stderr_) return {};
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Unexpected<Error>(system_error("audit log " + path, errno));
  file_.reset(file);
  is_failing_ = false;
  return {};
}

void AuditLog::add(const AuditEvent& event) {
  if (loop_.unix_ms() / kMinuteMs != minute_) tell_sums();
  if (is_summed_up(event)) return;
  write(event);
}

// Whoever guesses passwords or tokens without pause must not fill the disk.
bool AuditLog::is_summed_up(const AuditEvent& event) {
  if (event.is_done && !event.is_frequent) return false;
  const bool is_known = counts_.size() < kAddressesMax;
  std::uint32_t& count = counts_[{std::string(event.is_done ? event.event : ""),
                                  is_known ? std::string(event.address) : std::string()}];
  if (++count <= kSinglePerMinute) return false;
  ++counters_.summed_up;
  return true;
}

// Of the minute that is over, with the first event of another one.
void AuditLog::tell_sums() {
  const auto over = std::exchange(counts_, {});
  minute_ = loop_.unix_ms() / kMinuteMs;
  for (const auto& [key, count] : over) {
    if (count <= kSinglePerMinute) continue;
    const auto& [event, address] = key;
    const std::string more = std::to_string(count - kSinglePerMinute);
    write({.event = event.empty() ? std::string_view("refusals") : event,
           .address = address,
           .is_done = !event.empty(),
           .about = {{"more", more}}});
  }
}

void AuditLog::write(const AuditEvent& event) {
  ++counters_.events;
  JsonWriter json;
  json.open();
  json.add("time", std::string_view(time_text(loop_.unix_ms())));
  json.add("node", std::string_view(node_));
  json.add("event", event.event);
  if (!event.user.empty()) json.add("user", cut(event.user));
  if (!event.address.empty()) json.add("address", event.address);
  std::string_view whom;
  for (const auto& [name, value] : event.about) {
    if (value.empty()) continue;
    json.add(name, cut(value));
    if (name == "whom") whom = value;
  }
  json.add("result", event.is_done ? "done" : "refused");
  if (!event.why.empty()) json.add("why", cut(event.why));
  json.close();
  kept_.push_back({std::string(event.event), std::string(event.user), std::string(whom),
                   std::string(event.address), json.take()});
  if (kept_.size() > kKeptMax) kept_.pop_front();
  write_line(kept_.back().line);
}

// At once, so that it is there whatever happens next: events are few, and a line into a file is as
// much work as a log line. A full pipe is not waited for.
void AuditLog::write_line(std::string_view line) {
  const int fd = is_stderr_ ? STDERR_FILENO : file_.fd();
  if (fd < 0) return;
  const std::string bytes = std::string(line) + '\n';
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  const bool is_ready = !is_stderr_ || poll(&ready, 1, 0) == 1;
  const ssize_t written = is_ready ? ::write(fd, bytes.data(), bytes.size()) : -1;
  const int error = is_ready ? errno : EAGAIN;
  const bool has_failed = written != static_cast<ssize_t>(bytes.size());
  if (has_failed) ++counters_.lost;
  // Told when it begins, and not with each line.
  if (has_failed && !std::exchange(is_failing_, true)) {
    spdlog::error("audit log: lines are lost: {}",
                  written < 0 ? system_error("write", error).message : "the disk is full");
  }
  if (!has_failed) is_failing_ = false;
}

std::vector<std::string> AuditLog::find(const Filter& filter, std::size_t count_max) const {
  std::vector<std::string> found;
  for (auto one = kept_.rbegin(); one != kept_.rend() && found.size() < count_max; ++one) {
    const bool is_wanted =
        one->event.starts_with(filter.event) &&
        (filter.user.empty() || one->user == filter.user || one->whom == filter.user) &&
        (filter.address.empty() || one->address == filter.address);
    if (is_wanted) found.push_back(one->line);
  }
  return found;
}

}  // namespace chirm
