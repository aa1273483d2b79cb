// SPDX-License-Identifier: MIT
#include "core/accounts/password_hasher.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <optional>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using ::testing::StartsWith;

class PasswordHashing : public ::testing::Test {
 protected:
  static constexpr PasswordCost kCheap{.passes = 1, .bytes = 64 * 1024};

  std::string hash(PasswordHasher& hasher, const std::string& password) {
    std::optional<std::string> result;
    EXPECT_TRUE(hasher.hash(password, [&](const std::string& hash) { result = hash; }));
    EXPECT_FALSE(result.has_value());  // later
    EXPECT_TRUE(testing::run_until(loop_, [&] { return result.has_value(); }));
    return *result;
  }
  PasswordHasher::Verdict verify(PasswordHasher& hasher, const std::string& password,
                                 const std::string& its_hash) {
    std::optional<PasswordHasher::Verdict> result;
    EXPECT_TRUE(hasher.verify(password, its_hash, [&](const auto& verdict) { result = verdict; }));
    EXPECT_TRUE(testing::run_until(loop_, [&] { return result.has_value(); }));
    return *result;
  }

  Loop loop_;
};

TEST_F(PasswordHashing, IsArgon2idAtTheCostThatIsSaid) {
  PasswordHasher hasher(loop_, PasswordCost(), 10);
  EXPECT_THAT(hash(hasher, "correct horse"), StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
}

TEST_F(PasswordHashing, KnowsTheRightOne) {
  PasswordHasher hasher(loop_, kCheap, 10);
  const std::string made = hash(hasher, "correct horse");
  EXPECT_NE(made, hash(hasher, "correct horse"));  // salted
  EXPECT_TRUE(verify(hasher, "correct horse", made).is_right);
  EXPECT_FALSE(verify(hasher, "correct hors", made).is_right);
  EXPECT_FALSE(verify(hasher, std::string("correct horse\0", 14), made).is_right);
  EXPECT_FALSE(verify(hasher, "correct horse", "").is_right);
  EXPECT_FALSE(verify(hasher, "correct horse", "nonsense").is_right);
}

TEST_F(PasswordHashing, IsDoneAgainWhenTheCostHasChanged) {
  PasswordHasher cheap(loop_, kCheap, 10);
  PasswordHasher dear(loop_, {.passes = 2, .bytes = 128 * 1024}, 10);
  const std::string made = hash(cheap, "correct horse");
  EXPECT_EQ(verify(cheap, "correct horse", made).better_hash, "");
  EXPECT_EQ(verify(dear, "wrong", made).better_hash, "");
  const auto verdict = verify(dear, "correct horse", made);
  EXPECT_TRUE(verdict.is_right);
  EXPECT_THAT(verdict.better_hash, StartsWith("$argon2id$v=19$m=128,t=2,"));
  EXPECT_TRUE(verify(dear, "correct horse", verdict.better_hash).is_right);
}

// A hash that takes almost a terabyte, of which a limit keeps us.
TEST_F(PasswordHashing, KnowsNothingWithoutMemory) {
  PasswordHasher hasher(loop_, kCheap, 10);
  std::string dear = hash(hasher, "correct horse");
  dear.replace(dear.find("m=64,"), 5, "m=999999999,");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit limit = before;
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  ASSERT_TRUE(statm >> pages);
  limit.rlim_cur = pages * 4096 + (std::uint64_t{1} << 38);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  const auto verdict = verify(hasher, "correct horse", dear);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_FALSE(verdict.is_right);
  EXPECT_TRUE(verdict.is_unknown);
  EXPECT_FALSE(verify(hasher, "wrong", hash(hasher, "correct horse")).is_unknown);
  EXPECT_FALSE(verify(hasher, "wrong", "nonsense").is_unknown);
}

TEST_F(PasswordHashing, IsRefusedWhenTooManyWait) {
  int done = 0;
  {
    PasswordHasher hasher(loop_, kCheap, 3);
    const auto add = [&] { return hasher.hash("x", [&](const std::string&) { ++done; }); };
    EXPECT_TRUE(add() && add() && add());
    EXPECT_FALSE(add());
    EXPECT_TRUE(testing::run_until(loop_, [&] { return done == 3; }));
    EXPECT_TRUE(add());
  }
  // Whoever goes does not wait for what is in the queue, and is not called any more.
  loop_.run_until_closed();
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace chirm
