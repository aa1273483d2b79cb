// SPDX-License-Identifier: MIT
// What each command of the client protocol does.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/audit/audit_log.h"
#include "core/audit/audited_methods.h"
#include "core/base/version.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/loop/loop.h"
#include "protocol/json_fields.h"
#include "protocol/limits.h"
#include "protocol/message.h"

namespace chirm {

namespace {
// How many of a connection's publishes an asynchronous command counts for: replies to history and
// presence are long.
constexpr std::uint32_t kPublishWeight = 1;
constexpr std::uint32_t kListWeight = 32;
constexpr std::uint32_t kCallWeight = 16;
// Where reads are limited, a longer history counts as several.
constexpr std::uint32_t kHistoryPerRead = 100;

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

// Names first: what Access is asked of is a channel that can exist and is not somebody else's.
bool Session::refuse(std::uint32_t id, std::string_view channel) {
  const auto error = context_.authenticator.check_channel(user_, channel);
  if (error) reply_error(id, *error);
  return error.has_value();
}

template <class Act>
void Session::if_allowed(std::uint32_t id, Right right, std::string_view channel, Act act) {
  if (context_.access == nullptr) return act(*this);
  if (const auto known = context_.access->check(*this, right, channel)) {
    if (!*known) return reply_error(id, known->error().view());
    return act(*this);
  }
  // Weighs as much as what it may lead to, so that a client cannot have many looked up at once.
  begin(kListWeight);
  context_.access->check_later(*this, right, channel,
                               [weak = self(), id, act](const Access::Verdict& verdict) {
                                 Session* session = *weak;
                                 if (session == nullptr) return;
                                 if (!verdict) {
                                   session->reply_error(id, verdict.error().view());
                                 } else if (session->is_connected()) {
                                   act(*session);
                                 }
                                 session->finish(kListWeight);
                               });
}

bool Session::is_throttled(Bucket& bucket, std::uint32_t weight) {
  const ChatSettings& settings = context_.settings;
  if (settings.is_insecure) return false;
  const Rate rate{settings.publish_rate, 1000, 2ULL * settings.publish_rate};
  return !bucket.take_if_free(context_.hub.loop().now_ms(), rate, weight);
}

// A client that comes back subscribes to all of its channels at once, and may read what is new in
// each.
bool Session::refuse_read(std::uint32_t id, std::uint32_t weight, std::size_t bytes) {
  const ChatSettings& settings = context_.settings;
  if (settings.is_insecure) return false;
  const std::uint64_t now_ms = context_.hub.loop().now_ms();
  const std::uint64_t rate = 2ULL * settings.publish_rate;
  if (!reads_.take_if_free(now_ms, {rate, 1000, rate + 2ULL * settings.channels_per_client},
                           weight)) {
    reply_error(id, errors::kTooManyRequests);
    return true;
  }
  return refuse_spending(id, Spending::kRead, weight, bytes);
}

bool Session::refuse_spending(std::uint32_t id, Spending spending, std::uint32_t weight,
                              std::size_t bytes) {
  if (context_.budgets == nullptr) return false;
  const std::uint64_t now_ms = context_.hub.loop().now_ms();
  const auto over = context_.budgets->take(spender(), spending, now_ms, weight, bytes);
  if (!over) return false;
  const std::string text = over->text();
  reply_error(id, {errors::kTooManyRequests.code, text, true});
  return true;
}

void Session::handle(std::uint32_t id, const SubscribeCommand& command) {
  if (refuse(id, command.channel)) return;
  if (command.type != 0) return reply_error(id, errors::kNotAvailable);
  if (find(command.channel) != nullptr || is_checking(command.channel)) {
    return reply_error(id, errors::kAlreadySubscribed);
  }
  // Those that are being looked up count, or a burst of subscribes would get past the limit.
  const std::size_t channels = subscriptions_.size() + (checking_ ? checking_->size() : 0);
  if (channels >= context_.settings.channels_per_client) {
    return reply_error(id, errors::kLimitExceeded);
  }
  if (refuse_read(id, 1, 0)) return;
  if (context_.access == nullptr) return context_.hub.subscribe(*this, id, command);
  const auto known = context_.access->check(*this, Right::kSubscribe, command.channel);
  if (!known) return subscribe_later(id, command);
  if (!*known) return reply_error(id, known->error().view());
  subscribe_as_allowed(id, command);
}

void Session::subscribe_as_allowed(std::uint32_t id, SubscribeCommand command) {
  if (command.join_leave) {
    const auto may_see = context_.access->check(*this, Right::kPresence, command.channel);
    command.join_leave = may_see && *may_see;
  }
  context_.hub.subscribe(*this, id, command);
}

// Until the right is known the hub does not know of it, and neither do the other commands: a second
// subscribe is refused and an unsubscribe waits because of `checking_`.
void Session::subscribe_later(std::uint32_t id, const SubscribeCommand& command) {
  if (!checking_) checking_ = std::make_unique<std::vector<std::string>>();
  checking_->emplace_back(command.channel);
  begin(kPublishWeight);
  context_.access->check_later(
      *this, Right::kSubscribe, command.channel,
      [weak = self(), id, command, channel = std::string(command.channel),
       epoch = std::string(command.since.epoch)](const Access::Verdict& verdict) {
        Session* session = *weak;
        if (session == nullptr) return;
        session->end_checking(channel);
        if (!verdict) {
          session->reply_error(id, verdict.error().view());
        } else if (session->is_connected()) {
          // The command's views are gone with the message that it came in.
          SubscribeCommand owned = command;
          owned.channel = channel;
          owned.token = {};
          owned.since.epoch = epoch;
          session->subscribe_as_allowed(id, owned);
        }
        session->finish(kPublishWeight);
      });
}

bool Session::is_checking(std::string_view channel) const {
  return checking_ && std::find(checking_->begin(), checking_->end(), channel) != checking_->end();
}

void Session::end_checking(std::string_view channel) {
  std::erase(*checking_, channel);
  if (checking_->empty()) checking_.reset();
}

// Always answered well: who is not subscribed, maybe because the hub has just ended it, has what it
// wants.
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
  if (is_throttled(publishes_)) return reply_error(id, errors::kTooManyRequests);
  std::string& body = context_.scratch;
  body.clear();
  append_publication_body(body, command.data,
                          {user_, client_id_, info_, channel_info(command.channel)},
                          context_.hub.loop().unix_ms());
  const PublishRequest request{command.channel, body, user_, command.message_id};
  // Later commands may have to wait for this one's answer, and by then others may be under way.
  if (++last_publish_ == 0) ++last_publish_;  // 0 means that none is waited for
  const std::uint32_t number = last_publish_;
  const auto on_published = [weak = self(), id, number](const auto& position) {
    Session* session = *weak;
    if (session == nullptr) return;
    if (session->waiting_publish_ == number) session->waiting_publish_ = 0;
    session->answer_publish(id, position);
  };
  begin(kPublishWeight);
  if (context_.access == nullptr) return context_.hub.broker().publish(request, on_published);
  const auto progress =
      context_.access->publish(*this, request, command.data,
                               [on_published](const auto& position) { on_published(position); });
  if (progress) {
    if (*progress == Access::Progress::kWaiting) waiting_publish_ = number;
    return;
  }
  reply_error(id, progress.error().view());
  finish(kPublishWeight);
}

template <class E>
void Session::answer_publish(std::uint32_t id, const Expected<Position, E>& position) {
  if (position) {
    context_.scratch.clear();
    append_publish_reply(context_.scratch, id, {position->offset, position->epoch});
    send_scratch();
  } else if constexpr (std::is_same_v<E, ErrorCode>) {
    reply_error(id, position.error());
  } else {
    reply_error(id, position.error().view());
  }
  finish(kPublishWeight);
}

void Session::handle(std::uint32_t id, const HistoryCommand& command) {
  if (refuse(id, command.channel)) return;
  const ChatSettings& settings = context_.settings;
  const bool is_capped = command.limit < 0 || command.limit > settings.history_limit;
  const auto limit = is_capped ? settings.history_limit : static_cast<std::uint32_t>(command.limit);
  if (refuse_read(id, 1 + limit / kHistoryPerRead, 0)) return;
  if_allowed(id, Right::kRead, command.channel,
             [id, command, channel = std::string(command.channel),
              epoch = std::string(command.since ? command.since->epoch : std::string_view())](
                 Session& session) {
               HistoryCommand owned = command;
               owned.channel = channel;
               if (owned.since) owned.since->epoch = epoch;
               session.read_history(id, owned);
             });
}

void Session::read_history(std::uint32_t id, const HistoryCommand& command) {
  const std::uint64_t since =
      command.since ? std::min(command.since->offset, limits::kOffsetMax) : 0;
  if (command.reverse && command.since && since == 0) return reply_error(id, errors::kBadRequest);
  const ChatSettings& settings = context_.settings;
  const bool is_capped = command.limit < 0 || command.limit > settings.history_limit;
  const auto limit = is_capped ? settings.history_limit : static_cast<std::uint32_t>(command.limit);
  const std::string epoch(command.since ? command.since->epoch : std::string_view());
  if (!begin_long_reply(id)) return;
  begin(kListWeight);
  const HistoryRequest request{command.channel, since, limit, command.reverse,
                               settings.history_reply_bytes_max};
  context_.hub.broker().history(request, [weak = self(), id, since, epoch](const auto& history) {
    Session* session = *weak;
    if (session == nullptr) return;
    session->end_long_reply();
    if (!history) {
      session->reply_error(id, history.error());
    } else if (!history->top.descends_from(epoch, since)) {
      // Its offsets mean something else in this log.
      session->reply_error(id, errors::kUnrecoverablePosition);
    } else {
      const std::string publications = join_publications(
          history->publications, session->context_.settings.history_reply_bytes_max);
      session->context_.scratch.clear();
      append_history_reply(session->context_.scratch, id,
                           {{history->top.offset, history->top.epoch}, publications});
      session->send_reply(id);
    }
    session->finish(kListWeight);
  });
}

void Session::handle(std::uint32_t id, const PresenceCommand& command) {
  if (refuse(id, command.channel)) return;
  if (is_throttled(calls_)) return reply_error(id, errors::kTooManyRequests);
  if (refuse_read(id, 1, 0)) return;
  if_allowed(id, Right::kPresence, command.channel,
             [id, channel = std::string(command.channel)](Session& session) {
               session.read_presence(id, channel);
             });
}

void Session::read_presence(std::uint32_t id, std::string_view channel) {
  if (!begin_long_reply(id)) return;
  begin(kListWeight);
  context_.hub.presence().ask(channel, [weak = self(), id](const auto& present) {
    Session* session = *weak;
    if (session == nullptr) return;
    session->end_long_reply();
    if (present) {
      std::vector<ClientInfoView> clients;
      for (const PresentClient& one : present->clients) {
        clients.push_back({one.user, one.client, one.conn_info, one.chan_info});
      }
      session->context_.scratch.clear();
      append_presence_reply(session->context_.scratch, id, clients);
      session->send_reply(id);
    } else {
      session->reply_error(id, present.error());
    }
    session->finish(kListWeight);
  });
}

void Session::handle(std::uint32_t id, const PresenceStatsCommand& command) {
  if (refuse(id, command.channel)) return;
  if (is_throttled(calls_)) return reply_error(id, errors::kTooManyRequests);
  if (refuse_read(id, 1, 0)) return;
  if_allowed(id, Right::kPresence, command.channel,
             [id, channel = std::string(command.channel)](Session& session) {
               session.read_presence_stats(id, channel);
             });
}

void Session::read_presence_stats(std::uint32_t id, std::string_view channel) {
  begin(kPublishWeight);
  context_.hub.presence().ask(channel, [weak = self(), id](const auto& present) {
    Session* session = *weak;
    if (session == nullptr) return;
    if (present) {
      session->context_.scratch.clear();
      append_presence_stats_reply(session->context_.scratch, id, present->counts.clients,
                                  present->counts.users);
      session->send_scratch();
    } else {
      session->reply_error(id, present.error());
    }
    session->finish(kPublishWeight);
  });
}

void Session::handle(std::uint32_t id, const RpcCommand& command) {
  const auto* method = context_.rpc != nullptr ? context_.rpc->find(command.method) : nullptr;
  if (method == nullptr) {
    const bool is_off = context_.rpc == nullptr && command.method.starts_with("chat.");
    return reply_error(id, is_off ? errors::kNotAvailable : errors::kMethodNotFound);
  }
  // After the look-up, for the weight; a name that does not exist costs next to nothing.
  if (is_throttled(calls_, method->weight)) return reply_error(id, errors::kTooManyRequests);
  if (refuse_read(id, method->weight, command.data.size())) return;
  if (method->effect == RpcTable::Effect::kTold && refuse_spending(id, Spending::kEvent)) return;
  if (!begin_long_reply(id)) return;
  begin(kCallWeight);
  if (context_.audit != nullptr && is_audited(command.method)) {
    return call_audited(id, *method, command);
  }
  method->call(caller(), command.data, [weak = self(), id](const RpcResult& result) {
    if (Session* session = *weak) session->answer_call(id, result);
  });
}

// What was done is noted also when the connection has gone meanwhile.
void Session::call_audited(std::uint32_t id, const RpcTable::Method& method,
                           const RpcCommand& command) {
  method.call(
      caller(), command.data,
      [weak = self(), id, log = context_.audit, name = std::string(command.method), user = user_,
       from = address(), about = audited_parameters(command.data)](const RpcResult& result) {
        AuditEvent event{.event = name, .user = user, .address = from};
        event.is_done = result.has_value();
        const std::string why = result ? "" : std::to_string(result.error().code);
        event.why = why;
        for (const auto& [key, value] : about) event.about.emplace_back(key, value);
        log->add(event);
        if (Session* session = *weak) session->answer_call(id, result);
      });
}

void Session::answer_call(std::uint32_t id, const RpcResult& result) {
  end_long_reply();
  if (!result) {
    reply_error(id, result.error().view());
  } else {
    context_.scratch.clear();
    append_rpc_reply(context_.scratch, id, *result);
    send_reply(id);
  }
  finish(kCallWeight);
}

RpcCaller Session::caller() {
  constexpr std::size_t kNameBytes = 128;
  std::string name = JsonFields(info_).text_or("name", {1, kNameBytes}, user_);
  return {user_, name.empty() ? user_ : std::move(name), role_, client_id_, self()};
}

// It has no id to be answered with an error, so closing is how the client learns of it.
void Session::handle(std::uint32_t, const SendCommand&) { close(disconnects::kNotAvailable); }

void Session::handle(std::uint32_t id, const RefreshCommand& command) {
  // A token without an expiry makes the connection last, and another role counts from now on.
  const auto identity = context_.authenticator.refresh(user_, command.token);
  if (!identity) return close(identity.error());
  const bool has_new_role = role_ != identity->role;
  if (has_new_role) change_role(identity->role);
  sign_in_ = identity->session;
  deadlines_.set_expiry(identity->expires_at);
  schedule();
  context_.scratch.clear();
  append_refresh_reply(context_.scratch, id, client_id_, kVersion,
                       deadlines_.seconds_to_expiry(context_.hub.loop().unix_ms()));
  send_scratch();
  if (has_new_role && context_.access != nullptr) context_.access->on_role_changed(*this);
}

// Subscriptions have no tokens of their own here, so there is none to refresh.
void Session::handle(std::uint32_t id, const SubRefreshCommand& command) {
  if (find(command.channel) == nullptr) return reply_error(id, errors::kPermissionDenied);
  close(disconnects::kBadRequest);
}

void Session::handle(std::uint32_t, const PongCommand&) {
  if (!deadlines_.on_pong()) return close(disconnects::kBadRequest);
  schedule();
}

}  // namespace chirm
