// SPDX-License-Identifier: MIT
#include "core/base/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/base/check.h"

namespace chirm {

namespace {

constexpr AddressBytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr std::size_t kMappedBytes = 12;  // before the IPv4 address

bool is_mapped(const AddressBytes& address) {
  return std::equal(address.begin(), address.begin() + kMappedBytes, kMapped.begin());
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
  // inet_pton stops at a zero byte, and what stands behind one must not pass as a part of the
  // address: these texts come from headers of requests.
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  AddressBytes address = kMapped;
  if (inet_pton(AF_INET, terminated.c_str(), address.data() + kMappedBytes) == 1) return address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string to_text(const AddressBytes& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* written =
      is_mapped(address)
          ? inet_ntop(AF_INET, address.data() + kMappedBytes, text.data(), text.size())
          : inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  return written == nullptr ? std::string() : std::string(written);
}

AddressBytes network_of(const AddressBytes& address) {
  if (is_mapped(address)) return address;
  AddressBytes network = address;
  std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return network;
}

bool is_loopback_network(const AddressBytes& network) {
  static const AddressRange kLoopback = *AddressRange::parse("127.0.0.0/8");
  return kLoopback.contains(network) || network == network_of(*parse_address("::1"));
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  // The bits of an IPv4 range are counted from where the IPv4 address begins: "10.0.0.0/8" is a
  // mapped range of 104 bits.
  const unsigned bits_before = is_mapped(*address) ? 8 * kMappedBytes : 0;
  unsigned bits = 128 - bits_before;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), bits);
    if (error != std::errc() || end != digits.end() || bits + bits_before > 128) {
      return std::nullopt;
    }
  }
  AddressRange range;
  range.first_ = *address;
  range.bits_ = bits_before + bits;
  return range;
}

bool AddressRange::contains(const AddressBytes& address) const {
  CHIRM_CHECK(bits_ <= 8 * first_.size(), bits_);
  const std::size_t whole = bits_ / 8;
  if (!std::equal(first_.begin(), first_.begin() + whole, address.begin())) return false;
  const unsigned rest = bits_ % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffU << (8 - rest) & 0xffU;
  return (first_[whole] & mask) == (address[whole] & mask);
}

}  // namespace chirm
