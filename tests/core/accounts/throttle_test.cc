// SPDX-License-Identifier: MIT
#include "core/accounts/throttle.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

TEST(ThrottleTest, AllowsABurstAndThenAnEvenPace) {
  Throttle throttle({.burst = 3, .interval_ms = 1000});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.take("a", 10'000), 0U) << i;
  EXPECT_EQ(throttle.take("a", 10'000), 1000U);
  EXPECT_EQ(throttle.take("a", 10'400), 600U);  // being refused costs nothing
  EXPECT_EQ(throttle.take("a", 11'000), 0U);
  EXPECT_EQ(throttle.take("a", 11'000), 1000U);
  EXPECT_EQ(throttle.take("b", 11'000), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.take("a", 60'000), 0U) << i;
  EXPECT_NE(throttle.take("a", 60'000), 0U);
}

TEST(ThrottleTest, ForgetsWhatIsGivenBack) {
  Throttle throttle({.burst = 1, .interval_ms = 1000});
  EXPECT_EQ(throttle.take("a", 10'000), 0U);
  throttle.give_back("a");
  throttle.give_back("unknown");
  EXPECT_EQ(throttle.take("a", 10'000), 0U);
  EXPECT_NE(throttle.take("a", 10'000), 0U);
}

TEST(ThrottleTest, RemembersThoseThatCameLast) {
  Throttle throttle({.burst = 1, .interval_ms = 1'000'000}, 100);
  EXPECT_EQ(throttle.take("first", 0), 0U);
  for (int i = 0; i < 99; ++i) EXPECT_EQ(throttle.take("x" + std::to_string(i), 0), 0U);
  EXPECT_NE(throttle.take("first", 0), 0U);  // not forgotten yet
  for (int i = 0; i < 300; ++i) EXPECT_EQ(throttle.take("y" + std::to_string(i), 0), 0U);
  EXPECT_NE(throttle.take("y299", 0), 0U);
  EXPECT_EQ(throttle.take("first", 0), 0U);
}

TEST(ThrottleTest, TakesANetworkOfIpv6ForOne) {
  EXPECT_EQ(throttle_key("2001:db8:1:2:3:4:5:6"), throttle_key("2001:db8:1:2::1"));
  EXPECT_NE(throttle_key("2001:db8:1:2::1"), throttle_key("2001:db8:1:3::1"));
  EXPECT_NE(throttle_key("192.0.2.1"), throttle_key("192.0.2.2"));
  EXPECT_EQ(throttle_key("::ffff:192.0.2.1"), "192.0.2.1");
}

}  // namespace
}  // namespace chirm
