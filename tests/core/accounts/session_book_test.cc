// SPDX-License-Identifier: MIT
// Sessions and their refresh tokens beside a model of them.
#include "core/accounts/session_book.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/accounts/cluster_key.h"
#include "core/accounts/revocations.h"
#include "core/loop/loop.h"
#include "tests/support/fake_documents.h"

namespace chirm {
namespace {

constexpr const char* kUser = "ada";
constexpr std::int64_t kGraceMs = 10'000;

// A session as it should be. Its tokens are kept by generation.
struct SessionModel {
  std::vector<RefreshToken> tokens;
  bool is_over = false;
  std::int64_t rotated_ms = 0;

  std::uint64_t generation() const { return tokens.size() - 1; }
};

class SessionBookTest : public ::testing::Test {
 protected:
  using Answer = std::optional<Expected<RefreshToken, ErrorCode>>;

  SessionBookTest() { documents.settle(); }

  std::size_t pick(std::size_t count) { return random() % count; }

  RefreshToken open() {
    std::optional<RefreshToken> opened;
    book.open(kUser, "test", [&](const auto& token) { opened = *token; });
    documents.settle();
    sessions[opened->session] = {{*opened}, false, loop.unix_ms()};
    return *opened;
  }
  Answer rotate(const RefreshToken& token) {
    Answer answer;
    book.rotate(token, [&](const auto& next) { answer = next; });
    documents.settle();
    return answer;
  }
  // By a token of any generation.
  void rotate_some(SessionModel& session) {
    const RefreshToken token = session.tokens[pick(session.tokens.size())];
    const Answer answer = rotate(token);
    ASSERT_TRUE(answer.has_value());
    const bool is_late = loop.unix_ms() - session.rotated_ms > kGraceMs;
    const bool is_current = token.generation == session.generation();
    const bool is_repeated = !is_late && token.generation + 1 == session.generation();
    if (session.is_over || (!is_current && !is_repeated)) {
      EXPECT_FALSE(answer->has_value()) << token.generation << " of " << session.generation();
      session.is_over = true;
      return;
    }
    ASSERT_TRUE(answer->has_value()) << token.generation << " of " << session.generation();
    EXPECT_EQ(book.read((*answer)->text)->generation, (*answer)->generation);
    if (is_current) {
      session.tokens.push_back(**answer);
      session.rotated_ms = loop.unix_ms();
    }
    EXPECT_EQ((*answer)->text, session.tokens.back().text);
    EXPECT_EQ((*answer)->generation, session.generation());
  }
  void log_out(SessionModel& session, bool all) {
    std::optional<bool> is_done;
    book.log_out(session.tokens.back(), all, [&](const auto& done) { is_done = done.has_value(); });
    documents.settle();
    EXPECT_EQ(is_done, !session.is_over);
    if (session.is_over) return;
    session.is_over = true;
    if (!all) return;
    for (auto& [id, one] : sessions) one.is_over = true;
  }
  void expect_right() {
    std::set<std::uint64_t> wanted;
    for (const auto& [id, session] : sessions) {
      if (!session.is_over) wanted.insert(id);
      EXPECT_EQ(revocations.is_revoked(kUser, id), session.is_over) << id;
    }
    std::set<std::uint64_t> listed;
    book.list(kUser, [&](const auto& all) {
      for (const SessionRecord& one : *all) listed.insert(one.id);
    });
    documents.settle();
    EXPECT_EQ(listed, wanted);
  }

  Loop loop;
  testing::FakeDocuments documents;
  ClusterKey key{loop, documents};
  Revocations revocations{loop, documents};
  SessionBook book{loop, documents, key, revocations, 600};
  std::mt19937 random;
  std::map<std::uint64_t, SessionModel> sessions;
};

TEST_F(SessionBookTest, IsThatOfTheModel) {
  for (std::uint32_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    random.seed(seed);
    documents.seed(seed);
    sessions.clear();
    std::optional<bool> is_empty;
    book.close_all(kUser, [&](const auto& closed) { is_empty = closed.has_value(); });
    documents.settle();
    ASSERT_EQ(is_empty, true);
    for (int i = 0; i < 60 && !HasFailure(); ++i) {
      if (sessions.empty() || (pick(6) == 0 && sessions.size() < 20)) {
        (void)open();
        continue;
      }
      auto& session =
          std::next(sessions.begin(), static_cast<std::ptrdiff_t>(pick(sessions.size())))->second;
      pick(8) == 0 ? log_out(session, pick(4) == 0) : rotate_some(session);
    }
    expect_right();
  }
}

TEST_F(SessionBookTest, GivesTwoWhoAskAtOnceTheSameToken) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    documents.seed(seed);
    const RefreshToken token = open();
    std::vector<std::string> given;
    for (int i = 0; i < 2; ++i) {
      book.rotate(token, [&](const auto& next) { given.push_back(next ? next->text : "none"); });
    }
    documents.settle();
    ASSERT_EQ(given.size(), 2U);
    EXPECT_EQ(given[0], given[1]) << "seed " << seed;
    EXPECT_NE(given[0], "none");
    book.close(kUser, token.session, [](const auto&) {});
    documents.settle();
  }
}

TEST_F(SessionBookTest, EndsASessionWhateverRefreshesItMeanwhile) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    documents.seed(seed);
    const RefreshToken token = open();
    book.rotate(token, [](const auto&) {});
    book.close(kUser, token.session, [](const auto&) {});
    documents.settle();
    EXPECT_TRUE(revocations.is_revoked(kUser, token.session)) << "seed " << seed;
    const Answer answer = rotate(token);
    EXPECT_FALSE(answer->has_value()) << "seed " << seed;
  }
}

TEST_F(SessionBookTest, TakesNoTokenThatItHasNotMade) {
  const RefreshToken token = open();
  ASSERT_TRUE(book.read(token.text).has_value());
  for (std::size_t i = 0; i < token.text.size(); ++i) {
    std::string changed = token.text;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(book.read(changed).has_value()) << changed;
    EXPECT_FALSE(book.read(token.text.substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(book.read(token.text + "x").has_value());
}

}  // namespace
}  // namespace chirm
