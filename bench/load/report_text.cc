// SPDX-License-Identifier: MIT
#include <array>
#include <cstdarg>
#include <cstdio>

#include "bench/load/report.h"

namespace chirm::load {

namespace {

class TextWriter {
 public:
  [[gnu::format(printf, 2, 3)]] void line(const char* format, ...) {
    std::array<char, 512> buffer;
    va_list arguments;
    va_start(arguments, format);
    const int size = std::vsnprintf(buffer.data(), buffer.size(), format, arguments);
    va_end(arguments);
    // Longer lines are cut: only the last failure's text, which is a peer's, can be that long.
    if (size > 0) text_ += buffer.data();
    text_ += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// printf has no portable letter for std::uint64_t that fits in a readable line.
unsigned long long n(std::uint64_t number) { return number; }

double ms(std::uint64_t us) { return static_cast<double>(us) / 1000; }

void add_latency(TextWriter& text, const char* name, const Histogram& histogram) {
  // Nothing happened of that kind: a row of zeros would look like a very good one.
  if (histogram.count() == 0) return;
  text.line("  %-22s %9.3f %9.3f %9.3f %9.3f %9.3f %12llu", name, ms(histogram.percentile_us(50)),
            ms(histogram.percentile_us(90)), ms(histogram.percentile_us(99)),
            ms(histogram.percentile_us(99.9)), ms(histogram.max_us()), n(histogram.count()));
}

void add_connections(TextWriter& text, const Report& report, const Settings& settings) {
  const Figures& figures = report.total.figures;
  text.line("connections  %llu of %u subscribed, in %u rooms; %.0f/s", n(figures.progress.joined),
            settings.all_clients(), settings.all_rooms(), report.connects_per_s());
  if (figures.reconnects + figures.resubscribed + figures.unsubscribed > 0) {
    text.line("  came back  %llu, of them recovered %llu; resubscribed %llu; gone for good %llu",
              n(figures.reconnects), n(figures.recovered), n(figures.resubscribed),
              n(figures.unsubscribed));
  }
  if (figures.tls_connections > 0) {
    text.line("  TLS        1.3: %llu, 1.2: %llu; resumed %llu", n(figures.tls13_connections),
              n(figures.tls_connections - figures.tls13_connections), n(figures.tls_resumed));
  }
  if (figures.vanished + figures.stalled > 0) {
    text.line("  vanished   %llu; stalled %llu times, of them behind %llu", n(figures.vanished),
              n(figures.stalled), n(figures.behind));
  }
  if (figures.away > 0) {
    text.line("  away       %llu did not come back before the end", n(figures.away));
  }
  if (figures.progress.failures > 0) {
    text.line("  failures   %llu, the last: %s", n(figures.progress.failures),
              figures.progress.trouble.data());
  }
}

void add_messages(TextWriter& text, const char* name, const GroupFigures& group, double seconds) {
  const auto rate = [seconds](std::uint64_t count) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  };
  text.line("%-12s sent %llu, acked %llu, failed %llu", name, n(group.all.sent), n(group.all.acked),
            n(group.all.failed));
  text.line("  delivered  %llu of %llu", n(group.all.delivered), n(group.owed()));
  text.line("  measured   %.1f messages/s, %.0f deliveries/s in %.2f s", rate(group.measured.acked),
            rate(group.measured.delivered), seconds);
  if (group.all.out_of_order > 0) {
    text.line("  overtaken  %llu by later ones of the same publisher", n(group.all.out_of_order));
  }
  if (group.all.resets > 0) {
    text.line("  resets     %llu times told that not everything could be recovered; missed %llu",
              n(group.all.resets), n(group.all.missed));
  }
}

void add_violations(TextWriter& text, const Report& report, const Settings& settings) {
  Violations all = report.total.load.violations;
  all.add(report.total.probe.violations);
  std::string found;
  for (const Violations::Kind& kind : Violations::kKinds) {
    if (all.*kind.count == 0) continue;
    found += (found.empty() ? "" : ", ") + std::to_string(all.*kind.count) + " " + kind.text;
  }
  // No violation is not all is well: a server that delivers nothing makes no mistakes.
  if (found.empty()) found = report.is_empty() ? "none, for nothing was delivered" : "none";
  text.line("violations   %s", found.c_str());
  if (const Counts counts = report.counts(); counts.resets > 0 && !settings.allows_resets) {
    text.line("not good     %llu resets, %llu publications missed (see --allow-resets)",
              n(counts.resets), n(counts.missed));
  }
}

void add_server(TextWriter& text, const Report& report, const Settings& settings) {
  if (!report.server) {
    if (!settings.server_pids.empty()) text.line("server       not there all the time: no figures");
    return;
  }
  text.line("server       %.2f CPU s (%.0f %%), %.0f deliveries per CPU second, %.3f us each",
            report.server_cpu_s(), 100 * report.server_cpu_s() / report.measured_s(),
            report.deliveries_per_server_cpu_s(), report.server_cpu_us_per_delivery());
  text.line("  memory     %llu KiB empty, %llu connected, %llu at the end; %.2f KiB a connection",
            n(report.server->empty.rss_kib), n(report.server->connected.rss_kib),
            n(report.server->to.rss_kib), report.rss_kib_per_connection());
}

}  // namespace

std::string to_text(const Report& report, const Settings& settings) {
  TextWriter text;
  const Result& total = report.total;
  add_connections(text, report, settings);
  if (!settings.is_idle) add_messages(text, "messages", total.load, report.measured_s());
  if (settings.probe_rooms > 0) add_messages(text, "probe", total.probe, report.measured_s());
  if (total.figures.refusal[0] != '\0') {
    text.line("  failed     the last: %s", total.figures.refusal.data());
  }
  if (total.figures.unsent > 0) {
    text.line("  unsent     %llu were due, but the generator did not come to them",
              n(total.figures.unsent));
  }
  if (total.figures.resent > 0) {
    text.line("  resent     %llu for want of an ack", n(total.figures.resent));
  }
  if (total.figures.unanswered > 0) {
    text.line("  unanswered %llu messages: nobody can know", n(total.figures.unanswered));
  }
  text.line(
      "latency, ms                  p50       p90       p99     p99.9       max        count");
  add_latency(text, "publish to delivery", total.load.delivery);
  add_latency(text, "publish to ack", total.load.ack);
  add_latency(text, "probe to delivery", total.probe.delivery);
  add_latency(text, "probe to ack", total.probe.ack);
  add_latency(text, "connect to subscribed", total.joining);
  add_latency(text, "lost to subscribed", total.recovering);
  add_latency(text, "lost to caught up", total.catching_up);
  // In a closed loop a message is due when it is sent.
  if (!settings.is_closed_loop()) add_latency(text, "published late by", total.lateness);
  add_server(text, report, settings);
  text.line("generator    %.0f %% of a CPU",
            report.measured_s() > 0
                ? static_cast<double>(total.figures.cpu_us) / 1e4 / report.measured_s()
                : 0);
  add_violations(text, report, settings);
  return text.take();
}

}  // namespace chirm::load
