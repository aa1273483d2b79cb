// SPDX-License-Identifier: MIT
#include "client/client_impl.h"

#include <algorithm>

#include "protocol/command.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/lines.h"

namespace chirm::client {

namespace {

// What a server sees as the name of the client software.
constexpr std::string_view kSoftware = "chirm";
// Bytes of publications that wait for the socket; more stay in the outbox.
constexpr std::size_t kQueuedBytesMax = 256 * 1024;
// What a publish command takes besides its channel and data, generously.
constexpr std::size_t kCommandBytes = 128;

CommandError to_error(const ServerMessage::Error& error) {
  return {error.code, std::string(error.message), error.temporary};
}

// Whether the same command may succeed later. Codes below 100 are the SDKs' own, and transient.
bool is_temporary(const ServerMessage::Error& error) { return error.temporary || error.code < 100; }

CommandError unanswered(std::string_view why) { return {0, std::string(why), false}; }

}  // namespace

Client::Impl::Impl(Context& context, Options options, Events& events)
    : context_(context),
      options_(std::move(options)),
      events_(events),
      connection_(context, *this) {}

// ---- What the application asks for

void Client::Impl::connect() {
  if (state_ != State::kIdle) return;
  backoff_.reset();
  open();
}

void Client::Impl::disconnect() {
  if (state_ == State::kIdle) return;
  if (is_online()) flush();
  connection_.close(disconnects::kNormal);
  lost(disconnects::kNormal.code, disconnects::kNormal.reason, false);
}

void Client::Impl::drop_connection() {
  if (state_ == State::kIdle || state_ == State::kWaiting) return;
  connection_.close();
  lost(0, "dropped", true);
}

void Client::Impl::subscribe(std::string_view channel) {
  const auto [place, is_new] = subs_.try_emplace(std::string(channel));
  if (is_new && is_online()) send_subscribe(place->first, place->second);
}

void Client::Impl::unsubscribe(std::string_view channel) {
  const auto found = subs_.find(channel);
  if (found == subs_.end()) return;
  const bool is_known = found->second.state == Subscription::State::kSubscribed ||
                        found->second.state == Subscription::State::kSubscribing;
  if (is_known && is_online()) send_unsubscribe(channel);
  subs_.erase(found);
}

std::uint64_t Client::Impl::position(std::string_view channel) const {
  const auto found = subs_.find(channel);
  return found == subs_.end() ? 0 : found->second.offset;
}

void Client::Impl::advance(std::string_view channel, std::uint64_t offset) {
  const auto found = subs_.find(channel);
  if (found != subs_.end() && found->second.offset < offset) found->second.offset = offset;
}

void Client::Impl::publish(std::string_view channel, std::string_view data, OnPublished done) {
  const auto refuse = [&](const ErrorCode& code, const char* why) {
    if (done) done(Unexpected<CommandError>({code.code, why, false}));
  };
  if (outbox_.size() >= options_.outbox_max) {
    return refuse(errors::kLimitExceeded, "too many publications wait to be sent");
  }
  if (channel.size() + data.size() + kCommandBytes > limits::kMessageBytes) {
    return refuse(errors::kBadRequest, "the publication is too large");
  }
  outbox_.push(channel, data, std::move(done));
  pump_outbox();
}

void Client::Impl::presence(std::string_view channel, OnPresence done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done),
               [&](std::uint32_t id) { append_presence(lines_, id, {.channel = channel}); });
}

void Client::Impl::presence_stats(std::string_view channel, OnPresenceStats done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done),
               [&](std::uint32_t id) { append_presence_stats(lines_, id, {.channel = channel}); });
}

void Client::Impl::history(std::string_view channel, std::uint32_t limit, OnHistory done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done), [&](std::uint32_t id) {
    append_history(lines_, id,
                   {.channel = channel, .limit = limit, .since = std::nullopt, .reverse = true});
  });
}

// ---- Connection

void Client::Impl::open() {
  state_ = State::kOpening;
  opening_error_.clear();
  opening_ends_ms_ = now_ms() + options_.command_timeout_ms;
  if (const auto error = connection_.open(options_.url, options_.local_address)) {
    opening_error_ = error->message;
    opening_ends_ms_ = now_ms();  // reported from the loop, not from within connect()
  }
  arm(opening_ends_ms_);
}

