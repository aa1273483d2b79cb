// SPDX-License-Identifier: MIT
#include <utility>

#include "protocol/command.h"
#include "protocol/json.h"

namespace chirm {
namespace {

// Writes `{"<method>":{<fields>},"id":N}`; the fields that are zero are left out, as proto3's JSON
// has it (https://protobuf.dev/programming-guides/json): a decoder takes what is absent as zero.
class CommandWriter {
 public:
  CommandWriter(std::string& out, std::string_view method) : out_(out) {
    out_ += "{\"";
    out_ += method;
    out_ += "\":{";
  }

  void string(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    name(key);
    json::append_string(out_, value);
  }

  // Without line feeds, which separate commands on the wire.
  void raw(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    name(key);
    json::append_raw(out_, value);
  }

  void flag(std::string_view key, bool value) {
    if (!value) return;
    name(key);
    out_ += "true";
  }

  void number(std::string_view key, std::uint64_t value) {
    if (value == 0) return;
    name(key);
    json::append_number(out_, value);
  }

  void signed_number(std::string_view key, std::int64_t value) {
    if (value == 0) return;
    name(key);
    if (value < 0) out_ += '-';
    // The magnitude of INT64_MIN is no int64: negated without a sign, it is right.
    const auto bits = static_cast<std::uint64_t>(value);
    json::append_number(out_, value < 0 ? 0 - bits : bits);
  }

  void since(const std::optional<PositionView>& position) {
    // The empty object is not the absent one: it means from the very beginning.
    if (!position) return;
    name("since");
    out_ += '{';
    is_first_ = true;
    number("offset", position->offset);
    string("epoch", position->epoch);
    out_ += '}';
    is_first_ = false;
  }

  void known_positions(std::span<const KnownPosition> all) {
    if (all.empty()) return;
    name("subs");
    out_ += '{';
    is_first_ = true;
    // Unlike a field, a channel is written even when there is nothing to say of it: its being there
    // says that the client knows it.
    for (const KnownPosition& known : all) {
      if (!std::exchange(is_first_, true)) out_ += ',';
      json::append_string(out_, known.channel);
      out_ += ":{";
      flag("recover", known.recover);
      number("offset", known.since.offset);
      string("epoch", known.since.epoch);
      out_ += '}';
      is_first_ = false;
    }
    out_ += '}';
  }

  // The id comes last, so that a writer needs to know nothing but its method to begin. The order of
  // members has no meaning (RFC 8259 §4).
  void finish(std::uint32_t id) {
    out_ += "},\"id\":";
    json::append_number(out_, id);
    out_ += '}';
  }

 private:
  void name(std::string_view key) {
    out_ += is_first_ ? "\"" : ",\"";
    out_ += key;
    out_ += "\":";
    is_first_ = false;
  }

  std::string& out_;
  bool is_first_ = true;
};

void append_channel_command(std::string& out, std::string_view method, std::uint32_t id,
                            std::string_view channel) {
  CommandWriter writer(out, method);
  writer.string("channel", channel);
  writer.finish(id);
}

}  // namespace

void append_connect(std::string& out, std::uint32_t id, const ConnectCommand& command) {
  CommandWriter writer(out, "connect");
  writer.string("token", command.token);
  writer.raw("data", command.data);
  writer.string("name", command.name);
  writer.string("version", command.version);
  writer.known_positions(command.subs);
  writer.finish(id);
}

void append_subscribe(std::string& out, std::uint32_t id, const SubscribeCommand& command) {
  CommandWriter writer(out, "subscribe");
  writer.string("channel", command.channel);
  writer.string("token", command.token);
  writer.flag("recover", command.recover);
  writer.number("offset", command.since.offset);
  writer.string("epoch", command.since.epoch);
  writer.flag("recoverable", command.recoverable);
  writer.flag("positioned", command.positioned);
  writer.flag("join_leave", command.join_leave);
  writer.signed_number("flag", command.flag);
  writer.signed_number("type", command.type);
  writer.finish(id);
}

void append_unsubscribe(std::string& out, std::uint32_t id, const UnsubscribeCommand& command) {
  append_channel_command(out, "unsubscribe", id, command.channel);
}

void append_publish(std::string& out, std::uint32_t id, const PublishCommand& command) {
  CommandWriter writer(out, "publish");
  writer.string("channel", command.channel);
  writer.raw("data", command.data);
  writer.finish(id);
}

void append_presence(std::string& out, std::uint32_t id, const PresenceCommand& command) {
  append_channel_command(out, "presence", id, command.channel);
}

void append_presence_stats(std::string& out, std::uint32_t id,
                           const PresenceStatsCommand& command) {
  append_channel_command(out, "presence_stats", id, command.channel);
}

void append_history(std::string& out, std::uint32_t id, const HistoryCommand& command) {
  CommandWriter writer(out, "history");
  writer.string("channel", command.channel);
  writer.signed_number("limit", command.limit);
  writer.since(command.since);
  writer.flag("reverse", command.reverse);
  writer.finish(id);
}

void append_rpc(std::string& out, std::uint32_t id, const RpcCommand& command) {
  CommandWriter writer(out, "rpc");
  writer.string("method", command.method);
  writer.raw("data", command.data);
  writer.finish(id);
}

void append_refresh(std::string& out, std::uint32_t id, const RefreshCommand& command) {
  CommandWriter writer(out, "refresh");
  writer.string("token", command.token);
  writer.finish(id);
}

}  // namespace chirm
