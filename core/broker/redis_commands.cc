// SPDX-License-Identifier: MIT
#include "core/broker/redis_commands.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"
#include "core/broker/redis_scripts.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {

constexpr std::uint64_t kErrorLogIntervalMs = 5000;

// A script of this node's own: the comment gives it a name that no other node loads. So, once
// SCRIPT FLUSH has removed it, everything behind in the pipeline is refused, too, until we load it
// again, and nothing overtakes.
std::string publish_script(const std::string& node_name) {
  std::string script = "-- node ";
  for (const char letter : node_name) script += letter < ' ' ? ' ' : letter;
  return script.append(redis_scripts::kPublish);
}

std::uint64_t expiry_period_ms(std::uint64_t hold_ms) {
  return std::clamp<std::uint64_t>(hold_ms / 20, 10, 500);
}

}  // namespace

RedisCommands::RedisCommands(Loop& loop, const RedisUrl& url, const std::string& node_name,
                             const BrokerSettings& settings, const RedisLinkSettings& link_settings,
                             BrokerCounters& counters)
    : loop_(loop),
      settings_(settings),
      counters_(counters),
      publish_script_(publish_script(node_name)),
      link_(loop, url, node_name + " commands", link_settings, *this),
      failed_timer_(loop,
                    [this] {
                      for (const auto& request : std::exchange(failed_, {})) request->on_failure();
                    }),
      expiry_timer_(loop, [this] { expire(); }) {}

void RedisCommands::start() {
  expiry_timer_.start_repeating(expiry_period_ms(settings_.hold_ms));
  link_.start();
}

void RedisCommands::submit(std::unique_ptr<RedisRequest> request) {
  const std::size_t bytes = request->bytes();
  // What never expires is not asked for by peers without a limit: one per subscribed channel.
  if (request->expires() && (pending_ >= settings_.pending_commands_max ||
                             pending_bytes_ + bytes > settings_.pending_bytes_max)) {
    return fail_later(std::move(request));
  }
  ++pending_;
  pending_bytes_ += bytes;
  requests_.push_back({std::move(request), bytes, loop_.now_ms()});
}

bool RedisCommands::send(const RedisCommand& command, RedisLink::OnReply on_reply) {
  if (!is_open() || !link_.is_up()) return false;
  link_.command(command.bytes(), std::move(on_reply));
  return true;
}

void RedisCommands::flush() {
  pump();
  link_.flush();
}

void RedisCommands::on_link_up() {
  // A replica answers SCRIPT LOAD and reads, from data that may be old.
  link_.command(RedisCommand{"ROLE"}.bytes(), [this](const RedisReply& reply) {
    if (reply.size() != 0 && reply[0].text() != "master") {
      link_.drop("it is a " + std::string(reply[0].text()) + ", not a master");
    }
  });
  load_scripts();
}

void RedisCommands::load_scripts() {
  gate_ = Gate::kLoading;
  link_.command(
      RedisCommand{"SCRIPT", "LOAD", publish_script_}.bytes(),
      [this](const RedisReply& reply) { on_script_loaded(reply, scripts_.publish, false); });
  link_.command(RedisCommand{"SCRIPT", "LOAD", redis_scripts::kRead}.bytes(),
                [this](const RedisReply& reply) { on_script_loaded(reply, scripts_.read, true); });
}

void RedisCommands::on_script_loaded(const RedisReply& reply, std::string& name, bool is_last) {
  if (reply.is_error() || reply.text().empty()) {
    return link_.drop("SCRIPT LOAD: " + std::string(reply.text()));
  }
  name = reply.text();
  ++counters_.script_loads;
  if (is_last) gate_ = Gate::kOpen;
}

void RedisCommands::on_link_down() {
  gate_ = Gate::kClosed;
  refusal_ = Refusal::kNone;
  ++counters_.link_losses;
  std::vector<std::unique_ptr<RedisRequest>> unknown;
  for (std::size_t i = answered_; i < sent_; ++i) {
    Entry& entry = requests_[i];
    if (entry.request && !entry.request->is_repeatable()) unknown.push_back(take(entry));
  }
  rewind();
  for (const auto& request : unknown) request->on_failure();
}

void RedisCommands::pump() {
  if (!is_open() || !link_.is_up()) return;
  while (sent_ < requests_.size() && sent_ - answered_ < kInFlightMax &&
         in_flight_bytes_ < kInFlightBytesMax) {
    const Entry& entry = requests_[sent_++];
    in_flight_bytes_ += entry.bytes;
    entry.request->write(command_, scripts_);
    link_.command(command_.bytes(), [this](const RedisReply& reply) { on_reply(reply); });
  }
}

