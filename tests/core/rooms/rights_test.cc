// SPDX-License-Identifier: MIT
// Where the facts of verdicts come from: whatever this node has copies of, and in whatever order
// the store answers, the verdict is the one that its documents give.
#include "core/rooms/rights.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "core/rooms/people.h"
#include "core/rooms/room_store.h"
#include "tests/support/fake_broker.h"
#include "tests/support/fake_documents.h"

namespace chirm {
namespace {

using Verdict = Access::Verdict;

// A broker with those documents, there before anything is made on it.
struct BrokerOfDocuments {
  BrokerOfDocuments() { broker.document_store = &documents; }
  testing::FakeDocuments documents;
  testing::FakeBroker broker;
};

class RightsTest : public ::testing::Test,
                   protected BrokerOfDocuments,
                   private RoomStore::Listener {
 protected:
  std::size_t pick(std::size_t count) { return random() % count; }
  const std::string& any(const std::vector<std::string>& names) {
    return names[pick(names.size())];
  }

  // What another node does to one of the documents that verdicts depend on.
  void change_something() {
    const std::string& user = any(users);
    const std::string& other = any(users);
    const std::string& room = any(rooms);
    const bool is_removed = pick(3) == 0;
    switch (pick(5)) {
      case 0: {
        RoomRecord record;
        record.is_public = pick(2) == 0;
        record.is_archived = pick(4) == 0;
        record.owner = any(users);
        return documents.change("room", room, is_removed ? "" : record.encode());
      }
      case 1: {
        MemberRecord record;
        record.role = MemberRecord::Role(pick(3));
        if (pick(3) == 0) record.ban = {kForGood, "spam", "x"};
        if (pick(3) == 0) record.mute = {kForGood, "caps", "x"};
        return documents.change("member:" + room, user, is_removed ? "" : record.encode());
      }
      case 2:
        return documents.change("person", user,
                                is_removed ? "" : PersonRecord{user, UserRole::kUser}.encode());
      case 3:
        return documents.change("block:" + user, other, is_removed ? "" : MarkRecord::encode());
      default:
        return documents.change("dms:" + user, any(channels),
                                is_removed ? "" : ListRecord{}.encode());
    }
  }

  // The verdict by the store itself.
  Verdict wanted(Wish wish, const std::string& user, const std::string& channel) {
    const auto exists = [&](const std::string& collection, const std::string& id) {
      return documents.document(collection, id).version != 0;
    };
    if (kind_of(channel) == ChannelKind::kDm) {
      const std::string other(other_of(channel, user));
      return *judge_dm(wish, {exists("person", other), exists("dms:" + user, channel),
                              exists("block:" + other, user), exists("block:" + user, other)});
    }
    const std::string room(room_of(channel));
    const Document& document = documents.document("room", room);
    if (document.version == 0) return judge_unmade(false);
    const Document& member = documents.document("member:" + room, user);
    return judge(wish, RoomRecord::decode(document.value), MemberRecord::decode(member.value), user,
                 UserRole::kUser, store.now());
  }
  static std::string text(const Verdict& verdict) {
    return verdict ? "+" : std::to_string(verdict.error().code) + " " + verdict.error().message;
  }

  const std::vector<std::string> users{"ada", "bob"};
  const std::vector<std::string> rooms{"tea", "den"};
  const std::vector<std::string> channels{"room:tea", "room:den", "dm:#ada,bob"};
  std::mt19937 random;
  Loop loop;
  RoomStore store{loop, broker, *this};
  People people{store};
  const ChatSettings settings{};
  Rights rights{store, people, settings};
  TaskScope scope;

 private:
  void on_room_changed(std::string_view) override {}
  void on_member_changed(std::string_view, std::string_view, bool) override {}
  void on_maybe_missed() override {}
};

TEST_F(RightsTest, AreThoseOfTheStoreHoweverTheyAreFound) {
  int at_once = 0;
  for (std::uint32_t seed = 1; seed <= 100 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    random.seed(seed);
    documents.seed(seed);
    for (int i = 0; i < 60 && !HasFailure(); ++i) {
      for (std::size_t changes = pick(3); changes > 0; --changes) change_something();
      if (pick(10) == 0) documents.lose_news();
      documents.settle();
      const std::string& user = any(users);
      const std::string& channel = any(channels);
      const Wish wish = pick(2) == 0 ? Wish::kRead : Wish::kPublish;
      const std::string expected = text(wanted(wish, user, channel));
      if (const auto known = rights.known(wish, user, UserRole::kUser, channel)) {
        EXPECT_EQ(text(*known), expected) << user << ' ' << channel;
        ++at_once;
      }
      std::string found;
      scope.start(rights.find_out(wish, user, UserRole::kUser, channel),
                  [&](const Verdict& verdict) { found = text(verdict); });
      documents.settle();
      EXPECT_EQ(found, expected) << user << ' ' << channel;
      const auto known = rights.known(wish, user, UserRole::kUser, channel);
      ASSERT_TRUE(known.has_value()) << user << ' ' << channel;
      EXPECT_EQ(text(*known), expected) << user << ' ' << channel;
    }
  }
  EXPECT_GT(at_once, 1'000);
}

TEST_F(RightsTest, AreFoundOutWhileTheRecordsChange) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    random.seed(seed);
    documents.seed(seed);
    std::optional<Verdict> found;
    scope.start(rights.find_out(Wish::kPublish, "ada", UserRole::kUser, any(channels)),
                [&](const Verdict& verdict) { found = verdict; });
    for (int i = 0; i < 30; ++i) {
      change_something();
      (void)documents.step();
      if (pick(8) == 0) documents.lose_news();
    }
    documents.settle();
    EXPECT_TRUE(found.has_value());
  }
}

TEST_F(RightsTest, MakeTheLobbyForWhoComesFirst) {
  std::string found;
  scope.start(rights.find_out(Wish::kRead, "ada", UserRole::kUser, "room:lobby"),
              [&](const Verdict& verdict) { found = text(verdict); });
  documents.settle();
  EXPECT_EQ(found, "+");
  EXPECT_NE(documents.document("room", "lobby").version, 0U);
}

}  // namespace
}  // namespace chirm
