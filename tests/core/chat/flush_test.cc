// SPDX-License-Identifier: MIT
// The flush works in slices: a big room delays nobody by more than one, and nobody is left out,
// whoever comes and goes between two slices.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using testing::ChatNode;
using testing::FakeClient;
using testing::FakeTransport;

// A write that takes as long as a whole flush may. The flush looks at the clock now and then.
void use_up_the_budget() {
  const std::uint64_t end_ns = Loop::clock_ns() + 3'000'000;
  while (Loop::clock_ns() < end_ns) {
  }
}

// A subscriber without a decoder, for crowds. Notes when it was written.
class Listener {
 public:
  Listener(ChatNode& node, std::uint64_t& clock, const std::string& channel)
      : session(node.context, transport) {
    transport.is_kept = false;
    transport.on_write = [this, &clock] { written_at.push_back(++clock); };
    send(R"({"id":1,"connect":{}})");
    send(R"({"id":2,"subscribe":{"channel":")" + channel + R"("}})");
  }
  void send(std::string message) {
    const std::size_t size = message.size();
    message.append(64, '\0');
    session.on_message(std::string_view(message).substr(0, size));
  }

  FakeTransport transport;
  Session session;
  std::vector<std::uint64_t> written_at;
};

// The constants of fan_out.cc, in writes.
constexpr std::uint64_t kSlice = 256;
constexpr std::uint64_t kClockRead = 32;

class BigRoom : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 10'000; ++i) {
      crowd.push_back(std::make_unique<Listener>(node, writes, "room:big"));
    }
    small = std::make_unique<Listener>(node, writes, "room:small");
    node.settle();
    for (auto& one : crowd) one->written_at.clear();
    small->written_at.clear();
    publisher.transport.is_kept = false;
  }
  // How many others were written before the small room, from now on.
  std::uint64_t writes_before_small() {
    const std::uint64_t before = writes;
    node.settle();
    EXPECT_EQ(small->written_at.size(), 1U);
    const std::uint64_t between = small->written_at.at(0) - before - 1;
    small->written_at.clear();
    return between;
  }

  ChatNode node;
  std::uint64_t writes = 0;
  FakeClient& publisher = node.add_client("ada");
  std::vector<std::unique_ptr<Listener>> crowd;
  std::unique_ptr<Listener> small;
};

TEST_F(BigRoom, DelaysASmallRoomByNoMoreThanASlice) {
  publisher.publish("room:big", "1");
  publisher.publish("room:small", "1");
  EXPECT_LE(writes_before_small(), kSlice);
  for (const auto& one : crowd) ASSERT_EQ(one->written_at.size(), 1U);
}

TEST_F(BigRoom, DelaysASmallRoomThatBecomesDirtyLaterByNoMoreThanASlice) {
  publisher.publish("room:big", "1");
  crowd[100]->transport.on_write = [&] { use_up_the_budget(); };
  EXPECT_EQ(node.end_turn(), Loop::TurnEnd::kMore);
  publisher.publish("room:small", "1");
  EXPECT_LE(writes_before_small(), kSlice);
}

TEST_F(BigRoom, LetsOtherWorkRunWhenItsBudgetIsSpent) {
  publisher.publish("room:big", "1");
  crowd[0]->transport.on_write = [&] { use_up_the_budget(); };
  const std::uint64_t before = writes;
  EXPECT_EQ(node.end_turn(), Loop::TurnEnd::kMore);
  EXPECT_LE(writes - before, 2 * kClockRead);
}

TEST_F(BigRoom, AnswersACommandBeforeItGoesOn) {
  publisher.publish("room:big", "1");
  crowd[0]->transport.on_write = [&] { use_up_the_budget(); };
  EXPECT_EQ(node.end_turn(), Loop::TurnEnd::kMore);
  small->send(R"({"id":3,"rpc":{}})");
  EXPECT_EQ(writes_before_small(), 0U);
}

// ---- Nobody is left out

TEST(Slices, ReachEveryMemberWhenOneJoinsInTheMiddle) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  std::vector<FakeClient*> members;
  for (int i = 0; i < 100; ++i) members.push_back(&node.add_client("bob", "room:a"));
  for (const std::size_t slow : {0, 40}) members[slow]->transport.on_write = use_up_the_budget;
  ada.publish("room:a", "1");
  ASSERT_EQ(node.end_turn(), Loop::TurnEnd::kMore);
  ada.publish("room:a", "2");  // a new round, from the middle of the room …
  ASSERT_EQ(node.end_turn(), Loop::TurnEnd::kMore);
  FakeClient& late = node.add_client();
  late.connect("eve");
  late.subscribe("room:a");  // … which gets longer before it comes around
  node.settle();
  for (std::size_t i = 0; i < members.size(); ++i) EXPECT_EQ(members[i]->take().size(), 2U) << i;
}

