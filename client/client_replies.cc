// SPDX-License-Identifier: MIT
// What a client does with what the server sends.
#include <optional>
#include <utility>

#include "client/client_impl.h"
#include "protocol/codes.h"
#include "protocol/lines.h"

namespace chirm::client {

namespace {

CommandError to_error(const ReplyError& error) {
  return {error.code, std::string(error.message), error.temporary};
}

// Whether the same command may succeed later. Codes below 100 are the SDKs' own, and transient.
bool is_temporary(const ReplyError& error) { return error.temporary || error.code < 100; }

}  // namespace

std::size_t ClientImpl::on_bytes(std::string_view bytes) {
  return state_ == State::kConnected ? events_.on_bytes(bytes) : 0;
}

void ClientImpl::on_message(std::string_view payload) {
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
  // A line may have ended the connection; what is wrong behind it, nobody asks.
  if (!is_online() || (is_well_formed && error.empty())) return;
  connection_.close(disconnects::kProtocolError);
  lost(0, "the server does not keep to the protocol: " + (error.empty() ? "empty line" : error),
       true);
}

void ClientImpl::on_server_message(const ServerMessage& message) {
  switch (message.kind) {
    case ServerMessage::Kind::kPing:
      if (answers_pings_ && state_ == State::kConnected) answer_ping();
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
    case ServerMessage::Kind::kSubscribe:
      on_server_subscription(message.subs.front());
      break;
    case ServerMessage::Kind::kJoin:
      if (subs_.contains(message.channel))
        events_.on_join(message.channel, message.clients.front());
      break;
    case ServerMessage::Kind::kLeave:
      if (subs_.contains(message.channel)) {
        events_.on_leave(message.channel, message.clients.front());
      }
      break;
    case ServerMessage::Kind::kOtherPush:
      break;
  }
}

void ClientImpl::on_reply(const ServerMessage& reply) {
  std::optional<PendingCommand> command = commands_.take(reply.id);
  if (!command) return on_publish_reply(reply);
  on_reply_to(*command, reply);
}

void ClientImpl::on_reply_to(PendingCommand& command, const ServerMessage& reply) {
  if (command.is<PendingCommand::Connect>()) return on_connect_reply(reply);
  if (command.is<PendingCommand::Subscribe>()) return on_subscribe_reply(command, reply);
  if (command.is<PendingCommand::Refresh>()) return on_refresh_reply(reply);
  if (command.is<PendingCommand::Unsubscribe>()) {
    if (!reply.error) return;
    // Whether the channel is subscribed to, nobody knows any more: a new connection begins anew.
    connection_.close();
    return lost(0, "cannot unsubscribe from " + command.channel, true);
  }
  if (reply.error) return command.fail(to_error(*reply.error));
  if (auto* on_rpc = std::get_if<OnRpc>(&command.kind)) {
    (*on_rpc)(reply.data);
  } else if (auto* on_presence = std::get_if<OnPresence>(&command.kind)) {
    std::vector<Present> present;
    for (const ClientInfoView& info : reply.clients) {
      present.push_back({std::string(info.user), std::string(info.client)});
    }
    (*on_presence)(std::move(present));
  } else if (auto* on_stats = std::get_if<OnPresenceStats>(&command.kind)) {
    (*on_stats)(PresenceStats{reply.num_clients, reply.num_users});
  } else if (auto* on_history = std::get_if<OnHistory>(&command.kind)) {
    // Asked for backwards, from the newest on; told in the order of the log.
    (*on_history)(std::vector(reply.publications.rbegin(), reply.publications.rend()));
  }
}

void ClientImpl::on_connect_reply(const ServerMessage& reply) {
  if (reply.error) {
    // An expired token is worth another attempt only when there is another one to try.
    const bool may_retry =
        is_temporary(*reply.error) ||
        (options_.has_token_source && reply.error->code == errors::kTokenExpired.code);
    const auto code = static_cast<std::uint16_t>(reply.error->code);
    connection_.close();
    return lost(code, reply.error->message, may_retry);
  }
  state_ = State::kConnected;
  backoff_.reset();
  answers_pings_ = reply.pong;
  ping_ms_ = std::uint64_t{reply.ping_s} * 1000;
  arm(ping_deadline_ms());
  note_expiry(reply);
  // In this order: whoever is told of channels has to know that it is connected.
  events_.on_connected(reply.client, reply.version);
  for (const ServerSubscriptionView& view : reply.subs) on_server_subscription(view);
  forget_server_subscriptions();
  // First those that are too old to be sent again: they could be stored twice.
  give_up_resending();
  pump_outbox();
}

// Long enough before that the new token is there in time.
void ClientImpl::note_expiry(const ServerMessage& reply) {
  if (!options_.has_token_source || !reply.expires || reply.ttl_s == 0) return;
  refresh_at_ms_ = now_ms() + std::uint64_t{reply.ttl_s} * 900;
  arm(refresh_at_ms_);
}

void ClientImpl::on_refresh_reply(const ServerMessage& reply) {
  if (!reply.error) return note_expiry(reply);
  const bool may_retry =
      is_temporary(*reply.error) || reply.error->code == errors::kTokenExpired.code;
  if (may_retry) return;  // at refresh_at_ms_
  const auto code = static_cast<std::uint16_t>(reply.error->code);
  connection_.close();
  lost(code, reply.error->message, false);
}

void ClientImpl::on_server_subscription(const ServerSubscriptionView& view) {
  if (state_ != State::kConnected) return;  // an event has ended the connection
  const std::string channel(view.channel);
  Subscription& sub = subs_[channel];
  const bool was_known = sub.is_recoverable;
  sub.is_server_side = true;
  sub.command_id = 0;  // should the client have asked for it too, the refusal means nothing
  sub.start(view.position, view.recoverable, view.publications);
  events_.on_subscribed(channel, {.offset = view.position.offset,
                                  .epoch = std::string(view.position.epoch),
                                  .was_recovering = view.was_recovering || was_known,
                                  .recovered = view.recovered});
  for (const PublicationView& publication : view.publications) {
    if (state_ != State::kConnected) return;
    on_publication(channel, publication);
  }
}

// Those of the connection before that this one does not have. What the application wants too is
// subscribed to.
void ClientImpl::forget_server_subscriptions() {
  std::vector<std::string> gone;
  for (const auto& [channel, sub] : subs_) {
    const bool is_gone = sub.is_server_side && sub.state == Subscription::State::kWanted;
    if (is_gone) gone.push_back(channel);
  }
  for (const std::string& channel : gone) {
    if (state_ != State::kConnected) return;
    const auto found = subs_.find(channel);
    if (found == subs_.end()) continue;
    if (found->second.is_wanted) {
      found->second.is_server_side = false;
      send_subscribe(channel, found->second);
      continue;
    }
    subs_.erase(found);
    events_.on_unsubscribed(channel, unsubscribes::kServer.code, unsubscribes::kServer.reason);
  }
}

void ClientImpl::on_subscribe_reply(const PendingCommand& command, const ServerMessage& reply) {
  const auto found = subs_.find(command.channel);
  if (found == subs_.end() || found->second.command_id != command.id)
    return;  // not wanted any more
  Subscription& sub = found->second;
  if (reply.error) {
    // With an expired token it works again as soon as the refreshed one is there.
    if (is_temporary(*reply.error) || reply.error->code == errors::kTokenExpired.code) {
      return retry_subscribe(sub);
    }
    subs_.erase(found);
    return events_.on_unsubscribed(command.channel, reply.error->code, reply.error->message);
  }
  sub.start({reply.offset, reply.epoch}, reply.recoverable, reply.publications);
  events_.on_subscribed(command.channel, {.offset = reply.offset,
                                          .epoch = std::string(reply.epoch),
                                          .was_recovering = reply.was_recovering,
                                          .recovered = reply.recovered});
  for (const PublicationView& publication : reply.publications) {
    if (!is_online()) return;
    on_publication(command.channel, publication);
  }
}

void ClientImpl::on_publish_reply(const ServerMessage& reply) {
  Outbox::Entry* entry = outbox_.find(reply.id);
  if (entry == nullptr) return;  // of a command that timed out
  if (reply.error && is_temporary(*reply.error) && has_message_id(entry->data)) {
    // What was published after it waits too, to keep the order.
    outbox_.put_back(*entry, to_error(*reply.error));
    outbox_resumes_ms_ = now_ms() + outbox_backoff_.next_ms(options_, context_.random);
    return arm(outbox_resumes_ms_);
  }
  const Outbox::Entry taken = outbox_.take(*entry);
  if (!reply.error) outbox_backoff_.reset();
  if (!taken.done) return;
  if (reply.error) {
    taken.done(Unexpected<CommandError>(to_error(*reply.error)));
  } else {
    taken.done(Published{reply.offset, reply.epoch});
  }
}

void ClientImpl::on_publication(std::string_view channel, const PublicationView& publication) {
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
      if (sub.is_server_side) {  // it can only be recovered by connecting again
        connection_.close();
        return lost(0, "a publication is missing", true);
      }
      // To the server it is subscribed to: only a new subscription recovers what is missing.
      send_unsubscribe(channel);
      return subscribe_again(found->first, sub);
  }
}

void ClientImpl::on_unsubscribe(std::string_view channel, std::uint32_t code,
                                std::string_view reason) {
  const auto found = subs_.find(channel);
  if (found == subs_.end()) return;
  const bool is_subscribing = found->second.state == Subscription::State::kSubscribing;
  if (code >= unsubscribes::kInsufficientState.code && !found->second.is_server_side) {
    // While subscribing it is about the subscription before.
    if (!is_subscribing) subscribe_again(found->first, found->second);
    return;
  }
  // The push has crossed our subscribe command, which the server may carry out after it.
  if (is_subscribing) send_unsubscribe(channel);
  subs_.erase(found);
  events_.on_unsubscribed(channel, code, reason);
}

}  // namespace chirm::client
