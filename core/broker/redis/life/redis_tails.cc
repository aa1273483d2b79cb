// SPDX-License-Identifier: MIT
#include "core/broker/redis/life/redis_tails.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/base/check.h"
#include "core/broker/message_ids.h"
#include "core/broker/redis/life/redis_life_scripts.h"

namespace chirm {

namespace {
// Answers of the scripts, when they are no offset.
constexpr std::int64_t kUnfit = -1;
constexpr std::int64_t kGone = -2;
constexpr std::int64_t kDiverged = -3;
constexpr std::int64_t kUncovered = -4;

// It will take writes later.
bool is_temporary(std::string_view error) {
  return error.starts_with("OOM ") || error.starts_with("NOREPLICAS ") ||
         error.starts_with("MISCONF ");
}
}  // namespace

RedisTails::RedisTails(RedisContext& context, RedisCommands& commands, Find subscription)
    : context_(context), commands_(commands), subscription_(std::move(subscription)) {}

void RedisTails::start(std::vector<std::string> channels, const Life& life, Done done) {
  stop();
  channels_ = std::move(channels);
  life_ = life;
  done_ = std::move(done);
  pump();
}

void RedisTails::stop() {
  channels_.clear();
  gaps_.clear();
  unfit_.clear();
  rewritten_.clear();
  unfit_rewritten_.clear();
  is_last_ = false;
  in_flight_ = 0;
  result_ = {};
  done_ = nullptr;
}

void RedisTails::retry(bool is_last, const Life& life, Done done) {
  life_ = life;
  gaps_ = std::exchange(unfit_, {});
  rewritten_ = std::exchange(unfit_rewritten_, {});
  is_last_ = is_last;
  done_ = std::move(done);
  pump();
}

// Gaps go first: while one is open, what other nodes hold behind it does not fit. Rewrites come
// last: a channel that is not there cannot have any.
void RedisTails::pump() {
  while (in_flight_ < kInFlightMax && (!gaps_.empty() || !channels_.empty())) {
    if (gaps_.empty()) {
      compare();
    } else {
      Gap gap = std::move(gaps_.front());
      gaps_.pop_front();
      put_back(std::move(gap));
    }
  }
  if (gaps_.empty() && channels_.empty()) {
    while (in_flight_ < kInFlightMax && !rewritten_.empty()) put_back_rewrites();
  }
  if (in_flight_ == 0 && done_) std::exchange(done_, nullptr)(result_);
}

void RedisTails::check() const {
  CHIRM_CHECK(in_flight_ <= kInFlightMax, in_flight_);
  CHIRM_CHECK(done_ || in_flight_ == 0, in_flight_);
  CHIRM_CHECK(done_ || (channels_.empty() && gaps_.empty()), channels_.size(), gaps_.size());
  CHIRM_CHECK(done_ || rewritten_.empty(), rewritten_.size());
  CHIRM_CHECK(!is_last_ || life_.number != 0);
}

// ---- Comparing

void RedisTails::compare() {
  std::vector<Known> batch;
  std::size_t bytes = 0;
  while (!channels_.empty() && batch.size() < kChannelsMax && bytes < kPieceBytes) {
    Known one;
    one.channel = std::move(channels_.back());
    one.new_epoch = context_.new_epoch();
    channels_.pop_back();
    one.position = known_position(context_, one.channel);
    if (one.position.epoch.empty()) continue;  // nobody was told anything that could be wrong now
    add_newest(one);
    const auto oldest = context_.listener->tail(one.channel, 0, 1);
    one.first = oldest.empty() ? one.position.offset + 1 : oldest.front().offset;
    bytes += one.channel.size() + one.newest.body.size();
    batch.push_back(std::move(one));
  }
  if (batch.empty()) return;
  command_.begin(3 + 2 * batch.size() + 2 + 6 * batch.size());
  command_.add("EVAL").add(redis_scripts::kCompare).add(2 * batch.size());
  for (const Known& one : batch) add_channel_keys(command_, context_, one.channel);
  command_.add(life_.number).add(life_.first_true);
  for (Known& one : batch) {
    command_.add(one.position.epoch).add(one.position.offset).add(one.new_epoch).add(one.first);
    command_.add(one.newest.offset).add(one.newest.body);
    one.newest.body = {};
  }
  // These go around the queue of requests: until they are answered, no request may be sent.
  ++in_flight_;
  commands_.ask(command_, [this, batch = std::move(batch)](const RedisReply& reply) {
    on_compared(batch, reply);
  });
}

// The same offset with another text shows that the store has had another history since. One that
// was rewritten shows nothing, as the store may have lost that: so one in front of it is looked at.
void RedisTails::add_newest(Known& known) const {
  const RedisRewrites* const rewrites = rewrites_of(known.channel);
  std::uint64_t offset = known.position.offset;
  for (int i = 0; i < kLooksMax && offset > 0; ++i, --offset) {
    if (rewrites != nullptr && rewrites->is_rewritten(offset)) continue;
    auto newest = context_.listener->tail(known.channel, offset - 1, 1);
    if (!newest.empty()) known.newest = std::move(newest.front());
    return;
  }
}

void RedisTails::on_compared(const std::vector<Known>& batch, const RedisReply& reply) {
  --in_flight_;
  if (reply.size() != batch.size()) {
    return commands_.reconnect("comparing channels: " + std::string(reply.text()));
  }
  result_.compared += batch.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::int64_t verdict = reply[i].integer();
    if (verdict == kDiverged) {
      ++result_.diverged;
      start_over(batch[i].channel, batch[i].new_epoch);
      continue;  // what was rewritten is of another log
    }
    if (verdict == kGone) {
      unfit_.push_back({batch[i].channel, 0});  // when it is known who holds the longest tail
    } else if (verdict >= 0) {
      gaps_.push_back({batch[i].channel, static_cast<std::uint64_t>(verdict)});
    }
    const RedisRewrites* const rewrites = rewrites_of(batch[i].channel);
    if (rewrites != nullptr && !rewrites->empty()) rewritten_.push_back(batch[i].channel);
  }
  pump();
}

