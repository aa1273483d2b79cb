// SPDX-License-Identifier: MIT
#include "core/accounts/account_documents.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/support/fake_documents.h"

namespace chirm {
namespace {

class AccountDocumentsTest : public ::testing::Test {
 protected:
  Account get(const std::string& user) {
    std::optional<Expected<Account, AccountError>> got;
    accounts.get(user, [&](const auto& account) { got = account; });
    documents.settle();
    EXPECT_TRUE(got && *got);
    return got && *got ? **got : Account();
  }
  AccountDocuments::Put put(const std::string& user, const Account& account) {
    AccountDocuments::Put result;
    accounts.put(user, account, [&](const auto& stored) { result = *stored; });
    documents.settle();
    return result;
  }
  static std::optional<AccountError> count(Account& account) {
    ++account.changes;
    return std::nullopt;
  }

  testing::FakeDocuments documents;
  AccountDocuments accounts{documents};
};

TEST_F(AccountDocumentsTest, KeepAnAccountAsItWasStored) {
  EXPECT_EQ(get("ada").version, 0U);
  EXPECT_TRUE(put("ada", {.name = "Ada", .hash = "h1", .created_ms = 5, .changes = 2}).is_stored);
  const Account account = get("ada");
  EXPECT_EQ(account.name, "Ada");
  EXPECT_EQ(account.hash, "h1");
  EXPECT_EQ(account.created_ms, 5);
  EXPECT_EQ(account.changes, 2U);
  EXPECT_FALSE(account.is_operators);
}

TEST_F(AccountDocumentsTest, SayWhoseAccountIsInTheWay) {
  ASSERT_TRUE(put("ada", {.name = "Ada", .hash = "h1"}).is_stored);
  const auto second = put("ada", {.name = "ADA", .hash = "h2"});
  EXPECT_FALSE(second.is_stored);
  ASSERT_TRUE(second.current.has_value());
  EXPECT_EQ(second.current->hash, "h1");
}

TEST_F(AccountDocumentsTest, LoseNoneOfSeveralChangesAtOnce) {
  ASSERT_TRUE(put("ada", {.name = "Ada", .hash = "h1"}).is_stored);
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    documents.seed(seed);
    const std::uint64_t before = get("ada").changes;
    int done = 0;
    for (int i = 0; i < 3; ++i) {
      accounts.update("ada", count, [&](const auto& updated) { done += updated ? 1 : 0; });
    }
    documents.settle();
    EXPECT_EQ(done, 3) << "seed " << seed;
    EXPECT_EQ(get("ada").changes, before + 3) << "seed " << seed;
  }
}

TEST_F(AccountDocumentsTest, MakeNoAccountOfOneThatIsGone) {
  std::optional<AccountError::Kind> why;
  accounts.update("ada", count, [&](const auto& updated) { why = updated.error().kind; });
  documents.settle();
  EXPECT_EQ(why, AccountError::Kind::kUnauthorized);
  EXPECT_EQ(documents.document("account", "ada").version, 0U);
}

TEST_F(AccountDocumentsTest, TakeWhatCannotBeReadForAStoreThatIsAway) {
  documents.change("account", "ada", R"({"name":"Ada"})");
  std::optional<AccountError::Kind> why;
  accounts.get("ada", [&](const auto& account) { why = account.error().kind; });
  documents.settle();
  EXPECT_EQ(why, AccountError::Kind::kBusy);
}

}  // namespace
}  // namespace chirm
