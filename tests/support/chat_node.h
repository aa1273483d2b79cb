// SPDX-License-Identifier: MIT
#pragma once
// A node without sockets: a hub on a real loop, with the memory broker or a test's own, and clients
// whose bytes go from hand to hand.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/memory/memory_broker.h"
#include "core/chat/authenticator.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/loop/loop.h"
#include "core/loop/timer_wheel.h"
#include "protocol/ws_decoder.h"
#include "tests/support/fake_transport.h"
#include "tests/support/server_events.h"

namespace chirm::testing {

inline constexpr const char* kRoom = "room:a";

class ChatNode;

// A client of one session. Commands get the ids 1, 2, 3 …
class FakeClient {
 public:
  explicit FakeClient(ChatNode& node);
  FakeClient(const FakeClient&) = delete;
  FakeClient& operator=(const FakeClient&) = delete;

  // One WebSocket message; nothing has been answered when these return (see ChatNode::settle).
  void send(std::string_view message);
  void connect(std::string_view name);
  void connect_with(std::string_view token);
  void subscribe(std::string_view channel);
  void subscribe_to_presence(std::string_view channel);  // … with join_leave
  struct Recover {
    std::uint64_t offset;
    std::string_view epoch;
    bool rejects = false;  // flag 2
  };
  void recover(std::string_view channel, const Recover& from);
  void unsubscribe(std::string_view channel);
  void publish(std::string_view channel, std::string_view data);

  // Takes what a transport that was full has left, in writes of its size.
  void drain();
  // Room for so many bytes more. Takes them.
  void take_bytes(std::size_t count);
  // The connection is gone, without a word.
  void vanish() { session.reset(); }

  // All lines (see ServerEvents) since the last call. Fails when the bytes are not whole frames,
  // unless the transport is full.
  std::vector<std::string> take();
  ServerEvents& events();  // up to date

  FakeTransport transport;
  std::unique_ptr<Session> session;
  std::uint32_t last_id = 0;

 private:
  ChatNode& node_;
  WsDecoder decoder_;
  ServerEvents events_;
  std::size_t decoded_bytes_ = 0;
};

class ChatNode {
 public:
  // Insecure mode, no inboxes, no pings: what most tests want.
  static ChatSettings open_settings();

  explicit ChatNode(const ChatSettings& chat = open_settings(), const BrokerSettings& kept = {});
  // its_broker must outlive the node.
  ChatNode(const ChatSettings& chat, Broker& its_broker);

  FakeClient& add_client();
  // … that is connected and has taken its connect reply.
  FakeClient& add_client(std::string_view name);
  // … and has taken its subscribe reply.
  FakeClient& add_client(std::string_view name, std::string_view channel);

  // One end of turn.
  Loop::TurnEnd end_turn();
  // Ends of turns until nothing is left to do.
  void settle();
  bool run_until(const std::function<bool()>& is_done);
  // As those of loop_runner.h.
  bool pass_until(const std::function<bool()>& is_done, std::uint64_t step_ms = 100);
  void pass_ms(std::uint64_t ms);

  Loop loop;
  std::unique_ptr<MemoryBroker> memory_broker;
  Broker& broker;
  ChatSettings settings;
  ChatCounters counters;
  WsEncoder encoder{WsRole::kServer};
  CommandDecoder decoder;
  Random random{1};
  TimerWheel wheel{loop};
  Authenticator authenticator{loop, settings};
  Hub hub{loop, broker, encoder, settings, counters};
  SessionDirectory directory;
  SessionContext context{hub,     settings, authenticator, wheel,    encoder,
                         decoder, counters, random,        directory};
  WsDecoderPool client_pool{WsRole::kClient, 64 * 1024 * 1024};
  std::vector<std::unique_ptr<FakeClient>> clients;
  const Loop::TurnEndHook hook = loop.add_turn_end_hook([this] { return end_turn(); });
};

}  // namespace chirm::testing
