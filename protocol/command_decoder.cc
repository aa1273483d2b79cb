// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <vector>

#include "protocol/command.h"
#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm {
namespace {

namespace dom = simdjson::dom;

// First the one that counts when there are several.
enum Method : std::size_t {
  kConnect,
  kSubscribe,
  kUnsubscribe,
  kPublish,
  kPresence,
  kPresenceStats,
  kHistory,
  kRpc,
  kSend,
  kRefresh,
  kSubRefresh,
  kNoMethod,
};
constexpr std::array<std::string_view, kNoMethod> kMethods = {
    "connect", "subscribe", "unsubscribe", "publish", "presence",   "presence_stats",
    "history", "rpc",       "send",        "refresh", "sub_refresh"};
static_assert(kMethods[kPublish] == "publish" && kMethods[kSubRefresh] == "sub_refresh");
// A Command holds one type for each, and that of the pong.
static_assert(std::variant_size_v<decltype(Command::method)> == kNoMethod + 1);

std::size_t method_of(std::string_view key) {
  return static_cast<std::size_t>(std::ranges::find(kMethods, key) - kMethods.begin());
}

// A command's members as they are found in its root object.
struct Envelope {
  std::uint32_t id = 0;
  std::size_t method = kNoMethod;
  dom::object fields;        // the method's object
  std::size_t position = 0;  // the method is that member of the root, from 0
};

// A method that is null is none, as for Go's decoder of the reference server. Its type is checked
// even when another method counts: the line as a whole is right or wrong.
bool read_envelope(dom::object root, Envelope& envelope) {
  std::size_t position = 0;
  for (const dom::key_value_pair member : root) {
    if (member.key == "id") {
      if (!read_field(member.value, envelope.id)) return false;
    } else if (!member.value.is_null()) {
      const std::size_t method = method_of(member.key);
      dom::object fields;
      if (method != kNoMethod && member.value.get(fields)) return false;
      // "<=" and not "<": of equal keys the last counts.
      if (method != kNoMethod && method <= envelope.method) {
        envelope.method = method;
        envelope.fields = fields;
        envelope.position = position;
      }
    }
    ++position;
  }
  return true;
}

// The overloads of read() return false at a field of a wrong type or at an empty required one.

bool read_known_position(dom::element value, KnownPosition& known) {
  dom::object fields;
  if (value.get(fields)) return value.is_null();
  for (const auto [key, member] : fields) {
    if (key == "recover" && !read_field(member, known.recover)) return false;
    if (key == "offset" && !read_field(member, known.since.offset)) return false;
    if (key == "epoch" && !read_field(member, known.since.epoch)) return false;
  }
  return true;
}

bool read_known_positions(dom::element value, std::vector<KnownPosition>& all) {
  dom::object channels;
  if (value.get(channels)) return value.is_null();
  for (const auto [channel, position] : channels) {
    all.push_back({.channel = channel});
    if (!read_known_position(position, all.back())) return false;
  }
  return true;
}

bool read(dom::object fields, RawCursor cursor, std::vector<KnownPosition>& subs,
          ConnectCommand& command) {
  // The walk with a cursor costs a second pass over the text. So only the commands that carry raw
  // JSON are read in this way, the others by the DOM alone.
  const bool is_right =
      for_each_member(fields, cursor, [&](std::string_view key, dom::element value) {
        if (key == "token") return read_field(value, command.token);
        if (key == "name") return read_field(value, command.name);
        if (key == "version") return read_field(value, command.version);
        if (key == "data") {
          command.data = read_raw(value, cursor);
          command.data_name = string_member(value, "name", limits::kUserBytes);
        }
        if (key == "subs") {
          subs.clear();  // the member may be there twice
          return read_known_positions(value, subs);
        }
        return true;
      });
  command.subs = subs;
  return is_right;
}

bool read(dom::object fields, SubscribeCommand& command) {
  for (const auto [key, value] : fields) {
    bool is_right = true;
    std::string_view delta;
    if (key == "channel") is_right = read_field(value, command.channel);
    if (key == "token") is_right = read_field(value, command.token);
    if (key == "recover") is_right = read_field(value, command.recover);
    if (key == "offset") is_right = read_field(value, command.since.offset);
    if (key == "epoch") is_right = read_field(value, command.since.epoch);
    if (key == "recoverable") is_right = read_field(value, command.recoverable);
    if (key == "positioned") is_right = read_field(value, command.positioned);
    if (key == "join_leave") is_right = read_field(value, command.join_leave);
    if (key == "flag") is_right = read_field(value, command.flag);
    if (key == "type") is_right = read_field(value, command.type);
    // "fossil" is the only delta there is. It may be asked for and need not be given: a client
    // takes whole publications, too.
    if (key == "delta") {
      is_right = read_field(value, delta) && (delta.empty() || delta == "fossil");
    }
    if (!is_right) return false;
  }
  return !command.channel.empty();
}

bool read(dom::object fields, RawCursor cursor, PublishCommand& command) {
  const bool is_right =
      for_each_member(fields, cursor, [&](std::string_view key, dom::element value) {
        if (key == "channel") return read_field(value, command.channel);
        if (key == "data") {
          command.data = read_raw(value, cursor);
          command.message_id = string_member(value, "id", limits::kMessageIdBytes);
        }
        return true;
      });
  return is_right && !command.channel.empty();
}

bool read(dom::element value, std::optional<PositionView>& since) {
  if (value.is_null()) return true;
  dom::object fields;
  if (value.get(fields)) return false;
  since.emplace();
  for (const auto [key, member] : fields) {
    if (key == "offset" && !read_field(member, since->offset)) return false;
    if (key == "epoch" && !read_field(member, since->epoch)) return false;
  }
  return true;
}

bool read(dom::object fields, HistoryCommand& command) {
  for (const auto [key, value] : fields) {
    bool is_right = true;
    if (key == "channel") is_right = read_field(value, command.channel);
    if (key == "limit") is_right = read_field(value, command.limit);
    if (key == "since") is_right = read(value, command.since);
    if (key == "reverse") is_right = read_field(value, command.reverse);
    if (!is_right) return false;
  }
  return !command.channel.empty();
}

bool read(dom::object fields, RawCursor cursor, RpcCommand& command) {
  return for_each_member(fields, cursor, [&](std::string_view key, dom::element value) {
    if (key == "method") return read_field(value, command.method);
    if (key == "data") command.data = read_raw(value, cursor);
    return true;
  });
}

bool read_token(dom::object fields, std::string_view& token) {
  for (const auto [key, value] : fields) {
    if (key == "token" && !read_field(value, token)) return false;
  }
  return true;
}

bool read(dom::object fields, RefreshCommand& command) {
  return read_token(fields, command.token) && !command.token.empty();
}

bool read(dom::object, SendCommand&) { return true; }

// For commands that have nothing but a channel.
template <class ChannelCommand>
bool read(dom::object fields, ChannelCommand& command) {
  for (const auto [key, value] : fields) {
    if (key == "channel" && !read_field(value, command.channel)) return false;
  }
  return !command.channel.empty();
}

bool read(dom::object fields, SubRefreshCommand& command) {
  return read_token(fields, command.token) && read<SubRefreshCommand>(fields, command);
}

// Where the member at `position` of the object `line` has its value. By counting, not by its name:
// the name may be escaped in the text, and there may be another one like it.
RawCursor cursor_at(std::string_view line, std::size_t position) {
  RawCursor cursor(line);
  cursor.open();
  for (std::size_t i = 0; i < position; ++i) {
    cursor.skip_key();
    cursor.skip_value();
    cursor.skip_comma();
  }
  cursor.skip_key();
  return cursor;
}

bool read_method(std::string_view line, const Envelope& envelope, std::vector<KnownPosition>& subs,
                 Command& command) {
  const dom::object fields = envelope.fields;
  auto& method = command.method;
  switch (envelope.method) {
    case kConnect:
      return read(fields, cursor_at(line, envelope.position), subs,
                  method.emplace<ConnectCommand>());
    case kSubscribe:
      return read(fields, method.emplace<SubscribeCommand>());
    case kUnsubscribe:
      return read(fields, method.emplace<UnsubscribeCommand>());
    case kPublish:
      return read(fields, cursor_at(line, envelope.position), method.emplace<PublishCommand>());
    case kPresence:
      return read(fields, method.emplace<PresenceCommand>());
    case kPresenceStats:
      return read(fields, method.emplace<PresenceStatsCommand>());
    case kHistory:
      return read(fields, method.emplace<HistoryCommand>());
    case kRpc:
      return read(fields, cursor_at(line, envelope.position), method.emplace<RpcCommand>());
    case kSend:
      return read(fields, method.emplace<SendCommand>());
    case kRefresh:
      return read(fields, method.emplace<RefreshCommand>());
    case kSubRefresh:
      return read(fields, method.emplace<SubRefreshCommand>());
    default:
      return false;  // an id, but no method that we know
  }
}

}  // namespace

struct CommandDecoder::Impl {
  JsonParser parser{limits::kMessageBytes};
  std::vector<KnownPosition> subs;  // of the last connect command
};

CommandDecoder::CommandDecoder() : impl_(std::make_unique<Impl>()) {}
CommandDecoder::~CommandDecoder() = default;

Expected<Command, Disconnect> CommandDecoder::decode(std::string_view line) {
  const auto refusal = Unexpected<Disconnect>(disconnects::kBadRequest);
  dom::element root;
  dom::object members;
  Envelope envelope;
  if (impl_->parser.parse(line, root) || root.get(members)) return refusal;
  if (!read_envelope(members, envelope)) return refusal;

  Command command;
  // A send has no id, so it comes first. What has an id of 0 and is no send is a pong, even with a
  // method: the reference server does the same.
  if (envelope.method == kSend) {
    command.method.emplace<SendCommand>();
  } else if (envelope.id != 0) {
    command.id = envelope.id;
    // Views of the last command end here, as the header says.
    impl_->subs.clear();
    if (!read_method(line, envelope, impl_->subs, command)) return refusal;
  }
  return command;
}

}  // namespace chirm
