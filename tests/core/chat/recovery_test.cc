// SPDX-License-Identifier: MIT
// Who comes back gets what it missed, or is told that it missed something: the rules of
// https://centrifugal.dev/docs/server/history_and_recovery, row by row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::FakeClient;
using testing::kRoom;

BrokerSettings keeping(std::uint32_t publications) {
  BrokerSettings settings;
  settings.history_size = publications;
  return settings;
}

class Recovery : public ::testing::Test {
 protected:
  void set_up(const ChatSettings& chat, const BrokerSettings& kept) {
    node = std::make_unique<ChatNode>(chat, kept);
    ada = &node->add_client("ada");
  }
  void SetUp() override { set_up(ChatNode::open_settings(), keeping(1'000)); }

  void publish(int count) {
    for (int i = 0; i < count; ++i) {
      ada->publish(kRoom, std::to_string(++published));
      node->settle();
    }
    (void)ada->take();
  }
  // The room's epoch.
  std::string epoch() {
    ada->send(R"({"id":77,"history":{"channel":"room:a"}})");
    node->settle();
    (void)ada->take();
    return ada->events().epoch;
  }
  // What a new client gets that subscribes with a position.
  std::vector<std::string> recover(const FakeClient::Recover& from) {
    FakeClient& bob = node->add_client("bob");
    bob.recover(kRoom, from);
    node->settle();
    return bob.take();
  }
  static std::string recovered(int offset) {
    const std::string text = offset == 0 ? "" : R"("offset":)" + std::to_string(offset) + ",";
    return R"(2 subscribe {"recoverable":true,"epoch":"E","recovered":true,)" + text +
           R"("positioned":true,"was_recovering":true})";
  }
  static std::string unrecovered(int offset) {
    return R"(2 subscribe {"recoverable":true,"epoch":"E","offset":)" + std::to_string(offset) +
           R"(,"positioned":true,"was_recovering":true})";
  }
  // `reply`, then the publications from..to.
  static std::vector<std::string> lines(const std::string& reply, int from, int to) {
    std::vector<std::string> all = {reply};
    for (int n = from; n <= to; ++n) {
      all.push_back(std::string(kRoom) + " " + std::to_string(n) + " " + std::to_string(n));
    }
    return all;
  }

  std::unique_ptr<ChatNode> node;
  FakeClient* ada = nullptr;
  int published = 0;
};

TEST_F(Recovery, RefusesAnotherEpoch) {
  publish(5);
  EXPECT_THAT(recover({3, "other"}), ElementsAre(unrecovered(5)));
  EXPECT_EQ(node->counters.unrecovered, 1U);
  EXPECT_EQ(node->counters.recovered, 0U);
}

TEST_F(Recovery, RefusesAnotherEpochAlsoAtTheTop) {
  publish(5);
  EXPECT_THAT(recover({5, "other"}), ElementsAre(unrecovered(5)));
}

TEST_F(Recovery, RefusesAnOffsetBeyondTheTop) {
  publish(5);
  const std::string here = epoch();
  EXPECT_THAT(recover({6, here}), ElementsAre(unrecovered(5)));
  EXPECT_THAT(recover({UINT64_MAX, here}), ElementsAre(unrecovered(5)));
  EXPECT_THAT(recover({6, ""}), ElementsAre(unrecovered(5)));
}

TEST_F(Recovery, HasNothingToSendAtExactlyTheTop) {
  publish(5);
  EXPECT_THAT(recover({5, epoch()}), ElementsAre(recovered(5)));
  EXPECT_EQ(node->counters.recovered, 1U);
}

TEST_F(Recovery, SendsWhatWasMissedBehindTheClientsOwnOffset) {
  publish(5);
  EXPECT_THAT(recover({2, epoch()}), ElementsAreArray(lines(recovered(2), 3, 5)));
  // … from the tail as well, once this node has one.
  EXPECT_THAT(recover({1, epoch()}), ElementsAreArray(lines(recovered(1), 2, 5)));
  EXPECT_THAT(recover({4, epoch()}), ElementsAreArray(lines(recovered(4), 5, 5)));
}

TEST_F(Recovery, TakesAnUnknownEpochForTheRightOne) {
  publish(3);
  EXPECT_THAT(recover({1, ""}), ElementsAreArray(lines(recovered(1), 2, 3)));
}

TEST_F(Recovery, SucceedsInAFreshLog) { EXPECT_THAT(recover({0, ""}), ElementsAre(recovered(0))); }

TEST_F(Recovery, SendsTheWholeLogFromTheStart) {
  publish(5);
  EXPECT_THAT(recover({0, ""}), ElementsAreArray(lines(recovered(0), 1, 5)));
}

TEST_F(Recovery, RefusesWhenTheOldestMissedOneWasTrimmed) {
  set_up(ChatNode::open_settings(), keeping(10));
  publish(20);  // 11 to 20 are there
  EXPECT_THAT(recover({9, epoch()}), ElementsAre(unrecovered(20)));
  EXPECT_THAT(recover({10, epoch()}), ElementsAreArray(lines(recovered(10), 11, 20)));
  EXPECT_THAT(recover({9, epoch()}), ElementsAre(unrecovered(20)));
}

TEST_F(Recovery, AnswersError112WhenThatWasAskedFor) {
  set_up(ChatNode::open_settings(), keeping(10));
  publish(20);
  EXPECT_THAT(recover({9, epoch(), true}), ElementsAre("2 error 112"));
  EXPECT_THAT(recover({9, "other", true}), ElementsAre("2 error 112"));
  EXPECT_THAT(recover({21, epoch(), true}), ElementsAre("2 error 112"));
  EXPECT_THAT(recover({19, epoch(), true}), ElementsAreArray(lines(recovered(19), 20, 20)));
  // A refused subscription is none: the client may subscribe again.
  FakeClient& bob = node->add_client("bob");
  bob.recover(kRoom, {0, epoch(), true});
  node->settle();
  bob.subscribe(kRoom);
  node->settle();
  EXPECT_THAT(bob.take(),
              ElementsAre("2 error 112", R"(3 subscribe {"recoverable":true,"epoch":"E",)"
                                         R"("offset":20,"positioned":true})"));
  EXPECT_EQ(node->counters.errors[112], 4U);
}

TEST_F(Recovery, ReadsHistoryInPagesBeyondTheTail) {
  set_up(ChatNode::open_settings(), keeping(5'000));
  publish(2'300);
  EXPECT_THAT(recover({50, epoch()}), ElementsAreArray(lines(recovered(50), 51, 2'300)));
  // Five pages; whoever comes next is served from the tail.
  const std::uint64_t reads = node->broker.counters().histories;
  FakeClient& bob = node->add_client("bob");
  bob.recover(kRoom, {51, ""});
  node->settle();
  EXPECT_EQ(bob.take().size(), 1U + 2'249U);
  EXPECT_EQ(node->broker.counters().histories, reads);
}

TEST_F(Recovery, ReadsHistoryOnceForAllWhoComeBackTogether) {
  publish(300);
  const std::string here = epoch();
  const std::uint64_t reads = node->broker.counters().histories;
  std::vector<FakeClient*> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(&node->add_client("bob"));
  for (int i = 0; i < 50; ++i) {
    clients[static_cast<std::size_t>(i)]->recover(kRoom, {static_cast<std::uint64_t>(i), here});
  }
  node->settle();
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(clients[static_cast<std::size_t>(i)]->take(),
                ElementsAreArray(lines(recovered(i), i + 1, 300)));
  }
  EXPECT_LE(node->broker.counters().histories, reads + 2);
}

TEST_F(Recovery, RefusesMoreThanItsLimit) {
  ChatSettings settings = ChatNode::open_settings();
  settings.recovery_limit = 10;
  set_up(settings, keeping(1'000));
  publish(20);
  EXPECT_THAT(recover({9, epoch()}), ElementsAre(unrecovered(20)));
  EXPECT_THAT(recover({10, epoch()}), ElementsAreArray(lines(recovered(10), 11, 20)));
}

TEST_F(Recovery, MergesWhatIsPublishedWhileHistoryIsRead) {
  publish(20);
  FakeClient& bob = node->add_client("bob");
  bob.recover(kRoom, {15, epoch()});
  for (int n = 21; n <= 25; ++n) ada->publish(kRoom, std::to_string(n));
  node->settle();
  EXPECT_THAT(bob.take(), ElementsAreArray(lines(recovered(15), 16, 25)));
}

TEST_F(Recovery, GoesOnThroughASmallSocket) {
  publish(200);
  FakeClient& bob = node->add_client("bob");
  bob.transport.bytes_per_write = 7;
  bob.recover(kRoom, {0, epoch()});
  node->settle();
  bob.drain();
  node->settle();
  EXPECT_THAT(bob.take(), ElementsAreArray(lines(recovered(0), 1, 200)));
}

// The tail of a channel holds less than the client missed.
TEST_F(Recovery, ServesAGapThatIsLargerThanTheTailMayBe) {
  ChatSettings settings = ChatNode::open_settings();
  settings.tail_bytes_max = 64 * 1024;
  set_up(settings, keeping(5'000));
  publish(3'000);
  const std::string here = epoch();
  FakeClient& bob = node->add_client("bob");
  std::uint64_t offset = 0;
  std::uint64_t next = 1;
  // A client that is told 2500 subscribes again from where it is; it must come on each time.
  for (int round = 0; round < 50 && next <= 3'000; ++round) {
    bob.recover(kRoom, {offset, here});
    node->settle();
    for (const std::string& line : bob.take()) {
      if (!line.starts_with("room:a ") || line.ends_with("unsubscribed 2500")) continue;
      ASSERT_EQ(line, lines("", static_cast<int>(next), static_cast<int>(next))[1]);
      offset = next++;
    }
    bob.unsubscribe(kRoom);
    node->settle();
    (void)bob.take();
  }
  EXPECT_EQ(next, 3'001U);
}

TEST_F(Recovery, IsAskedForByResubscribingOnTheSameConnection) {
  FakeClient& bob = node->add_client("bob", kRoom);
  publish(3);
  EXPECT_EQ(bob.take().size(), 3U);
  bob.unsubscribe(kRoom);
  node->settle();
  publish(3);
  bob.recover(kRoom, {3, epoch()});
  node->settle();
  EXPECT_EQ(bob.take().size(), 2U + 3U);
}

}  // namespace
}  // namespace chirm
