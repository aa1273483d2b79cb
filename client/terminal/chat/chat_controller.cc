// SPDX-License-Identifier: MIT
#include "client/terminal/chat/chat_controller.h"

#include <algorithm>
#include <utility>

#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kSyncAgainMs = 2000;
constexpr std::uint64_t kUnfollowedMs = 60'000;
constexpr std::size_t kMessagesKept = 3000;  // of a conversation, at least
constexpr std::uint64_t kCaughtUpShownMs = 3000;
constexpr std::uint64_t kPeopleDelayMs = 300;  // so that a crowd is asked for once

}  // namespace

ChatController::ChatController(client::Context& context, ControllerOptions options,
                               ControllerEvents& events)
    : context_(context),
      options_(std::move(options)),
      events_(events),
      client_(context, options_.client, *this),
      me_(options_.me.user),
      name_(options_.me.name),
      sync_timer_(context.loop, [this] { sync(); }),
      unfollowed_timer_(context.loop, [this] { sync(); }),
      read_timer_(context.loop, [this] { send_read_marks(); }),
      people_timer_(context.loop,
                    [this] {
                      if (Conversation* current = model_.current()) ask_for_people(*current);
                    }),
      typing_timer_(context.loop,
                    [this] {
                      const std::uint64_t next_ms = model_.expire_typing(now_ms());
                      if (next_ms > now_ms()) typing_timer_.start(next_ms - now_ms());
                      events_.on_changed();
                    }),
      patience_(context.loop, [this] {
        end(1, count_of(client_.outbox_size(), "message") + " could not be sent");
      }) {}

void ChatController::start() { client_.connect(); }

std::string ChatController::name() const { return safe_line(name_.empty() ? me_ : name_); }

// ---- Connection

ConnectionStatus ChatController::connection() const {
  const std::string where = options_.client.url.authority();
  switch (state_) {
    case ConnectionStatus::State::kConnecting:
      return {state_, "connecting to " + where + " …"};
    case ConnectionStatus::State::kCatchingUp:
      return {state_, "catching up …"};
    case ConnectionStatus::State::kConnected:
      return {state_, now_ms() < caught_up_ms_ ? "caught up" : "connected"};
    case ConnectionStatus::State::kLost:
      break;
  }
  const std::string why = safe_line(outage_);
  if (retry_at_ms_ <= now_ms()) return {state_, "reconnecting … (" + why + ")"};
  const std::uint64_t seconds = (retry_at_ms_ - now_ms() + 999) / 1000;
  return {state_, "reconnecting in " + std::to_string(seconds) + " s (" + why + ")"};
}

void ChatController::on_connected(std::string_view, std::string_view) {
  state_ = ConnectionStatus::State::kCatchingUp;
  subscribing_ = followed_;
  sync();
  events_.on_changed();
}

void ChatController::on_disconnected(const client::Disconnected& why) {
  if (has_ended_) return;
  sync_timer_.stop();
  unfollowed_timer_.stop();
  if (!why.retry_in_ms) {
    return end(1, describe_refusal(why, options_.client.url.authority(), was_connected_,
                                   options_.client.token.empty()));
  }
  state_ = ConnectionStatus::State::kLost;
  outage_ = why.reason;
  retry_at_ms_ = now_ms() + *why.retry_in_ms;
  for (const auto& one : model_.conversations()) one->is_loading = false;
  events_.on_changed();
}

// All channels are subscribed to and the list is what the server says: what was missed is here, or
// on its way.
void ChatController::note_caught_up() {
  const bool is_open = state_ == ConnectionStatus::State::kCatchingUp && subscribing_.empty();
  if (!is_open || sync_timer_.is_running() || !has_synced_) return;
  state_ = ConnectionStatus::State::kConnected;
  if (was_connected_) caught_up_ms_ = now_ms() + kCaughtUpShownMs;
  was_connected_ = true;
  events_.on_changed();
}

void ChatController::sync() {
  if (!is_checked_) return note_caught_up();
  client_.rpc("chat.sync", "", [this](const auto& answer) { on_sync(answer); });
}

void ChatController::on_sync(const Expected<std::string_view, client::CommandError>& answer) {
  if (has_ended_) return;
  if (answer) {
    take_sync(read_sync(*answer));
  } else if (!has_synced_ && is_without_members(answer.error())) {
    begin_without_accounts();
  } else if (client_.is_connected()) {
    sync_timer_.start(kSyncAgainMs);
  }
  note_caught_up();
  events_.on_changed();
}

void ChatController::take_sync(const SyncAnswer& answer) {
  const bool is_first = !std::exchange(has_synced_, true);
  if (!answer.user.empty()) me_ = answer.user;
  if (!answer.name.empty()) name_ = answer.name;
  model_.set_me(me_, true);
  for (const SyncAnswer::Channel& one : answer.channels) {
    take_positions(model_.open(one.info), one);
  }
  forget_unlisted(answer);
  if (is_first) enter_wanted_rooms();
  if (wanted_channel_) open_when_known(*wanted_channel_, std::exchange(wanted_text_, {}));
  follow_recent();
  const bool has_all = followed_.size() == model_.conversations().size();
  if (!has_all) unfollowed_timer_.start(kUnfollowedMs);
  for (const SyncAnswer::Invitation& one : answer.invited) {
    if (!invitations_.insert(one.room).second) continue;
    note(safe_line(one.by) + " invites you to #" + safe_line(one.room) + ": /join " +
         safe_line(one.room));
  }
}

