// SPDX-License-Identifier: MIT
// Checks the checker: whatever a server does wrong must be found, and nothing else.
#include "bench/load/follower.h"

#include <gmock/gmock.h>

#include "tests/bench/fake_room.h"

namespace chirm::load {
namespace {

class FollowerTest : public ::testing::Test {
 protected:
  // Feeds frames that all belong to the room.
  void feed(Follower& follower, const std::string& bytes) {
    EXPECT_EQ(follower.take(bytes, FakeRoom::kReceivedUs), bytes.size());
  }
  const Violations& found() const { return fake_.tally.violations; }

  FakeRoom fake_;
};

TEST_F(FollowerTest, FindsNothingWhenAllIsWell) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 2));
  feed(second, fake_.frames(3, 5));
  first.audit(6);
  second.audit(6);
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.tally.counts.delivered, 10U);
  EXPECT_EQ(fake_.logged.size(), 5U);
}

TEST_F(FollowerTest, FindsADroppedDelivery) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 2) + fake_.frames(4, 5));
  first.audit(6);
  EXPECT_EQ(found().total(), 0U);
  second.audit(6);
  EXPECT_EQ(found().lost, 1U);
  EXPECT_EQ(found().total(), 1U);
}

TEST_F(FollowerTest, FindsADropByWhomeverReceivesFirst) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 2) + fake_.frames(4, 5));
  feed(second, fake_.frames(1, 5));
  second.audit(6);
  EXPECT_EQ(found().total(), 0U);
  first.audit(6);
  EXPECT_EQ(found().lost, 1U);
}

TEST_F(FollowerTest, FindsAMissingEnd) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 3));
  EXPECT_EQ(follower.missing_before(6), 2U);
  follower.audit(6);
  EXPECT_EQ(found().lost, 2U);
}

TEST_F(FollowerTest, FindsADoubledDelivery) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 3) + fake_.frame(3) + fake_.frame(4));
  EXPECT_EQ(found().duplicated, 1U);
  feed(second, fake_.frames(1, 2) + fake_.frames(2, 4));
  EXPECT_EQ(found().duplicated, 2U);
  EXPECT_EQ(found().total(), 2U);
  EXPECT_EQ(fake_.tally.counts.delivered, 8U);
}

TEST_F(FollowerTest, FindsASwappedDelivery) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 4));
  feed(second, fake_.frame(1) + fake_.frame(3) + fake_.frame(2) + fake_.frame(4));
  second.audit(5);
  EXPECT_EQ(found().reordered, 1U);
  EXPECT_EQ(found().total(), 1U);
}

TEST_F(FollowerTest, FindsASwapByWhomeverReceivesFirst) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frame(1) + fake_.frame(3) + fake_.frame(2) + fake_.frame(4));
  feed(second, fake_.frames(1, 4));
  EXPECT_EQ(found().reordered, 1U);
  EXPECT_EQ(found().total(), 1U);
}

TEST_F(FollowerTest, FindsAnotherMessageUnderTheSameOffset) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 3));
  feed(second, fake_.frame(1) + fake_.frame(FakeRoom::line(2, FakeRoom::id(1, 9))));
  EXPECT_EQ(found().forked, 1U);
  EXPECT_EQ(found().total(), 1U);
}

TEST_F(FollowerTest, FindsAMessageOfAnotherRoom) {
  Follower follower = fake_.join();
  MessageId id = FakeRoom::id(1, 0);
  id.room = 4;
  feed(follower, fake_.frame(FakeRoom::line(1, id)));
  EXPECT_EQ(found().misrouted, 1U);
}

TEST_F(FollowerTest, FindsAMessageThatWasStoredTwice) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 3) + fake_.frame(FakeRoom::line(4, FakeRoom::id(1, 1))));
  EXPECT_EQ(found().stored_twice, 1U);
  EXPECT_EQ(found().total(), 1U);
}

TEST_F(FollowerTest, AllowsThatAPublisherRetriesLater) {
  Follower follower = fake_.join();
  feed(follower, fake_.frame(FakeRoom::line(1, FakeRoom::id(1, 1))) +
                     fake_.frame(FakeRoom::line(2, FakeRoom::id(1, 0))));
  EXPECT_EQ(found().total(), 0U);
}

