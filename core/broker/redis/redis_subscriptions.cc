// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_subscriptions.h"

#include <utility>

#include "core/base/check.h"
#include "core/broker/redis/redis_read.h"

namespace chirm {

namespace {
// A followed channel's numbering lives for a day from each renewal. So a node may be away from
// Redis for most of that, and 100,000 channels are five commands a second.
constexpr std::uint64_t kRenewMs = BrokerSettings::kNumberingMs / 4;
// When very many are due at once, because the node came to them at once: a millisecond of Redis.
constexpr std::size_t kRenewalsAtOnce = 1'000;
}  // namespace

RedisSubscriptions::RedisSubscriptions(RedisContext& context, RedisCommands& commands,
                                       RedisSubscriber& subscriber)
    : context_(context), commands_(commands), subscriber_(subscriber) {}

RedisSubscriptions::Followed::Followed(RedisSubscriptions& its_owner, std::string_view channel,
                                       RedisSubscription::Done done)
    : owner(its_owner),
      subscription(its_owner.context_, channel, std::move(done)),
      renewed_ms(its_owner.context_.loop.now_ms()) {}

RedisSubscriptions::Followed* RedisSubscriptions::find(std::string_view channel) const {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : found->second.get();
}

void RedisSubscriptions::add(std::string_view channel, RedisSubscription::Done done) {
  auto added = std::make_unique<Followed>(*this, channel, std::move(done));
  const auto [item, is_new] = channels_.try_emplace(std::string(channel), std::move(added));
  CHIRM_CHECK(is_new, channel);
  by_renewal_.push_back(*item->second);
  subscriber_.add(context_.topic(channel), *item->second);
}

void RedisSubscriptions::remove(std::string_view channel) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  subscriber_.remove(context_.topic(channel));
  found->second->subscription.close();
  found->second->unlink();
  closed_.push_back(std::move(found->second));
  channels_.erase(found);
}

// A channel that was live before the link was lost goes on at once: the listener knows what it has,
// and reads what is missing.
void RedisSubscriptions::on_subscribed(Followed& followed) {
  if (!followed.subscription.is_live()) return read_position(followed);
  context_.listener->on_maybe_missed(followed.subscription.channel());
}

// Only after the subscription is confirmed, and on the other link: so what is not in the position
// comes as a message.
void RedisSubscriptions::read_position(Followed& followed) {
  followed.subscription.start_reading();
  followed.is_read_stale = followed.read_id != 0;
  if (followed.is_read_stale) return;  // its answer will ask again; reads must not pile up
  followed.read_id = ++last_read_id_;
  const std::string& channel = followed.subscription.channel();
  RedisRead::submit(context_, commands_,
                    {.channel = channel, .since = 0, .limit = 0, .reverse = false},
                    RedisRead::Patience::kForever,
                    [this, name = channel, id = followed.read_id](const auto& history) {
                      on_position(name, id, history);
                    });
}

// The id tells an answer for this subscription from one for a subscription of the same channel that
// was given up meanwhile.
void RedisSubscriptions::on_position(const std::string& channel, std::uint64_t read_id,
                                     const Expected<History, ErrorCode>& history) {
  Followed* const followed = find(channel);
  if (followed == nullptr || followed->read_id != read_id) return;
  followed->read_id = 0;
  if (followed->is_read_stale) return read_position(*followed);
  if (history) return followed->subscription.go_live(*history);  // lives until the turn's end
  const RedisSubscription::Done done = followed->subscription.take_done();
  remove(channel);
  done(Unexpected<ErrorCode>(history.error()));
}

void RedisSubscriptions::read_history(const HistoryRequest& request,
                                      Broker::Callback<History> done) {
  if (find(request.channel) != nullptr) return read_followed(request, false, std::move(done));
  RedisRead::submit(context_, commands_, request, RedisRead::Patience::kHold, std::move(done));
}

// The two links are not in step: a notice of a rewrite may come while a read is on the way that was
// done before it. Its answer would show what the listener has just been told to show nobody any
// more, so it is read again. Once is enough, as that read was sent after the notice had come.
void RedisSubscriptions::read_followed(const HistoryRequest& request, bool is_repeated,
                                       Broker::Callback<History> done) {
  RedisRead::submit(context_, commands_, request, RedisRead::Patience::kHold,
                    [this, name = std::string(request.channel), again = request, is_repeated,
                     done = std::move(done)](Expected<History, ErrorCode> history) mutable {
                      Followed* const followed = find(name);
                      again.channel = name;
                      if (history && followed != nullptr) {
                        if (!is_repeated && followed->subscription.is_outdated(*history)) {
                          return read_followed(again, true, std::move(done));
                        }
                        followed->subscription.compare_rewrites(*history);
                        followed->subscription.note_entries(*history);
                      }
                      done(std::move(history));
                    });
}

void RedisSubscriptions::on_digest(std::string_view channel, std::string_view epoch,
                                   std::uint64_t offset) {
  Followed* const followed = find(channel);
  if (followed == nullptr) return;
  if (!followed->subscription.has_missed({offset, std::string(epoch)})) return;
  ++context_.counters.digest_gaps;
  context_.listener->on_maybe_missed(followed->subscription.channel());
}

const RedisSubscription* RedisSubscriptions::subscription(std::string_view channel) const {
  const Followed* const followed = find(channel);
  return followed == nullptr ? nullptr : &followed->subscription;
}

// GT, because the hash may be to live longer, or for ever; where there is none, nothing is done.
void RedisSubscriptions::renew_numberings() {
  const std::uint64_t now_ms = context_.loop.now_ms();
  for (std::size_t i = 0; i < kRenewalsAtOnce; ++i) {
    Followed* const next = by_renewal_.front();
    if (next == nullptr || now_ms - next->renewed_ms < kRenewMs) return;
    RedisCommand command;
    command.begin(4).add("PEXPIRE");
    command.add_joined({context_.key_prefix, "{", next->subscription.channel(), "}:m"});
    command.add(BrokerSettings::kNumberingMs).add("GT");
    if (!commands_.send(command, nullptr)) return;  // Redis is away: the next second tries again
    next->renewed_ms = now_ms;
    by_renewal_.push_back(*next);
  }
}

std::vector<std::string> RedisSubscriptions::known_channels() const {
  std::vector<std::string> names;
  names.reserve(channels_.size());
  for (const auto& [name, followed] : channels_) names.push_back(name);
  for (std::string& name : context_.positions.channels()) {
    if (!channels_.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

void RedisSubscriptions::check() const {
  CHIRM_CHECK(closed_.empty(), closed_.size());
  checked_.visit(channels_, [this](const auto& one) {
    const std::string& name = one.first;
    const Followed& followed = *one.second;
    followed.subscription.check();
    CHIRM_CHECK(name == followed.subscription.channel(), name);
    CHIRM_CHECK(followed.is_linked(), name);
    CHIRM_CHECK(followed.read_id <= last_read_id_, name, followed.read_id, last_read_id_);
    CHIRM_CHECK(!followed.is_read_stale || followed.read_id != 0, name);
    // A live channel has its position. (A read that is still on the way would be of no use.)
    CHIRM_CHECK(!followed.subscription.is_live() || followed.read_id == 0, name);
  });
}

}  // namespace chirm
