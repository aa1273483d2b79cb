// SPDX-License-Identifier: MIT
#include "client/terminal/model/message_log.h"

#include <gmock/gmock.h>

#include "tests/client/terminal/model/chat_events.h"

namespace chirm::terminal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kNowMs = 1'000'000;

class MessageLogTest : public ::testing::Test {
 protected:
  bool add(const ChatEvent& event) { return log_.add(event, kNowMs); }
  bool add(std::uint64_t offset, std::string_view user, std::string_view data) {
    return add(event_of(offset, user, data));
  }
  std::vector<std::string> seen() const {
    std::vector<std::string> lines;
    for (const Message* message : log_.messages()) {
      std::string line = message->user + ": " + message->text;
      if (message->is_edited) line += " (edited)";
      if (message->is_deleted) line += "(deleted by " + message->deleted_by + ")";
      if (message->state == Message::State::kPending) line += " (pending)";
      if (message->state == Message::State::kFailed) line += " (failed: " + message->problem + ")";
      for (const auto& [key, users] : message->reactions) {
        line += " " + key + "=";
        for (const std::string& user : users) line += user + ",";
      }
      lines.push_back(line);
    }
    return lines;
  }
  ChatEvent pending(const std::string& id, const std::string& text) {
    ChatEvent event;
    event.id = id;
    event.user = "me";
    event.text = text;
    return event;
  }

  MessageLog log_{"me"};
};

TEST_F(MessageLogTest, KeepsTheLastWordWhenThePastComesLater) {
  // The newest page of the past, then the one before it.
  add(20, "bob", R"({"type":"edit","target":5,"text":"new"})");
  add(21, "bob", R"({"type":"reaction","target":5,"key":"👍","on":false})");
  add(5, "bob", R"({"type":"message","id":"m5","text":"first"})");
  add(10, "bob", R"({"type":"edit","target":5,"text":"old"})");
  add(11, "bob", R"({"type":"reaction","target":5,"key":"👍","on":true})");
  EXPECT_THAT(seen(), ElementsAre("bob: new (edited)"));
}

TEST_F(MessageLogTest, KeepsTheOrderOfTheLogHoweverItComes) {
  EXPECT_TRUE(add(said(5, "ada", "five")));
  EXPECT_TRUE(add(said(3, "bob", "three")));
  EXPECT_TRUE(add(said(4, "ada", "four")));
  EXPECT_FALSE(add(said(4, "ada", "four")));
  EXPECT_THAT(seen(), ElementsAre("bob: three", "ada: four", "ada: five"));
  EXPECT_EQ(log_.first_offset(), 3);
  EXPECT_EQ(log_.last_offset(), 5);
}

TEST_F(MessageLogTest, FoldsEditsIn) {
  add(said(1, "ada", "tpyo"));
  add(2, "ada", R"({"type":"edit","id":"e","target":1,"text":"typo"})");
  add(3, "bob", R"({"type":"edit","id":"f","target":1,"text":"mine now"})");
  EXPECT_THAT(seen(), ElementsAre("ada: typo (edited)"));
}

TEST_F(MessageLogTest, FoldsChangesIntoWhatIsReadLater) {
  add(9, "ada", R"({"type":"edit","id":"e","target":1,"text":"third"})");
  add(8, "bob", R"({"type":"reaction","id":"r","target":1,"key":"👍","on":true})");
  EXPECT_THAT(seen(), IsEmpty());
  add(5, "ada", R"({"type":"edit","id":"e2","target":1,"text":"second"})");
  add(said(1, "ada", "first"));
  EXPECT_THAT(seen(), ElementsAre("ada: third (edited) 👍=bob,"));
}

TEST_F(MessageLogTest, FoldsDeletionsIn) {
  add(said(1, "ada", "oops"));
  add(2, "ada", R"({"type":"delete","id":"d","target":1})");
  add(3, "ada", R"({"type":"edit","id":"e","target":1,"text":"back"})");
  EXPECT_THAT(seen(), ElementsAre("ada: (deleted by ada)"));
  add(4, "", R"({"type":"deleted","id":"m","by":"bob"})");
  EXPECT_THAT(seen(), ElementsAre("ada: (deleted by ada)", ": (deleted by bob)"));
}

TEST_F(MessageLogTest, BelievesModeratorsOnlyWhereTheServerChecksThem) {
  add(said(1, "ada", "x"));
  add(2, "mod", R"({"type":"delete","id":"d","target":1})");
  EXPECT_THAT(seen(), ElementsAre("ada: (deleted by mod)"));
  log_ = MessageLog("me", false);
  add(said(1, "ada", "x"));
  add(2, "eve", R"({"type":"delete","id":"d","target":1})");
  EXPECT_THAT(seen(), ElementsAre("ada: x"));
}

