// SPDX-License-Identifier: MIT
#include "client/terminal/plain/plain_chat.h"

#include <algorithm>

#include "client/context.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "client/terminal/text/wording.h"
#include "core/base/check.h"
#include "protocol/channel_name.h"
#include "protocol/codes.h"
#include "protocol/json.h"

namespace chirm::terminal {

namespace {

constexpr std::string_view kNamespace = "room:";
constexpr std::size_t kMessageIdLength = 20;
constexpr std::uint64_t kJoinAgainMs = 1'000;

std::string channel_of(std::string_view room) {
  return std::string(kNamespace) + std::string(room);
}

// Where rooms need not be made, or nobody is a member of any, they can be followed nevertheless.
bool may_be_open(const client::CommandError& error) {
  return is_no_such_room(error) || error.code == errors::kBadRequest.code ||
         is_without_members(error);
}

}  // namespace

bool is_room_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" \t#") == std::string_view::npos &&
         is_channel_name(channel_of(name));
}

PlainChat::PlainChat(client::Context& context, ChatOptions options, ChatDisplay& display)
    : context_(context),
      options_(std::move(options)),
      display_(display),
      reports_(display, options_.client.url.authority(), options_.name),
      client_(context, options_.client, *this),
      patience_(context.loop,
                [this] { end(1, count_of(unsettled(), "message") + " could not be sent"); }),
      join_again_(context.loop, [this] { join_rooms(); }) {}

PlainChat::~PlainChat() = default;

void PlainChat::start() {
  CHIRM_CHECK(!options_.rooms.empty());
  // Nothing comes back before the loop runs, so that the rooms are there in time.
  client_.connect();
  for (const std::string& name : options_.rooms) {
    rooms_.push_back(std::make_unique<PlainRoom>());
    rooms_.back()->name = name;
  }
  current_ = rooms_.front().get();
}

// ---- What the person asks for

void PlainChat::say(std::string_view text) {
  if (current_ == nullptr) return fail("you are not in the room any more");
  if (current_->is_in()) return publish(text);
  waiting_.emplace_back(text);
}

// With an id of its own, by which the server stores once what the client has to send twice.
void PlainChat::publish(std::string_view text) {
  const std::string valid = to_utf8(text);
  const std::string id = context_.random.name(kMessageIdLength);
  std::string data;
  append_chat_message(
      data,
      {.id = id, .type = kChatMessageType, .text = valid, .time_ms = context_.loop.unix_ms()});
  client_.publish(channel_of(current_->name), data, [this](const auto& ack) {
    settle(ack ? std::nullopt : std::optional(ack.error()));
  });
}

void PlainChat::fail(std::string_view why) {
  has_failed_ = true;
  display_.show_status("not sent: " + std::string(why));
}

void PlainChat::settle(const std::optional<client::CommandError>& error) {
  if (has_ended_) return;
  if (error) fail(safe_line(error->message));
  display_.on_settled();
  if (is_quitting_) quit();
}

// Called again with each acknowledgement, which is what is waited for: a long queue may take its
// time, as long as it moves.
void PlainChat::quit() {
  if (unsettled() == 0) return end(has_failed_ ? 1 : 0, "");
  is_quitting_ = true;
  patience_.start(options_.patience_ms);
}

void PlainChat::end(int exit_code, std::string_view problem) {
  if (has_ended_) return;
  has_ended_ = true;
  patience_.stop();
  join_again_.stop();
  client_.disconnect();
  display_.on_end(exit_code, problem);
}

// ---- Connection

void PlainChat::on_connected(std::string_view, std::string_view) {
  reports_.on_connected();
  join_rooms();
}

void PlainChat::on_disconnected(const client::Disconnected& why) {
  if (has_ended_) return;
  if (!why.retry_in_ms) {
    return end(1, describe_refusal(why, options_.client.url.authority(), reports_.was_connected(),
                                   options_.client.token.empty()));
  }
  join_again_.stop();
  reports_.on_lost(why, context_.loop.now_ms());
}

// ---- Rooms

void PlainChat::join_rooms() {
  for (const auto& room : rooms_) {
    if (room->state == PlainRoom::State::kOutside) become_member(*room);
  }
}

// First a member, then subscribed: the server lets nobody else read rooms that were made.
void PlainChat::become_member(PlainRoom& room) {
  room.state = PlainRoom::State::kJoining;
  std::string data = "{\"room\":";
  json::append_string(data, room.name);
  data += '}';
  client_.rpc("chat.join", data, [this, name = room.name](const auto& answer) {
    PlainRoom* joined = find(name);  // it may have been removed meanwhile
    if (has_ended_ || joined == nullptr) return;
    on_member(*joined, answer ? std::nullopt : std::optional(answer.error()));
  });
}

void PlainChat::on_member(PlainRoom& room, const std::optional<client::CommandError>& error) {
  room.state = PlainRoom::State::kOutside;
  if (!client_.is_connected()) return;  // again with the next connection
  if (error && (error->temporary || error->code == 0)) return join_again_.start(kJoinAgainMs);
  if (error && !may_be_open(*error)) return refused(room, *error);
  if (error && !is_without_members(*error)) room.refusal = error;
  room.state = PlainRoom::State::kSubscribing;
  client_.subscribe(channel_of(room.name));
}

