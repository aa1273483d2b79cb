// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_commands.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/broker/redis/redis_document_scripts.h"
#include "core/broker/redis/redis_scripts.h"

namespace chirm {

namespace {

constexpr std::uint64_t kErrorLogIntervalMs = 5000;
}  // namespace

std::uint64_t expiry_period_ms(std::uint64_t hold_ms) {
  return std::clamp<std::uint64_t>(hold_ms / 20, 10, 500);
}

RedisCommands::RedisCommands(RedisContext& context, const RedisUrl& url,
                             const std::string& node_name, const RedisLinkSettings& link_settings)
    : context_(context),
      link_(context.loop, url, node_name + " commands", link_settings, *this),
      expiry_timer_(context.loop, [this] { expire(); }) {}

void RedisCommands::start(RedisArrival& arrival) {
  arrival_ = &arrival;
  expiry_timer_.start_repeating(expiry_period_ms(context_.settings.hold_ms));
  link_.start();
}

bool RedisCommands::send(const RedisCommand& command, RedisLink::OnReply on_reply) {
  if (!is_open() || !link_.is_up()) return false;
  link_.command(command.bytes(), std::move(on_reply));
  return true;
}

void RedisCommands::ask(const RedisCommand& command, RedisLink::OnReply on_reply) {
  link_.command(command.bytes(), std::move(on_reply));
}

void RedisCommands::open() {
  has_arrived_ = true;
  gate_ = Gate::kOpen;
  link_.mark_useful();
}

void RedisCommands::flush() {
  pump();
  link_.flush();
}

void RedisCommands::on_link_up() { load_scripts(); }

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
  if (has_arrived_) return open();
  gate_ = Gate::kArriving;
  arrival_->on_connected();
}

void RedisCommands::on_link_down() {
  gate_ = Gate::kClosed;
  has_arrived_ = false;
  refusal_ = Refusal::kNone;
  ++context_.counters.link_losses;
  arrival_->on_disconnected();
  std::vector<RedisRequest*> lost;
  for (std::size_t i = answered_; i < sent_; ++i) lost.push_back(requests_[i].get());
  rewind();
  for (RedisRequest* request : lost) request->on_lost();
}

void RedisCommands::pump() {
  if (!is_open() || !link_.is_up()) return;
  while (sent_ < requests_.size() && sent_ - answered_ < kInFlightMax &&
         in_flight_bytes_sum_ < kInFlightBytesMax) {
    if (!requests_[sent_]->is_wanted()) {
      drop_unwanted();
      continue;
    }
    requests_[sent_++]->write(command_, scripts_);
    in_flight_bytes_.push_back(command_.bytes().size());
    in_flight_bytes_sum_ += command_.bytes().size();
    link_.command(command_.bytes(), [this](const RedisReply& reply) { on_reply(reply); });
  }
}

void RedisCommands::on_reply(const RedisReply& reply) {
  CHIRM_CHECK(answered_ < sent_, answered_, sent_);
  in_flight_bytes_sum_ -= in_flight_bytes_.front();
  in_flight_bytes_.pop_front();
  if (reply.is_error()) {
    const Refusal refusal = refusal_of(reply.text());
    if (refusal != Refusal::kNone) return on_refused(refusal, reply.text());
  }
  const std::unique_ptr<RedisRequest> request = std::move(requests_[answered_]);
  if (answered_ == 0) {
    requests_.pop_front();
    --sent_;
  } else {
    ++answered_;
  }
  if (gate_ == Gate::kDraining && answered_ == sent_) on_drained();
  if (!reply.is_error()) return request->on_reply(reply);
  log_error(reply.text());
  request->on_error();
}

void RedisCommands::on_refused(Refusal refusal, std::string_view error) {
  requests_[answered_++]->on_refused();
  gate_ = Gate::kDraining;
  if (refusal_ != Refusal::kTryLater) {
    refusal_ = refusal;
    refusal_text_ = error;
  }
  if (answered_ == sent_) on_drained();
}

void RedisCommands::on_drained() {
  rewind();
  if (std::exchange(refusal_, Refusal::kNone) == Refusal::kNoScript) return load_scripts();
  // Connecting anew asks the name server again (the master may be another one by now), waits with
  // backoff, and finds out by loading the scripts whether Redis takes commands again.
  gate_ = Gate::kClosed;
  link_.drop(refusal_text_);
}

// What is left of what was sent waits again.
void RedisCommands::rewind() {
  const auto sent_end = requests_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto kept_end = std::remove(requests_.begin(), sent_end, nullptr);
  context_.counters.resent += static_cast<std::uint64_t>(kept_end - requests_.begin());
  requests_.erase(kept_end, sent_end);
  answered_ = sent_ = in_flight_bytes_sum_ = 0;
  in_flight_bytes_.clear();
}

// Those who are told may submit more: iterators do not stay valid, and new ones have time.
void RedisCommands::expire() {
  const std::uint64_t now_ms = context_.loop.now_ms();
  const std::size_t count = requests_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (requests_[i] != nullptr) requests_[i]->expire(now_ms);
  }
  drop_unwanted();
}

// Out of those that wait.
void RedisCommands::drop_unwanted() {
  const auto waiting = requests_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto unwanted = std::stable_partition(
      waiting, requests_.end(), [](const auto& request) { return request->is_wanted(); });
  std::vector<std::unique_ptr<RedisRequest>> dropped(std::make_move_iterator(unwanted),
                                                     std::make_move_iterator(requests_.end()));
  requests_.erase(unwanted, requests_.end());
  for (const auto& request : dropped) request->on_unwanted();
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

RedisCommands::Refusal RedisCommands::refusal_of(std::string_view error) {
  static constexpr std::array<std::string_view, 4> kTemporary = {"LOADING ", "BUSY ", "READONLY ",
                                                                 "MASTERDOWN "};
  if (error.starts_with("NOSCRIPT")) return Refusal::kNoScript;
  for (const std::string_view code : kTemporary) {
    if (error.starts_with(code)) return Refusal::kTryLater;
  }
  return Refusal::kNone;
}

}  // namespace chirm
