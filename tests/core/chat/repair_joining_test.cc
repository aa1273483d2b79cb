// SPDX-License-Identifier: MIT
// Who joins while the node does not know all yet: it waits for the store, and is answered by that.
#include "tests/core/chat/repair_fixture.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::FakeClient;
using ::testing::IsEmpty;

TEST_F(Repair, KeepsAClientWaitingForHistoryAndMergesWhatComes) {
  FakeClient& bob = recovering_client({7, "e1"});
  EXPECT_THAT(bob.take(), IsEmpty());
  ASSERT_EQ(broker.histories.size(), 1U);
  EXPECT_EQ(broker.histories[0].request.since, 11U);
  EXPECT_TRUE(broker.histories[0].request.reverse);
  deliver(11);
  broker.answer_history({11, "e1"}, {10, 9, 8, 7});
  node.settle();
  auto expected = pushes(8, 11);
  expected.insert(expected.begin(), subscribed(2, 7, "recovered"));
  EXPECT_THAT(bob.take(), ElementsAreArray(expected));
}

TEST_F(Repair, RefusesAWaitingClientForNowWhenHistoryFails) {
  FakeClient& bob = recovering_client({7, "e1"});
  broker.fail_history();
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("2 error 100"));
  EXPECT_EQ(node.counters.subscriptions, 1U);
  bob.recover(kRoom, {10, "e1"});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(3, 10, "recovered")));
}

TEST_F(Repair, RefusesAWaitingClientForNowWhenHistoryTakesTooLong) {
  FakeClient& bob = recovering_client({7, "e1"});
  EXPECT_TRUE(node.pass_until([&] { return bob.events().lines.size() == 1; }));
  EXPECT_THAT(bob.take(), ElementsAre("2 error 100"));
  // The late answer is of use for the next one.
  broker.answer_history({10, "e1"}, {10, 9, 8, 7});
  bob.recover(kRoom, {6, "e1"});
  node.settle();
  EXPECT_THAT(broker.histories, IsEmpty());
  EXPECT_EQ(bob.take().size(), 1U + 4U);
}

TEST_F(Repair, TakesNoPartOfAHistoryThatDoesNotFitTheTail) {
  // What is next to the tail is gone.
  FakeClient& bob = recovering_client({6, "e1"});
  broker.answer_history({10, "e1"}, {9, 8, 7});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 10, "lost")));
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, TakesAHistoryUpToItsHole) {
  FakeClient& bob = recovering_client({6, "e1"});
  FakeClient& eve = recovering_client({9, "e1"});
  broker.answer_history({10, "e1"}, {10, 8, 7});
  node.settle();
  EXPECT_THAT(eve.take(), ElementsAre(subscribed(2, 9, "recovered"), "room:a 10 10"));
  broker.answer_history({10, "e1"}, {8, 7});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 10, "lost")));
}

TEST_F(Repair, ComparesTheTipWhenAHistoryIsOfAnotherLog) {
  FakeClient& bob = recovering_client({6, "e1"});
  broker.answer_history({10, "e2"}, {10, 9, 8, 7});
  ASSERT_EQ(broker.histories.size(), 1U);
  EXPECT_EQ(broker.histories[0].request.since, 10U);
  EXPECT_THAT(bob.take(), IsEmpty());
  broker.answer_history({10, "e2"}, {});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 10, "lost")));
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
}

// Another node has heard of the new epoch already, and what it goes on from is in the store's
// answer: then nobody who stands where nothing was lost has to ask again.
TEST_F(Repair, RecoversWhoComesFromAnEpochThatItHasNotHeardOf) {
  FakeClient& bob = recovering_client({10, "e2"});
  EXPECT_THAT(bob.take(), IsEmpty());
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.answer_history(LogTop({10, "e2"}, {{"e1", 10}}), {});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 10, "recovered")));
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
  ada->recover(kRoom, {10, "e1"});
  EXPECT_THAT(take(), ElementsAre(subscribed(3, 10, "recovered")));
  FakeClient& eve = recovering_client({11, "e1"});
  EXPECT_THAT(eve.take(), ElementsAre(subscribed(2, 10, "lost")));
  EXPECT_THAT(broker.histories, IsEmpty());
}

// A node that a bus message has not reached yet is behind a client that comes from another node.
TEST_F(Repair, AsksTheStoreBeforeItRefusesAnOffsetBeyondItsTail) {
  FakeClient& bob = recovering_client({12, "e1"});
  EXPECT_THAT(bob.take(), IsEmpty());
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.answer_history({13, "e1"}, offsets(11, 13));
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 12, "recovered"), "room:a 13 13"));
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 13)));
}

TEST_F(Repair, RefusesAnOffsetThatTheStoreDoesNotHaveEither) {
  FakeClient& bob = recovering_client({12, "e1"});
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.answer_history({11, "e1"}, offsets(11, 11));
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 11, "lost")));
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, AsksAnewForAnOffsetBeyondTheTailWhileItAlreadyRepairs) {
  deliver(12);  // a hole
  FakeClient& bob = recovering_client({13, "e1"});
  EXPECT_THAT(bob.take(), IsEmpty());
  broker.answer_history({12, "e1"}, offsets(11, 12));  // read before 13 was stored
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.answer_history({13, "e1"}, offsets(13, 13));
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 13, "recovered")));
}

TEST_F(Repair, RefusesAnOffsetBeyondTheTailForNowWhenTheStoreIsAway) {
  FakeClient& bob = recovering_client({12, "e1"});
  broker.fail_history();
  EXPECT_TRUE(node.pass_until([&] { return bob.events().lines.size() == 1; }));
  EXPECT_THAT(bob.take(), ElementsAre("2 error 100"));
}

}  // namespace
}  // namespace chirm
