// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_read.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace chirm {

namespace {

constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 52;  // which Lua's numbers can hold

// The N of a stream id `N-0`, or of `N`.
std::uint64_t offset_of(std::string_view id) {
  std::uint64_t offset = 0;
  (void)std::from_chars(id.data(), id.data() + id.size(), offset);  // 0 when it is none
  return offset;
}

// `<epoch>:<offset> …` (redis_scripts.h). One without an offset was cut off.
std::vector<Ancestor> parse_ancestors(std::string_view text) {
  std::vector<Ancestor> ancestors;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos || colon + 1 == one.size()) continue;
    ancestors.push_back({std::string(one.substr(0, colon)), offset_of(one.substr(colon + 1))});
  }
  return ancestors;
}

// The fields of an entry: redis_scripts.h.
void add_entry(std::uint64_t offset, const RedisReply& fields, History& history) {
  Publication& publication = history.publications.emplace_back();
  publication.offset = offset;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string_view name = fields[i].text();
    const std::string_view value = fields[i + 1].text();
    if (name == "b") publication.body = value;
    if (name == "k" && !value.empty()) history.keys.emplace_back(offset, value);
    if (name == "w") history.rewritten.push_back(offset);
  }
}

}  // namespace

void RedisRead::submit(RedisContext& context, RedisCommands& commands,
                       const HistoryRequest& request, Patience patience, Done done) {
  std::unique_ptr<RedisRead> read(new RedisRead(context, request, patience, std::move(done)));
  // Positions of subscriptions are not counted: there is one per channel.
  if (patience == Patience::kHold && !context.admit(read->bytes())) {
    return context.later.add([&context, refused = std::move(read->done_)] {
      ++context.counters.history_errors;
      refused(Unexpected<ErrorCode>(errors::kInternal));
    });
  }
  commands.submit(std::move(read));
}

RedisRead::RedisRead(RedisContext& context, const HistoryRequest& request, Patience patience,
                     Done done)
    : context_(context),
      channel_(request.channel),
      since_(request.since),
      limit_(request.limit),
      reverse_(request.reverse),
      bytes_max_(request.bytes_max),
      patience_(patience),
      submitted_ms_(context.loop.now_ms()),
      done_(std::move(done)) {}

void RedisRead::write(RedisCommand& command, const RedisScriptNames& scripts) {
  command.begin(3 + 2 + kKnownArguments + 6).add("EVALSHA").add(scripts.read).add(2);
  add_channel_keys(command, context_, channel_);
  add_known_position(command, context_, channel_);
  command.add(BrokerSettings::kNumberingMs);
  write_range(command);
  command.add(limit_).add(std::min<std::uint64_t>(bytes_max_, kBytesMax));
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

// {top, epoch, {{id, {"b", body, …}}, …}, rewrites, ancestors}
void RedisRead::on_reply(const RedisReply& reply) {
  if (!done_) return;
  History history;
  history.top.offset = static_cast<std::uint64_t>(reply[0].integer());
  history.top.epoch = reply[1].text();
  history.rewrites = static_cast<std::uint64_t>(reply[3].integer());
  if (history.top.epoch.empty()) return on_error();  // no answer of this script
  history.top.ancestors = parse_ancestors(reply[4].text());
  const RedisReply entries = reply[2];
  history.publications.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const RedisReply entry = entries[i];
    add_entry(offset_of(entry[0].text()), entry[1], history);
  }
  take()(std::move(history));
}

void RedisRead::on_error() {
  if (!done_) return;
  if (patience_ == Patience::kHold) ++context_.counters.history_errors;
  take()(Unexpected<ErrorCode>(errors::kInternal));
}

// A subscription has no deadline: whoever waits for it would only ask again, and with it all
// others.
void RedisRead::expire(std::uint64_t now_ms) {
  const bool is_late = now_ms - submitted_ms_ >= context_.settings.hold_ms;
  if (is_late && patience_ == Patience::kHold) on_error();
}

RedisRead::Done RedisRead::take() {
  if (patience_ == Patience::kHold) context_.release(bytes());
  return std::exchange(done_, nullptr);
}

}  // namespace chirm
