// SPDX-License-Identifier: MIT
#pragma once
// What the tests of server-side subscriptions share: clients with tokens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "protocol/jwt.h"
#include "tests/support/chat_node.h"

namespace chirm::testing {

inline constexpr const char* kSecret = "a secret of the operator";

class ServerSideTest : public ::testing::Test {
 protected:
  static ChatSettings settings() {
    ChatSettings settings;
    settings.tokens.hmac_secret = kSecret;
    settings.ping_s = 0;
    return settings;
  }
  static std::string token(const std::string& claims) {
    return sign_token_hs256('{' + claims + '}', kSecret);
  }
  // The lines that a client gets which connects with these claims and known positions.
  std::vector<std::string> connect(FakeClient& client, const std::string& claims,
                                   const std::string& subs = "{}") {
    client.send(R"({"id":1,"connect":{"token":")" + token(claims) + R"(","subs":)" + subs + "}}");
    node.settle();
    return client.take();
  }
  std::vector<std::string> connect(const std::string& claims, const std::string& subs = "{}") {
    return connect(node.add_client(), claims, subs);
  }
  // A connected client of that user.
  FakeClient& add_client(const std::string& user, const std::string& more_claims = "") {
    FakeClient& client = node.add_client();
    EXPECT_THAT(connect(client, R"("sub":")" + user + '"' + more_claims),
                ::testing::ElementsAre(::testing::StartsWith("1 connect ")));
    return client;
  }
  // Publishes the numbers from … to in ada's inbox.
  void publish(int from, int to, std::string_view channel = "user:#ada") {
    FakeClient& ada = add_client("ada");
    for (int n = from; n <= to; ++n) ada.publish(channel, std::to_string(n));
    node.settle();
    ada.vanish();
  }
  // Of ada's inbox.
  std::string epoch() { return add_client("ada").events().epoch; }

  ChatNode node{settings()};
};

}  // namespace chirm::testing
