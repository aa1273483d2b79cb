// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_node_bus.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/pack.h"

namespace chirm {

namespace {

constexpr char kBatch = 'n';
constexpr char kBeat = 'b';
constexpr char kBye = 'x';
constexpr char kDirect = 'm';

std::string head(char type, std::string_view sender) {
  std::string message(1, type);
  pack::put_text(message, sender);
  return message;
}

void put_item(std::string& out, std::string_view kind, std::string_view message) {
  pack::put_text(out, kind);
  pack::put_text(out, message);
}

}  // namespace

RedisNodeBus::RedisNodeBus(RedisContext& context, RedisCommands& commands, std::string node_id,
                           std::string all_topic, std::string topic_prefix,
                           std::uint64_t beat_period_ms)
    : context_(context),
      commands_(commands),
      node_id_(std::move(node_id)),
      all_topic_(std::move(all_topic)),
      topic_prefix_(std::move(topic_prefix)),
      beat_period_ms_(beat_period_ms),
      peers_(node_id_),
      beat_timer_(context.loop, [this] { beat(); }) {}

// Once each, though a listener may have several kinds. From a copy, as they may add others.
template <class Tell>
void RedisNodeBus::tell_all(Tell tell) {
  std::vector<NodeListener*> all;
  for (const auto& [kind, listener] : listeners_) {
    if (std::find(all.begin(), all.end(), listener) == all.end()) all.push_back(listener);
  }
  for (NodeListener* listener : all) tell(*listener);
}

void RedisNodeBus::add_listener(std::string_view kind, NodeListener& listener) {
  const bool is_new = listeners_.try_emplace(std::string(kind), &listener).second;
  CHIRM_CHECK(is_new, kind);
  if (peers_.empty()) return;
  context_.later.add([this, &listener] {
    for (const std::string& node : nodes()) {
      if (node != node_id_) listener.on_node_joined(node);
    }
  });
}

std::vector<std::string> RedisNodeBus::nodes() const {
  std::vector<std::string> all{node_id_};
  for (std::string& node : peers_.names()) all.push_back(std::move(node));
  return all;
}

// ---- Sending

bool RedisNodeBus::send_all(std::string_view kind, std::string_view message) {
  put_item(batch_, kind, message);
  if (batch_.size() >= kBatchBytes) flush_batch();
  if (commands_.is_open()) return true;
  flush_batch();  // is lost, and counted
  return false;
}

bool RedisNodeBus::send(std::string_view node, std::string_view kind, std::string_view message) {
  if (!commands_.is_open()) {
    has_failed_ = true;
    return false;
  }
  std::string& batch = direct_[std::string(node)];
  put_item(batch, kind, message);
  if (batch.size() < kBatchBytes) return true;
  flush_batch();  // the order between the two is kept
  const std::string payload = head(kDirect, node_id_) + std::exchange(batch, {});
  return publish(topic_prefix_ + std::string(node), payload);
}

bool RedisNodeBus::publish(std::string_view topic, std::string_view payload) {
  const bool is_sent = commands_.send({"PUBLISH", topic, payload}, nullptr);
  has_failed_ |= !is_sent;
  return is_sent;
}

// The number grows also when the batch cannot be sent: receivers see the hole by the next one.
void RedisNodeBus::flush_batch() {
  if (batch_.empty()) return;
  std::string message = head(kBatch, node_id_);
  pack::put_number(message, ++number_);
  (void)publish(all_topic_, message + batch_);  // that it is lost shows in the numbers
  batch_.clear();
}

void RedisNodeBus::flush() {
  if (std::exchange(was_open_, commands_.is_open()) != commands_.is_open()) wants_beat_ = true;
  // Only now, and not when it failed: who asks the others again would fail once more.
  if (was_open_ && std::exchange(has_failed_, false)) {
    tell_all([](NodeListener& listener) { listener.on_node_messages_maybe_missed(); });
  }
  flush_batch();
  // Behind the batch for all: who is told something in private may need what all were told before.
  for (auto& [node, batch] : std::exchange(direct_, {})) {
    if (!batch.empty()) (void)publish(topic_prefix_ + node, head(kDirect, node_id_) + batch);
  }
  if (wants_beat_) beat();
}

void RedisNodeBus::beat() {
  flush_batch();
  std::string message = head(kBeat, node_id_);
  pack::put_number(message, number_);
  // Without the link it is said as soon as that is back.
  wants_beat_ = !commands_.send({"PUBLISH", all_topic_, message}, nullptr) && was_open_;
}

void RedisNodeBus::leave() {
  if (commands_.send({"PUBLISH", all_topic_, head(kBye, node_id_)}, nullptr)) {
    commands_.flush_sent();
  }
}

void RedisNodeBus::check() const {
  peers_.check();
  CHIRM_CHECK(batch_.empty() && direct_.empty(), batch_.size(), direct_.size());
}

// ---- Receiving

// What came while the subscription was interrupted is lost, and so the numbers tell nothing: the
// listeners are told once, and not once more for each node whose number has grown.
void RedisNodeBus::on_subscribed() {
  peers_.forget_numbers();
  wants_beat_ = true;
  tell_all([](NodeListener& listener) { listener.on_node_messages_maybe_missed(); });
}

void RedisNodeBus::on_message(std::string_view message) {
  if (message.empty()) return;
  const char type = message.front();
  if (type != kBatch && type != kBeat && type != kBye && type != kDirect) return;
  message.remove_prefix(1);
  const auto sender = pack::take_text(message);
  if (!sender) return;
  const std::string node(*sender);
  if (type == kBye) return lose(node);
  if (type == kDirect) {
    // A direct message has no number, so it cannot make a node known.
    if (peers_.is_known(node)) deliver(node, message);
    return;
  }
  const auto number = pack::take_number<std::uint64_t>(message);
  if (!number) return;
  on_heard(node,
           type == kBatch ? peers_.hear_batch(node, *number) : peers_.hear_beat(node, *number));
  if (type == kBatch) return deliver(node, message);
  if (node == node_id_) on_own_beat();
}

void RedisNodeBus::on_heard(const std::string& node, RedisPeers::Heard heard) {
  if (heard.is_new) {
    wants_beat_ = true;  // it should know us, too
    tell_all([&](NodeListener& listener) { listener.on_node_joined(node); });
  }
  if (!heard.has_missed) return;
  tell_all([](NodeListener& listener) { listener.on_node_messages_maybe_missed(); });
}

void RedisNodeBus::deliver(std::string_view node, std::string_view items) {
  while (!items.empty()) {
    const auto kind = pack::take_text(items);
    const auto message = kind ? pack::take_text(items) : std::nullopt;
    if (!message) return;
    const auto found = listeners_.find(*kind);
    if (found != listeners_.end()) found->second->on_node_message(node, *message);
  }
}

// Several that were held up together count as one: after a pause of Redis or of this process the
// others' beats are held up as well, and may be read behind ours.
void RedisNodeBus::on_own_beat() {
  const std::uint64_t now_ms = context_.loop.now_ms();
  if (now_ms - counted_beat_ms_ < beat_period_ms_ * 3 / 4) return;
  counted_beat_ms_ = now_ms;
  for (const std::string& node : peers_.silent_after_beat()) lose(node);
}

void RedisNodeBus::lose(const std::string& node) {
  if (!peers_.remove(node)) return;
  tell_all([&](NodeListener& listener) { listener.on_node_gone(node); });
}

}  // namespace chirm