TEST_F(MessageLogTest, CountsReactionsOncePerUser) {
  add(said(1, "ada", "x"));
  for (std::uint64_t offset : {2, 3}) {
    add(offset, "bob", R"({"type":"reaction","id":"r","target":1,"key":"👍","on":true})");
  }
  add(4, "cid", R"({"type":"reaction","id":"s","target":1,"key":"👍","on":true})");
  EXPECT_THAT(seen(), ElementsAre("ada: x 👍=bob,cid,"));
  add(5, "bob", R"({"type":"reaction","id":"t","target":1,"key":"👍","on":false})");
  add(6, "cid", R"({"type":"reaction","id":"u","target":1,"key":"👍","on":false})");
  EXPECT_THAT(seen(), ElementsAre("ada: x"));
}

TEST_F(MessageLogTest, KeepsWhatWasSaidHereAtTheEndUntilItComes) {
  log_.add_pending(pending("a", "first"));
  log_.add_pending(pending("b", "second"));
  add(said(1, "ada", "hello"));
  EXPECT_THAT(seen(), ElementsAre("ada: hello", "me: first (pending)", "me: second (pending)"));
  add(2, "me", R"({"type":"message","id":"a","text":"first"})");
  add(3, "eve", R"({"type":"message","id":"b","text":"not yours"})");
  EXPECT_THAT(seen(),
              ElementsAre("ada: hello", "me: first", "eve: not yours", "me: second (pending)"));
  log_.fail_pending("b", "muted");
  log_.reset();
  EXPECT_THAT(seen(), ElementsAre("me: second (failed: muted)"));
}

TEST_F(MessageLogTest, PutsNotesBehindWhatWasThere) {
  add(said(1, "ada", "one"));
  log_.add_note("note", false, kNowMs);
  log_.add_note("another", true, kNowMs);
  add(said(2, "ada", "two"));
  add(event_of(0, "ada", R"({"type":"message","id":"x","text":"not stored"})"));
  EXPECT_THAT(seen(),
              ElementsAre("ada: one", ": note", ": another", "ada: two", "ada: not stored"));
}

TEST_F(MessageLogTest, FindsTheNewestOfSomebody) {
  EXPECT_EQ(log_.newest_of("me"), nullptr);
  add(said(1, "me", "mine"));
  add(said(2, "ada", "hers"));
  add(said(3, "me", "gone"));
  add(4, "me", R"({"type":"delete","id":"d","target":3})");
  log_.add_note("note", false, kNowMs);
  EXPECT_EQ(log_.newest_of("me")->text, "mine");
  EXPECT_EQ(log_.newest_of("")->text, "hers");
}

TEST_F(MessageLogTest, KnowsWhoIsMeant) {
  add(1, "ada", R"({"type":"message","id":"a","text":"x","mentions":["me"]})");
  add(said(2, "ada", "hi ME!"));
  add(said(3, "ada", "home, some, me2"));
  add(said(4, "me", "me"));
  std::vector<bool> mentions;
  for (const Message* message : log_.messages()) mentions.push_back(message->mentions_me);
  EXPECT_THAT(mentions, ElementsAre(true, true, false, false));
}

TEST_F(MessageLogTest, TakesTheSendersTimeButNotTheFuture) {
  add(said(1, "ada", "x", 1000));
  add(said(2, "ada", "x", kNowMs + 1));
  add(said(3, "ada", "x"));
  EXPECT_EQ(log_.find(1)->time_ms, 1000);
  EXPECT_EQ(log_.find(2)->time_ms, kNowMs);
  EXPECT_EQ(log_.find(3)->time_ms, 0);
}

TEST_F(MessageLogTest, ForgetsTheOldest) {
  for (std::uint64_t offset = 1; offset <= 20; ++offset) add(said(offset, "ada", "x"));
  EXPECT_FALSE(log_.trim(10));
  add(said(21, "ada", "x"));
  EXPECT_TRUE(log_.trim(10));
  EXPECT_EQ(log_.first_offset(), 12);
  EXPECT_EQ(log_.messages().size(), 10);
  EXPECT_TRUE(add(said(11, "ada", "x")));
}

TEST_F(MessageLogTest, RemembersChangesOfWhatItForgot) {
  for (std::uint64_t offset = 1; offset <= 20; ++offset) add(said(offset, "ada", "x"));
  add(21, "bob", R"({"type":"reaction","id":"r","target":1,"key":"👍","on":true})");
  ASSERT_TRUE(log_.trim(10));
  add(said(1, "ada", "x"));
  EXPECT_EQ(seen().front(), "ada: x 👍=bob,");
}

}  // namespace
}  // namespace chirm::terminal
