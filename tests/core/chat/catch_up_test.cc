// SPDX-License-Identifier: MIT
// Who stands before the tail is sent the broker's history, page by page, in one walk for all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::FakeBroker;
using testing::FakeClient;
using ::testing::IsEmpty;
using testing::kRoom;

std::string subscribed(std::uint32_t id, std::uint64_t offset, bool recovered) {
  return std::to_string(id) + R"( subscribe {"recoverable":true,"epoch":"E",)" +
         (recovered ? R"("recovered":true,)" : "") + R"("offset":)" + std::to_string(offset) +
         R"(,"positioned":true,"was_recovering":true})";
}

// A log "e1" of 200 publications of 20 bytes, of which the tail holds less than half.
class CatchUpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ada = &node.add_client("ada");
    ada->subscribe(kRoom);
    broker.answer_subscribe(Position{0, "e1"});
    for (std::uint64_t offset = 1; offset <= 200; ++offset) deliver(offset);
    node.settle();
    ASSERT_EQ(ada->take().size(), 1U + 200U);
  }
  void deliver(std::uint64_t offset) {
    broker.deliver(kRoom, offset, "e1");
    node.settle();
  }

  FakeClient& come_back(std::uint64_t offset) {
    FakeClient& client = node.add_client("bob");
    client.recover(kRoom, {offset, "e1"});
    node.settle();
    return client;
  }
  // … whose answer says that the store still has what it missed.
  FakeClient& reader(std::uint64_t offset) {
    FakeClient& client = come_back(offset);
    answer(offset + 1, offset + 1);
    EXPECT_THAT(client.take(), ElementsAre(subscribed(2, offset, true)));
    return client;
  }
  // Answers the read that is open with from..to, of the 200.
  void answer(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t offset = from; offset <= to; ++offset) offsets.push_back(offset);
    broker.answer_history({200, "e1"}, offsets);
    node.settle();
  }
  // Answers reads with pages of 20 until none is open; returns how many.
  int answer_all() {
    int pages = 0;
    for (; !broker.histories.empty(); ++pages) {
      const std::uint64_t since = broker.histories[0].request.since;
      answer(since + 1, std::min<std::uint64_t>(since + 20, 200));
    }
    return pages;
  }
  std::uint64_t asked_since() {
    EXPECT_EQ(broker.histories.size(), 1U);
    return broker.histories.empty() ? UINT64_MAX : broker.histories[0].request.since;
  }
  static std::vector<std::string> pushes(std::uint64_t from, std::uint64_t to) {
    std::vector<std::string> lines;
    for (std::uint64_t n = from; n <= to; ++n) {
      lines.push_back(std::string(kRoom) + " " + std::to_string(n) + " " + std::to_string(n));
    }
    return lines;
  }
  static ChatSettings small_tail() {
    ChatSettings settings = ChatNode::open_settings();
    settings.tail_bytes_max = 2 * 1024;
    settings.subscribe_timeout_s = 1;
    return settings;
  }

  FakeBroker broker;
  ChatNode node{small_tail(), broker};
  FakeClient* ada = nullptr;
};

TEST_F(CatchUpTest, AsksOnceForTheOldestWhoeverComesBack) {
  FakeClient& first = come_back(30);
  FakeClient& second = come_back(10);
  FakeClient& third = come_back(20);
  EXPECT_EQ(asked_since(), 30U);
  EXPECT_EQ(broker.histories[0].request.limit, 1U);
  answer(31, 31);
  EXPECT_THAT(first.take(), ElementsAre(subscribed(2, 30, true)));
  // One more for all that came meanwhile.
  EXPECT_EQ(asked_since(), 10U);
  answer(16, 16);  // up to 15 it is gone
  EXPECT_THAT(second.take(), ElementsAre(subscribed(2, 200, false)));
  EXPECT_THAT(third.take(), ElementsAre(subscribed(2, 20, true)));
  // Now it is known, one way and the other.
  EXPECT_THAT(come_back(14).take(), ElementsAre(subscribed(2, 200, false)));
  EXPECT_THAT(come_back(15).take(), ElementsAre(subscribed(2, 15, true)));
  EXPECT_EQ(asked_since(), 20U);
  EXPECT_GT(broker.histories[0].request.limit, 1U);
}

TEST_F(CatchUpTest, SendsEverybodyTheSamePages) {
  FakeClient& first = reader(10);
  FakeClient& second = come_back(25);
  EXPECT_EQ(asked_since(), 10U);
  const int pages = answer_all();
  EXPECT_THAT(first.take(), ElementsAreArray(pushes(11, 200)));
  auto expected = pushes(26, 200);
  expected.insert(expected.begin(), subscribed(2, 25, true));
  EXPECT_THAT(second.take(), ElementsAreArray(expected));
  EXPECT_LE(pages, 200 / 20);
  EXPECT_EQ(node.counters.catch_up_rounds, 1U);
  EXPECT_EQ(node.counters.catch_up_pages, static_cast<std::uint64_t>(pages));
  EXPECT_EQ(node.counters.page_bytes, 0U);
  EXPECT_EQ(node.counters.behind_tail, 0U);
  EXPECT_EQ(node.counters.fell_off_tail, 0U);
}

