// SPDX-License-Identifier: MIT
#include "core/chat/session_deadlines.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

using Due = SessionDeadlines::Due;

class SessionDeadlinesTest : public ::testing::Test {
 protected:
  SessionDeadlinesTest() {
    settings.ping_s = 25;
    settings.pong_timeout_s = 8;
    settings.expiry_grace_s = 25;
  }
  ChatSettings settings;
  SessionDeadlines deadlines{settings};
};

TEST_F(SessionDeadlinesTest, HasNothingToDoAtFirst) {
  EXPECT_EQ(deadlines.due(1, 1'000), Due::kNothing);
  EXPECT_EQ(deadlines.delay_ms(1, 1'000), SessionDeadlines::kNone);
  EXPECT_EQ(deadlines.seconds_to_expiry(1'000), std::nullopt);
  EXPECT_FALSE(deadlines.on_pong());
}

TEST_F(SessionDeadlinesTest, PingsAtTheSameIntervalHoweverLateThePongs) {
  deadlines.start_pings(10'000);
  EXPECT_EQ(deadlines.delay_ms(4'000, 0), 6'000U);
  EXPECT_EQ(deadlines.due(9'999, 0), Due::kNothing);
  EXPECT_EQ(deadlines.due(10'000, 0), Due::kPing);
  EXPECT_TRUE(deadlines.ping(10'000));
  EXPECT_TRUE(deadlines.is_awaiting_pong());
  EXPECT_EQ(deadlines.delay_ms(10'000, 0), 8'000U);
  EXPECT_TRUE(deadlines.on_pong());  // whenever it comes
  EXPECT_EQ(deadlines.delay_ms(10'000, 0), 25'000U);
  EXPECT_FALSE(deadlines.on_pong());
}

TEST_F(SessionDeadlinesTest, SendsNoSecondPingBeforeThePong) {
  deadlines.start_pings(10'000);
  EXPECT_TRUE(deadlines.ping(10'000));
  EXPECT_EQ(deadlines.due(18'000, 0), Due::kPing);
  EXPECT_FALSE(deadlines.ping(18'000));
  EXPECT_EQ(deadlines.delay_ms(18'000, 0), 8'000U);
}

TEST_F(SessionDeadlinesTest, LetsATokenExpireAfterItsGrace) {
  deadlines.set_expiry(1'000);
  EXPECT_EQ(deadlines.seconds_to_expiry(900'000), 100U);
  EXPECT_EQ(deadlines.seconds_to_expiry(1'010'000), 1U);
  EXPECT_EQ(deadlines.due(0, 1'024'999), Due::kNothing);
  EXPECT_EQ(deadlines.due(0, 1'025'000), Due::kExpiry);
  EXPECT_EQ(deadlines.delay_ms(0, 1'000'000), 25'000U);
  EXPECT_EQ(deadlines.delay_ms(0, 2'000'000), 0U);
  deadlines.set_expiry(std::nullopt);
  EXPECT_EQ(deadlines.due(0, 2'000'000), Due::kNothing);
  deadlines.set_expiry(INT64_MAX);  // milliseconds of it would overflow
  EXPECT_EQ(deadlines.delay_ms(0, 2'000'000), SessionDeadlines::kNone);
}

TEST_F(SessionDeadlinesTest, DoesTheMostImportantFirst) {
  deadlines.start_pings(100);
  deadlines.set_expiry(1);
  EXPECT_EQ(deadlines.due(100, 26'000), Due::kExpiry);
  deadlines.leave_at(50);
  EXPECT_TRUE(deadlines.is_leaving());
  EXPECT_EQ(deadlines.due(100, 26'000), Due::kLeave);
  EXPECT_EQ(deadlines.due(100, 25'999), Due::kLeave);
  EXPECT_EQ(deadlines.delay_ms(40, 0), 10U);
}

}  // namespace
}  // namespace chirm
