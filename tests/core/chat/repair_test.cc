// SPDX-License-Identifier: MIT
// A bus that loses, repeats and mixes up publications, and a store that fails, answers late or lost
// its data: subscribers see every publication once and in order, or are told.
#include <algorithm>
#include <iterator>
#include <random>

#include "tests/core/chat/repair_fixture.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::FakeClient;
using ::testing::IsEmpty;

TEST_F(Repair, DropsDuplicates) {
  for (const std::uint64_t offset : {11, 11, 12, 10, 1, 11, 13}) deliver(offset);
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 13)));
  EXPECT_EQ(node.counters.duplicates_dropped, 4U);
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, FillsAHoleFromHistoryOnce) {
  deliver(11);
  deliver(14);
  deliver(15);
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 11)));
  ASSERT_EQ(broker.histories.size(), 1U);
  EXPECT_EQ(broker.histories[0].request.since, 11U);
  EXPECT_FALSE(broker.histories[0].request.reverse);
  broker.answer_history({15, "e1"}, offsets(12, 15));
  EXPECT_THAT(take(), ElementsAreArray(pushes(12, 15)));
  deliver(16);
  EXPECT_THAT(take(), ElementsAreArray(pushes(16, 16)));
  EXPECT_EQ(node.counters.holes_found, 2U);
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, AsksAgainForWhatArrivedWhileHistoryWasRead) {
  deliver(12);
  deliver(13);  // stored after history was read
  broker.answer_history({12, "e1"}, offsets(11, 12));
  ASSERT_EQ(broker.histories.size(), 1U);
  EXPECT_EQ(broker.histories[0].request.since, 12U);
  broker.answer_history({13, "e1"}, offsets(13, 13));
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 13)));
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, ReadsALongHoleInPages) {
  deliver(1'500);
  broker.answer_history({1'500, "e1"}, offsets(11, 510));
  broker.answer_history({1'500, "e1"}, offsets(511, 1'010));
  broker.answer_history({1'500, "e1"}, offsets(1'011, 1'500));
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 1'500)));
  EXPECT_THAT(broker.histories, IsEmpty());
}

// A hole that is longer than the tail may be.
TEST_F(Repair, FillsALongHoleNoFasterThanItsMembersAreWritten) {
  node.settings.tail_bytes_max = 64 * 1024;
  deliver(6'010);
  std::vector<std::string> got;
  int pauses = 0;
  for (std::uint64_t from = 11; from <= 6'010; from += 250) {
    if (broker.histories.empty()) {
      ++pauses;
      std::ranges::move(take(), std::back_inserter(got));
    }
    ASSERT_EQ(broker.histories.size(), 1U);
    EXPECT_EQ(broker.histories[0].request.since, from - 1);
    EXPECT_LE(broker.histories[0].request.bytes_max, 64U * 1024 / 2);
    broker.answer_history({6'010, "e1"}, offsets(from, from + 249));
  }
  std::ranges::move(take(), std::back_inserter(got));
  EXPECT_THAT(got, ElementsAreArray(pushes(11, 6'010)));
  EXPECT_GT(pauses, 5);
  EXPECT_EQ(node.counters.fell_off_tail, 0U);
  EXPECT_EQ(node.counters.holes_healed, 6'000U);
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, ForgetsWhatTheBusAnnouncedAndTheStoreDoesNotHave) {
  deliver(99);
  broker.answer_history({10, "e1"}, {});
  EXPECT_THAT(take(), IsEmpty());
  deliver(11);
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 11)));
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, TriesAgainAfterTheStoreFailed) {
  deliver(12);
  broker.fail_history();
  deliver(13);
  EXPECT_EQ(node.counters.holes_found, 1U);
  EXPECT_TRUE(node.pass_until([&] { return !broker.histories.empty(); }));
  broker.answer_history({13, "e1"}, offsets(11, 13));
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 13)));
}

TEST_F(Repair, TellsSubscribersWhenTheHoleWasTrimmed) {
  deliver(50);
  broker.answer_history({50, "e1"}, offsets(40, 50));
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
  EXPECT_EQ(node.counters.subscriptions, 0U);
  // It comes back at once, as SDKs do, and is told honestly.
  ada->recover(kRoom, {10, "e1"});
  node.settle();
  broker.answer_history({50, "e1"}, {50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40});
  EXPECT_THAT(take(), IsEmpty());
  broker.answer_history({50, "e1"}, {});  // before 40
  EXPECT_THAT(take(), ElementsAre(subscribed(3, 50, "lost")));
}

TEST_F(Repair, TellsSubscribersWhenTheWholeHistoryIsGone) {
  deliver(50);
  broker.answer_history({50, "e1"}, {});
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
}

TEST_F(Repair, TellsSubscribersWhenTheEpochChanged) {
  FakeClient& bob = node.add_client("bob");
  bob.subscribe(kRoom);
  deliver(11);
  (void)take();
  (void)bob.take();
  broker.deliver(kRoom, 3, "e2");
  broker.deliver(kRoom, 4, "e2");
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.answer_history({3, "e2"}, {});
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
  EXPECT_THAT(bob.take(), ElementsAre("room:a unsubscribed 2500"));
  broker.answer_history({4, "e2"}, {4});  // what arrived before the first answer
  EXPECT_EQ(node.counters.epoch_changes, 1U);
  ada->recover(kRoom, {11, "e1"});
  broker.answer_history({4, "e2"}, {});  // for there may be an epoch that goes on from that one
  broker.deliver(kRoom, 5, "e2");
  EXPECT_THAT(take(), ElementsAre(subscribed(3, 4, "lost"), "room:a 5 5"));
}

// A new log whose numbers happen to go on where the old one's ended.
TEST_F(Repair, TakesNothingOfAnotherEpochForItsOwn) {
  broker.deliver(kRoom, 11, "e2");
  EXPECT_THAT(take(), IsEmpty());
  broker.answer_history({12, "e2"}, offsets(11, 12));
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
  broker.deliver(kRoom, 13, "e2");
  ada->recover(kRoom, {10, "e1"});
  broker.answer_history({13, "e2"}, {});
  EXPECT_THAT(take(), ElementsAre(subscribed(3, 13, "lost")));
}

TEST_F(Repair, TellsSubscribersWhenTheStoreIsBehindThem) {
  deliver(11);
  (void)take();
  broker.miss(kRoom);
  broker.answer_history({5, "e1"}, {});
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500"));
  ada->recover(kRoom, {11, "e1"});
  node.settle();
  if (!broker.histories.empty()) broker.answer_history({5, "e1"}, {});
  EXPECT_THAT(take(), ElementsAre(subscribed(3, 5, "lost")));
}

TEST_F(Repair, GoesOnWhenAPublicationOfAnotherEpochWasALie) {
  broker.deliver(kRoom, 1, "e9");
  broker.answer_history({10, "e1"}, {});
  deliver(11);
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 11)));
}

TEST_F(Repair, ComparesAfterTheLinkWasDown) {
  broker.miss(kRoom);
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.miss(kRoom);  // again, while history is being read
  broker.answer_history({12, "e1"}, offsets(11, 12));
  ASSERT_EQ(broker.histories.size(), 1U);
  broker.answer_history({12, "e1"}, {});
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, 12)));
  EXPECT_THAT(broker.histories, IsEmpty());
  broker.miss("room:unknown");
  EXPECT_THAT(broker.histories, IsEmpty());
}