// ---- Putting back

// From the store's newest publication on, and not from behind it, so that the script sees whether
// this node has the same there.
void RedisTails::put_back(Gap gap) {
  const Position known = known_position(context_, gap.channel);
  const std::uint64_t from = gap.since == 0 ? 0 : gap.since - 1;
  gap.new_epoch = context_.new_epoch();
  std::vector<Publication> publications = context_.listener->tail(gap.channel, from, kPieceBytes);
  if (publications.size() > kPiecePublications) publications.resize(kPiecePublications);
  if (!publications.empty() && publications.back().offset <= gap.since) {
    // One that is as long as a piece: nothing new would fit beside it.
    publications = context_.listener->tail(gap.channel, gap.since, kPieceBytes);
  }
  write_piece(gap, known, publications);
  ++in_flight_;
  commands_.ask(command_, [this, gap = std::move(gap)](const RedisReply& reply) mutable {
    on_put_back(std::move(gap), reply);
  });
}

void RedisTails::write_piece(const Gap& gap, const Position& known,
                             const std::vector<Publication>& publications) {
  const BrokerSettings& settings = context_.settings;
  const std::vector<Id> ids = ids_of(gap.channel, publications);
  command_.begin(3 + 2 + 14 + 3 * publications.size());
  command_.add("EVAL").add(redis_scripts::kPutBack).add(2);
  add_channel_keys(command_, context_, gap.channel);
  command_.add(life_.number).add(life_.first_true).add(known.epoch).add(gap.new_epoch);
  command_.add(static_cast<std::uint64_t>(context_.loop.unix_ms()));
  command_.add(settings.history_ttl_ms).add(BrokerSettings::kNumberingMs);
  command_.add(settings.history_size).add(settings.idempotency_ttl_ms);
  command_.add(publications.empty() ? known.offset + 1 : publications.front().offset);
  command_.add(known.offset).add(is_last_ ? "1" : "0").add(life_.is_known ? life_.number : 0);
  command_.add(settings.idempotency_ttl_ms == 0 ? 0 : message_ids_period_ms(context_));
  for (std::size_t i = 0; i < publications.size(); ++i) {
    const Id& id = ids[i];
    command_.add(id.is_rewritten ? "1" : "0");
    command_.add_joined({id.is_apart && !id.key.empty() ? "+" : "", id.key});
    command_.add(publications[i].body);
  }
}

// The message ids go with the publications: a client whose ack was lost sends its message again,
// and must not see it twice.
std::vector<RedisTails::Id> RedisTails::ids_of(std::string_view channel,
                                               const std::vector<Publication>& publications) {
  const RedisSubscription* const subscription = subscription_(channel);
  std::vector<Id> ids;
  for (const Publication& publication : publications) {
    Id& id = ids.emplace_back();
    if (subscription != nullptr) {
      id.is_rewritten = subscription->rewrites().is_rewritten(publication.offset);
      id.key = subscription->keys().find(publication.offset);
      id.is_apart = !id.key.empty();
    }
    if (!id.is_apart) {
      const PublicationKey key = keys_.decode(publication.body);
      id.key = message_key(key.user, key.message_id);
    }
    if (context_.settings.idempotency_ttl_ms == 0) id.key.clear();
  }
  return ids;
}

