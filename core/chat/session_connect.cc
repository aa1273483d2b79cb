// SPDX-License-Identifier: MIT
// How a session begins: connect, and the channels that the server subscribes it to.
#include <algorithm>

#include "core/audit/audit_log.h"
#include "core/base/version.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {

// A random UUID (RFC 9562 §5.4).
std::string make_client_id(Random& random) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : id) {
    if (c == 'x') c = kDigits[random.between(0, 15)];
    if (c == 'y') c = kDigits[random.between(8, 11)];
  }
  return id;
}

}  // namespace

void Session::handle(std::uint32_t id, const ConnectCommand& command) {
  if (id == 0) return close(disconnects::kBadRequest);
  auto identity = context_.authenticator.authenticate(command);
  if (!identity) {
    audit_refusal(identity.error());
    return refuse_connect(id, identity.error());
  }
  if (identity->channels.size() > context_.settings.channels_per_client) {
    return close(disconnects::kChannelLimit);
  }
  user_ = std::move(identity->user);
  info_ = std::move(identity->info);
  role_ = identity->role;
  sign_in_ = identity->session;
  client_id_ = make_client_id(context_.random);
  deadlines_.set_expiry(identity->expires_at);
  if (identity->channels.empty()) return finish_connect(id, {});
  token_channels_ = std::make_unique<TokenChannels>(std::move(identity->channels));
  join_server_side(id, command);
}

// A token that has only expired is no attempt at anything.
void Session::audit_refusal(const Refusal& refusal) {
  const auto* why = std::get_if<Disconnect>(&refusal);
  if (context_.audit == nullptr || why == nullptr || *why == disconnects::kExpired) return;
  context_.audit->add(
      {.event = "connect", .address = address(), .is_done = false, .why = why->reason});
}

// After an error reply the client closes by itself; should it not, it has until the deadline that
// was set for its connect.
void Session::refuse_connect(std::uint32_t id, const Refusal& refusal) {
  if (const auto* why = std::get_if<Disconnect>(&refusal)) return close(*why);
  state_ = State::kRefused;
  reply_error(id, std::get<ErrorCode>(refusal));
}

// The client says where it stands in channels that it was subscribed to before. Which these are now
// is not its business: the positions of others are left alone.
void Session::join_server_side(std::uint32_t id, const ConnectCommand& command) {
  state_ = State::kJoining;
  context_.wheel.clear(*this);  // the hub answers in time
  greeting_ = std::make_unique<Greeting>(Greeting{id, token_channels_->size(), {}});
  std::vector<SubscribeCommand> wanted;
  for (const auto& [channel, options] : *token_channels_) {
    SubscribeCommand& subscribe = wanted.emplace_back();
    subscribe.channel = channel;
    const auto known =
        std::find_if(command.subs.begin(), command.subs.end(),
                     [&](const KnownPosition& one) { return one.channel == subscribe.channel; });
    if (known == command.subs.end()) continue;
    subscribe.recover = known->recover;
    subscribe.since = known->since;
  }
  // The last one may answer the connect command at once, and whatever came behind it.
  for (const SubscribeCommand& subscribe : wanted) {
    if (state_ == State::kJoining) context_.hub.subscribe(*this, 0, subscribe);
  }
}

void Session::on_subscribed(const Joining& asked, std::string_view channel,
                            const SubscribeResult& result) {
  if (asked.command_id == 0) return on_joined(asked.is_late, channel, result);
  context_.scratch.clear();
  append_subscribe_reply(context_.scratch, asked.command_id, result);
  send_scratch();
  resume();
}

void Session::on_refused(std::uint32_t command_id, const ErrorCode& error) {
  if (command_id == 0) return on_join_refused(error);
  reply_error(command_id, error);
  resume();
}

void Session::on_joined(bool is_late, std::string_view channel, SubscribeResult result) {
  if (token_channels_ != nullptr) {
    const auto said = token_channels_->find(channel);
    if (said != token_channels_->end()) result.data = said->second.data;
  }
  if (greeting_ == nullptr) {
    context_.scratch.clear();
    append_subscribe_push(context_.scratch, channel, result);
    return send_scratch();
  }
  if (!greeting_->subs.empty()) greeting_->subs += ',';
  append_server_subscription(greeting_->subs, channel, result);
  if (!is_late) --greeting_->missing;
  finish_joining_if_complete();
}

