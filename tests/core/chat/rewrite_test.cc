// SPDX-License-Identifier: MIT
// What clients get of publications that were rewritten, and of signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeClient;
using ::testing::IsEmpty;
using testing::kRoom;

class Rewrites : public ::testing::Test {
 protected:
  void publish(int from, int to) {
    for (int n = from; n <= to; ++n) ada_.publish(kRoom, std::to_string(n));
    node_.settle();
    ada_.take();
  }
  void rewrite(std::uint64_t offset, const std::string& data) {
    node_.broker.rewrite({kRoom, offset, "", "", "\"data\":" + data},
                         [](const auto& done) { EXPECT_EQ(*done, Rewritten::kDone); });
    node_.settle();
  }
  // The publications that a client gets which comes back from `offset`.
  std::vector<std::string> missed(std::uint64_t offset) {
    FakeClient& client = node_.add_client("bob");
    client.recover(kRoom, {offset, ""});
    node_.settle();
    std::vector<std::string> lines = client.take();
    lines.erase(lines.begin());  // the reply
    return lines;
  }

  ChatNode node_;
  FakeClient& ada_ = node_.add_client("ada", kRoom);
};

TEST_F(Rewrites, AreWhatIsRecovered) {
  publish(1, 4);
  rewrite(2, "20");
  EXPECT_THAT(missed(0), ElementsAre("room:a 1 1", "room:a 2 20", "room:a 3 3", "room:a 4 4"));
  EXPECT_THAT(missed(2), ElementsAre("room:a 3 3", "room:a 4 4"));
  rewrite(4, "40");
  EXPECT_THAT(missed(2), ElementsAre("room:a 3 3", "room:a 4 40"));
  publish(5, 5);
  EXPECT_THAT(missed(3), ElementsAre("room:a 4 40", "room:a 5 5"));
  EXPECT_THAT(ada_.take(), IsEmpty());  // who had them already gets nothing
}

TEST_F(Rewrites, ReachAReaderThatIsBehind) {
  FakeClient& slow = node_.add_client("eve", kRoom);
  slow.transport.room = 0;
  publish(1, 5);
  rewrite(3, "30");
  publish(6, 6);
  slow.take_bytes(1'000'000);
  node_.settle();
  EXPECT_THAT(slow.take(), ElementsAre("room:a 1 1", "room:a 2 2", "room:a 3 30", "room:a 4 4",
                                       "room:a 5 5", "room:a 6 6"));
}

TEST_F(Rewrites, LeaveSignalsToThoseWhoAreThere) {
  FakeClient& bob = node_.add_client("bob", kRoom);
  FakeClient& elsewhere = node_.add_client("eve", "room:b");
  FakeClient& slow = node_.add_client("joe", kRoom);
  slow.transport.room = 0;
  publish(1, 1);
  bob.take();
  node_.broker.signal(kRoom, R"("data":"typing")");
  node_.settle();
  EXPECT_THAT(bob.take(), ElementsAre(R"(room:a 0 "typing")"));
  EXPECT_THAT(ada_.take(), ElementsAre(R"(room:a 0 "typing")"));
  EXPECT_THAT(elsewhere.take(), IsEmpty());
  slow.take_bytes(1'000'000);
  node_.settle();
  EXPECT_THAT(slow.take(), ElementsAre("room:a 1 1"));
  EXPECT_THAT(missed(0), ElementsAre("room:a 1 1"));
}

TEST_F(Rewrites, LeaveNoMoreSignalsThanASmallLane) {
  FakeClient& bob = node_.add_client("bob", kRoom);
  const std::string body = "\"data\":\"" + std::string(1000, 'x') + '"';
  for (int i = 0; i < 100; ++i) node_.broker.signal(kRoom, body);
  node_.settle();
  EXPECT_THAT(bob.take(), ::testing::SizeIs(3));
}

}  // namespace
}  // namespace chirm
