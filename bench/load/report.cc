// SPDX-License-Identifier: MIT
#include "bench/load/report.h"

#include <algorithm>

namespace chirm::load {

namespace {

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

void add_group(GroupFigures& total, const GroupFigures& one) {
  total.measured.add(one.measured);
  total.all.add(one.all);
  total.violations.add(one.violations);
  total.delivery.merge(one.delivery);
  total.ack.merge(one.ack);
}

void add_progress(Progress& total, const Progress& one) {
  // 0 stands for: has not connected at all.
  const auto earlier = [](std::uint64_t a, std::uint64_t b) {
    return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
  };
  total.joined += one.joined;
  total.refused += one.refused;
  total.connected += one.connected;
  total.failures += one.failures;
  total.first_connect_us = earlier(total.first_connect_us, one.first_connect_us);
  total.last_join_us = std::max(total.last_join_us, one.last_join_us);
  total.counts.add(one.counts);
  total.violations += one.violations;
  // Percentiles cannot be added up; the worst of the workers is what progress shows.
  total.p99_us = std::max(total.p99_us, one.p99_us);
  if (one.trouble[0] != '\0') total.trouble = one.trouble;
}

}  // namespace

void add_result(Result& total, const Result& one) {
  Figures& figures = total.figures;
  const Figures& more = one.figures;
  add_progress(figures.progress, more.progress);
  figures.measured_from_us = figures.measured_from_us == 0
                                 ? more.measured_from_us
                                 : std::min(figures.measured_from_us, more.measured_from_us);
  figures.measured_to_us = std::max(figures.measured_to_us, more.measured_to_us);
  if (more.refusal[0] != '\0') figures.refusal = more.refusal;
  figures.cpu_us += more.cpu_us;
  figures.reconnects += more.reconnects;
  figures.recovered += more.recovered;
  figures.tls_connections += more.tls_connections;
  figures.tls13_connections += more.tls13_connections;
  figures.tls_resumed += more.tls_resumed;
  figures.resent += more.resent;
  figures.resubscribed += more.resubscribed;
  figures.unsubscribed += more.unsubscribed;
  figures.vanished += more.vanished;
  figures.stalled += more.stalled;
  figures.behind += more.behind;
  figures.away += more.away;
  figures.unsent += more.unsent;
  figures.unanswered += more.unanswered;
  add_group(total.load, one.load);
  add_group(total.probe, one.probe);
  total.joining.merge(one.joining);
  total.recovering.merge(one.recovering);
  total.catching_up.merge(one.catching_up);
  total.lateness.merge(one.lateness);
  total.tips.insert(total.tips.end(), one.tips.begin(), one.tips.end());
}

double Report::measured_s() const {
  const Figures& figures = total.figures;
  return static_cast<double>(figures.measured_to_us - figures.measured_from_us) / 1e6;
}

double Report::deliveries_per_s() const {
  const auto delivered = total.load.measured.delivered + total.probe.measured.delivered;
  return ratio(static_cast<double>(delivered), measured_s());
}

double Report::connects_per_s() const {
  const Progress& progress = total.figures.progress;
  const auto took_us = static_cast<double>(progress.last_join_us - progress.first_connect_us);
  // From the first connect, not from the start of the workers.
  return progress.joined == 0 ? 0 : ratio(static_cast<double>(progress.joined) * 1e6, took_us);
}

double Report::server_cpu_s() const {
  if (!server) return 0;
  // The samples are taken a little later than the interval begins and ends, and each by another
  // bit: so it is the rate between them that counts, times the interval.
  const auto interval_us = static_cast<double>(server->to.taken_us - server->from.taken_us);
  return ratio((server->to.cpu_s - server->from.cpu_s) * measured_s() * 1e6, interval_us);
}

double Report::deliveries_per_server_cpu_s() const {
  return ratio(deliveries_per_s() * measured_s(), server_cpu_s());
}

double Report::server_cpu_us_per_delivery() const {
  return ratio(1e6, deliveries_per_server_cpu_s());
}

double Report::rss_kib_per_connection() const {
  if (!server) return 0;
  const double grown =
      static_cast<double>(server->connected.rss_kib) - static_cast<double>(server->empty.rss_kib);
  return ratio(grown, static_cast<double>(total.figures.progress.joined));
}

std::uint64_t Report::violations() const {
  return total.load.violations.total() + total.probe.violations.total();
}

std::uint64_t Report::never_joined(const Settings& settings) const {
  return settings.all_clients() - total.figures.progress.joined;
}

Counts Report::counts() const {
  Counts all = total.load.all;
  all.add(total.probe.all);
  return all;
}

bool Report::is_empty() const {
  const Counts all = counts();
  return all.sent > 0 && all.acked == 0 && all.delivered == 0;
}

bool Report::is_good(const Settings& settings) const {
  if (counts().resets != 0 && !settings.allows_resets) return false;
  // Messages may fail: a server that is told to go, or is full, refuses them, and says so.
  return violations() == 0 && never_joined(settings) == 0 && total.figures.away == 0 &&
         total.figures.unanswered == 0 && !is_empty();
}

}  // namespace chirm::load
