// SPDX-License-Identifier: MIT
#pragma once
// Ranges of IP addresses: "10.0.0.0/8", "::1", "127.0.0.1".

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm {

// IPv4 addresses as IPv6 ones that are mapped (RFC 4291 §2.5.5.2).
using AddressBytes = std::array<std::uint8_t, 16>;

// nullopt when the text is no numeric address.
std::optional<AddressBytes> parse_address(std::string_view text);
// The usual form: "127.0.0.1", "2001:db8::1".
std::string to_text(const AddressBytes& address);

// What an address counts by where something is limited: itself; or, if it is an IPv6 address, its
// /64, for whoever has one address of a /64 has them all.
AddressBytes network_of(const AddressBytes& address);

// Whether it is the network_of() this machine itself.
bool is_loopback_network(const AddressBytes& network);

class AddressRange {
 public:
  // An address, or one and the number of its leading bits that count. nullopt when it is neither.
  static std::optional<AddressRange> parse(std::string_view text);

  bool contains(const AddressBytes& address) const;

 private:
  AddressBytes first_{};
  unsigned bits_ = 0;  // of 128
};

}  // namespace chirm