TEST_F(FollowerTest, OwesANewcomerOnlyWhatFollows) {
  Follower first = fake_.join();
  feed(first, fake_.frames(1, 5));
  Follower newcomer = fake_.join(3);
  feed(newcomer, fake_.frames(4, 5));
  newcomer.audit(6);
  EXPECT_EQ(found().total(), 0U);
}

TEST_F(FollowerTest, GoesOnAfterRecovery) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 2));
  second.on_joined(
      {.offset = 2, .epoch = FakeRoom::kEpoch, .was_recovering = true, .recovered = true});
  feed(second, fake_.frames(3, 5));
  second.audit(6);
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.tally.counts.resets, 0U);
}

TEST_F(FollowerTest, FindsAGapBehindRecoveredTrue) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 2));
  second.on_joined(
      {.offset = 2, .epoch = FakeRoom::kEpoch, .was_recovering = true, .recovered = true});
  feed(second, fake_.frames(4, 5));
  second.audit(6);
  EXPECT_EQ(found().false_recovered, 1U);
  EXPECT_EQ(found().lost, 1U);
}

TEST_F(FollowerTest, FindsRecoveredTrueFromWhereItDoesNotStand) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 2));
  follower.on_joined({.offset = 3, .epoch = "e2", .was_recovering = true, .recovered = true});
  EXPECT_EQ(found().false_recovered, 1U);
}

TEST_F(FollowerTest, CountsTheGapBehindRecoveredFalseAsMissed) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 9));
  feed(second, fake_.frames(1, 2));
  second.on_joined({.offset = 7, .epoch = FakeRoom::kEpoch, .was_recovering = true});
  feed(second, fake_.frames(8, 9));
  second.audit(10);
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.tally.counts.resets, 1U);
  EXPECT_EQ(fake_.tally.counts.missed, 5U);
}

TEST_F(FollowerTest, ForgivesNoGapBeforeRecoveredFalse) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 9));
  feed(second, fake_.frames(1, 2) + fake_.frames(4, 5));
  second.on_joined({.offset = 7, .epoch = FakeRoom::kEpoch, .was_recovering = true});
  feed(second, fake_.frames(8, 9));
  second.audit(10);
  EXPECT_EQ(found().lost, 1U);
  EXPECT_EQ(found().total(), 1U);
}

TEST_F(FollowerTest, StartsOverInANewEpoch) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 4));
  follower.on_joined({.offset = 0, .epoch = "e2", .was_recovering = true});
  feed(follower, fake_.frame(FakeRoom::line(1, FakeRoom::id(1, 4))));
  EXPECT_EQ(follower.next(), 2U);
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.tally.counts.resets, 1U);
  EXPECT_EQ(fake_.tally.counts.missed, 0U);  // nobody can know
}

TEST_F(FollowerTest, TakesPublicationsThatWereDecodedElsewhere) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  std::string data;
  append_payload(data, FakeRoom::id(1, 0), "text");
  first.take(data, 1, FakeRoom::kReceivedUs);
  feed(first, fake_.frames(2, 3));
  feed(second, fake_.frames(1, 3));
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.tally.counts.delivered, 6U);
}

TEST_F(FollowerTest, LeavesOtherMessagesAlone) {
  Follower follower = fake_.join();
  const std::string pubs = fake_.frames(1, 2);
  for (const std::string other :
       {R"({"id":5,"publish":{}})", "{}", R"({"push":{"channel":"x"}})"}) {
    EXPECT_EQ(follower.take(fake_.frame(other) + pubs, 0), 0U);
    EXPECT_EQ(follower.take(fake_.frame("{}\n" + FakeRoom::line(1, FakeRoom::id(1, 0))), 0), 0U);
  }
  EXPECT_EQ(follower.take(pubs + fake_.frame("{}") + fake_.frame(3), 0), pubs.size());
}

TEST_F(FollowerTest, TakesWholeFramesOnly) {
  const std::string pubs = fake_.frames(1, 3);
  Follower first = fake_.join();
  feed(first, pubs);
  for (std::size_t size = 0; size <= pubs.size(); ++size) {
    Follower follower = fake_.join();
    const std::size_t taken = follower.take(std::string_view(pubs).substr(0, size), 0);
    EXPECT_LE(taken, size);
    EXPECT_EQ(follower.take(std::string_view(pubs).substr(taken), 0), pubs.size() - taken);
    EXPECT_EQ(follower.next(), 4U);
  }
  EXPECT_EQ(found().total(), 0U);
}

