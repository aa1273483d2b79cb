// SPDX-License-Identifier: MIT
// Which conversations a controller follows: all, or those that were looked at last and those where
// something was said last, for a server follows only so many channels for a connection.
#include <algorithm>
#include <tuple>
#include <utility>

#include "client/terminal/chat/chat_controller.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "protocol/codes.h"

namespace chirm::terminal {

bool ChatController::is_followed(const Conversation& conversation) const {
  return followed_.contains(conversation.info.channel);
}

void ChatController::follow_recent() {
  std::vector<Conversation*> ranked;
  for (const auto& one : model_.conversations()) ranked.push_back(one.get());
  const auto rank = [this](const Conversation* one) {
    return std::tuple(one == model_.current(), one->opened, one->last_ms);
  };
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const auto* a, const auto* b) { return rank(a) > rank(b); });
  for (std::size_t i = followed_max_; i < ranked.size(); ++i) unfollow(*ranked[i]);
  ranked.resize(std::min(ranked.size(), followed_max_));
  for (const Conversation* one : ranked) follow(one->info.channel);
}

void ChatController::follow(const std::string& channel) {
  if (!followed_.insert(channel).second) return;
  subscribing_.insert(channel);
  client_.subscribe(channel, {.join_leave = true});
}

// It stays in the list; what is unread there is known from the list's next reading.
void ChatController::unfollow(Conversation& conversation) {
  const std::string& channel = conversation.info.channel;
  if (followed_.erase(channel) == 0) return;
  subscribing_.erase(channel);
  client_.unsubscribe(channel);
  conversation.forget_log();
}

void ChatController::forget(const std::string& channel) {
  followed_.erase(channel);
  subscribing_.erase(channel);
  model_.close(channel);
}

// Where rooms need not be made, that is a room like others.
void ChatController::visit(const std::string& room, bool is_looked_at,
                           const client::CommandError& error) {
  const std::string channel = "room:" + room;
  std::string refusal = describe_join_refusal(room, error);
  if (is_no_such_room(error)) refusal += "; /create makes it";
  visits_.insert_or_assign(channel, Visit{std::move(refusal), is_looked_at});
  client_.subscribe(channel, {.join_leave = true});
}

void ChatController::begin_visit(const std::string& channel, bool is_looked_at) {
  ChannelInfo info;
  info.channel = channel;
  info.room = channel.substr(std::string_view("room:").size());
  info.is_listed = false;
  followed_.insert(channel);
  Conversation& conversation = model_.open(info);
  if (is_looked_at) model_.select(conversation);
}

void ChatController::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  const std::string name(channel);
  subscribing_.erase(name);
  if (const auto visit = visits_.find(name); visit != visits_.end()) {
    begin_visit(name, visit->second.is_looked_at);
    visits_.erase(visit);
  }
  if (Conversation* conversation = model_.find(channel)) {
    const bool is_same_log = conversation->epoch.empty() || conversation->epoch == how.epoch;
    const bool is_hole = how.was_recovering && !how.recovered;
    if (is_hole || !is_same_log) conversation->forget_log();
    if (!is_same_log) {
      conversation->forget_positions();
      if (is_checked_) sync_timer_.start(kSyncDelayMs);  // how far one has read of the new one
    }
    conversation->epoch = how.epoch;
    conversation->top = std::max(conversation->top, how.offset);
    if (is_hole && !is_same_log) {
      conversation->log.add_note("The server has lost the past: messages may be missing.", true,
                                 Loop::unix_ms(), conversation->top);
    }
    if (conversation == model_.current()) people_timer_.start(0);
  }
  note_caught_up();
  events_.on_changed();
}

void ChatController::on_unsubscribed(std::string_view channel, std::uint32_t code,
                                     std::string_view reason) {
  const std::string name(channel);
  if (const auto visit = visits_.find(name); visit != visits_.end()) {
    note(visit->second.refusal, true);
    visits_.erase(visit);
  } else if (Conversation* conversation = model_.find(channel)) {
    const std::string text = "no longer in " + safe_line(conversation->label()) + ": " +
                             safe_line(reason) + " (" + std::to_string(code) + ")";
    followed_.erase(name);
    subscribing_.erase(name);
    const bool is_one_too_many = code == errors::kLimitExceeded.code && !followed_.empty();
    if (is_one_too_many) {
      followed_max_ = std::min(followed_max_, followed_.size());
      conversation->forget_log();
    } else {
      forget(name);
      note(text, true);
    }
  }
  note_caught_up();
  events_.on_changed();
}

}  // namespace chirm::terminal
