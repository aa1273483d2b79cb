// SPDX-License-Identifier: MIT
#include "core/server/http/client_address.h"

#include <gtest/gtest.h>

#include "core/server/server_settings.h"

namespace chirm {
namespace {

std::string address(const std::string& peer, const std::vector<std::string>& forwarded) {
  HttpRequest request;
  for (const std::string& value : forwarded) request.headers.emplace_back("x-forwarded-for", value);
  return client_origin(peer, request, ServerSettings().trusted_proxies).address;
}

TEST(ClientAddress, IsThePeersWhoeverElseItClaimsToBe) {
  EXPECT_EQ(address("192.0.2.1", {"10.0.0.1"}), "192.0.2.1");
  EXPECT_EQ(address("2001:db8::1", {"10.0.0.1"}), "2001:db8::1");
  EXPECT_EQ(address("127.0.0.1", {}), "127.0.0.1");
}

TEST(ClientAddress, IsTheLastHopThatATrustedProxySaw) {
  EXPECT_EQ(address("127.0.0.1", {"192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(address("::1", {"192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(address("127.0.0.1", {"10.9.9.9, 192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(address("127.0.0.1", {"10.9.9.9", "192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(address("127.0.0.1", {"2001:0db8::0007"}), "2001:db8::7");
}

TEST(ClientAddress, IsTheProxysWhenThatSaysNoAddress) {
  for (const std::string nonsense : {"", "unknown", "192.0.2.7:1234", "192.0.2.7,", "_hidden"}) {
    EXPECT_EQ(address("127.0.0.1", {nonsense}), "127.0.0.1") << nonsense;
  }
}

TEST(ClientAddress, SaysTlsOnlyWhereATrustedProxyDoes) {
  HttpRequest request;
  request.headers = {{"x-forwarded-proto", "https"}};
  const auto proxies = ServerSettings().trusted_proxies;
  EXPECT_TRUE(client_origin("127.0.0.1", request, proxies).is_tls);
  EXPECT_FALSE(client_origin("192.0.2.1", request, proxies).is_tls);
  EXPECT_FALSE(client_origin("127.0.0.1", {}, proxies).is_tls);
}

}  // namespace
}  // namespace chirm
