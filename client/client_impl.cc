// SPDX-License-Identifier: MIT
#include "client/client_impl.h"

#include <utility>

#include "core/base/check.h"
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

ClientImpl::ClientImpl(Context& context, Options options, Events& events)
    : context_(context),
      options_(std::move(options)),
      events_(events),
      connection_(context, *this) {}

// ---- What the application asks for

void ClientImpl::connect() {
  if (state_ != State::kIdle) return;
  backoff_.reset();
  open();
}

void ClientImpl::disconnect() {
  if (state_ == State::kIdle) return;
  if (is_online()) flush();  // what was said in this turn was said before
  connection_.close(disconnects::kNormal);
  lost(disconnects::kNormal.code, disconnects::kNormal.reason, false);
}

void ClientImpl::drop_connection() {
  if (state_ < State::kOpening) return;
  connection_.close();
  lost(0, "dropped", true);
}

Socket ClientImpl::abandon_connection() {
  if (state_ < State::kOpening) return {};
  Socket abandoned = connection_.abandon();
  lost(0, "abandoned", true);
  return abandoned;
}

void ClientImpl::subscribe(std::string_view channel, SubscribeOptions options) {
  // Known already, it may be one that the server has made: wanted too from now on, it stays when
  // the server makes it no more.
  const auto [place, is_new] = subs_.try_emplace(std::string(channel));
  place->second.is_wanted = true;
  place->second.wants_join_leave = options.join_leave;
  if (is_new && is_online()) send_subscribe(place->first, place->second);
}

void ClientImpl::unsubscribe(std::string_view channel) {
  const auto found = subs_.find(channel);
  if (found == subs_.end()) return;
  const bool is_known = found->second.state == Subscription::State::kSubscribed ||
                        found->second.state == Subscription::State::kSubscribing;
  if (is_known && is_online()) send_unsubscribe(channel);
  subs_.erase(found);
}

std::uint64_t ClientImpl::position(std::string_view channel) const {
  const auto found = subs_.find(channel);
  return found == subs_.end() ? 0 : found->second.offset;
}

void ClientImpl::advance(std::string_view channel, std::uint64_t offset) {
  const auto found = subs_.find(channel);
  if (found != subs_.end() && found->second.offset < offset) found->second.offset = offset;
}

void ClientImpl::publish(std::string_view channel, std::string_view data, OnPublished done) {
  const auto refuse = [&](const ErrorCode& code, const char* why) {
    if (done) done(Unexpected<CommandError>({code.code, why, false}));
  };
  // It would become two commands.
  if constexpr (kChecksInvariants) CHIRM_CHECK(data.find('\n') == std::string_view::npos, data);
  if (outbox_.size() >= options_.outbox_max) {
    return refuse(errors::kLimitExceeded, "too many publications wait to be sent");
  }
  if (channel.size() + data.size() + kCommandBytes > limits::kMessageBytes) {
    return refuse(errors::kBadRequest, "the publication is too large");
  }
  outbox_.push(channel, data, std::move(done));
  pump_outbox();
}

void ClientImpl::presence(std::string_view channel, OnPresence done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done),
               [&](std::uint32_t id) { append_presence(lines_, id, {.channel = channel}); });
}

void ClientImpl::presence_stats(std::string_view channel, OnPresenceStats done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done),
               [&](std::uint32_t id) { append_presence_stats(lines_, id, {.channel = channel}); });
}

void ClientImpl::history(std::string_view channel, std::uint32_t limit,
                         const std::optional<PositionView>& before, OnHistory done) {
  CHIRM_CHECK(!before || before->offset > 0);
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  send_command(channel, std::move(done), [&](std::uint32_t id) {
    append_history(lines_, id,
                   {.channel = channel, .limit = limit, .since = before, .reverse = true});
  });
}

void ClientImpl::rpc(std::string_view method, std::string_view data, OnRpc done) {
  if (!is_online()) return done(Unexpected<CommandError>(unanswered("not connected")));
  if constexpr (kChecksInvariants) CHIRM_CHECK(data.find('\n') == std::string_view::npos, data);
  if (method.size() + data.size() + kCommandBytes > limits::kMessageBytes) {
    return done(Unexpected<CommandError>({errors::kBadRequest.code, "too large", false}));
  }
  send_command("", std::move(done),
               [&](std::uint32_t id) { append_rpc(lines_, id, {.method = method, .data = data}); });
}

// ---- Connection

void ClientImpl::open() {
  if (!options_.has_token_source || !options_.token.empty()) return open_connection();
  state_ = State::kAuthorizing;
  want_token();
}

void ClientImpl::want_token() {
  if (!std::exchange(is_token_wanted_, true)) events_.on_token_wanted();
}

void ClientImpl::set_token(std::string_view token) {
  is_token_wanted_ = false;
  options_.token = token;
  if (state_ == State::kAuthorizing) return open_connection();
  if (state_ != State::kConnected) return;
  send_command("", PendingCommand::Refresh{},
               [&](std::uint32_t id) { append_refresh(lines_, id, {.token = token}); });
}

// While connected, it is asked for again at refresh_at_ms_.
void ClientImpl::fail_token(const CommandError& error) {
  is_token_wanted_ = false;
  if (state_ != State::kAuthorizing) return;
  lost(static_cast<std::uint16_t>(error.code), error.message, error.temporary);
}

