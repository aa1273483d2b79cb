// SPDX-License-Identifier: MIT
#include "client/host_addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

namespace chirm::client {

std::vector<std::string> known_addresses(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const bool is_numeric = inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
                          inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
  if (is_numeric) return {host};
  // Resolvers answer with one of the two, servers often listen on the other only.
  if (host == "localhost") return {"127.0.0.1", "::1"};
  return {};
}

}  // namespace chirm::client
