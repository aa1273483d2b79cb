// SPDX-License-Identifier: MIT
// One of many who wants it all for himself: what he publishes leaves room for the others, however
// many connections he has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/broker/memory/memory_broker.h"
#include "core/limits/limit_settings.h"
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Person;

constexpr std::uint32_t kHistory = 480;

class SpendingTest : public testing::RoomsTest {
 protected:
  // A quarter of the history, as chirmd has it by default. A test does not take an hour: what the
  // seconds grant is not its subject.
  void start(const Allowance& user = {.per_second = 0, .per_hour = kHistory / 4}) {
    ChatSettings settings = chat_settings();
    settings.limits = {.is_on = true, .user = user};
    settings.limits.address = {0, 0};
    add_node(std::make_unique<MemoryBroker>(loop, BrokerSettings{.history_size = kHistory}),
             settings);
  }
  std::vector<Person*> sockets_of(const std::string& user, int count) {
    std::vector<Person*> sockets;
    for (int i = 0; i < count; ++i) sockets.push_back(&enter(user));
    return sockets;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, SpendingTest, ::testing::Values(testing::StoreKind::kMemory),
                         testing::name_of_store);

TEST_P(SpendingTest, OfOneUserOnManySocketsLeavesHalfOfTheHistoryToOthers) {
  start();
  Person& ada = enter("ada");
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(ada.say("room:lobby", "ada-" + std::to_string(i)), HasSubstr("offset"));
  }
  int granted = 0;
  for (Person* mallory : sockets_of("mallory", 10)) {
    for (int i = 0; i < 60; ++i) {
      if (!mallory->say("room:lobby", "spam").starts_with("111 ")) ++granted;
    }
  }
  EXPECT_GE(granted, 120);
  EXPECT_LT(granted, 240);  // with what an hour brings meanwhile
  EXPECT_THAT(ada.history("room:lobby"), AllOf(HasSubstr("\"ada-0\""), HasSubstr("\"ada-99\"")));
}

TEST_P(SpendingTest, OfEventsLeavesRoomForMessages) {
  start();
  Person& ada = enter("ada");
  ASSERT_THAT(ada.say("room:lobby", "hear me"), HasSubstr("offset"));
  int granted = 0;
  Person& mallory = enter("mallory");
  std::string refused;
  for (int i = 0; i < 600; ++i) {
    const std::string answer = mallory.publish("room:lobby", R"({"type":"x-noise"})");
    answer.starts_with("111 ") ? void(refused = answer) : void(++granted);
  }
  EXPECT_GE(granted, 12);  // a tenth
  EXPECT_LT(granted, 30);
  EXPECT_THAT(refused, HasSubstr("(user_events_hour): try again in"));
  EXPECT_THAT(mallory.say("room:lobby", "and a word"), HasSubstr("offset"));
  EXPECT_THAT(ada.history("room:lobby"), HasSubstr("hear me"));
  // Others have their own.
  EXPECT_THAT(ada.publish("room:lobby", R"({"type":"x-poll"})"), HasSubstr("offset"));
}

TEST_P(SpendingTest, OfWhatMethodsTellARoomIsSpendingOfEvents) {
  start();
  Person& mallory = enter("mallory");
  ASSERT_EQ(mallory.ask_room("chat.create", "mine").find("111"), std::string::npos);
  int granted = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string topic = R"("topic":")" + std::to_string(i) + "\"";
    if (!mallory.ask_room("chat.set", "mine", topic).starts_with("111 ")) ++granted;
  }
  EXPECT_LT(granted, 30);
  EXPECT_THAT(mallory.ask_room("chat.members", "mine"), HasSubstr("mallory"));
}

TEST_P(SpendingTest, OfBytesIsSharedByAllSockets) {
  start({.per_second = 0, .per_hour = 20});  // and 8 KiB each
  const std::string text(7'900, 'x');
  int granted = 0;
  std::string refused;
  for (Person* socket : sockets_of("mallory", 5)) {
    for (int i = 0; i < 10; ++i) {
      const std::string id = std::to_string(granted);
      // As large as data may be: much more than its text.
      const std::string padded = R"({"type":"message","id":")" + id + R"(","text":")" + text +
                                 R"(","x":")" + std::string(40'000, 'y') + R"("})";
      const std::string answer = socket->publish("room:lobby", padded);
      answer.starts_with("111 ") ? void(refused = answer) : void(++granted);
    }
  }
  EXPECT_EQ(granted, 4);  // the last of them began within the budget
  EXPECT_THAT(refused, HasSubstr("(user_bytes_hour)"));
}

TEST_P(SpendingTest, OfSignalsIsFree) {
  start();
  Person& ada = enter("ada");
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(ada.publish("room:lobby", R"({"type":"typing"})").find("111"), std::string::npos);
  }
}

TEST_P(SpendingTest, OfReadsIsLimitedBySecond) {
  start({.per_second = 3, .per_hour = 0});  // and 120 reads at once, some for signing in
  int granted = 0;
  for (Person* mallory : sockets_of("mallory", 10)) {
    for (int i = 0; i < 20; ++i) {
      if (!mallory->history("room:lobby").starts_with("111 ")) ++granted;
    }
  }
  EXPECT_GE(granted, 10);
  EXPECT_LT(granted, 150);
}

}  // namespace
}  // namespace chirm