TEST_F(Repair, ComparesAtOnceAgainWhatMayHaveBeenMissedWhileTheLogStartedOver) {
  broker.miss(kRoom);
  broker.miss(kRoom);  // while history is being read: the answer may be older
  broker.answer_history({3, "e2"}, {});
  ASSERT_EQ(broker.histories.size(), 1U);
  EXPECT_EQ(broker.histories[0].request.since, 3U);
  ada->recover(kRoom, {3, "e2"});
  broker.answer_history({4, "e2"}, {4});
  EXPECT_THAT(take(), ElementsAre("room:a unsubscribed 2500", ::testing::HasSubstr("recovered"),
                                  pushes(4, 4)[0]));
}

TEST_F(Repair, IgnoresChannelsThatNobodyFollows) {
  broker.deliver("room:other", 1, "e1");
  EXPECT_THAT(broker.histories, IsEmpty());
  EXPECT_EQ(broker.listener().known_position("room:other").epoch, "");
  EXPECT_EQ(broker.listener().known_position(kRoom).offset, 10U);
  EXPECT_EQ(broker.listener().known_position(kRoom).epoch, "e1");
}

TEST_F(Repair, FetchesWhatOvertookTheAnswerToSubscribe) {
  FakeClient& bob = node.add_client("bob");
  bob.subscribe("room:b");
  broker.deliver("room:b", 8, "e1");
  broker.answer_subscribe(Position{6, "e1"});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre(subscribed(2, 6)));
  broker.answer_history({8, "e1"}, {7, 8});
  node.settle();
  EXPECT_THAT(bob.take(), ElementsAre("room:b 7 7", "room:b 8 8"));
}

// Whatever the bus does, as long as the store is right nobody sees a hole, a duplicate or disorder.
TEST_F(Repair, DeliversEverythingInOrderOverABadBus) {
  std::mt19937 random(11);
  std::uint64_t stored = 10;
  const auto answer_one = [&] {
    if (broker.histories.empty()) return;
    if (random() % 4 == 0) return broker.fail_history();
    const std::uint64_t since = broker.histories[0].request.since;
    const std::uint64_t to = std::min<std::uint64_t>(stored, since + 500);
    broker.answer_history({stored, "e1"},
                          to > since ? offsets(since + 1, to) : std::vector<std::uint64_t>());
  };
  for (int step = 0; step < 5'000; ++step) {
    ++stored;
    const auto luck = random() % 10;
    if (luck < 7) deliver(stored);                      // else it is lost
    if (luck == 1) deliver(stored - random() % 5);      // again
    if (luck == 2) deliver(stored + 2 + random() % 3);  // not stored yet, or never
    if (luck == 3) broker.miss(kRoom);
    if (random() % 3 == 0) answer_one();
    if (random() % 5 == 0) node.settle();
  }
  broker.miss(kRoom);
  for (int i = 0; i < 100; ++i) answer_one();
  if (broker.histories.empty()) broker.miss(kRoom);
  while (!broker.histories.empty()) answer_one();
  if (broker.listener().known_position(kRoom).offset < stored) {
    EXPECT_TRUE(node.pass_until([&] { return !broker.histories.empty(); }));
    broker.answer_history({stored, "e1"}, offsets(broker.histories[0].request.since + 1, stored));
  }
  EXPECT_THAT(take(), ElementsAreArray(pushes(11, stored)));
}

}  // namespace
}  // namespace chirm
