// SPDX-License-Identifier: MIT
#include "core/broker/redis_requests.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/loop/loop.h"

namespace chirm {

namespace {

constexpr std::size_t kEpochLetters = 8;
// A channel in which nothing was published is remembered this long: just its epoch, so that those
// who subscribed to it need not be told about a new one.
constexpr std::uint64_t kEmptyTtlMs = 24ULL * 3600 * 1000;

std::uint64_t unix_ms() { return static_cast<std::uint64_t>(Loop::unix_ms()); }

// ARGV 1-4 of both scripts.
void add_known(RedisCommand& command, RedisRequestContext& context, std::string_view channel) {
  const Position known = context.listener->known_position(channel);
  command.add(known.epoch).add(known.offset);
  command.add(context.random.name(kEpochLetters)).add(unix_ms());
}

// The N of a stream id `N-0`.
std::uint64_t offset_of(std::string_view id) {
  std::uint64_t offset = 0;
  (void)std::from_chars(id.data(), id.data() + id.size(), offset);  // 0 when it is none
  return offset;
}

}  // namespace

RedisPublish::RedisPublish(RedisRequestContext& context, const PublishRequest& request,
                           Broker::Callback<Position> done)
    : context_(context),
      channel_bytes_(request.channel.size()),
      user_bytes_(request.user.size()),
      id_bytes_(request.message_id.size()),
      done_(std::move(done)) {
  text_.reserve(channel_bytes_ + user_bytes_ + id_bytes_ + request.body.size());
  text_.append(request.channel).append(request.user);
  text_.append(request.message_id).append(request.body);
}

void RedisPublish::write(RedisCommand& command, const RedisScriptNames& scripts) {
  const std::string_view text = text_;
  const std::string_view channel = text.substr(0, channel_bytes_);
  const std::string_view user_and_id = text.substr(channel_bytes_, user_bytes_ + id_bytes_);
  const std::string_view body = text.substr(channel_bytes_ + user_bytes_ + id_bytes_);
  const std::string_view prefix = context_.key_prefix;
  const std::size_t keys = has_id() ? 3 : 2;
  command.begin(3 + keys + 9).add("EVALSHA").add(scripts.publish).add(keys);
  command.add_joined({prefix, "{", channel, "}:m"}).add_joined({prefix, "{", channel, "}:s"});
  if (has_id()) {
    // The user's length keeps user "a", id "bc" apart from user "ab", id "c".
    command.add_joined(
        {prefix, "{", channel, "}:i:", std::to_string(user_bytes_), ":", user_and_id});
  }
  add_known(command, context_, channel);
  command.add(context_.settings.history_ttl_ms);
  command.add_joined({context_.topic_prefix, channel}).add(body);
  command.add(context_.settings.history_size).add(context_.settings.idempotency_ttl_ms);
}

void RedisPublish::on_reply(const RedisReply& reply) {
  Position position{static_cast<std::uint64_t>(reply[0].integer()), std::string(reply[1].text())};
  if (reply.size() < 2 || reply[0].integer() <= 0 || position.epoch.empty()) return on_failure();
  ++context_.counters.published;
  if (reply.size() > 2) ++context_.counters.duplicates;
  done_(std::move(position));
}

void RedisPublish::on_failure() {
  ++context_.counters.publish_errors;
  done_(Unexpected<ErrorCode>(errors::kInternal));
}

RedisRead::RedisRead(RedisRequestContext& context, const HistoryRequest& request, bool expires,
                     Broker::Callback<History> done)
    : context_(context),
      channel_(request.channel),
      since_(request.since),
      limit_(request.limit),
      reverse_(request.reverse),
      expires_(expires),
      done_(std::move(done)) {}

void RedisRead::write(RedisCommand& command, const RedisScriptNames& scripts) {
  const std::string_view prefix = context_.key_prefix;
  const std::uint64_t ttl_ms = context_.settings.history_ttl_ms;
  command.begin(3 + 2 + 9).add("EVALSHA").add(scripts.read).add(2);
  command.add_joined({prefix, "{", channel_, "}:m"}).add_joined({prefix, "{", channel_, "}:s"});
  add_known(command, context_, channel_);
  command.add(ttl_ms == 0 ? kEmptyTtlMs : std::min(ttl_ms, kEmptyTtlMs));
  write_range(command);
  command.add(limit_);
}

// A stream id without its second part means the first of a range's from, the last of its to.
void RedisRead::write_range(RedisCommand& command) const {
  if (!reverse_) {
    command.add("XRANGE").add(since_ + 1).add("+");
  } else if (since_ == 0) {
    command.add("XREVRANGE").add("+").add("-");
  } else {
    command.add("XREVRANGE").add(since_ - 1).add("-");
  }
}

// {top, epoch, {{id, {"b", body}}, …}}
void RedisRead::on_reply(const RedisReply& reply) {
  History history;
  history.top.offset = static_cast<std::uint64_t>(reply[0].integer());
  history.top.epoch = reply[1].text();
  if (history.top.epoch.empty()) return on_failure();
  const RedisReply entries = reply[2];
  history.publications.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const RedisReply entry = entries[i];
    history.publications.push_back({offset_of(entry[0].text()), std::string(entry[1][1].text())});
  }
  done_(std::move(history));
}

void RedisRead::on_failure() {
  if (expires_) ++context_.counters.history_errors;
  done_(Unexpected<ErrorCode>(errors::kInternal));
}

}  // namespace chirm
