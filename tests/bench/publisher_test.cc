// SPDX-License-Identifier: MIT
#include "bench/load/publisher.h"

#include <gmock/gmock.h>

namespace chirm::load {
namespace {

class PublisherTest : public ::testing::Test {
 protected:
  Tally tally_;
  Publisher publisher_{MessageId{.run = 1, .room = 2, .publisher = 3}, "room:x", tally_};
};

TEST_F(PublisherTest, NumbersItsMessages) {
  const MessageId first = publisher_.next(100);
  const MessageId second = publisher_.next(200);
  EXPECT_EQ(first, (MessageId{1, 2, 3, 0, 100}));
  EXPECT_EQ(second, (MessageId{1, 2, 3, 1, 200}));
  EXPECT_EQ(tally_.counts.sent, 2U);
}

TEST_F(PublisherTest, ReleasesWhatIsAckedAndCameBack) {
  publisher_.next(100);
  publisher_.on_acked(0, {.offset = 9, .at_us = 150});
  EXPECT_EQ(publisher_.settle(20).delivered, 0U);
  publisher_.on_logged(0, 9);
  EXPECT_EQ(publisher_.settle(9).delivered, 0U);
  EXPECT_EQ(publisher_.settle(10).delivered, 1U);
  EXPECT_EQ(publisher_.in_flight(), 0U);
  publisher_.audit();
  EXPECT_EQ(tally_.violations.total(), 0U);
}

TEST_F(PublisherTest, ReleasesWhatComesBackBeforeItsAck) {
  publisher_.next(100);
  publisher_.on_logged(0, 9);
  EXPECT_EQ(publisher_.settle(10).delivered, 0U);
  publisher_.on_acked(0, {.offset = 0, .at_us = 150});  // a server that does not tell the offset
  EXPECT_EQ(publisher_.settle(10).delivered, 1U);
  EXPECT_EQ(tally_.violations.total(), 0U);
}

TEST_F(PublisherTest, ReleasesAfterAResetWhatOthersHaveReceived) {
  publisher_.next(100);
  publisher_.next(100);
  publisher_.on_acked(0, {.offset = 900, .at_us = 150});
  publisher_.on_acked(1, {.offset = 901, .at_us = 150});
  publisher_.on_logged(0, 900);
  publisher_.on_reset();  // the new log starts at 1
  EXPECT_EQ(publisher_.settle(2).delivered, 1U);
  EXPECT_EQ(publisher_.settle(2).delivered, 0U);
  publisher_.audit();
  EXPECT_EQ(tally_.violations.acked_lost, 1U);
}

TEST_F(PublisherTest, ReleasesWhatFailed) {
  publisher_.next(100);
  publisher_.on_failed(0);
  EXPECT_EQ(publisher_.unanswered(), 0U);
  const Publisher::Released released = publisher_.settle(1);
  EXPECT_EQ(released.failed, 1U);
  EXPECT_EQ(released.delivered, 0U);
  EXPECT_EQ(tally_.counts.failed, 1U);
  publisher_.on_logged(0, 5);  // it had been stored all the same
  EXPECT_EQ(tally_.violations.total(), 0U);
}

TEST_F(PublisherTest, FindsAnAckedMessageThatNobodyReceived) {
  publisher_.next(100);
  publisher_.next(200);
  publisher_.next(300);
  publisher_.on_acked(0, {.offset = 1, .at_us = 150});
  publisher_.on_acked(1, {.offset = 2, .at_us = 250});
  publisher_.on_logged(0, 1);
  publisher_.audit();
  EXPECT_EQ(tally_.violations.acked_lost, 1U);
  EXPECT_EQ(publisher_.unanswered(), 1U);
}

TEST_F(PublisherTest, FindsAnAckWithAnotherOffset) {
  publisher_.next(100);
  publisher_.on_acked(0, {.offset = 4, .at_us = 150});
  publisher_.on_logged(0, 5);
  EXPECT_EQ(tally_.violations.acked_wrong, 1U);
}

TEST_F(PublisherTest, FindsAnAckWithoutAnOffsetAfterOneWith) {
  publisher_.next(100);
  publisher_.next(100);
  publisher_.next(100);
  publisher_.on_acked(0, {.offset = 0, .at_us = 150});
  publisher_.on_acked(1, {.offset = 2, .at_us = 150});
  EXPECT_EQ(tally_.violations.total(), 0U);
  publisher_.on_acked(2, {.offset = 0, .at_us = 150});
  EXPECT_EQ(tally_.violations.acked_wrong, 1U);
}

TEST_F(PublisherTest, MeasuresFromWhenAMessageWasDue) {
  tally_.measure_from_us = 100;
  publisher_.next(99);
  publisher_.next(100);
  publisher_.on_acked(0, {.offset = 1, .at_us = 500});
  publisher_.on_acked(1, {.offset = 2, .at_us = 500});
  EXPECT_EQ(tally_.ack.count(), 1U);
  EXPECT_EQ(tally_.ack.max_us(), 400U);
}

}  // namespace
}  // namespace chirm::load