TEST_F(CatchUpTest, GoesOnLiveWhenItMeetsTheTail) {
  FakeClient& bob = reader(10);
  answer(11, 40);
  deliver(201);
  node.settle();
  answer_all();
  deliver(202);
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAreArray(pushes(11, 202)));
  EXPECT_THAT(ada->take(), ElementsAreArray(pushes(201, 202)));
}

// The tail goes on meanwhile: the walk gets longer.
TEST_F(CatchUpTest, FollowsATailThatMovesAway) {
  FakeClient& bob = reader(10);
  for (std::uint64_t offset = 201; offset <= 400; ++offset) deliver(offset);
  node.settle();
  while (!broker.histories.empty()) {
    const std::uint64_t since = broker.histories[0].request.since;
    std::vector<std::uint64_t> page;
    for (std::uint64_t offset = since + 1; offset <= since + 20; ++offset) page.push_back(offset);
    broker.answer_history({400, "e1"}, page);
    node.settle();
  }
  EXPECT_THAT(bob.take(), ElementsAreArray(pushes(11, 400)));
}

TEST_F(CatchUpTest, LeavesOutWhatNobodyNeeds) {
  FakeClient& first = reader(10);
  FakeClient& second = come_back(90);
  answer(11, 30);
  EXPECT_EQ(asked_since(), 30U);
  answer(31, 50);
  first.vanish();
  EXPECT_EQ(asked_since(), 50U);  // it was on the way already
  answer(51, 70);
  EXPECT_EQ(asked_since(), 90U);
  answer_all();
  EXPECT_EQ(second.take().size(), 1U + 110U);
}

TEST_F(CatchUpTest, BeginsARoundForWhoComesWithAnOlderPosition) {
  FakeClient& first = reader(50);
  answer(51, 70);
  FakeClient& second = come_back(20);
  answer(71, 90);  // the first goes on …
  EXPECT_EQ(asked_since(), 20U);
  EXPECT_EQ(broker.histories[0].request.limit, 1U);
  answer(21, 21);
  EXPECT_EQ(asked_since(), 90U);
  answer_all();
  EXPECT_THAT(first.take(), ElementsAreArray(pushes(51, 200)));
  EXPECT_EQ(second.take().size(), 1U + 180U);
  EXPECT_EQ(node.counters.catch_up_rounds, 2U);
}

TEST_F(CatchUpTest, WaitsOnlyAMomentForAReaderThatStops) {
  FakeClient& stopped = reader(10);
  FakeClient& other = come_back(10);
  stopped.transport.room = 100;
  answer(11, 30);
  EXPECT_THAT(broker.histories, IsEmpty());
  EXPECT_GT(node.counters.page_bytes, 0U);
  EXPECT_TRUE(node.pass_until([&] { return !broker.histories.empty(); }));
  EXPECT_EQ(asked_since(), 30U);
  answer_all();
  EXPECT_EQ(other.take().size(), 1U + 190U);
  EXPECT_EQ(node.counters.page_bytes, 0U);
  EXPECT_THAT(broker.histories, IsEmpty());
  EXPECT_EQ(node.counters.behind_tail, 1U);
  // It reads again: a round of its own.
  stopped.drain();
  node.settle();
  answer_all();
  EXPECT_THAT(stopped.take(), ElementsAreArray(pushes(11, 200)));
  EXPECT_EQ(node.counters.catch_up_rounds, 2U);
}

TEST_F(CatchUpTest, IsNotHurriedWhenNobodyWaits) {
  FakeClient& bob = reader(10);
  bob.transport.room = 100;
  answer(11, 30);
  // In steps: each time that it looks anew it could lose its patience.
  for (int i = 0; i < 10; ++i) node.pass_ms(100);
  EXPECT_THAT(broker.histories, IsEmpty());
  bob.drain();
  node.settle();
  EXPECT_EQ(asked_since(), 30U);
  answer_all();
  EXPECT_THAT(bob.take(), ElementsAreArray(pushes(11, 200)));
  EXPECT_EQ(node.counters.catch_up_rounds, 1U);
}

