// SPDX-License-Identifier: MIT
// A WebSocket message from a client: lines, each a command in JSON.

#include <string>

#include "core/base/check.h"
#include "protocol/command.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/lines.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

// Writes the fields of commands as a text to compare, and checks each on its way.
class Description {
 public:
  explicit Description(const Command& command) {
    number(command.method.index());
    number(command.id);
    std::visit([this](const auto& method) { add(method); }, command.method);
  }
  const std::string& text() const { return text_; }

 private:
  void number(std::uint64_t number) { text_ += std::to_string(number) + ' '; }
  void flag(bool flag) { text_ += flag ? 'y' : 'n'; }
  void string(std::string_view string) {
    CHIRM_CHECK(json::is_utf8(string));
    text_.append(string) += '\n';
  }
  // Is sent on as it is, but for line feeds.
  void raw(std::string_view value) {
    CHIRM_CHECK(value.empty() || json::is_valid(value), value);
    std::string line;
    json::append_raw(line, value);
    string(line);
  }
  void position(const PositionView& position) {
    number(position.offset);
    string(position.epoch);
  }

  void add(const PongCommand&) {}
  void add(const SendCommand&) {}
  void add(const ConnectCommand& command) {
    string(command.token);
    raw(command.data);
    CHIRM_CHECK(command.data_name.size() <= limits::kUserBytes, command.data_name.size());
    string(command.data_name);
    string(command.name);
    string(command.version);
    for (const KnownPosition& known : command.subs) {
      string(known.channel);
      flag(known.recover);
      position(known.since);
    }
  }
  void add(const SubscribeCommand& command) {
    CHIRM_CHECK(!command.channel.empty());
    string(command.channel);
    string(command.token);
    position(command.since);
    for (const bool is_set :
         {command.recover, command.recoverable, command.positioned, command.join_leave}) {
      flag(is_set);
    }
    number(static_cast<std::uint64_t>(command.flag));
    number(static_cast<std::uint64_t>(command.type));
  }
  void add(const PublishCommand& command) {
    CHIRM_CHECK(!command.channel.empty());
    string(command.channel);
    raw(command.data);
    CHIRM_CHECK(command.message_id.size() <= limits::kMessageIdBytes, command.message_id.size());
    string(command.message_id);
  }
  void add(const HistoryCommand& command) {
    CHIRM_CHECK(!command.channel.empty());
    string(command.channel);
    number(static_cast<std::uint64_t>(command.limit));
    flag(command.since.has_value());
    position(command.since.value_or(PositionView{}));
    flag(command.reverse);
  }
  void add(const RpcCommand& command) {
    string(command.method);
    raw(command.data);
  }
  void add(const RefreshCommand& command) {
    CHIRM_CHECK(!command.token.empty());
    string(command.token);
  }
  void add(const SubRefreshCommand& command) {
    CHIRM_CHECK(!command.channel.empty());
    string(command.channel);
    string(command.token);
  }
  template <class ChannelCommand>
  void add(const ChannelCommand& command) {
    CHIRM_CHECK(!command.channel.empty());
    string(command.channel);
  }

  std::string text_;
};

// How our client encodes it; "" for what it never sends.
struct Encoder {
  std::uint32_t id;
  std::string out = {};

  void operator()(const PongCommand&) {}
  void operator()(const SendCommand&) {}
  void operator()(const SubRefreshCommand&) {}
  void operator()(const ConnectCommand& command) { append_connect(out, id, command); }
  void operator()(const SubscribeCommand& command) { append_subscribe(out, id, command); }
  void operator()(const UnsubscribeCommand& command) { append_unsubscribe(out, id, command); }
  void operator()(const PublishCommand& command) { append_publish(out, id, command); }
  void operator()(const PresenceCommand& command) { append_presence(out, id, command); }
  void operator()(const PresenceStatsCommand& command) { append_presence_stats(out, id, command); }
  void operator()(const HistoryCommand& command) { append_history(out, id, command); }
  void operator()(const RpcCommand& command) { append_rpc(out, id, command); }
  void operator()(const RefreshCommand& command) { append_refresh(out, id, command); }
};

void check_line(CommandDecoder& decoder, std::string_view text) {
  const PaddedLine line(text);
  const auto command = decoder.decode(line.text());
  if (!command) {
    CHIRM_CHECK(command.error() == disconnects::kBadRequest, command.error().code);
    return;
  }
  CHIRM_CHECK(json::is_valid(text), text);
  const std::string description = Description(*command).text();
  Encoder encoder{command->id};
  std::visit(encoder, command->method);
  if (encoder.out.empty()) return;

  CHIRM_CHECK(encoder.out.find('\n') == std::string::npos, encoder.out);
  const PaddedLine encoded(encoder.out);
  const auto again = decoder.decode(encoded.text());
  CHIRM_CHECK(again, text, encoder.out);
  const std::string described_again = Description(*again).text();
  CHIRM_CHECK(described_again == description, text, encoder.out);
}

void run(std::string_view message) {
  static CommandDecoder decoder;
  std::string lines;
  const bool is_right = for_each_line(message, [&](std::string_view line) {
    CHIRM_CHECK(!line.empty() && line.find('\n') == std::string_view::npos, line);
    check_line(decoder, line);
    lines.append(line) += '\n';
    return true;
  });
  const bool has_line_feed = message.ends_with('\n');
  CHIRM_CHECK(!is_right || lines == std::string(message) + (has_line_feed ? "" : "\n"));
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