void Session::subscribe_by_server(const ServerSubscribe& wanted) {
  if (!is_connected() || find(wanted.channel) != nullptr || is_checking(wanted.channel)) return;
  if (subscriptions_.size() >= context_.settings.channels_per_client) {
    return close(disconnects::kChannelLimit);
  }
  note_channel(wanted);
  SubscribeCommand subscribe;
  subscribe.channel = wanted.channel;
  subscribe.recover = wanted.since.has_value();
  if (wanted.since) subscribe.since = *wanted.since;
  context_.hub.subscribe(*this, 0, subscribe);
}

// What is said of channels that it has left is forgotten when there is much of it.
void Session::note_channel(const ServerSubscribe& wanted) {
  const bool says_nothing = wanted.options.info.empty() && wanted.options.data.empty();
  if (token_channels_ == nullptr && says_nothing) return;
  if (token_channels_ == nullptr) token_channels_ = std::make_unique<TokenChannels>();
  if (token_channels_->size() >= 2ULL * context_.settings.channels_per_client) {
    std::erase_if(*token_channels_,
                  [this](const auto& channel) { return find(channel.first) == nullptr; });
  }
  (*token_channels_)[std::string(wanted.channel)] = wanted.options;
}

void Session::on_join_late() {
  if (greeting_ == nullptr) return;  // another channel has just been refused, and so connect
  --greeting_->missing;
  finish_joining_if_complete();
}

// The greeting is taken out first: when connect has been answered, what others subscribe the client
// to is told by a push.
void Session::finish_joining_if_complete() {
  if (greeting_->missing > 0) return;
  const std::unique_ptr<Greeting> joined = std::move(greeting_);
  finish_connect(joined->command_id, joined->subs);
  resume();
}

// A connection without one of its channels is taken as unsubscribed from it, and forgets where it
// stood. So a client that recovers is to try again, maybe on another node.
void Session::on_join_refused(const ErrorCode& error) {
  if (greeting_ == nullptr) return close(disconnects::kInsufficientState);
  const std::uint32_t id = greeting_->command_id;
  greeting_.reset();
  context_.hub.unsubscribe_all(*this);
  context_.wheel.set(*this, 1000ULL * context_.settings.stale_s);
  refuse_connect(id, error);
  drop_held();
  resume();
}

void Session::finish_connect(std::uint32_t id, std::string_view subs) {
  // It may have happened while the channels were joined, when the directory did not have us.
  if (context_.authenticator.is_revoked(user_, sign_in_)) return close(disconnects::kInvalidToken);
  state_ = State::kConnected;
  context_.directory.add(*this);
  is_listed_ = true;
  context_.hub.presence().on_connected(user_);
  // For most connections it was only the inbox: nothing that is worth keeping for its whole life.
  if (token_channels_ != nullptr) {
    const bool says_nothing =
        std::all_of(token_channels_->begin(), token_channels_->end(), [](const auto& channel) {
          return channel.second.info.empty() && channel.second.data.empty();
        });
    if (says_nothing) token_channels_.reset();
  }
  const std::uint64_t ping_ms = 1000ULL * context_.settings.ping_s;
  if (ping_ms > 0) {  // the first one spreads the pings of clients that came at once
    deadlines_.start_pings(context_.hub.loop().now_ms() +
                           context_.random.between(ping_ms / 2, ping_ms - 1));
  }
  schedule();
  context_.scratch.clear();
  append_connect_reply(context_.scratch, id,
                       {.client = client_id_,
                        .version = kVersion,
                        .expires_in_s = deadlines_.seconds_to_expiry(context_.hub.loop().unix_ms()),
                        .ping_s = context_.settings.ping_s,
                        .pong = context_.settings.ping_s > 0,
                        .subs = subs});
  send_scratch();
  if (context_.access != nullptr && is_connected()) context_.access->on_connected(*this);
}

std::string_view Session::channel_info(std::string_view channel) const {
  if (token_channels_ == nullptr) return {};
  const auto found = token_channels_->find(channel);
  return found == token_channels_->end() ? std::string_view() : found->second.info;
}

}  // namespace chirm