void ClientImpl::open_connection() {
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

// All that the connection is to have is asked for at once, behind the connect command in the same
// message: a reconnect takes one round trip, not one per step.
void ClientImpl::on_open() {
  state_ = State::kGreeting;
  std::string data;
  if (!options_.name.empty()) {  // believed only where names are free
    data = "{\"name\":";
    json::append_string(data, options_.name);
    data += '}';
  }
  // The server subscribes to these by itself; what was seen of them tells it where to go on.
  std::vector<KnownPosition> known;
  for (const auto& [channel, sub] : subs_) {
    if (!sub.is_server_side || !sub.is_recoverable) continue;
    known.push_back({channel, true, {sub.offset, sub.epoch}});
  }
  send_command("", PendingCommand::Connect{}, [&](std::uint32_t id) {
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

void ClientImpl::on_close(std::uint16_t code, std::string_view reason) {
  lost(code, reason, may_reconnect(code));
}

// connection_ is closed already. Everything is brought in order before anybody is told.
void ClientImpl::lost(std::uint16_t code, std::string_view reason, bool may_retry) {
  Disconnected why{code, std::string(reason), std::nullopt};
  // The same token would be refused again: the next attempt begins with asking for another.
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
  // Taken out before anybody is told: whoever is told may send new ones at once.
  std::list<PendingCommand> commands = commands_.take_all();
  const std::vector<Outbox::Entry> publications = outbox_.connection_lost();
  events_.on_disconnected(why);
  const CommandError error = unanswered("connection lost");
  for (PendingCommand& command : commands) command.fail(error);
  for (const Outbox::Entry& entry : publications) {
    if (entry.done) entry.done(Unexpected<CommandError>(error));
  }
}

// ---- Sending

// Calls append(), which adds one command to lines_. A message that would become too large for the
// server is closed before.
template <class Append>
void ClientImpl::add_line(Append append) {
  const std::size_t before = lines_.size();
  if (before != 0) lines_ += '\n';
  append();
  if (before != 0 && lines_.size() > limits::kMessageBytes) {
    connection_.queue(std::string_view(lines_).substr(0, before));
    lines_.erase(0, before + 1);
  }
  context_.flush_at_turn_end(*this);
}

// 0 stands for no command, and is what follows the last of 2^32.
std::uint32_t ClientImpl::take_id() {
  if (++last_id_ == 0) ++last_id_;
  return last_id_;
}

// Calls append(id), which adds the command to lines_.
template <class Kind, class Append>
std::uint32_t ClientImpl::send_command(std::string_view channel, Kind kind, Append append) {
  const std::uint32_t id = take_id();
  add_line([&] { append(id); });
  const std::uint64_t deadline_ms = now_ms() + options_.command_timeout_ms;
  commands_.add({id, deadline_ms, std::string(channel), std::move(kind)});
  arm(deadline_ms);
  return id;
}

void ClientImpl::send_subscribe(const std::string& channel, Subscription& sub) {
  sub.state = Subscription::State::kSubscribing;
  sub.command_id = send_command(channel, PendingCommand::Subscribe{}, [&](std::uint32_t id) {
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

void ClientImpl::send_unsubscribe(std::string_view channel) {
  send_command(channel, PendingCommand::Unsubscribe{},
               [&](std::uint32_t id) { append_unsubscribe(lines_, id, {.channel = channel}); });
}

// At once, but with growing delays when that happens again and again without any progress.
void ClientImpl::subscribe_again(const std::string& channel, Subscription& sub) {
  const bool is_first = sub.backoff.is_reset();
  retry_subscribe(sub);
  if (is_first) send_subscribe(channel, sub);
}

void ClientImpl::retry_subscribe(Subscription& sub) {
  sub.state = Subscription::State::kRetrying;
  sub.retry_at_ms = now_ms() + sub.backoff.next_ms(options_, context_.random);
  arm(sub.retry_at_ms);
}

void ClientImpl::pump_outbox() {
  if (state_ != State::kConnected || now_ms() < outbox_resumes_ms_) return;
  // What is in the socket's queue is lost with the connection, and is sent again; what stays in the
  // outbox costs nothing.
  while (connection_.queued_bytes() + lines_.size() < kQueuedBytesMax) {
    Outbox::Entry* entry = outbox_.next_unsent();
    if (entry == nullptr) return;
    const std::uint32_t id = take_id();
    outbox_.mark_sent(*entry, id, now_ms());
    arm(now_ms() + options_.publish_timeout_ms);
    add_line([&] {
      append_publish(lines_, id,
                     {.channel = entry->channel, .data = entry->data, .message_id = {}});
    });
  }
}

void ClientImpl::flush() {
  if (!is_online()) return;
  if (!lines_.empty()) connection_.queue(lines_);
  lines_.clear();
  connection_.flush();
  pump_outbox();
  if constexpr (kChecksInvariants) outbox_.check();
}

// Otherwise the next publication would come only with the next turn that has something to send.
void ClientImpl::on_drained() { pump_outbox(); }

void ClientImpl::answer_ping() {
  add_line([this] { lines_ += "{}"; });
}

}  // namespace chirm::client
