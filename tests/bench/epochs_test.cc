// SPDX-License-Identifier: MIT
// Rooms whose epoch changes: what goes on, what is stored again, and what is another message.
#include "bench/load/epochs.h"

#include <gmock/gmock.h>

#include "tests/bench/fake_room.h"

namespace chirm::load {
namespace {

constexpr const char* kNext = "e2";

class EpochsTest : public ::testing::Test {
 protected:
  void feed(Follower& follower, const std::string& bytes) {
    EXPECT_EQ(follower.take(bytes, FakeRoom::kReceivedUs), bytes.size());
  }
  void move(Follower& follower, std::uint64_t offset, bool is_recovered, const char* to = kNext) {
    follower.on_joined(
        {.offset = offset, .epoch = to, .was_recovering = true, .recovered = is_recovered});
  }
  // A publication at an offset with a message that usually is elsewhere.
  std::string frame(std::uint64_t offset, std::uint32_t sequence) {
    return fake_.frame(FakeRoom::line(offset, FakeRoom::id(1, sequence)));
  }
  // What the worker does when all have everything.
  void trim() {
    for (const auto& epoch : fake_.room.epochs()) epoch->log.trim(UINT64_MAX);
  }
  const Violations& found() const { return fake_.tally.violations; }

  FakeRoom fake_;
};

TEST_F(EpochsTest, GoOnWhereTheOneBeforeWas) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 2));
  trim();
  // It gets in the new epoch what the first one has had; they are not stored a second time.
  move(second, 2, true);
  feed(second, fake_.frames(3, 6));
  move(first, 5, true);
  feed(first, fake_.frames(6, 6));
  for (Follower* one : {&first, &second}) {
    EXPECT_EQ(one->next(), 7U);
    one->audit(7);
  }
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.tally.counts.resets, 0U);
  EXPECT_EQ(fake_.logged.size(), 6U);
}

TEST_F(EpochsTest, MayComeInAnyOrderAndNumber) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  Follower third = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 3));
  move(first, 5, true);
  move(first, 5, true, "e3");
  feed(first, fake_.frames(6, 7));
  move(second, 3, true, "e3");
  feed(second, fake_.frames(4, 7));
  feed(third, fake_.frames(1, 4));
  trim();
  move(third, 4, true, "e3");
  feed(third, fake_.frames(5, 7));
  EXPECT_EQ(found().total(), 0U);
}

TEST_F(EpochsTest, LeaveNoGapBehindRecoveredTrue) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 2));
  move(follower, 2, true);
  feed(follower, fake_.frames(4, 5));
  EXPECT_EQ(found().false_recovered, 1U);
}

TEST_F(EpochsTest, StoreNoMessageASecondTime) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 2));
  move(follower, 2, true);
  feed(follower, frame(3, 0));
  EXPECT_EQ(found().stored_twice, 1U);
  EXPECT_EQ(found().total(), 1U);
}

// A log that starts over holds others under the same offsets. All of them have come back to their
// publishers, also when the old log is not kept any more.
TEST_F(EpochsTest, StartOverWhenNobodyIsToldThatTheyGoOn) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 4));
  trim();
  move(follower, 0, false);
  feed(follower, frame(1, 4) + frame(2, 5));
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.logged.size(), 6U);
  feed(follower, frame(3, 2));  // had offset 3 before, which was lost: it is another publication
  EXPECT_EQ(found().stored_twice, 1U);
}

TEST_F(EpochsTest, HoldOtherMessagesBehindWhereTheyPart) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 3));
  move(second, 3, true);
  feed(second, frame(4, 10) + frame(5, 11));
  move(first, 5, false);
  feed(first, frame(6, 12));
  EXPECT_EQ(found().total(), 0U);
  EXPECT_EQ(fake_.logged.size(), 8U);
}

TEST_F(EpochsTest, AreForkedWhenRecoveredTrueIsToldOverOtherContent) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 5));
  feed(second, fake_.frames(1, 3));
  move(second, 3, true);
  feed(second, frame(4, 10) + frame(5, 11));
  trim();
  move(first, 5, true);  // 4 and 5 are other messages now
  EXPECT_EQ(found().forked, 2U);
  EXPECT_EQ(found().total(), 2U);
}

TEST_F(EpochsTest, AreForkedWhenOtherContentComesLater) {
  Follower first = fake_.join();
  Follower second = fake_.join();
  feed(first, fake_.frames(1, 3));
  feed(second, fake_.frames(1, 5));
  move(second, 5, true);
  move(second, 5, true, "e3");
  trim();
  move(first, 3, true, "e3");
  feed(first, frame(4, 10));
  EXPECT_EQ(found().forked, 1U);
}

TEST_F(EpochsTest, AreForkedWhenAnAckIsForAnotherMessage) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 2));
  for (std::uint32_t sequence = 0; sequence < 4; ++sequence) {
    fake_.room.note_acked(FakeRoom::kEpoch, sequence + 1, FakeRoom::id(1, sequence));
  }
  feed(follower, fake_.frames(3, 4));
  EXPECT_EQ(found().total(), 0U);
  fake_.room.note_acked(FakeRoom::kEpoch, 2, FakeRoom::id(1, 7));
  EXPECT_EQ(found().forked, 1U);
  fake_.room.note_acked(FakeRoom::kEpoch, 5, FakeRoom::id(1, 8));
  feed(follower, fake_.frames(5, 5));
  EXPECT_EQ(found().forked, 2U);
}

TEST_F(EpochsTest, AreNotForkedByAcksOfALogThatIsGone) {
  Follower follower = fake_.join();
  feed(follower, fake_.frames(1, 2));
  fake_.room.note_acked(FakeRoom::kEpoch, 3, FakeRoom::id(1, 2));
  move(follower, 0, false);
  feed(follower, frame(1, 3) + frame(2, 4) + frame(3, 5));
  fake_.room.note_acked("of another one", 3, FakeRoom::id(1, 9));
  fake_.room.note_acked("", 3, FakeRoom::id(1, 9));
  EXPECT_EQ(found().total(), 0U);
}

}  // namespace
}  // namespace chirm::load