void Client::Impl::on_open() {
  state_ = State::kGreeting;
  std::string data;
  if (!options_.name.empty()) {
    data = "{\"name\":";
    json::append_string(data, options_.name);
    data += '}';
  }
  send_command("", Command::Connect{}, [&](std::uint32_t id) {
    ConnectCommand command;
    command.token = options_.token;
    command.data = data;
    command.name = kSoftware;
    append_connect(lines_, id, command);
  });
  for (auto& [channel, sub] : subs_) send_subscribe(channel, sub);
}

void Client::Impl::on_close(std::uint16_t code, std::string_view reason) {
  lost(code, reason, may_reconnect(code));
}

// connection_ is closed already. Everything is brought in order before anybody is told.
void Client::Impl::lost(std::uint16_t code, std::string_view reason, bool may_retry) {
  Disconnected why{code, std::string(reason), std::nullopt};
  state_ = State::kIdle;
  context_.wheel.clear(*this);
  armed_at_ms_ = kNever;
  if (may_retry) {
    why.retry_in_ms = backoff_.next_ms(options_, context_.random);
    state_ = State::kWaiting;
    reconnect_at_ms_ = now_ms() + *why.retry_in_ms;
    arm(reconnect_at_ms_);
  }
  lines_ = {};
  ping_ms_ = 0;
  outbox_resumes_ms_ = 0;
  outbox_backoff_.reset();
  for (auto& [channel, sub] : subs_) {
    sub.state = Subscription::State::kWanted;
    sub.backoff.reset();
  }
  std::list<Command> commands;
  commands.swap(commands_);
  std::vector<Outbox::Entry> publications = outbox_.connection_lost();
  events_.on_disconnected(why);
  fail_unanswered(std::move(commands), std::move(publications), "connection lost");
}

void Client::Impl::fail_unanswered(std::list<Command> commands,
                                   std::vector<Outbox::Entry> publications, std::string_view why) {
  const auto error = Unexpected<CommandError>(unanswered(why));
  for (Command& command : commands) {
    if (auto* presence = std::get_if<OnPresence>(&command.kind)) (*presence)(error);
    if (auto* stats = std::get_if<OnPresenceStats>(&command.kind)) (*stats)(error);
    if (auto* history = std::get_if<OnHistory>(&command.kind)) (*history)(error);
  }
  for (const Outbox::Entry& entry : publications) {
    if (entry.done) entry.done(error);
  }
}

// ---- Sending

// Calls append(), which adds one command to lines_. A message that would become too large for the
// server is closed before.
template <class Append>
void Client::Impl::add_line(Append append) {
  const std::size_t before = lines_.size();
  if (before != 0) lines_ += '\n';
  append();
  if (before != 0 && lines_.size() > limits::kMessageBytes) {
    connection_.queue(std::string_view(lines_).substr(0, before));
    lines_.erase(0, before + 1);
  }
  context_.flush_at_turn_end(*this);
}

// Calls append(id), which adds the command to lines_.
template <class Kind, class Append>
std::uint32_t Client::Impl::send_command(std::string_view channel, Kind kind, Append append) {
  const std::uint32_t id = next_id_++;
  add_line([&] { append(id); });
  commands_.push_back(
      {id, now_ms() + options_.command_timeout_ms, std::string(channel), std::move(kind)});
  arm(commands_.back().deadline_ms);
  return id;
}

void Client::Impl::send_subscribe(const std::string& channel, Subscription& sub) {
  sub.state = Subscription::State::kSubscribing;
  sub.command_id = send_command(channel, Command::Subscribe{}, [&](std::uint32_t id) {
    SubscribeCommand command;
    command.channel = channel;
    command.recoverable = command.positioned = true;
    if (sub.is_recoverable) {
      command.recover = true;
      command.since = {sub.offset, sub.epoch};
    }
    append_subscribe(lines_, id, command);
  });
}

void Client::Impl::send_unsubscribe(std::string_view channel) {
  send_command(channel, Command::Unsubscribe{},
               [&](std::uint32_t id) { append_unsubscribe(lines_, id, {.channel = channel}); });
}