TEST_F(CatchUpTest, TellsWhomRetentionHasOvertaken) {
  FakeClient& first = reader(10);
  FakeClient& second = come_back(50);
  answer(11, 30);
  EXPECT_EQ(asked_since(), 30U);
  answer(41, 60);
  auto expected = pushes(11, 30);
  expected.emplace_back("room:a unsubscribed 2500");
  EXPECT_THAT(first.take(), ElementsAreArray(expected));
  answer_all();
  EXPECT_EQ(second.take().size(), 1U + 150U);
  EXPECT_EQ(node.counters.overtaken, 1U);
  first.recover(kRoom, {30, "e1"});
  node.settle();
  EXPECT_THAT(first.take(), ElementsAre(subscribed(3, 200, false)));
}

TEST_F(CatchUpTest, TellsEverybodyWhenNothingIsLeftBeforeTheTail) {
  FakeClient& bob = reader(10);
  broker.answer_history({200, "e1"}, {});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("room:a unsubscribed 2500"));
  deliver(201);
  node.settle();
  EXPECT_THAT(ada->take(), ElementsAreArray(pushes(201, 201)));
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(CatchUpTest, SendsNothingOfAnotherEpoch) {
  FakeClient& bob = reader(10);
  answer(11, 30);
  EXPECT_EQ(asked_since(), 30U);
  broker.answer_history({40, "e2"}, {31, 32, 33});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAreArray(pushes(11, 30)));
  EXPECT_EQ(asked_since(), 200U);  // the tip is compared
  broker.answer_history({40, "e2"}, {});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("room:a unsubscribed 2500"));
  EXPECT_THAT(ada->take(), ElementsAre("room:a unsubscribed 2500"));
  EXPECT_EQ(node.counters.behind_tail, 0U);
  EXPECT_EQ(node.counters.page_bytes, 0U);
  bob.recover(kRoom, {30, "e1"});
  broker.answer_history({40, "e2"}, {});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(3, 40, false)));
}

TEST_F(CatchUpTest, DoesNotUseAPageThatWasReadBeforeTheLogStartedOver) {
  FakeClient& bob = reader(10);
  broker.deliver(kRoom, 5, "e2");
  ASSERT_EQ(broker.histories.size(), 2U);
  const auto page = broker.histories[0];
  broker.histories.pop_front();
  broker.answer_history({5, "e2"}, {});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("room:a unsubscribed 2500"));
  page.done(History{{200, "e1"}, {{11, FakeBroker::body_of(11)}}});
  node.settle();
  EXPECT_THAT(bob.take(), IsEmpty());
  EXPECT_EQ(node.counters.page_bytes, 0U);
}

TEST_F(CatchUpTest, EndsWithTheLastReader) {
  FakeClient& leaver = reader(10);
  FakeClient& closer = come_back(10);
  FakeClient& vanisher = come_back(10);
  for (FakeClient* one : {&leaver, &closer, &vanisher}) one->transport.room = 60;
  answer(11, 60);
  EXPECT_GT(node.counters.page_bytes, 0U);
  EXPECT_EQ(node.counters.behind_tail, 3U);
  leaver.unsubscribe(kRoom);
  closer.session->close(disconnects::kShutdown);
  vanisher.vanish();
  node.settle();
  EXPECT_EQ(node.counters.page_bytes, 0U);
  EXPECT_EQ(node.counters.behind_tail, 0U);
  leaver.drain();
  node.settle();
  EXPECT_EQ(leaver.take().back(), "3 unsubscribe {}");
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(CatchUpTest, MayBeLeftWhileAPageIsRead) {
  FakeClient& bob = reader(10);
  EXPECT_EQ(asked_since(), 10U);
  bob.unsubscribe(kRoom);
  node.settle();
  answer(11, 30);
  EXPECT_THAT(bob.take(), ElementsAre("3 unsubscribe {}"));
  EXPECT_EQ(node.counters.page_bytes, 0U);
  bob.recover(kRoom, {30, "e1"});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(4, 30, true)));  // known from the page before
  answer_all();
  EXPECT_THAT(bob.take(), ElementsAreArray(pushes(31, 200)));
}

TEST_F(CatchUpTest, GoesOnWhenTheStoreIsBack) {
  FakeClient& bob = reader(10);
  answer(11, 30);
  broker.fail_history();
  node.settle();
  EXPECT_THAT(broker.histories, IsEmpty());
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_TRUE(node.pass_until([&] { return !broker.histories.empty(); }));
    EXPECT_EQ(asked_since(), 30U);
    if (attempt == 0) broker.fail_history();
  }
  answer_all();
  EXPECT_THAT(bob.take(), ElementsAreArray(pushes(11, 200)));
}

TEST_F(CatchUpTest, RefusesForNowWhenTheStoreFails) {
  FakeClient& bob = come_back(10);
  broker.fail_history();
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("2 error 100"));
  FakeClient& eve = come_back(10);
  EXPECT_TRUE(node.pass_until([&] { return eve.events().lines.size() == 1; }));
  EXPECT_THAT(eve.take(), ElementsAre("2 error 100"));  // no answer at all
}

}  // namespace
}  // namespace chirm