TEST_F(FollowerTest, TakesSeveralPublicationsInOneMessage) {
  const auto lines = [](std::uint64_t first, std::uint64_t last) {
    std::string text;
    for (std::uint64_t offset = first; offset <= last; ++offset) {
      if (offset != first) text += '\n';
      text += FakeRoom::line(offset, FakeRoom::id(1, static_cast<std::uint32_t>(offset - 1)));
    }
    return text;
  };
  Follower first = fake_.join();
  Follower second = fake_.join();
  Follower third = fake_.join();
  feed(first, fake_.frame(lines(1, 4)));
  feed(second, fake_.frame(lines(1, 3)) + fake_.frame(4));
  feed(third, fake_.frame(1) + fake_.frame(lines(3, 4)));
  EXPECT_EQ(found().total(), 0U);
  third.audit(5);
  EXPECT_EQ(found().lost, 1U);
}

TEST_F(FollowerTest, KnowsTheStartOfAPublication) {
  const Follower follower = fake_.join();
  const std::string pub = fake_.frame(1);
  EXPECT_TRUE(follower.starts_publication(pub.substr(0, pub.size() - 1)));
  EXPECT_FALSE(follower.starts_publication(pub.substr(0, 10)));
  EXPECT_FALSE(follower.starts_publication(fake_.frame(R"({"id":1,"subscribe":{}})")));
}

TEST_F(FollowerTest, MeasuresFromWhenAMessageWasDue) {
  fake_.tally.measure_from_us = FakeRoom::kScheduledUs;
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frame(1));
  feed(second, fake_.frame(1));
  EXPECT_EQ(fake_.tally.delivery.count(), 2U);
  EXPECT_EQ(fake_.tally.delivery.max_us(), FakeRoom::kReceivedUs - FakeRoom::kScheduledUs);
  fake_.tally.measure_from_us = FakeRoom::kScheduledUs + 1;
  feed(first, fake_.frame(2));
  EXPECT_EQ(fake_.tally.delivery.count(), 2U);
}

TEST_F(FollowerTest, LeavesOutItsLatencyWhenTold) {
  fake_.tally.measure_from_us = 0;
  Follower publisher = fake_.join();
  Follower other = fake_.join();
  publisher.leave_out_latency();
  feed(publisher, fake_.frames(1, 3));
  feed(other, fake_.frames(1, 3));
  EXPECT_EQ(fake_.tally.delivery.count(), 3U);
  EXPECT_EQ(fake_.tally.counts.delivered, 6U);
}

// Centrifugo without history does not number publications.
class UnnumberedTest : public FollowerTest {
 protected:
  Follower join() {
    Follower follower(fake_.room);
    follower.on_joined({});
    return follower;
  }
  std::string frame(std::uint32_t sequence) {
    return fake_.frame(FakeRoom::line(0, FakeRoom::id(1, sequence)));
  }
};

TEST_F(UnnumberedTest, FindsNothingWhenAllIsWell) {
  Follower first = join();
  Follower second = join();
  feed(first, frame(0) + frame(1) + frame(2));
  feed(second, frame(0) + frame(1) + frame(2));
  second.audit(4);
  EXPECT_EQ(found().total(), 0U);
}

TEST_F(UnnumberedTest, FindsDroppedDoubledAndSwapped) {
  Follower first = join();
  Follower dropped = join();
  Follower doubled = join();
  Follower swapped = join();
  feed(first, frame(0) + frame(1) + frame(2));
  feed(dropped, frame(0) + frame(2));
  dropped.audit(4);
  EXPECT_EQ(found().lost, 1U);
  feed(doubled, frame(0) + frame(1) + frame(1) + frame(2));
  EXPECT_EQ(found().duplicated, 1U);
  feed(swapped, frame(1) + frame(0) + frame(2));
  EXPECT_EQ(found().reordered, 1U);
  EXPECT_EQ(found().total(), 3U);
}

}  // namespace
}  // namespace chirm::load