void PlainChat::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  PlainRoom* room = find_channel(channel);
  if (room == nullptr) return;
  if (room->state == PlainRoom::State::kJoined) {
    resume(*room, how);
  } else {
    reports_.report_reconnect();
  }
  room->offset = how.offset;
  room->epoch = how.epoch;
  if (room->state != PlainRoom::State::kSubscribing) return;
  if (!how.recovered) room->held.clear();  // there would be a gap behind it
  read_history(*room);
  if (room != current_) return;
  while (!waiting_.empty() && !has_ended_) {
    const std::string text = std::move(waiting_.front());
    waiting_.pop_front();
    publish(text);
  }
}

void PlainChat::resume(PlainRoom& room, const client::Subscribed& how) {
  if (how.recovered) return reports_.report_reconnect();
  const bool is_known = how.epoch == room.epoch && how.offset >= room.offset;
  const std::uint64_t missed = is_known ? how.offset - room.offset : 0;
  if (is_known && missed == 0) return reports_.report_reconnect();
  reports_.report_loss((is_known ? count_of(missed, "message") : "messages") +
                       " may be missing in #" + room.name);
}

void PlainChat::read_history(PlainRoom& room) {
  if (options_.history == 0) return finish_joining(room);
  room.state = PlainRoom::State::kReading;
  client_.history(channel_of(room.name), options_.history,
                  [this, name = room.name, joined_at = room.offset](auto publications) {
                    PlainRoom* read = find(name);
                    if (has_ended_ || read == nullptr) return;
                    on_history(*read, joined_at, publications);
                  });
}

void PlainChat::on_history(
    PlainRoom& room, std::uint64_t joined_at,
    const Expected<std::vector<PublicationView>, client::CommandError>& publications) {
  if (!publications && !client_.is_connected()) {  // begins anew with the next connection
    room.state = PlainRoom::State::kSubscribing;
    return;
  }
  if (publications) {
    const auto stored =
        std::find_if(room.held.begin(), room.held.end(),
                     [](const PlainRoom::Publication& held) { return held.offset != 0; });
    // The history was read after subscribing and may hold again what has come since.
    const std::uint64_t end = stored == room.held.end() ? joined_at + 1 : stored->offset;
    for (const PublicationView& publication : *publications) {
      if (publication.offset >= end) break;  // is held, or will be pushed
      show(room, publication.info.user, publication.data);
    }
  }
  finish_joining(room);
}

void PlainChat::finish_joining(PlainRoom& room) {
  room.state = PlainRoom::State::kJoined;
  display_.show_status("joined #" + room.name);
  for (const PlainRoom::Publication& publication : std::exchange(room.held, {})) {
    show(room, publication.user, publication.data);
  }
}

void PlainChat::on_unsubscribed(std::string_view channel, std::uint32_t code,
                                std::string_view reason) {
  PlainRoom* room = find_channel(channel);
  if (room == nullptr) return;
  reports_.report_reconnect();
  // Of the two refusals, the one by chat.join says why.
  if (!room->is_in()) {
    const client::CommandError why{code, std::string(reason), false};
    return refused(*room, room->refusal.value_or(why));
  }
  const std::string why = "sent away from #" + room->name + ": " + safe_line(reason) + " (" +
                          std::to_string(code) + ")";
  remove(*room);
  if (rooms_.empty()) return end(1, why);
  display_.show_status(why);
}

void PlainChat::refused(const PlainRoom& room, const client::CommandError& error) {
  std::string why = describe_join_refusal(room.name, error);
  if (is_no_such_room(error)) why += "; make it with /create in chirm at a terminal";
  const bool was_first = &room == current_;
  remove(room);
  // Without the room that it speaks in, a script has nothing to do here.
  if (was_first) return end(1, why);
  display_.show_status(why);
}

void PlainChat::on_publication(std::string_view channel, const PublicationView& publication) {
  PlainRoom* room = find_channel(channel);
  if (room == nullptr) return;
  if (publication.offset != 0) room->offset = publication.offset;
  if (room->state == PlainRoom::State::kReading) {
    room->held.push_back(
        {publication.offset, std::string(publication.info.user), std::string(publication.data)});
  } else {
    show(*room, publication.info.user, publication.data);
  }
}

void PlainChat::show(const PlainRoom& room, std::string_view user, std::string_view data) {
  const std::int64_t now_ms = context_.loop.unix_ms();
  ChatLine line{.room = room.name, .user = user, .time_ms = now_ms, .text = data};
  if (const auto message = decoder_.decode(data)) {
    if (message->type != kChatMessageType) return;  // an edit, a reaction: nothing to read
    line.text = message->text;
    // By the sender's clock, which may be wrong; but nothing was said in the future.
    if (message->time_ms > 0) line.time_ms = std::min(now_ms, message->time_ms);
  }
  display_.show_message(line);
}

PlainRoom* PlainChat::find(std::string_view name) {
  const auto found = std::find_if(rooms_.begin(), rooms_.end(),
                                  [&](const auto& room) { return room->name == name; });
  return found == rooms_.end() ? nullptr : found->get();
}

PlainRoom* PlainChat::find_channel(std::string_view channel) {
  return channel.starts_with(kNamespace) ? find(channel.substr(kNamespace.size())) : nullptr;
}

void PlainChat::remove(const PlainRoom& room) {
  if (&room == current_) current_ = nullptr;
  std::erase_if(rooms_, [&](const auto& one) { return one.get() == &room; });
}

}  // namespace chirm::terminal
