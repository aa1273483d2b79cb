// SPDX-License-Identifier: MIT
#include "bench/load/room.h"

#include <gmock/gmock.h>

#include "tests/bench/fake_room.h"

namespace chirm::load {
namespace {

TEST(Room, DecodesItsPublications) {
  FakeRoom fake;
  const std::string line = FakeRoom::line(5, FakeRoom::id(1, 2));
  EXPECT_TRUE(line.starts_with(fake.room.line_prefix()));
  const auto publication = fake.room.decode(line);
  ASSERT_TRUE(publication);
  EXPECT_EQ(publication->offset, 5U);
  EXPECT_EQ(publication->key, FakeRoom::id(1, 2).key());
  EXPECT_EQ(publication->scheduled_us, FakeRoom::kScheduledUs);
}

TEST(Room, DecodesNothingElse) {
  FakeRoom fake;
  EXPECT_FALSE(fake.room.decode(R"({"id":1,"publish":{}})"));
  EXPECT_FALSE(fake.room.decode(R"({"push":{"channel":"room:other","pub":{"data":1}}})"));
  EXPECT_FALSE(fake.room.decode(fake.room.line_prefix()));
}

TEST(Room, CountsForeignMessages) {
  FakeRoom fake;
  Follower follower = fake.join();
  MessageId id = FakeRoom::id(1, 0);
  id.run = 1;
  const std::string frame = fake.frame(FakeRoom::line(1, id));
  EXPECT_EQ(follower.take(frame, 0), frame.size());
  EXPECT_EQ(fake.tally.counts.foreign, 1U);
  EXPECT_EQ(fake.tally.violations.total(), 0U);
  EXPECT_TRUE(fake.logged.empty());
}

TEST(Room, TellsTheFirstAppearanceOfEachMessage) {
  FakeRoom fake;
  Follower first = fake.join();
  Follower second = fake.join();
  const std::string frames = fake.frames(1, 2);
  (void)first.take(frames, 0);
  (void)second.take(frames, 0);
  EXPECT_THAT(fake.logged, ::testing::ElementsAre(std::pair(0U, 1U), std::pair(1U, 2U)));
}

TEST(Room, CountsMessagesBehindLaterOnesOfTheirPublisher) {
  FakeRoom fake;
  Follower follower = fake.join();
  const std::string frames = fake.frame(FakeRoom::line(1, FakeRoom::id(1, 1))) +
                             fake.frame(FakeRoom::line(2, FakeRoom::id(2, 0))) +
                             fake.frame(FakeRoom::line(3, FakeRoom::id(1, 0)));
  EXPECT_EQ(follower.take(frames, 0), frames.size());
  EXPECT_EQ(fake.tally.counts.out_of_order, 1U);
  EXPECT_EQ(fake.tally.violations.total(), 0U);
}

}  // namespace
}  // namespace chirm::load