void RedisTails::on_put_back(Gap gap, const RedisReply& reply) {
  --in_flight_;
  if (reply.is_error()) {
    on_put_back_error(std::move(gap), reply.text());
    return pump();
  }
  if (reply.integer() == kDiverged) {
    ++result_.diverged;
    std::erase(rewritten_, gap.channel);
    start_over(gap.channel, gap.new_epoch);
  } else if (reply.integer() == kUncovered) {
    ++result_.uncovered;
    start_over(gap.channel, gap.new_epoch);
  } else if (reply.integer() == kUnfit && is_last_) {
    // Another node's tail is in the way, or the life is settled: this one's clients compare.
    ++result_.uncovered;
    context_.listener->on_maybe_missed(gap.channel);
  } else if (reply.integer() == kUnfit) {
    unfit_.push_back(std::move(gap));
  }
  if (reply.size() != 2) return pump();
  const auto top = static_cast<std::uint64_t>(reply[0].integer());
  const auto added = static_cast<std::uint64_t>(reply[1].integer());
  result_.put_back += added;
  if (added > 0 && !std::exchange(gap.is_restored, true)) ++result_.restored;
  // As long as there is progress, the next piece; known_position() may have grown meanwhile.
  const Position known = known_position(context_, gap.channel);
  if (top < known.offset && top > gap.since) {
    gap.since = top;
    gaps_.push_back(std::move(gap));
  } else if (top < known.offset && !is_last_) {
    gap.since = top;
    unfit_.push_back(std::move(gap));  // another node may hold what this one only knows of
  } else if (!known.epoch.empty()) {   // followed and known no more since
    context_.positions.note(gap.channel, known);
  }
  pump();
}

// A store that takes no writes now must not be used without what is missing: another node would
// give its offsets to new publications. So the link is made again until it takes them.
void RedisTails::on_put_back_error(Gap gap, std::string_view error) {
  if (!is_last_) return unfit_.push_back(std::move(gap));
  if (is_temporary(error)) return commands_.reconnect("putting back: " + std::string(error));
  if (result_.failed++ == 0) spdlog::warn("redis: cannot put back: {}", error);
  context_.listener->on_maybe_missed(gap.channel);
}

// ---- Rewrites

const RedisRewrites* RedisTails::rewrites_of(std::string_view channel) const {
  const RedisSubscription* const found = subscription_(channel);
  return found == nullptr ? nullptr : &found->rewrites();
}

void RedisTails::put_back_rewrites() {
  const std::string channel = std::move(rewritten_.back());
  rewritten_.pop_back();
  const RedisRewrites* const rewrites = rewrites_of(channel);
  if (rewrites == nullptr || rewrites->empty()) return;  // unsubscribed since
  // What is known of by a read of the log alone is in the tail as it is now.
  std::vector<Publication> unnumbered;
  std::size_t bytes = 0;
  for (const std::uint64_t offset : rewrites->unnumbered() | std::views::reverse) {
    auto found = context_.listener->tail(channel, offset - 1, 1);
    if (found.empty() || found.front().offset != offset) continue;
    bytes += found.front().body.size();
    if (bytes > kPieceBytes) break;  // the newest are put back
    unnumbered.push_back(std::move(found.front()));
  }
  const auto& newest = rewrites->newest();
  command_.begin(3 + 2 + 6 + 2 * (unnumbered.size() + newest.size()));
  command_.add("EVAL").add(redis_scripts::kPutBackRewrites).add(2);
  add_channel_keys(command_, context_, channel);
  command_.add(rewrites->epoch()).add(context_.settings.history_ttl_ms).add(rewrites->count());
  command_.add(is_last_ ? "1" : "0").add(context_.life).add(unnumbered.size());
  for (const Publication& one : unnumbered) command_.add(one.offset).add(one.body);
  for (const RedisRewrites::Rewrite& one : newest) command_.add(one.offset).add(one.body);
  ++in_flight_;
  commands_.ask(command_,
                [this, channel](const RedisReply& reply) { on_rewrites_put_back(channel, reply); });
}

// Without what was rewritten text would come back that somebody has deleted. So, like publications,
// it is put back before the store is used.
void RedisTails::on_rewrites_put_back(const std::string& channel, const RedisReply& reply) {
  --in_flight_;
  if (reply.is_error() && is_temporary(reply.text())) {
    return commands_.reconnect("putting rewrites back: " + std::string(reply.text()));
  }
  if (reply.is_error()) {
    spdlog::warn("redis: cannot put rewrites of {} back: {}", channel, reply.text());
  } else if (reply.size() == 3) {
    result_.rewritten += static_cast<std::uint64_t>(reply[0].integer());
    result_.rewrites_gone += static_cast<std::uint64_t>(reply[1].integer());
    // Of what was rewritten without it, this node may still show what was there before.
    if (reply[2].integer() == 1) context_.listener->on_rewritten(channel, UINT64_MAX, {});
  } else if (!is_last_) {
    unfit_rewritten_.push_back(channel);  // until the channel is there again, or who holds more
  }
  pump();
}

// By way of the digest all other nodes learn of it, too; here the listener is told at once.
void RedisTails::start_over(const std::string& channel, const std::string& new_epoch) {
  context_.positions.note(channel, {0, new_epoch});
  context_.listener->on_maybe_missed(channel);
}

}  // namespace chirm