void RedisCommands::on_reply(const RedisReply& reply) {
  CHIRM_CHECK(answered_ < sent_, answered_, sent_);
  Entry& entry = requests_[answered_];
  in_flight_bytes_ -= entry.bytes;
  if (reply.is_error()) {
    const Refusal refusal = refusal_of(reply.text());
    if (refusal != Refusal::kNone) return on_refused(refusal, reply.text());
  }
  const std::unique_ptr<RedisRequest> request = take(entry);
  if (answered_ == 0) {
    requests_.pop_front();
    --sent_;
  } else {
    ++answered_;
  }
  if (gate_ == Gate::kDraining && answered_ == sent_) on_drained();
  if (request == nullptr) return;
  if (!reply.is_error()) return request->on_reply(reply);
  log_error(reply.text());
  request->on_failure();
}

void RedisCommands::on_refused(Refusal refusal, std::string_view error) {
  ++answered_;
  gate_ = Gate::kDraining;
  if (refusal_ != Refusal::kTryLater) {
    refusal_ = refusal;
    refusal_text_ = error;
  }
  if (answered_ == sent_) on_drained();
}

void RedisCommands::on_drained() {
  rewind();
  const Refusal refusal = std::exchange(refusal_, Refusal::kNone);
  if (refusal == Refusal::kNoScript) return load_scripts();
  // Connecting anew asks the name server again (the master may be another one by now), waits
  // with backoff, and finds out by loading the scripts whether Redis takes commands again.
  gate_ = Gate::kClosed;
  link_.drop(refusal_text_);
}

// Everything that is left of what was sent waits again.
void RedisCommands::rewind() {
  const auto sent_end = requests_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto kept_end = std::remove_if(requests_.begin(), sent_end,
                                       [](const Entry& entry) { return entry.request == nullptr; });
  counters_.resent += static_cast<std::uint64_t>(kept_end - requests_.begin());
  requests_.erase(kept_end, sent_end);
  answered_ = sent_ = in_flight_bytes_ = 0;
}

void RedisCommands::expire() {
  const std::uint64_t now_ms = loop_.now_ms();
  std::vector<std::unique_ptr<RedisRequest>> expired;
  bool waiting_expired = false;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    Entry& entry = requests_[i];
    if (now_ms - entry.submitted_ms < settings_.hold_ms) break;
    if (!entry.request || !entry.request->expires()) continue;
    expired.push_back(take(entry));
    waiting_expired |= i >= sent_;
  }
  if (waiting_expired) {
    const auto waiting = requests_.begin() + static_cast<std::ptrdiff_t>(sent_);
    requests_.erase(std::remove_if(waiting, requests_.end(),
                                   [](const Entry& entry) { return entry.request == nullptr; }),
                    requests_.end());
  }
  for (const auto& request : expired) request->on_failure();
}

std::unique_ptr<RedisRequest> RedisCommands::take(Entry& entry) {
  if (!entry.request) return nullptr;
  --pending_;
  pending_bytes_ -= entry.bytes;
  return std::move(entry.request);
}

void RedisCommands::fail_later(std::unique_ptr<RedisRequest> request) {
  failed_.push_back(std::move(request));
  failed_timer_.start(0);
}

void RedisCommands::log_error(std::string_view error) {
  const std::uint64_t now_ms = loop_.now_ms();
  if (error_logged_ms_ != 0 && now_ms - error_logged_ms_ < kErrorLogIntervalMs) {
    ++errors_not_logged_;
    return;
  }
  error_logged_ms_ = now_ms;
  spdlog::error("redis: refused: {} ({} more since the last such line)", error,
                std::exchange(errors_not_logged_, 0));
}

// Redis before 7 wraps what a script's command answered: "ERR Error running script … -READONLY …".
RedisCommands::Refusal RedisCommands::refusal_of(std::string_view error) {
  static constexpr std::array<std::string_view, 6> kTemporary = {
      "LOADING ", "BUSY ", "READONLY ", "MASTERDOWN ", "CLUSTERDOWN ", "TRYAGAIN "};
  if (error.starts_with("NOSCRIPT")) return Refusal::kNoScript;
  for (const std::string_view code : kTemporary) {
    if (error.starts_with(code)) return Refusal::kTryLater;
    if (error.starts_with("ERR ") && error.find('-' + std::string(code)) != error.npos) {
      return Refusal::kTryLater;
    }
  }
  return Refusal::kNone;
}

}  // namespace chirm
