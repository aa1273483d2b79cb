// SPDX-License-Identifier: MIT
#include "core/accounts/throttle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

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

TEST(ThrottleTest, AllowsEverythingWhenItIsOff) {
  Throttle throttle(Throttle::kOff);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(throttle.take("a", 10'000), 0U);
  throttle.give_back("a");
  EXPECT_EQ(throttle.size(), 0U);
}

// The model is a bucket of tokens per key, which fills up again at an even pace. All keys have
// room.
TEST(ThrottleTest, IsABucketOfTokensPerKey) {
  struct Bucket {
    std::uint64_t used_ms = 0;  // of tokens that are not back yet, in time
    std::uint64_t at_ms = 0;
  };
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const Throttle::Limit limit{.burst = 1 + seed % 5, .interval_ms = 100 + random() % 1'000};
    Throttle throttle(limit, 10);
    std::map<std::string, Bucket> buckets;
    std::uint64_t now_ms = 1'000'000;
    for (int i = 0; i < 400; ++i) {
      now_ms += random() % (limit.interval_ms * 2);
      const std::string key = "key" + std::to_string(random() % 5);
      Bucket& bucket = buckets[key];
      bucket.used_ms -= std::min(bucket.used_ms, now_ms - bucket.at_ms);
      bucket.at_ms = now_ms;
      if (random() % 4 == 0) {
        throttle.give_back(key);
        bucket.used_ms -= std::min(bucket.used_ms, limit.interval_ms);
        continue;
      }
      const std::uint64_t with_this_ms = bucket.used_ms + limit.interval_ms;
      const std::uint64_t room_ms = limit.burst * limit.interval_ms;
      const std::uint64_t wait_ms = with_this_ms > room_ms ? with_this_ms - room_ms : 0;
      ASSERT_EQ(throttle.take(key, now_ms), wait_ms) << key << " at " << now_ms;
      if (wait_ms == 0) bucket.used_ms = with_this_ms;
      throttle.check();
    }
  }
}

TEST(ThrottleTest, TakesANetworkOfIpv6ForOne) {
  EXPECT_EQ(throttle_key("2001:db8:1:2:3:4:5:6"), throttle_key("2001:db8:1:2::1"));
  EXPECT_NE(throttle_key("2001:db8:1:2::1"), throttle_key("2001:db8:1:3::1"));
  EXPECT_NE(throttle_key("192.0.2.1"), throttle_key("192.0.2.2"));
  EXPECT_EQ(throttle_key("::ffff:192.0.2.1"), "192.0.2.1");
}

}  // namespace
}  // namespace chirm