// What the list says of another log than the one that is followed says nothing: either may be the
// older one, and who follows is told when the log starts over.
void ChatController::take_positions(Conversation& conversation, const SyncAnswer::Channel& listed) {
  conversation.last_ms = listed.last_ms;
  const bool is_same_log = conversation.epoch.empty() || conversation.epoch == listed.epoch;
  if (!is_same_log && is_followed(conversation)) return;
  if (!is_same_log) conversation.forget_positions();
  conversation.epoch = listed.epoch;
  model_.set_positions(conversation, listed.top, listed.read);
}

void ChatController::forget_unlisted(const SyncAnswer& answer) {
  std::set<std::string> listed;
  for (const SyncAnswer::Channel& one : answer.channels) listed.insert(one.info.channel);
  std::vector<std::string> gone;
  for (const auto& one : model_.conversations()) {
    const std::string& channel = one->info.channel;
    if (one->info.is_listed && !listed.contains(channel)) gone.push_back(channel);
  }
  for (const std::string& channel : gone) {
    client_.unsubscribe(channel);
    forget(channel);
  }
}

void ChatController::enter_wanted_rooms() {
  for (const std::string& room : options_.rooms) {
    Conversation* known = model_.find_room(room);
    const bool is_first = room == options_.rooms.front();
    if (known == nullptr && options_.has_chosen_rooms) enter_room(room, is_first);
    if (known != nullptr && is_first) model_.select(*known);
  }
  learn_rooms();
}

void ChatController::begin_without_accounts() {
  has_synced_ = true;
  is_checked_ = false;
  model_.set_me(me_, false);
  for (const std::string& room : options_.rooms) {
    ChannelInfo info;
    info.room = room;
    info.channel = "room:" + room;
    model_.open(info);
  }
  if (Conversation* first = model_.find_room(options_.rooms.front())) model_.select(*first);
  follow_recent();
}

// ---- Channels

void ChatController::on_publication(std::string_view channel, const PublicationView& publication) {
  if (channel.starts_with("user:#")) return on_inbox(publication.data);
  Conversation* conversation = model_.find(channel);
  if (conversation == nullptr) return;
  const ChatEvent event = read_chat_event(publication);
  model_.receive(*conversation, event, Loop::unix_ms(), now_ms());
  const bool is_at_end = conversation->position.is_at_end;
  if (is_at_end && conversation->log.trim(kMessagesKept)) conversation->has_older = true;
  if (event.type == ChatEvent::Type::kTyping) typing_timer_.start(1000);
  // What the room is called or who may do what has changed.
  const bool is_about_room =
      event.type == ChatEvent::Type::kEvent && event.event != "join" && event.event != "leave";
  if (is_about_room && is_checked_) sync_timer_.start(kSyncDelayMs);
  events_.on_changed();
}

void ChatController::on_inbox(std::string_view data) {
  const InboxEvent event = read_inbox_event(data);
  Conversation* conversation = model_.find(event.channel);
  if (event.type == "channel" || event.type == "removed") {
    sync_timer_.start(kSyncDelayMs);
  } else if (event.type == "read" && conversation != nullptr) {
    model_.set_read(*conversation, event.offset);
    if (event.offset > 0) count_unread(*conversation);
  } else if (event.type == "mention" && conversation != nullptr) {
    const bool is_unread = event.offset > conversation->read && !model_.is_visible(*conversation);
    if (is_unread) conversation->is_mentioned = true;
  } else if (event.type == "notice") {
    note("Notice: " + event.text, true);
  }
  events_.on_changed();
}

void ChatController::on_join(std::string_view channel, const ClientInfoView&) {
  const Conversation* current = model_.current();
  if (current != nullptr && current->info.channel == channel) people_timer_.start(kPeopleDelayMs);
}

void ChatController::on_leave(std::string_view channel, const ClientInfoView& who) {
  on_join(channel, who);
}

// ---- The end

void ChatController::quit() {
  if (client_.outbox_size() == 0) return end(0, "");
  if (!std::exchange(is_quitting_, true)) {
    note("waiting for " + count_of(client_.outbox_size(), "message") +
         " to be acknowledged; Ctrl-C ends at once");
  }
  patience_.start(options_.patience_ms);
}

void ChatController::end(int exit_code, std::string_view problem) {
  if (std::exchange(has_ended_, true)) return;
  patience_.stop();
  sync_timer_.stop();
  unfollowed_timer_.stop();
  client_.disconnect();
  events_.on_end(exit_code, problem);
}

}  // namespace chirm::terminal
