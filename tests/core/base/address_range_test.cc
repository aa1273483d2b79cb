// SPDX-License-Identifier: MIT
#include "core/base/address_range.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

bool contains(std::string_view range, std::string_view address) {
  const auto parsed = AddressRange::parse(range);
  const auto bytes = parse_address(address);
  EXPECT_TRUE(parsed.has_value()) << range;
  EXPECT_TRUE(bytes.has_value()) << address;
  return parsed && bytes && parsed->contains(*bytes);
}

TEST(AddressRange, HasTheAddressesThatBeginAlike) {
  EXPECT_TRUE(contains("127.0.0.0/8", "127.255.1.2"));
  EXPECT_FALSE(contains("127.0.0.0/8", "128.0.0.1"));
  EXPECT_TRUE(contains("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(contains("10.1.2.3", "10.1.2.2"));
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("::/0", "1.2.3.4"));
}

TEST(AddressRange, TakesAMappedAddressForWhatItMaps) {
  EXPECT_TRUE(contains("127.0.0.1/8", "::ffff:127.0.0.1"));
  EXPECT_EQ(to_text(*parse_address("::ffff:10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(to_text(*parse_address("2001:0db8::0001")), "2001:db8::1");
}

TEST(AddressRange, IsNotReadFromAnythingElse) {
  for (const auto text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::1/129",
                          "10.0.0.0/8x", "10.0.0", "/8", "10.0.0.1 "}) {
    EXPECT_FALSE(AddressRange::parse(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view("10.0.0.1\0x", 10)).has_value());
}

}  // namespace
}  // namespace chirm
