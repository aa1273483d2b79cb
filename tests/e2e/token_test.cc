// SPDX-License-Identifier: MIT
// With connection tokens, through nginx.
#include <gmock/gmock.h>

#include "core/loop/loop.h"
#include "protocol/codes.h"
#include "protocol/jwt.h"
#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

using ::testing::UnorderedElementsAre;

constexpr const char* kSecret = "a secret of this test";

class Tokens : public ClusterTest {
 protected:
  Tokens() {
    start({.nodes = 2, .chirmd_arguments = {"--token-hmac-secret", kSecret, "--rooms", "open"}});
  }
  std::string token(const std::string& user, std::int64_t seconds = 3600,
                    const std::string& secret = kSecret) const {
    return sign_token_hs256("{\"sub\":\"" + user + "\",\"exp\":" +
                                std::to_string(loop_.unix_ms() / 1000 + seconds) + '}',
                            secret);
  }
  Participant& add_with_token(const std::string& token, const std::vector<std::string>& channels) {
    client::Options with_token = options(cluster_->url());
    with_token.token = token;
    return add(with_token, channels);
  }
  // Waits until somebody gave up, and returns why.
  client::Disconnected wait_until_refused(Participant& one) {
    EXPECT_TRUE(run([&] { return !one.disconnects.empty(); }));
    return one.disconnects.empty() ? client::Disconnected{} : one.disconnects.front();
  }
};

TEST_F(Tokens, LetPeopleInUnderTheirName) {
  for (int i = 0; i < 6; ++i) {
    add_with_token(token("user" + std::to_string(i)), {"room:a"});
  }
  ASSERT_TRUE(wait_until_settled());
  start_talking(6);
  talk_on(200);
  stop_and_compare();
  EXPECT_THAT(present(*people_[0], "room:a"),
              UnorderedElementsAre("user0", "user1", "user2", "user3", "user4", "user5"));
}

TEST_F(Tokens, AreNeeded) {
  const auto why = wait_until_refused(add_with_token("", {}));
  EXPECT_EQ(why.code, 3501);
  EXPECT_FALSE(why.retry_in_ms);
}

TEST_F(Tokens, MustBeSignedWithTheSecret) {
  const auto why = wait_until_refused(add_with_token(token("eve", 3600, "another secret"), {}));
  EXPECT_EQ(why.code, 3500);
  EXPECT_FALSE(why.retry_in_ms);
}

TEST_F(Tokens, MustNotHaveExpired) {
  const auto why = wait_until_refused(add_with_token(token("late", -60), {}));
  EXPECT_EQ(why.code, errors::kTokenExpired.code);
  EXPECT_FALSE(why.retry_in_ms);
}

TEST_F(Tokens, OpenConversationsOnlyToThoseWhoAreNamed) {
  Participant& ada = add_with_token(token("ada"), {"dm:#ada,bob"});
  Participant& bob = add_with_token(token("bob"), {"dm:#ada,bob"});
  Participant& eve = add_with_token(token("eve"), {"dm:#ada,bob"});
  ASSERT_TRUE(run(
      [&] { return ada.is_settled() && bob.is_settled() && eve.room("dm:#ada,bob").ended != 0; }));
  EXPECT_EQ(eve.room("dm:#ada,bob").ended, errors::kPermissionDenied.code);
  ada.say("dm:#ada,bob");
  ASSERT_TRUE(run([&] { return bob.room("dm:#ada,bob").seen.size() == 1; }));
  eve.say("dm:#ada,bob");
  ASSERT_TRUE(run([&] { return eve.failures.size() == 1; }));
  EXPECT_EQ(eve.failures.front().code, errors::kPermissionDenied.code);
  EXPECT_EQ(eve.room("dm:#ada,bob").seen.size(), 0);
}

}  // namespace
}  // namespace chirm::testing
