// SPDX-License-Identifier: MIT
#include "core/server/http/client_address.h"

#include <gtest/gtest.h>

#include "core/server/server_settings.h"

namespace chirm {
namespace {

const std::vector<AddressRange> kProxies = {*AddressRange::parse("127.0.0.0/8"),
                                            *AddressRange::parse("::1")};

std::string address(const std::string& peer, const std::vector<std::string>& forwarded) {
  HttpRequest request;
  for (const std::string& value : forwarded) request.headers.emplace_back("x-forwarded-for", value);
  return client_origin(peer, request, kProxies).address;
}

TEST(ClientAddress, IsThePeersWhoeverElseItClaimsToBe) {
  EXPECT_EQ(address("192.0.2.1", {"10.0.0.1"}), "192.0.2.1");
  EXPECT_EQ(address("2001:db8::1", {"10.0.0.1"}), "2001:db8::1");
  EXPECT_EQ(address("127.0.0.1", {}), "127.0.0.1");
}

TEST(ClientAddress, IsThePeersAlsoOnThisMachineUnlessTheOperatorNamesIt) {
  HttpRequest request;
  request.headers = {{"x-forwarded-for", "10.0.0.1"}, {"x-forwarded-proto", "https"}};
  for (const char* peer : {"127.0.0.1", "::1"}) {
    const ClientOrigin client = client_origin(peer, request, ServerSettings().trusted_proxies);
    EXPECT_EQ(client.address, peer);
    EXPECT_FALSE(client.is_tls);
  }
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
  EXPECT_TRUE(client_origin("127.0.0.1", request, kProxies).is_tls);
  EXPECT_FALSE(client_origin("192.0.2.1", request, kProxies).is_tls);
  EXPECT_FALSE(client_origin("127.0.0.1", {}, kProxies).is_tls);
  EXPECT_TRUE(client_origin("127.0.0.1", {}, kProxies).may_be_tls);
  EXPECT_FALSE(client_origin("127.0.0.1", request, kProxies).may_be_tls);
  EXPECT_FALSE(client_origin("192.0.2.1", {}, kProxies).may_be_tls);
}

}  // namespace
}  // namespace chirm
