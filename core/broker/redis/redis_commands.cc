// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_commands.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/broker/redis/link/redis_sentinel.h"
#include "core/broker/redis/redis_document_scripts.h"
#include "core/broker/redis/redis_scripts.h"

namespace chirm {

namespace {

// A Redis that refuses everything would fill the disk with its reasons.
constexpr std::uint64_t kErrorLogIntervalMs = 5000;
// The scripts' own error (redis_scripts.h); the number of that life may follow.
constexpr std::string_view kAnotherLife = "ERR another life";

}  // namespace

std::uint64_t expiry_period_ms(std::uint64_t hold_ms) {
  return std::clamp<std::uint64_t>(hold_ms / 20, 10, 500);
}

RedisCommands::RedisCommands(RedisContext& context, const RedisUrl& url,
                             const std::string& node_name, const RedisLinkSettings& link_settings)
    : context_(context),
      link_(context.loop, url, node_name + " commands", link_settings, *this,
            make_master_locator(context.loop, url, node_name + " commands")),
      expiry_timer_(context.loop, [this] { requests_.expire(context_.loop.now_ms()); }) {}

void RedisCommands::start(RedisArrival& arrival) {
  CHIRM_CHECK(arrival_ == nullptr);
  arrival_ = &arrival;
  expiry_timer_.start_repeating(expiry_period_ms(context_.settings.hold_ms));
  link_.start();
}

// The gate may still be open when the link is lost already: its owner is told in a turn of its own.
bool RedisCommands::send(const RedisCommand& command, RedisLink::OnReply on_reply) {
  if (!is_open() || !link_.is_up()) return false;
  link_.command(command.bytes(), std::move(on_reply));
  return true;
}

void RedisCommands::refuse_waiting() {
  requests_.expire(UINT64_MAX);
  link_.drop("this process did not run for a while");
}

void RedisCommands::ask(const RedisCommand& command, RedisLink::OnReply on_reply) {
  link_.command(command.bytes(), std::move(on_reply));
}

void RedisCommands::open() {
  CHIRM_CHECK(gate_ == Gate::kArriving || gate_ == Gate::kLoading, static_cast<int>(gate_));
  has_arrived_ = true;
  gate_ = is_failing_over_ ? Gate::kHeld : Gate::kOpen;
  link_.mark_useful();
}

// What was sent before reaches the replica before it is promoted: there is a tenth of a second for
// that. Loading, arriving and draining go on; open() then finds the gate to be held.
void RedisCommands::on_failover(bool is_under_way) {
  is_failing_over_ = is_under_way;
  if (is_under_way && gate_ == Gate::kOpen) {
    spdlog::info("redis: Sentinels replace the master; publishes wait for the next one");
    gate_ = Gate::kHeld;
  } else if (!is_under_way && gate_ == Gate::kHeld) {
    gate_ = Gate::kOpen;
  }
}

void RedisCommands::flush() {
  pump();
  link_.flush();
}

// On each connection: the server may have been restarted, or be another one, and a script that is
// missing makes everything that was sent with it fail.
void RedisCommands::on_link_up() {
  ++connection_;
  load_scripts();
}

void RedisCommands::load_scripts() {
  gate_ = Gate::kLoading;
  struct Script {
    std::string_view text;
    std::string& name;
  };
  const std::array<Script, 5> all{{{redis_scripts::kPublish, scripts_.publish},
                                   {redis_scripts::kRead, scripts_.read},
                                   {redis_scripts::kRewrite, scripts_.rewrite},
                                   {redis_scripts::kPutDocument, scripts_.put_document},
                                   {redis_scripts::kListDocuments, scripts_.list_documents}}};
  for (const Script& script : all) {
    const bool is_last = &script == &all.back();
    link_.command(RedisCommand{"SCRIPT", "LOAD", script.text}.bytes(),
                  [this, &name = script.name, is_last](const RedisReply& reply) {
                    on_script_loaded(reply, name, is_last);
                  });
  }
}

void RedisCommands::on_script_loaded(const RedisReply& reply, std::string& name, bool is_last) {
  if (reply.is_error() || reply.text().empty()) {
    return link_.drop("SCRIPT LOAD: " + std::string(reply.text()));
  }
  name = reply.text();
  ++context_.counters.script_loads;
  if (!is_last) return;
  if (has_arrived_) return open();  // only the scripts were lost (SCRIPT FLUSH)
  gate_ = Gate::kArriving;
  arrival_->on_connected();
}

void RedisCommands::on_link_down() {
  gate_ = Gate::kClosed;
  has_arrived_ = false;
  refusal_ = Refusal::kNone;
  ++context_.counters.link_losses;
  arrival_->on_disconnected();
  // Back in the queue before they are told: what they submit then has its place behind them.
  const std::vector<RedisRequest*> lost = requests_.unanswered();
  rewind();
  for (RedisRequest* request : lost) request->on_lost();
}

void RedisCommands::pump() {
  if (!is_open() || !link_.is_up()) return;
  while (RedisRequest* const request = requests_.next()) {
    request->write(command_, scripts_);
    requests_.note_sent(command_.bytes().size());
    link_.command(command_.bytes(), [this](const RedisReply& reply) { on_reply(reply); });
  }
}

void RedisCommands::on_reply(const RedisReply& reply) {
  if (reply.is_error()) {
    const Refusal refusal = refusal_of(reply.text());
    note_life(reply.text());
    if (refusal != Refusal::kNone) return on_refused(refusal, reply.text());
  }
  const std::unique_ptr<RedisRequest> request = requests_.take_answered();
  if (gate_ == Gate::kDraining && requests_.is_drained()) on_drained();
  if (!reply.is_error()) return request->on_reply(reply);
  log_error(reply.text());
  request->on_error();
}

// Those that were sent behind it are refused as well, or, worse, are not: nothing newer may be sent
// before this one, or what a channel's users wrote would be stored in another order.
void RedisCommands::on_refused(Refusal refusal, std::string_view error) {
  requests_.keep_refused().on_refused();
  gate_ = Gate::kDraining;
  // The worse of the two reasons counts: one that needs another connection loads the scripts, too.
  if (refusal_ != Refusal::kTryLater) {
    refusal_ = refusal;
    refusal_text_ = error;
  }
  if (requests_.is_drained()) on_drained();
}

void RedisCommands::on_drained() {
  rewind();
  if (std::exchange(refusal_, Refusal::kNone) == Refusal::kNoScript) return load_scripts();
  // Connecting anew asks the name server again (the master may be another one by now), waits with
  // backoff, and finds out by loading the scripts whether Redis takes commands again.
  gate_ = Gate::kClosed;
  link_.drop(refusal_text_);
}

void RedisCommands::rewind() { context_.counters.resent += requests_.rewind(); }

void RedisCommands::check() const {
  link_.check();
  requests_.check();
  CHIRM_CHECK(!is_open() || has_arrived_, static_cast<int>(gate_));
  CHIRM_CHECK((gate_ == Gate::kDraining) == (refusal_ != Refusal::kNone), static_cast<int>(gate_),
              static_cast<int>(refusal_));
  // Who drains waits for an answer; it would not notice that there is none to come.
  CHIRM_CHECK(gate_ != Gate::kDraining || !requests_.is_drained());
  CHIRM_CHECK(is_failing_over_ ? gate_ != Gate::kOpen : gate_ != Gate::kHeld,
              static_cast<int>(gate_));
  const bool may_have_sent =
      gate_ == Gate::kOpen || gate_ == Gate::kHeld || gate_ == Gate::kDraining;
  CHIRM_CHECK(may_have_sent || requests_.is_drained(), static_cast<int>(gate_));
}

void RedisCommands::log_error(std::string_view error) {
  const std::uint64_t now_ms = context_.loop.now_ms();
  if (error_logged_ms_ != 0 && now_ms - error_logged_ms_ < kErrorLogIntervalMs) {
    ++errors_not_logged_;
    return;
  }
  error_logged_ms_ = now_ms;
  spdlog::error("redis: refused: {} ({} more since the last such line)", error,
                std::exchange(errors_not_logged_, 0));
}

// Where somebody has deleted what the store says of its lives, they would begin again at 1, and
// each channel would be refused for ever.
void RedisCommands::note_life(std::string_view error) {
  if (!error.starts_with(kAnotherLife)) return;
  const std::string_view number = error.substr(error.rfind(' ') + 1);
  std::uint64_t life = 0;  // stays when it is none
  (void)std::from_chars(number.data(), number.data() + number.size(), life);
  context_.newest_life = std::max(context_.newest_life, life);
}

RedisCommands::Refusal RedisCommands::refusal_of(std::string_view error) {
  static constexpr std::array<std::string_view, 5> kTemporary = {"LOADING ", "BUSY ", "READONLY ",
                                                                 "MASTERDOWN ", kAnotherLife};
  if (error.starts_with("NOSCRIPT")) return Refusal::kNoScript;
  for (const std::string_view code : kTemporary) {
    if (error.starts_with(code)) return Refusal::kTryLater;
  }
  return Refusal::kNone;
}

}  // namespace chirm
