// SPDX-License-Identifier: MIT
#include "client/terminal/plain/connection_reports.h"

#include <utility>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

// While the server is away for long, that is repeated only this often.
constexpr std::uint64_t kOutageRepeatMs = 30'000;

}  // namespace

void ConnectionReports::on_connected() {
  is_connected_ = true;
  // That the connection is back is said only when it is known what was missed.
  if (std::exchange(was_connected_, true)) {
    is_resuming_ = true;
    return;
  }
  display_.show_status("connected to " + server_ +
                       (name_.empty() ? "" : " as " + safe_line(name_)));
}

void ConnectionReports::on_lost(const client::Disconnected& why, std::uint64_t now_ms) {
  is_resuming_ = false;
  const bool was_lost = std::exchange(is_connected_, false);
  const bool is_known = !was_lost && why.reason == outage_;
  if (is_known && now_ms < outage_ms_ + kOutageRepeatMs) return;
  display_.show_status(
      (was_lost ? "connection lost: " : "not connected: ") + safe_line(why.reason) +
      (is_known ? "; still trying" : "; trying again in " + seconds_of(*why.retry_in_ms)));
  outage_ = why.reason;
  outage_ms_ = now_ms;
}

void ConnectionReports::report_reconnect() {
  if (std::exchange(is_resuming_, false)) display_.show_status("reconnected");
}

void ConnectionReports::report_loss(const std::string& what) {
  display_.show_status((std::exchange(is_resuming_, false) ? "reconnected; " : "") + what);
}

}  // namespace chirm::terminal
