// SPDX-License-Identifier: MIT
// What a node knows of revocations, beside the store, with calls, answers and news in random order.
#include "core/accounts/revocations.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/accounts/secrets.h"
#include "core/loop/loop.h"
#include "tests/support/fake_documents.h"

namespace chirm {
namespace {

constexpr const char* kRevoked = "revoked";

class RevocationsTest : public ::testing::Test {
 protected:
  RevocationsTest() { documents.settle(); }

  std::size_t pick(std::size_t count) { return random() % count; }
  static std::string banned(const std::string& user) {
    return R"({"user":")" + user + R"(","session":"0000000000000000","until":0})";
  }
  void act() {
    const std::string user = users[pick(users.size())];
    switch (pick(9)) {
      case 0:
        return revocations.ban_user(user, {}, [](const auto&) {});
      case 1:
        return revocations.pardon_user(user, [](const auto&) {});
      case 2: {
        const std::uint64_t session = 1 + pick(3);
        const std::int64_t until_s = loop.unix_ms() / 1000 + 86'400;
        return revocations.revoke_session(user, session, until_s, [](const auto&) {});
      }
      case 3:
        return documents.change(kRevoked, "user:" + user, pick(2) == 0 ? "" : banned(user));
      case 4:
        if (pick(20) == 0) documents.lose_news();
        return;
      default:
        (void)documents.step();
    }
  }
  void expect_right() {
    for (const std::string& user : users) {
      const bool is_banned = documents.document(kRevoked, "user:" + user).version != 0;
      EXPECT_EQ(revocations.ban_of(user).has_value(), is_banned) << user;
      EXPECT_TRUE(!is_banned || told.contains(user)) << user;
      for (std::uint64_t session = 1; session <= 3; ++session) {
        const bool is_over =
            is_banned ||
            documents.document(kRevoked, "session:" + id_to_text(session)).version != 0;
        EXPECT_EQ(revocations.is_revoked(user, session), is_over) << user << ' ' << session;
      }
    }
  }

  Loop loop;
  testing::FakeDocuments documents;
  std::set<std::string> told;
  Revocations revocations{loop, documents,
                          [this](const std::string& user, std::uint64_t) { told.insert(user); }};
  std::mt19937 random;
  const std::vector<std::string> users{"ada", "bob", "cyd"};
};

TEST_F(RevocationsTest, AreThoseOfTheStore) {
  for (std::uint32_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    random.seed(seed);
    documents.seed(seed);
    documents.failures_percent = seed % 2 == 0 ? 10 : 0;
    for (int i = 0; i < 150; ++i) {
      act();
      revocations.check();
    }
    documents.settle();
    revocations.check();
    expect_right();
  }
}

TEST_F(RevocationsTest, KeepABanThatIsNewerThanALateAnswer) {
  // Whichever comes first, the answer to the pardon or the news of what another node did next.
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    documents.seed(seed);
    documents.change(kRevoked, "user:ada", banned("ada"));
    documents.settle();
    revocations.pardon_user("ada", [](const auto&) {});
    (void)documents.step();
    documents.change(kRevoked, "user:ada", banned("ada"));
    documents.settle();
    EXPECT_TRUE(revocations.ban_of("ada").has_value()) << "seed " << seed;
  }
}

TEST_F(RevocationsTest, AreLoadedBeforeTheyCount) {
  documents.change(kRevoked, "user:bob", banned("bob"));
  documents.settle();
  Revocations another(loop, documents);
  EXPECT_FALSE(another.is_loaded());
  EXPECT_FALSE(another.ban_of("bob").has_value());
  documents.settle();
  EXPECT_TRUE(another.is_loaded());
  EXPECT_TRUE(another.ban_of("bob").has_value());
}

}  // namespace
}  // namespace chirm