// At once, but with growing delays when that happens again and again without any progress.
void Client::Impl::subscribe_again(const std::string& channel, Subscription& sub) {
  const bool is_first = sub.backoff.is_reset();
  retry_subscribe(sub);
  if (is_first) send_subscribe(channel, sub);
}

void Client::Impl::retry_subscribe(Subscription& sub) {
  sub.state = Subscription::State::kRetrying;
  sub.retry_at_ms = now_ms() + sub.backoff.next_ms(options_, context_.random);
  arm(sub.retry_at_ms);
}

void Client::Impl::pump_outbox() {
  if (state_ != State::kConnected || now_ms() < outbox_resumes_ms_) return;
  while (connection_.queued_bytes() + lines_.size() < kQueuedBytesMax) {
    Outbox::Entry* entry = outbox_.next_unsent();
    if (entry == nullptr) return;
    const std::uint32_t id = next_id_++;
    outbox_.mark_sent(*entry, id, now_ms());
    arm(now_ms() + options_.publish_timeout_ms);
    add_line([&] {
      append_publish(lines_, id,
                     {.channel = entry->channel, .data = entry->data, .message_id = {}});
    });
  }
}

void Client::Impl::flush() {
  if (!is_online()) return;
  if (!lines_.empty()) connection_.queue(lines_);
  lines_.clear();
  connection_.flush();
  pump_outbox();
}

void Client::Impl::on_drained() { pump_outbox(); }

// ---- Receiving

std::size_t Client::Impl::on_bytes(std::string_view bytes) {
  return state_ == State::kConnected ? events_.on_bytes(bytes) : 0;
}

void Client::Impl::on_message(std::string_view payload) {
  std::string error;
  const bool is_well_formed = for_each_line(payload, [&](std::string_view line) {
    const auto message = context_.message_decoder.decode(line);
    if (!message) {
      error = message.error();
      return false;
    }
    on_server_message(*message);
    return is_online();
  });
  if (!is_online() || (is_well_formed && error.empty())) return;
  connection_.close(disconnects::kProtocolError);
  lost(0, "the server does not keep to the protocol: " + (error.empty() ? "empty line" : error),
       true);
}

void Client::Impl::on_server_message(const ServerMessage& message) {
  switch (message.kind) {
    case ServerMessage::Kind::kPing:
      if (answers_pings_ && state_ == State::kConnected) add_line([&] { lines_ += "{}"; });
      break;
    case ServerMessage::Kind::kReply:
      on_reply(message);
      break;
    case ServerMessage::Kind::kPublication:
      on_publication(message.channel, message.publications.front());
      break;
    case ServerMessage::Kind::kUnsubscribe:
      on_unsubscribe(message.channel, message.code, message.reason);
      break;
    case ServerMessage::Kind::kDisconnect: {
      const auto code = static_cast<std::uint16_t>(message.code);
      connection_.close();
      lost(code, message.reason, may_reconnect(code));
      break;
    }
    case ServerMessage::Kind::kOtherPush:
      break;
  }
}

void Client::Impl::on_reply(const ServerMessage& reply) {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [&](const Command& command) { return command.id == reply.id; });
  if (found == commands_.end()) return on_publish_reply(reply);
  Command command = std::move(*found);
  commands_.erase(found);
  on_reply_to(command, reply);
}

void Client::Impl::on_reply_to(Command& command, const ServerMessage& reply) {
  if (std::holds_alternative<Command::Connect>(command.kind)) {
    on_connect_reply(reply);
  } else if (std::holds_alternative<Command::Subscribe>(command.kind)) {
    on_subscribe_reply(command, reply);
  } else if (std::holds_alternative<Command::Unsubscribe>(command.kind)) {
    if (!reply.error) return;
    connection_.close();
    lost(0, "cannot unsubscribe from " + command.channel, true);
  } else if (auto* on_presence = std::get_if<OnPresence>(&command.kind)) {
    if (reply.error) return (*on_presence)(Unexpected<CommandError>(to_error(*reply.error)));
    std::vector<Present> present;
    for (const ClientInfoView& info : reply.clients) {
      present.push_back({std::string(info.user), std::string(info.client)});
    }
    (*on_presence)(std::move(present));
  } else if (auto* on_stats = std::get_if<OnPresenceStats>(&command.kind)) {
    if (reply.error) return (*on_stats)(Unexpected<CommandError>(to_error(*reply.error)));
    (*on_stats)(PresenceStats{reply.num_clients, reply.num_users});
  } else if (auto* on_history = std::get_if<OnHistory>(&command.kind)) {
    if (reply.error) return (*on_history)(Unexpected<CommandError>(to_error(*reply.error)));
    (*on_history)(std::vector(reply.publications.rbegin(), reply.publications.rend()));
  }
}

