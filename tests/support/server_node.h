// SPDX-License-Identifier: MIT
#pragma once
// A server with the memory broker on a loop, on a port that the kernel chose, and clients of it.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/broker/memory/memory_broker.h"
#include "core/chat/chat_settings.h"
#include "core/server/http/http_router.h"
#include "core/server/server.h"
#include "core/server/server_settings.h"
#include "protocol/http_response.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"

namespace chirm::testing {

// What the server answers to GET, as bytes.
inline std::string get(Server& server, const std::string& path) {
  HttpCall call;
  call.request.method = "GET";
  call.request.target = path;
  std::string text;
  const auto route = server.router().find(call.request);
  if (!route) return encode_response(route.error());
  (*route)->handle(call, [&](const HttpResponse& response) { text = encode_response(response); });
  return text;
}

class ServerNode {
 public:
  // Insecure, no inboxes, no pings, and quick to lose patience.
  static ChatSettings chat_settings() {
    ChatSettings settings;
    settings.is_insecure = true;
    settings.has_inboxes = false;
    settings.ping_s = 0;
    return settings;
  }
  static ServerSettings server_settings() {
    ServerSettings settings;
    settings.port = 0;
    settings.close_timeout_s = 1;
    settings.drain_s = 0;
    return settings;
  }

  explicit ServerNode(const ServerSettings& server_settings_used = server_settings(),
                      const ChatSettings& chat_settings_used = chat_settings())
      : server(loop, broker, server_settings_used, chat_settings_used) {
    const auto listening = server.listen();
    EXPECT_TRUE(listening.has_value());
  }

  RawClient& add_client() {
    return *clients.emplace_back(std::make_unique<RawClient>(loop, server.port()));
  }
  // … that has been upgraded.
  RawClient& add_websocket() {
    RawClient& client = add_client();
    client.send_upgrade();
    EXPECT_TRUE(run_until([&] { return client.is_upgraded(); }));
    return client;
  }
  // … that is connected and subscribed to room:a, and has taken the replies.
  RawClient& add_subscriber() {
    RawClient& client = add_websocket();
    client.send(
        "{\"id\":1,\"connect\":{\"data\":{\"name\":\"ada\"}}}\n"
        "{\"id\":2,\"subscribe\":{\"channel\":\"room:a\"}}");
    EXPECT_TRUE(run_until([&] { return client.events.lines.size() == 2; }));
    (void)client.events.take();
    return client;
  }

  bool run_until(const std::function<bool()>& is_done) { return testing::run_until(loop, is_done); }
  // As those of loop_runner.h.
  bool pass_until(const std::function<bool()>& is_done, std::uint64_t step_ms = 100) {
    return testing::pass_until(loop, is_done, step_ms);
  }
  void pass_ms(std::uint64_t ms) { testing::pass_ms(loop, ms); }
  bool run_ms(std::uint64_t ms) {
    const std::uint64_t end_ms = loop.now_ms() + ms;
    return run_until([&] { return loop.now_ms() >= end_ms; });
  }

  // A metric by its name and labels as they are written; -1 when there is none.
  double metric(const std::string& name) {
    const std::string text = server.metrics();
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  Loop loop;
  MemoryBroker broker{loop, {}};
  Server server;
  std::vector<std::unique_ptr<RawClient>> clients;
};

}  // namespace chirm::testing
