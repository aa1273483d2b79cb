// SPDX-License-Identifier: MIT
#pragma once
// A server with accounts on a test's loop, and what it answers at /auth/.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/accounts/revocations.h"
#include "core/broker/broker.h"
#include "core/chat/chat_settings.h"
#include "core/loop/loop.h"
#include "core/server/server.h"
#include "core/server/server_settings.h"
#include "protocol/json_fields.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"

namespace chirm::testing {

inline const std::string kPassword = "correct horse";  // of all who sign up
inline const std::string kTokenRefused = "close 3500 invalid token";

struct AuthReply {
  int status = 0;
  std::string head;
  std::string body;

  std::string text(const std::string& name) const {
    return JsonFields(body).text_or(name, {0, 4096}, "");
  }
  std::string error() const {
    return JsonFields(JsonFields(body).raw("error")).text_or("code", {0, 64}, "");
  }
  std::string header(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == head.npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  std::string cookie() const {  // the refresh token in it
    const std::string all = header("Set-Cookie");
    const std::size_t begin = all.find('=') + 1;
    return all.substr(begin, all.find(';') - begin);
  }
};

class AuthNode {
 public:
  // Cheap passwords, and nobody is throttled.
  static AccountSettings account_settings() {
    AccountSettings settings;
    settings.cost = {.passes = 1, .bytes = 64 * 1024};
    settings.per_address = settings.per_name = settings.per_name_there = settings.per_session =
        settings.new_per_address = {.burst = 100'000, .interval_ms = 1};
    return settings;
  }
  static ServerSettings server_settings(AccountSettings accounts) {
    ServerSettings settings;
    settings.port = 0;
    settings.close_timeout_s = 1;
    settings.drain_s = 0;
    settings.accounts = std::move(accounts);
    settings.trusted_proxies = {
        *AddressRange::parse("127.0.0.1")};  // tests say where they are from
    return settings;
  }
  static ChatSettings chat_settings() {
    ChatSettings settings;
    settings.ping_s = 0;
    return settings;
  }

  // The loop is not run any more when the node has gone.
  AuthNode(Loop& its_loop, std::unique_ptr<Broker> its_broker,
           const AccountSettings& accounts = account_settings(),
           const ChatSettings& chat = chat_settings())
      : loop(its_loop),
        broker(std::move(its_broker)),
        server(loop, *broker, server_settings(accounts), chat) {
    EXPECT_TRUE(server.listen().has_value());
  }

  bool run_until(const std::function<bool()>& is_done) { return testing::run_until(loop, is_done); }
  bool run_until_ready() {
    return run_until([this] {
      return server.accounts() ? server.accounts()->is_ready() : server.revocations()->is_loaded();
    });
  }

  // The request is on its way when this returns; see reply().
  RawClient& send(const std::string& path, const std::string& body,
                  const std::string& headers = "Content-Type: application/json\r\n") {
    RawClient& client = *clients.emplace_back(std::make_unique<RawClient>(loop, server.port()));
    client.send_bytes("POST " + path +
                      " HTTP/1.1\r\nHost: chat.example:1\r\nConnection: close\r\n" + headers +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client;
  }
  AuthReply reply(RawClient& client) {
    EXPECT_TRUE(run_until([&] { return client.is_ended(); }));
    const std::size_t end = client.http.find("\r\n\r\n");
    if (end == client.http.npos) return {};
    return {client.status(), client.http.substr(0, end + 2), client.http.substr(end + 4)};
  }
  AuthReply post(const std::string& path, const std::string& body) {
    return reply(send(path, body));
  }
  AuthReply post(const std::string& path, const std::string& body, const std::string& headers) {
    return reply(send(path, body, "Content-Type: application/json\r\n" + headers));
  }

  static std::string credentials(const std::string& name, const std::string& password) {
    return R"({"name":")" + name + R"(","password":")" + password + R"("})";
  }
  static std::string with_refresh(const std::string& token) {
    return R"({"refresh_token":")" + token + R"("})";
  }
  AuthReply sign_up(const std::string& name) {
    return post("/auth/register", credentials(name, kPassword));
  }

  // A WebSocket that has got the answer to its connect command, or its Close frame.
  RawClient& connect(const std::string& token) {
    RawClient& client = *clients.emplace_back(std::make_unique<RawClient>(loop, server.port()));
    client.send_upgrade();
    client.send(R"({"id":1,"connect":{"token":")" + token + R"("}})");
    EXPECT_TRUE(run_until([&] { return !client.events.lines.empty(); }));
    return client;
  }
  // How a connect with that token is answered.
  std::string connected(const std::string& token) { return connect(token).events.lines[0]; }
  bool run_until_closed(RawClient& client) {
    return run_until([&] { return client.events.close_code != 0; });
  }

  Loop& loop;
  std::unique_ptr<Broker> broker;
  Server server;
  std::vector<std::unique_ptr<RawClient>> clients;
};

}  // namespace chirm::testing