void Client::Impl::on_connect_reply(const ServerMessage& reply) {
  if (reply.error) {
    // Not even an expired token (109) is worth another attempt: there is no other one to try.
    const bool may_retry = is_temporary(*reply.error);
    const auto code = static_cast<std::uint16_t>(reply.error->code);
    connection_.close();
    return lost(code, reply.error->message, may_retry);
  }
  state_ = State::kConnected;
  backoff_.reset();
  answers_pings_ = reply.pong;
  ping_ms_ = std::uint64_t{reply.ping_s} * 1000;
  arm(ping_deadline_ms());
  events_.on_connected(reply.client, reply.version);
  pump_outbox();
}

void Client::Impl::on_subscribe_reply(const Command& command, const ServerMessage& reply) {
  const auto found = subs_.find(command.channel);
  if (found == subs_.end() || found->second.command_id != command.id)
    return;  // not wanted any more
  Subscription& sub = found->second;
  if (reply.error) {
    if (is_temporary(*reply.error) || reply.error->code == errors::kTokenExpired.code) {
      return retry_subscribe(sub);
    }
    subs_.erase(found);
    return events_.on_unsubscribed(command.channel, reply.error->code, reply.error->message);
  }
  sub.start(reply);
  events_.on_subscribed(command.channel, {.offset = reply.offset,
                                          .epoch = std::string(reply.epoch),
                                          .was_recovering = reply.was_recovering,
                                          .recovered = reply.recovered});
  for (const PublicationView& publication : reply.publications) {
    if (!is_online()) return;
    on_publication(command.channel, publication);
  }
}

void Client::Impl::on_publish_reply(const ServerMessage& reply) {
  Outbox::Entry* entry = outbox_.find(reply.id);
  if (entry == nullptr) return;  // of a command that timed out
  if (reply.error && is_temporary(*reply.error) && has_message_id(entry->data)) {
    // What was published after it waits too, to keep the order.
    outbox_.put_back(*entry);
    outbox_resumes_ms_ = now_ms() + outbox_backoff_.next_ms(options_, context_.random);
    return arm(outbox_resumes_ms_);
  }
  const Outbox::Entry taken = outbox_.take(*entry);
  if (!reply.error) outbox_backoff_.reset();
  if (!taken.done) return;
  if (reply.error) {
    taken.done(Unexpected<CommandError>(to_error(*reply.error)));
  } else {
    taken.done(reply.offset);
  }
}

void Client::Impl::on_publication(std::string_view channel, const PublicationView& publication) {
  const auto found = subs_.find(channel);
  if (found == subs_.end()) return;
  Subscription& sub = found->second;
  if (sub.state != Subscription::State::kSubscribed) return;  // of a subscription that has ended
  switch (sub.take(publication.offset)) {
    case Subscription::Verdict::kNew:
      return events_.on_publication(channel, publication);
    case Subscription::Verdict::kDuplicate:
      return;
    case Subscription::Verdict::kGap:
      send_unsubscribe(channel);
      return subscribe_again(found->first, sub);
  }
}

void Client::Impl::on_unsubscribe(std::string_view channel, std::uint32_t code,
                                  std::string_view reason) {
  const auto found = subs_.find(channel);
  if (found == subs_.end()) return;
  const bool is_subscribing = found->second.state == Subscription::State::kSubscribing;
  if (code >= unsubscribes::kInsufficientState.code) {
    // While subscribing it is about the subscription before.
    if (!is_subscribing) subscribe_again(found->first, found->second);
    return;
  }
  if (is_subscribing) send_unsubscribe(channel);
  subs_.erase(found);
  events_.on_unsubscribed(channel, code, reason);
}

}  // namespace chirm::client