// A subscriber that checks that it gets every publication from its subscription on.
struct Reader {
  FakeClient* client;
  std::uint64_t next = 0;  // offset

  void check() {
    for (const std::string& line : client->take()) {
      if (line.starts_with("2 subscribe ")) {
        const std::string key = "\"offset\":";
        const std::size_t at = line.find(key);
        next = at == std::string::npos ? 1 : std::stoull(line.substr(at + key.size())) + 1;
      } else if (line.starts_with("room:a ")) {
        const std::string text = std::to_string(next++);
        ASSERT_EQ(line, "room:a " + text + " " + text);
      }
    }
  }
};

TEST(Slices, ReachEveryMemberWhoeverComesAndGoes) {
  ChatNode node;
  FakeClient& ada = node.add_client("ada");
  std::mt19937 random(5);
  std::vector<Reader> readers;
  std::uint64_t published = 0;
  const auto join = [&] {
    FakeClient& client = node.add_client();
    if (random() % 30 == 0) client.transport.on_write = use_up_the_budget;
    client.connect("bob");
    client.subscribe("room:a");
    readers.push_back({&client});
  };
  const auto leave = [&] {
    Reader& leaver = readers[random() % readers.size()];
    leaver.check();
    if (random() % 2 == 0) {
      leaver.client->vanish();
    } else {
      leaver.client->unsubscribe("room:a");
    }
    leaver = readers.back();
    readers.pop_back();
  };
  for (int i = 0; i < 100; ++i) join();
  node.settle();
  for (int step = 0; step < 150; ++step) {
    for (auto actions = random() % 4; actions > 0; --actions) {
      const auto action = random() % 4;
      if (action == 0) join();
      if (action == 1 && readers.size() > 50) leave();
      if (action >= 2) ada.publish("room:a", std::to_string(++published));
      (void)node.end_turn();
    }
    if (random() % 3 == 0) join();
    node.settle();
    for (Reader& reader : readers) {
      reader.check();
      ASSERT_EQ(reader.next, published + 1) << step;
    }
  }
}

// ---- Sessions that catch up

class CatchingUp : public ::testing::Test {
 protected:
  // Readers that come back together and are four full writes behind.
  void SetUp() override {
    const std::string data = '"' + std::string(10'000, 'x') + '"';
    (void)node.add_client("bob", "room:busy");
    node.clients.back()->transport.is_kept = false;
    ada.transport.is_kept = false;
    for (int i = 0; i < 100; ++i) ada.publish("room:busy", data);
    node.settle();
    for (std::uint64_t i = 0; i < 3 * kClockRead; ++i) {
      readers.push_back(std::make_unique<Listener>(node, writes, "room:other"));
    }
    live = std::make_unique<Listener>(node, writes, "room:live");
    node.settle();
    live->written_at.clear();
    for (auto& reader : readers) {
      reader->written_at.clear();
      reader->transport.on_write = [&, note = reader->transport.on_write] {
        note();
        use_up_the_budget();
      };
      reader->send(R"({"id":3,"subscribe":{"channel":"room:busy","recover":true}})");
    }
  }

  ChatNode node;
  std::uint64_t writes = 0;
  FakeClient& ada = node.add_client("ada");
  std::vector<std::unique_ptr<Listener>> readers;
  std::unique_ptr<Listener> live;
};

TEST_F(CatchingUp, TakesTurns) {
  for (int turn = 0; turn < 6; ++turn) (void)node.end_turn();
  // Those that wait have their turn before others have a second one.
  std::size_t least = SIZE_MAX, most = 0;
  for (const auto& reader : readers) {
    least = std::min(least, reader->written_at.size());
    most = std::max(most, reader->written_at.size());
  }
  EXPECT_GE(least + 1, most);
  EXPECT_GT(most, 1U);
}

TEST_F(CatchingUp, DoesNotHoldUpWhatIsLive) {
  const std::uint64_t before = writes;
  ada.publish("room:live", "1");
  while (live->written_at.empty()) (void)node.end_turn();
  EXPECT_LE(live->written_at[0] - before, 2 * kClockRead);
}

}  // namespace
}  // namespace chirm
