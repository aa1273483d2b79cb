// SPDX-License-Identifier: MIT
#include "core/broker/redis_presence.h"

#include <optional>
#include <utility>

#include "core/broker/redis_pack.h"

namespace chirm {

namespace {

constexpr char kQuestion = 'q';
constexpr char kAnswer = 'a';
constexpr std::uint64_t kCheckPeriodMs = 50;

using redis_pack::put_number;
using redis_pack::put_text;
using redis_pack::take_number;
using redis_pack::take_text;

std::string answer_head(std::uint64_t id, bool is_last) {
  std::string head(1, kAnswer);
  put_number(head, id);
  head += is_last ? '\1' : '\0';
  return head;
}

}  // namespace

RedisPresence::RedisPresence(RedisContext& context, RedisCommands& commands, std::string all_topic,
                             std::string own_topic)
    : context_(context),
      commands_(commands),
      all_topic_(std::move(all_topic)),
      own_topic_(std::move(own_topic)),
      next_id_(context.random.between(0, UINT64_MAX)),
      timer_(context.loop, [this] { on_deadline(); }) {}

void RedisPresence::ask(std::string_view channel, Done done) {
  ++context_.counters.presences;
  const std::uint64_t id = next_id_++;
  std::string question(1, kQuestion);
  put_number(question, id);
  put_text(question, own_topic_);
  put_text(question, channel);
  const bool is_sent = pending_.size() < kPendingMax &&
                       commands_.send({"PUBLISH", all_topic_, question},
                                      [this, id](const RedisReply& reply) { on_asked(id, reply); });
  if (!is_sent) {
    return context_.later.add(
        [refused = std::move(done)] { refused(Unexpected<ErrorCode>(errors::kInternal)); });
  }
  Pending& pending = pending_[id];
  pending.clients = context_.listener->local_presence(channel);
  pending.deadline_ms = context_.loop.now_ms() + kDeadlineMs;
  pending.done = std::move(done);
  if (!timer_.is_running()) timer_.start(kCheckPeriodMs);
}

void RedisPresence::on_asked(std::uint64_t id, const RedisReply& receivers) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  if (receivers.is_error()) return;  // the deadline answers
  pending.is_asked = true;
  pending.nodes_missing += receivers.integer() - 1;  // this node has its own question, too
  if (pending.nodes_missing <= 0) finish(found);
}

void RedisPresence::on_message(std::string_view message) {
  if (message.empty()) return;
  if (message.front() == kQuestion) return on_question(message.substr(1));
  if (message.front() == kAnswer) return on_answer(message.substr(1));
}

void RedisPresence::on_question(std::string_view rest) {
  const auto id = take_number<std::uint64_t>(rest);
  const auto topic = take_text(rest);
  const auto channel = take_text(rest);
  if (!id || !topic || !channel || *topic == own_topic_) return;
  std::string piece = answer_head(*id, false);
  const std::size_t head_bytes = piece.size();
  for (const PresentClient& client : context_.listener->local_presence(*channel)) {
    put_text(piece, client.user);
    put_text(piece, client.client);
    put_text(piece, client.conn_info);
    put_text(piece, client.chan_info);
    if (piece.size() < kPieceBytes) continue;
    send_answer(*topic, piece);
    piece.resize(head_bytes);
  }
  piece[head_bytes - 1] = '\1';
  send_answer(*topic, piece);
}

void RedisPresence::send_answer(std::string_view topic, const std::string& payload) {
  // Without the command link the asker hears nothing from us; its deadline covers that.
  (void)commands_.send({"PUBLISH", topic, payload}, nullptr);
}

void RedisPresence::on_answer(std::string_view rest) {
  const auto id = take_number<std::uint64_t>(rest);
  const auto is_last = take_number<std::uint8_t>(rest);
  if (!id || !is_last) return;
  const auto found = pending_.find(*id);
  if (found == pending_.end()) return;  // too late
  Pending& pending = found->second;
  while (!rest.empty()) {
    const auto user = take_text(rest);
    const auto client = take_text(rest);
    const auto conn_info = take_text(rest);
    const auto chan_info = take_text(rest);
    if (!user || !client || !conn_info || !chan_info) break;
    pending.clients.push_back({std::string(*user), std::string(*client), std::string(*conn_info),
                               std::string(*chan_info)});
  }
  if (*is_last == 0) return;
  --pending.nodes_missing;
  // Answers may come before Redis' reply to the question: they are on two connections.
  if (pending.is_asked && pending.nodes_missing <= 0) finish(found);
}

void RedisPresence::finish(PendingMap::iterator pending) {
  const Pending finished = std::move(pending->second);
  pending_.erase(pending);
  if (!finished.is_asked) return finished.done(Unexpected<ErrorCode>(errors::kInternal));
  if (finished.nodes_missing > 0) ++context_.counters.presence_timeouts;
  finished.done(finished.clients);
}

void RedisPresence::on_deadline() {
  std::vector<std::uint64_t> late;
  for (const auto& [id, pending] : pending_) {
    if (pending.deadline_ms <= context_.loop.now_ms()) late.push_back(id);
  }
  if (pending_.size() > late.size()) timer_.start(kCheckPeriodMs);
  for (const std::uint64_t id : late) {
    if (const auto found = pending_.find(id); found != pending_.end()) finish(found);
  }
}

}  // namespace chirm
