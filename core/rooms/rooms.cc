// SPDX-License-Identifier: MIT
#include "core/rooms/rooms.h"

#include <utility>

#include "core/base/check.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/limits/budgets.h"
#include "core/loop/loop.h"
#include "core/rooms/rules/names.h"
#include "protocol/codes.h"

namespace chirm {

namespace {

// What a publish counts as; nullopt: nothing is stored.
std::optional<Spending> spending_of(MessageData::Type type) {
  if (type == MessageData::Type::kTyping) return std::nullopt;
  return type == MessageData::Type::kOther ? Spending::kEvent : Spending::kMessage;
}

}  // namespace

Rooms::Rooms(Hub& hub, SessionDirectory& directory, const ChatSettings& settings, RpcTable& table,
             Budgets* budgets)
    : loop_(hub.loop()),
      budgets_(budgets),
      enforcement_(hub, directory, store_, rights_),
      store_(hub.loop(), hub.broker(), enforcement_),
      rights_(store_, people_, settings),
      announcer_(hub.loop(), hub.broker()),
      people_(store_),
      dms_(store_, announcer_, people_, settings),
      publishing_(hub.loop(), store_, announcer_, dms_, scope_),
      directory_(hub.loop(), store_, scope_),
      methods_({hub, store_, announcer_, people_, rights_, dms_, directory_, settings, scope_}) {
  methods_.add_to(table);
  if constexpr (kChecksInvariants) {
    check_hook_ = hub.loop().add_turn_end_hook([this] {
      store_.check();
      enforcement_.check();
      publishing_.check();
      directory_.check();
      return Loop::TurnEnd::kDone;
    });
  }
}

void Rooms::on_connected(Session& session) {
  RpcCaller caller = session.caller();
  if (caller.user.empty() || people_.is_known(caller.user, caller.name, caller.role)) return;
  // What fails now is done again with the first method that is called.
  scope_.start(people_.sign_in(caller.user, caller.name, caller.role));
}

void Rooms::on_role_changed(Session& session) { enforcement_.on_role_changed(session); }

// Both find the conversation, as if one of them had spoken.
void Rooms::on_api_published(std::string_view channel) {
  const bool is_dm = kind_of(channel) == ChannelKind::kDm && is_for(channel, first_of_dm(channel));
  if (is_dm) scope_.start(dms_.list_if_known(std::string(channel)));
}

void Rooms::forget_guest(const std::string& guest, std::function<void(bool)> done) {
  scope_.start(people_.forget(guest), [done = std::move(done)](const Result<void>& is_done) {
    done(is_done.has_value());
  });
}

// ---- Rights: whoever may read may subscribe and see who is present, so all three are one wish.

std::optional<Access::Verdict> Rooms::check(const Session& session, Right,
                                            std::string_view channel) {
  return rights_.known(Wish::kRead, session.user(), session.role(), channel);
}

void Rooms::check_later(const Session& session, Right, std::string_view channel,
                        std::function<void(Verdict)> done) {
  scope_.start(rights_.find_out(Wish::kRead, session.user(), session.role(), std::string(channel)),
               std::move(done));
}

// ---- Publishing

// Most publishes are judged by copies and go on at once, in the order in which they came. Only what
// has to ask the store holds the connection up.
Expected<Access::Progress, RpcError> Rooms::publish(Session& session, const PublishRequest& request,
                                                    std::string_view data,
                                                    std::function<void(Published)> done) {
  Publishing::Publish publish{.channel = std::string(request.channel),
                              .body = std::string(request.body),
                              .user = std::string(request.user),
                              .message_id = std::string(request.message_id),
                              .role = session.role(),
                              .message = {},
                              .may_begin = {}};
  if (budgets_ != nullptr && kind_of(publish.channel) == ChannelKind::kDm &&
      !dms_.is_listed_now(publish.channel, publish.user)) {
    publish.may_begin = contact_budget(session.caller());
  }
  const auto known = rights_.known(Wish::kPublish, publish.user, publish.role, publish.channel);
  if (known && *known) return publish_allowed(session, std::move(publish), data, std::move(done));
  // Whoever signs in for the first time is a member of the lobby only when that is done: until then
  // a refusal there is not the last word.
  std::optional<RpcCaller> newcomer;
  if (request.channel == channel_of_room(kLobby)) {
    RpcCaller caller = session.caller();
    if (!caller.user.empty() && !people_.is_known(caller.user, caller.name, caller.role)) {
      newcomer = std::move(caller);
    }
  }
  if (known && !newcomer) return Unexpected<RpcError>(known->error());
  scope_.start(
      publish_later(session.self(), std::move(newcomer), std::move(publish), std::string(data)),
      std::move(done));
  return Progress::kWaiting;
}

DirectMessages::MayBegin Rooms::contact_budget(const RpcCaller& caller) {
  return [this, session = caller.session]() -> Result<void> {
    if (*session == nullptr) return internal_error();  // nobody hears the answer
    const auto over =
        budgets_->take((*session)->spender(), Spending::kContact, loop_.now_ms(), 1, 0);
    if (!over) return {};
    return Unexpected<RpcError>(RpcError(errors::kTooManyRequests.code, over->text(), true));
  };
}

// The last that can refuse it, so that what is refused costs nothing of an hour's budget; and it is
// known what it is by then.
Expected<void, RpcError> Rooms::pay(const Session& session, MessageData::Type type,
                                    std::size_t bytes) {
  const auto spending = spending_of(type);
  if (budgets_ == nullptr || !spending) return {};
  const auto over = budgets_->take(session.spender(), *spending, loop_.now_ms(), 1, bytes);
  if (!over) return {};
  return Unexpected<RpcError>(RpcError(errors::kTooManyRequests.code, over->text(), true));
}

Expected<Access::Progress, RpcError> Rooms::publish_allowed(Session& session,
                                                            Publishing::Publish publish,
                                                            std::string_view data,
                                                            std::function<void(Published)> done) {
  if (rights_.is_unruled(publish.channel, data)) {
    const auto paid = pay(session, MessageData::Type::kMessage, publish.body.size());
    if (!paid) return Unexpected<RpcError>(paid.error());
    publishing_.carry(publish, std::move(done));
    return Progress::kOrdered;
  }
  auto message = read_message(data);
  if (!message) return Unexpected<RpcError>(message.error());
  const auto paid = pay(session, message->type, publish.body.size());
  if (!paid) return Unexpected<RpcError>(paid.error());
  publish.message = std::move(*message);
  return publishing_.start(publish, std::move(done));
}

Task<Access::Published> Rooms::publish_later(std::shared_ptr<Session*> session,
                                             std::optional<RpcCaller> newcomer,
                                             Publishing::Publish publish, std::string data) {
  if (newcomer) {
    co_await ok(people_.sign_in(newcomer->user, newcomer->name, newcomer->role));
  }
  co_await ok(rights_.find_out(Wish::kPublish, publish.user, publish.role, publish.channel));
  Future<Published> published;
  // Nobody is there to pay for it, or to hear that it was done: its client will try again.
  if (*session == nullptr) co_return internal_error();
  const auto progress = publish_allowed(**session, std::move(publish), data, published.setter());
  co_await ok(progress);
  co_return co_await published;
}

}  // namespace chirm
