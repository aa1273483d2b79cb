// SPDX-License-Identifier: MIT
#include "client/client_impl.h"

#include <utility>

#include "protocol/command.h"
#include "protocol/json.h"
#include "protocol/limits.h"

namespace chirm::client {

namespace {

// What a server sees as the name of the client software.
constexpr std::string_view kSoftware = "chirm";
// Bytes of publications that wait for the socket; more stay in the outbox.
constexpr std::size_t kQueuedBytesMax = 256 * 1024;
// What a publish command takes besides its channel and data, generously.
constexpr std::size_t kCommandBytes = 128;

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
  if (state_ < State::kOpening) return;
  connection_.close();
  lost(0, "dropped", true);
}

Socket Client::Impl::abandon_connection() {
  if (state_ < State::kOpening) return {};
  Socket abandoned = connection_.abandon();
  lost(0, "abandoned", true);
  return abandoned;
}

void Client::Impl::subscribe(std::string_view channel, SubscribeOptions options) {
  const auto [place, is_new] = subs_.try_emplace(std::string(channel));
  place->second.is_wanted = true;
  place->second.wants_join_leave = options.join_leave;
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

void Client::Impl::history(std::string_view channel, std::uint32_t limit,
                           const std::optional<PositionView>& before, OnHistory done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done), [&](std::uint32_t id) {
    append_history(lines_, id,
                   {.channel = channel, .limit = limit, .since = before, .reverse = true});
  });
}

void Client::Impl::rpc(std::string_view method, std::string_view data, OnRpc done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  if (method.size() + data.size() + kCommandBytes > limits::kMessageBytes) {
    return done(Unexpected<CommandError>({errors::kBadRequest.code, "too large", false}));
  }
  send_command("", std::move(done),
               [&](std::uint32_t id) { append_rpc(lines_, id, {.method = method, .data = data}); });
}

// ---- Connection

void Client::Impl::open() {
  if (!options_.has_token_source || !options_.token.empty()) return open_connection();
  state_ = State::kAuthorizing;
  want_token();
}

void Client::Impl::want_token() {
  if (!std::exchange(is_token_wanted_, true)) events_.on_token_wanted();
}

void Client::Impl::set_token(std::string_view token) {
  is_token_wanted_ = false;
  options_.token = token;
  if (state_ == State::kAuthorizing) return open_connection();
  if (state_ != State::kConnected) return;
  send_command("", Command::Refresh{},
               [&](std::uint32_t id) { append_refresh(lines_, id, {.token = token}); });
}

// While connected, it is asked for again at refresh_at_ms_.
void Client::Impl::fail_token(const CommandError& error) {
  is_token_wanted_ = false;
  if (state_ != State::kAuthorizing) return;
  lost(static_cast<std::uint16_t>(error.code), error.message, error.temporary);
}

void Client::Impl::open_connection() {
  state_ = State::kOpening;
  opening_error_.clear();
  opening_ends_ms_ = now_ms() + options_.command_timeout_ms;
  if (const auto error =
          connection_.open(options_.url, options_.local_address, options_.receive_buffer_bytes)) {
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
  std::vector<KnownPosition> known;
  for (const auto& [channel, sub] : subs_) {
    if (!sub.is_server_side || !sub.is_recoverable) continue;
    known.push_back({channel, true, {sub.offset, sub.epoch}});
  }
  send_command("", Command::Connect{}, [&](std::uint32_t id) {
    ConnectCommand command;
    command.subs = known;
    command.token = options_.token;
    command.data = data;
    command.name = kSoftware;
    append_connect(lines_, id, command);
  });
  for (auto& [channel, sub] : subs_) {
    if (!sub.is_server_side) send_subscribe(channel, sub);
  }
}

void Client::Impl::on_close(std::uint16_t code, std::string_view reason) {
  lost(code, reason, may_reconnect(code));
}

// connection_ is closed already. Everything is brought in order before anybody is told.
void Client::Impl::lost(std::uint16_t code, std::string_view reason, bool may_retry) {
  Disconnected why{code, std::string(reason), std::nullopt};
  const bool has_expired = code == disconnects::kExpired.code || code == errors::kTokenExpired.code;
  if (options_.has_token_source && has_expired) options_.token.clear();
  refresh_at_ms_ = kNever;
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
    if (auto* rpc = std::get_if<OnRpc>(&command.kind)) (*rpc)(error);
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
    command.join_leave = sub.wants_join_leave;
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

void Client::Impl::answer_ping() {
  add_line([this] { lines_ += "{}"; });
}

}  // namespace chirm::client
