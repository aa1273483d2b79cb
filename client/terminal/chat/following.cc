// SPDX-License-Identifier: MIT
#include "client/terminal/chat/following.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "core/base/check.h"
#include "protocol/codes.h"

namespace chirm::terminal {

namespace {

constexpr std::string_view kRoomPrefix = "room:";

}  // namespace

bool Following::is_followed(const Conversation& conversation) const {
  return followed_.contains(conversation.info.channel);
}

bool Following::is_following_all() const {
  return followed_.size() == chat_.model.conversations().size();
}

void Following::follow_recent() {
  std::vector<Conversation*> ranked;
  for (const auto& one : chat_.model.conversations()) ranked.push_back(one.get());
  const auto rank = [this](const Conversation* one) {
    return std::tuple(one == chat_.model.current(), one->opened, one->last_ms);
  };
  // Stable: among equals the order of the list decides, so that nothing comes and goes by turns.
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const auto* a, const auto* b) { return rank(a) > rank(b); });
  // First those that go, then those that come: the other way round, the server would see more than
  // it allows for a moment and refuse.
  for (std::size_t i = followed_max_; i < ranked.size(); ++i) unfollow(*ranked[i]);
  ranked.resize(std::min(ranked.size(), followed_max_));
  for (const Conversation* one : ranked) follow(one->info.channel);
}

void Following::follow(const std::string& channel) {
  if (!followed_.insert(channel).second) return;
  subscribing_.insert(channel);
  chat_.client.subscribe(channel, {.join_leave = true});
}

// It stays in the list; what is unread there is known from the list's next reading. Its messages
// are forgotten, for there would be a hole behind them.
void Following::unfollow(Conversation& conversation) {
  const std::string& channel = conversation.info.channel;
  if (followed_.erase(channel) == 0) return;
  subscribing_.erase(channel);
  chat_.client.unsubscribe(channel);
  conversation.forget_log();
}

void Following::forget(const std::string& channel) {
  followed_.erase(channel);
  subscribing_.erase(channel);
  chat_.model.close(channel);
}

void Following::leave(const std::string& channel) {
  chat_.client.unsubscribe(channel);
  forget(channel);
}

// Only the answer to subscribing tells whether the server lets people into rooms that were never
// made; where it does, that is a room like others.
void Following::visit(const std::string& room, bool is_looked_at,
                      const client::CommandError& error) {
  const std::string channel = room_info(room).channel;
  std::string refusal = describe_join_refusal(room, error);
  if (is_no_such_room(error)) refusal += "; /create makes it";
  visits_.insert_or_assign(channel, Visit{std::move(refusal), is_looked_at});
  chat_.client.subscribe(channel, {.join_leave = true});
}

void Following::begin_visit(const std::string& channel, bool is_looked_at) {
  ChannelInfo info = room_info(std::string_view(channel).substr(kRoomPrefix.size()));
  info.is_listed = false;  // or the next reading of the list would take it for one that is gone
  followed_.insert(channel);
  Conversation& conversation = chat_.model.open(info);
  if (is_looked_at) chat_.model.select(conversation);
}

bool Following::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  const std::string name(channel);
  subscribing_.erase(name);
  if (const auto visit = visits_.find(name); visit != visits_.end()) {
    begin_visit(name, visit->second.is_looked_at);
    visits_.erase(visit);
  }
  Conversation* conversation = chat_.model.find(channel);
  if (conversation == nullptr) return false;
  // A log that has begun anew without losing what was seen of it has another epoch, and the same
  // offsets.
  const bool is_same_log =
      how.recovered || conversation->epoch.empty() || conversation->epoch == how.epoch;
  const bool is_hole = how.was_recovering && !how.recovered;
  // What is here would have a hole behind it, or be of another log with the same offsets.
  if (is_hole || !is_same_log) conversation->forget_log();
  if (!is_same_log) conversation->forget_positions();
  conversation->epoch = how.epoch;
  conversation->top = std::max(conversation->top, how.offset);
  // A hole in the same log can be read from the server's past; a log that started over cannot.
  if (is_hole && !is_same_log) {
    conversation->log.add_note("The server has lost the past: messages may be missing.", true,
                               chat_.unix_ms(), conversation->top);
  }
  return !is_same_log;
}

void Following::on_unsubscribed(std::string_view channel, std::uint32_t code,
                                std::string_view reason) {
  const std::string name(channel);
  if (const auto visit = visits_.find(name); visit != visits_.end()) {
    chat_.note(visit->second.refusal, true);
    visits_.erase(visit);
    return;
  }
  Conversation* conversation = chat_.model.find(channel);
  if (conversation == nullptr) return;
  const std::string text = "no longer in " + safe_line(conversation->label()) + ": " +
                           safe_line(reason) + " (" + std::to_string(code) + ")";
  followed_.erase(name);
  subscribing_.erase(name);
  // The server allows fewer channels than assumed. That is no reason to leave the conversation: it
  // is followed again when it is looked at, in place of another one.
  const bool is_one_too_many = code == errors::kLimitExceeded.code && !followed_.empty();
  if (is_one_too_many) {
    followed_max_ = std::min(followed_max_, followed_.size());
    conversation->forget_log();
  } else {
    forget(name);
    chat_.note(text, true);
  }
}

void Following::check() const {
  CHIRM_CHECK(followed_max_ > 0 && followed_max_ <= kFollowedMax, followed_max_);
  for (const std::string& channel : subscribing_) {
    CHIRM_CHECK(followed_.contains(channel), channel);
  }
  std::size_t found = 0;
  for (const auto& one : chat_.model.conversations()) found += is_followed(*one) ? 1 : 0;
  CHIRM_CHECK(found == followed_.size(), found, followed_.size());
}

}  // namespace chirm::terminal
