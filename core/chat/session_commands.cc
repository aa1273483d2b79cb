// SPDX-License-Identifier: MIT
// What each command of the client protocol does.
#include <algorithm>
#include <unordered_set>

#include "core/base/version.h"
#include "core/chat/chat_counters.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/loop/loop.h"
#include "protocol/limits.h"
#include "protocol/message.h"

namespace chirm {

namespace {
// How many of a connection's publishes an asynchronous command counts for: replies to history and
// presence are long.
constexpr std::uint32_t kPublishWeight = 1;
constexpr std::uint32_t kListWeight = 32;

// Publications of a history reply, as many as fit.
std::string join_publications(const std::vector<Publication>& publications, std::size_t bytes_max) {
  std::string joined;
  for (const Publication& publication : publications) {
    if (!joined.empty() && joined.size() + publication.body.size() > bytes_max) break;
    if (!joined.empty()) joined += ',';
    append_publication(joined, publication.body, publication.offset);
  }
  return joined;
}
}  // namespace

bool Session::refuse(std::uint32_t id, std::string_view channel) {
  const auto error = context_.authenticator.check_channel(user_, channel);
  if (error) reply_error(id, *error);
  return error.has_value();
}

void Session::handle(std::uint32_t id, const SubscribeCommand& command) {
  if (refuse(id, command.channel)) return;
  if (command.type != 0) return reply_error(id, errors::kNotAvailable);
  if (find(command.channel) != nullptr) return reply_error(id, errors::kAlreadySubscribed);
  if (subscriptions_.size() >= context_.settings.channels_per_client) {
    return reply_error(id, errors::kLimitExceeded);
  }
  context_.hub.subscribe(*this, id, command);
}

void Session::handle(std::uint32_t id, const UnsubscribeCommand& command) {
  if (const Subscription* subscription = find(command.channel)) {
    context_.hub.unsubscribe(*this, *subscription->channel);
  }
  context_.scratch.clear();
  append_unsubscribe_reply(context_.scratch, id);
  send_scratch();
}

void Session::handle(std::uint32_t id, const PublishCommand& command) {
  if (refuse(id, command.channel)) return;
  if (command.data.empty()) return reply_error(id, errors::kBadRequest);
  std::string& body = context_.scratch;
  body.clear();
  append_publication_body(body, command.data,
                          {user_, client_id_, info_, channel_info(command.channel)});
  begin(kPublishWeight);
  const PublishRequest request{command.channel, body, user_, command.message_id};
  context_.hub.broker().publish(request, [weak = self(), id](const auto& position) {
    Session* session = *weak;
    if (session == nullptr) return;
    if (position) {
      session->context_.scratch.clear();
      append_publish_reply(session->context_.scratch, id, {position->offset, position->epoch});
      session->send_scratch();
    } else {
      session->reply_error(id, position.error());
    }
    session->finish(kPublishWeight);
  });
}

void Session::handle(std::uint32_t id, const HistoryCommand& command) {
  if (refuse(id, command.channel)) return;
  const std::uint64_t since =
      command.since ? std::min(command.since->offset, limits::kOffsetMax) : 0;
  if (command.reverse && command.since && since == 0) return reply_error(id, errors::kBadRequest);
  const ChatSettings& settings = context_.settings;
  const bool is_capped = command.limit < 0 || command.limit > settings.history_limit;
  const auto limit = is_capped ? settings.history_limit : static_cast<std::uint32_t>(command.limit);
  const std::string epoch(command.since ? command.since->epoch : std::string_view());
  begin(kListWeight);
  const HistoryRequest request{command.channel, since, limit, command.reverse,
                               settings.history_reply_bytes_max};
  context_.hub.broker().history(request, [weak = self(), id, epoch](const auto& history) {
    Session* session = *weak;
    if (session == nullptr) return;
    if (!history) {
      session->reply_error(id, history.error());
    } else if (!epoch.empty() && epoch != history->top.epoch) {
      session->reply_error(id, errors::kUnrecoverablePosition);
    } else {
      const std::string publications = join_publications(
          history->publications, session->context_.settings.history_reply_bytes_max);
      session->context_.scratch.clear();
      append_history_reply(session->context_.scratch, id,
                           {{history->top.offset, history->top.epoch}, publications});
      session->send_scratch();
    }
    session->finish(kListWeight);
  });
}

void Session::handle(std::uint32_t id, const PresenceCommand& command) {
  if (refuse(id, command.channel)) return;
  begin(kListWeight);
  context_.hub.broker().presence(command.channel, [weak = self(), id](const auto& present) {
    Session* session = *weak;
    if (session == nullptr) return;
    if (!present) {
      session->reply_error(id, present.error());
    } else {
      std::vector<ClientInfoView> clients;
      for (const auto& one : *present) {
        clients.push_back({one.user, one.client, one.conn_info, one.chan_info});
      }
      session->context_.scratch.clear();
      append_presence_reply(session->context_.scratch, id, clients);
      session->send_scratch();
    }
    session->finish(kListWeight);
  });
}

void Session::handle(std::uint32_t id, const PresenceStatsCommand& command) {
  if (refuse(id, command.channel)) return;
  begin(kPublishWeight);
  context_.hub.broker().presence(command.channel, [weak = self(), id](const auto& present) {
    Session* session = *weak;
    if (session == nullptr) return;
    if (!present) {
      session->reply_error(id, present.error());
    } else {
      std::unordered_set<std::string_view> users;
      for (const auto& one : *present) users.insert(one.user);
      session->context_.scratch.clear();
      append_presence_stats_reply(session->context_.scratch, id, present->size(), users.size());
      session->send_scratch();
    }
    session->finish(kPublishWeight);
  });
}

void Session::handle(std::uint32_t id, const RpcCommand&) {
  reply_error(id, errors::kMethodNotFound);
}

void Session::handle(std::uint32_t, const SendCommand&) { close(disconnects::kNotAvailable); }

void Session::handle(std::uint32_t id, const RefreshCommand& command) {
  const auto identity = context_.authenticator.refresh(user_, command.token);
  if (!identity) return close(identity.error());
  set_expiry(identity->expires_at);
  schedule();
  context_.scratch.clear();
  append_refresh_reply(context_.scratch, id, client_id_, kVersion, seconds_to_expiry());
  send_scratch();
}

// Subscriptions have no tokens of their own here, so there is none to refresh.
void Session::handle(std::uint32_t id, const SubRefreshCommand& command) {
  if (find(command.channel) == nullptr) return reply_error(id, errors::kPermissionDenied);
  close(disconnects::kBadRequest);
}

void Session::handle(std::uint32_t, const PongCommand&) {
  if (!is_awaiting_pong_) return close(disconnects::kBadRequest);
  is_awaiting_pong_ = false;
  const ChatSettings& settings = context_.settings;
  // Pings keep their interval: the next is due ping_s after the last, not after its pong.
  ping_ms_ += 1000ULL * (settings.ping_s - settings.pong_timeout_s);
  schedule();
}

}  // namespace chirm
