// SPDX-License-Identifier: MIT
// What broker.h promises about publishing and reading, tried on every broker.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/broker/broker_contract.h"

namespace chirm {
namespace {

using testing::BrokerContract;
using testing::BrokerNode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Kind;

INSTANTIATE_TEST_SUITE_P(, BrokerContract, testing::every_broker(), testing::name_of_broker);

TEST_P(BrokerContract, NumbersPublicationsFromOneWithinOneEpoch) {
  const auto first = node_->publish("room:a", "x");
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->offset, 1U);
  EXPECT_NE((*first)->epoch, "");
  const auto second = node_->publish("room:a", "y");
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->offset, 2U);
  EXPECT_EQ((*second)->epoch, (*first)->epoch);
}

TEST_P(BrokerContract, GivesEachChannelItsOwnNumbersAndEpoch) {
  const auto one = node_->publish("room:a", "x");
  const auto other = node_->publish("room:b", "x");
  ASSERT_TRUE(one && *one && other && *other);
  EXPECT_EQ((*other)->offset, 1U);
  EXPECT_NE((*other)->epoch, (*one)->epoch);
}

TEST_P(BrokerContract, KeepsTheOrderOfPublishes) {
  std::vector<std::uint64_t> offsets;
  for (int i = 1; i <= 1000; ++i) {
    node_->broker->publish({"room:a", std::to_string(i), "", ""},
                           [&](const auto& position) { offsets.push_back(position->offset); });
  }
  ASSERT_TRUE(node_->run_until([&] { return offsets.size() == 1000; }));
  for (std::size_t i = 0; i < offsets.size(); ++i) ASSERT_EQ(offsets[i], i + 1);
  const auto history = node_->history({"room:a", 990, 20, false});
  ASSERT_TRUE(history && *history);
  EXPECT_THAT(offsets_of(**history),
              ElementsAre(991, 992, 993, 994, 995, 996, 997, 998, 999, 1000));
}

TEST_P(BrokerContract, NeverCallsBackFromWithinACall) {
  ASSERT_TRUE(node_->run_until_ready());
  settings_.pending_commands_max = 0;  // also when it refuses at once
  BrokerNode full(loop_, make_broker());
  ASSERT_TRUE(full.run_until_ready());
  for (BrokerNode* node : {node_.get(), &full}) {
    int calls = 0;
    const auto count = [&](const auto&) { ++calls; };
    node->broker->publish({"room:a", "x", "", ""}, count);
    node->broker->subscribe("room:b", count);
    node->broker->history({"room:a", 0, 10, false}, count);
    EXPECT_EQ(calls, 0);
    EXPECT_TRUE(node->run_until([&] { return calls == 3; }));
  }
}

TEST_P(BrokerContract, RefusesWhatIsTooMuchWithATemporaryError) {
  settings_.pending_bytes_max = 1000;
  node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  ASSERT_TRUE(node_->run_until_ready());
  const auto refused = node_->publish("room:a", std::string(2000, 'x'));
  ASSERT_TRUE(refused.has_value());
  ASSERT_FALSE(refused->has_value());
  EXPECT_EQ(refused->error(), errors::kInternal);
  EXPECT_TRUE(refused->error().temporary);
  const auto accepted = node_->publish("room:a", "x");
  ASSERT_TRUE(accepted && *accepted);
  EXPECT_EQ((*accepted)->offset, 1U);
  EXPECT_EQ(node_->broker->counters().publish_errors, 1U);
}

TEST_P(BrokerContract, StoresAMessageIdOnce) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  const PublishRequest request{"room:a", "x", "ada", "id-1"};
  const auto first = node_->publish(request);
  const auto between = node_->publish("room:a", "y");
  const auto again = node_->publish({"room:a", "another body", "ada", "id-1"});
  ASSERT_TRUE(first && *first && between && *between && again && *again);
  EXPECT_EQ((*again)->offset, (*first)->offset);
  EXPECT_EQ((*again)->epoch, (*first)->epoch);
  const auto last = node_->publish("room:a", "z");
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->offset, 3U);
  EXPECT_TRUE(node_->run_until([&] { return node_->received.size() >= 3; }));
  EXPECT_EQ(node_->received_in("room:a"), "1:x 2:y 3:z");
  EXPECT_EQ(node_->broker->counters().duplicates, 1U);
}

TEST_P(BrokerContract, TellsMessageIdsApartByUserAndChannel) {
  const auto first = node_->publish({"room:a", "1", "ada", "id"});
  const auto other_user = node_->publish({"room:a", "2", "bob", "id"});
  const auto other_channel = node_->publish({"room:b", "1", "ada", "id"});
  const auto shifted = node_->publish({"room:a", "3", "adai", "d"});
  ASSERT_TRUE(first && *first && other_user && *other_user && other_channel && *other_channel);
  ASSERT_TRUE(shifted && *shifted);
  EXPECT_EQ((*first)->offset, 1U);
  EXPECT_EQ((*other_user)->offset, 2U);
  EXPECT_EQ((*other_channel)->offset, 1U);
  EXPECT_EQ((*shifted)->offset, 3U);
}

// Both may contain any byte: put together with a zero byte between them, these would be the same.
TEST_P(BrokerContract, TellsMessageIdsApartWhateverIsInThem) {
  using namespace std::string_view_literals;
  for (int round = 0; round < 2; ++round) {
    const auto one = node_->publish({"room:a", "1", "ada\0b"sv, "c"sv});
    const auto other = node_->publish({"room:a", "2", "ada"sv, "b\0c"sv});
    ASSERT_TRUE(one && *one && other && *other);
    EXPECT_EQ((*one)->offset, 1U) << "round " << round;
    EXPECT_EQ((*other)->offset, 2U) << "round " << round;
  }
  EXPECT_EQ(node_->broker->counters().duplicates, 2U);
}

TEST_P(BrokerContract, StoresEveryPublishWithoutAMessageId) {
  ASSERT_TRUE(node_->publish({"room:a", "1", "ada", ""}));
  const auto second = node_->publish({"room:a", "1", "ada", ""});
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->offset, 2U);
}

TEST_P(BrokerContract, ForgetsAMessageIdAfterItsTime) {
  settings_.idempotency_ttl_ms = 1;
  node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  if (GetParam() == Kind::kMemory) return;  // forgets every 10 s
  std::uint64_t offset = 0;
  EXPECT_TRUE(node_->run_until([&] {
    node_->broker->publish({"room:a", "x", "ada", "id"},
                           [&](const auto& position) { offset = position->offset; });
    return offset >= 2;
  }));
}

// Who has seen everything has missed nothing.
TEST_P(BrokerContract, GoesOnWithTheNumberingWhenAllPublicationsHaveLapsed) {
  settings_.history_ttl_ms = 60'000;
  node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  ASSERT_TRUE(node_->follow("room:a"));
  const auto first = node_->publish("room:a", "x");
  ASSERT_TRUE(first && *first);
  lapse("room:a");
  const auto history = node_->history({"room:a", 0, 10, false});
  ASSERT_TRUE(history && *history);
  EXPECT_EQ((*history)->top.offset, 1U);
  EXPECT_EQ((*history)->top.epoch, (*first)->epoch);
  const auto second = node_->publish("room:a", "y");
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->offset, 2U);
  EXPECT_EQ((*second)->epoch, (*first)->epoch);
  ASSERT_TRUE(node_->run_until([&] { return node_->received.size() == 2; }));
  EXPECT_EQ(node_->received_in("room:a"), "1:x 2:y");
  const auto after = node_->history({"room:a", 0, 10, false});
  ASSERT_TRUE(after && *after);
  ASSERT_EQ((*after)->publications.size(), 1U);
  EXPECT_EQ((*after)->publications[0].offset, 2U);
}

TEST_P(BrokerContract, KeepsTheNumberingAsLongAsTheChannelIsFollowed) {
  settings_.history_ttl_ms = 60'000;
  node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  const auto top = node_->follow("room:a");
  ASSERT_TRUE(top && *top);
  const auto first = node_->publish("room:b", "x");
  ASSERT_TRUE(first && *first && node_->follow("room:b"));
  constexpr std::int64_t kHourMs = 3600LL * 1000;
  for (int hours = 0; hours < 60; hours += 7) {
    for (const char* key : {"chirm:{room:a}:m", "chirm:{room:b}:m"}) {
      if (!server_) continue;
      ASSERT_GT(time_to_live_ms(key), 7 * kHourMs) << key << " after " << hours << " hours";
      expire_in(key, time_to_live_ms(key) - 7 * kHourMs);
    }
    testing::pass_ms(loop_, 7 * kHourMs);
    testing::pass_ms(loop_, 10'000);  // also what was begun by then
    ASSERT_TRUE(!server_ || testing::pass_until(loop_, [&] {
      return time_to_live_ms("chirm:{room:a}:m") > 23 * kHourMs &&
             time_to_live_ms("chirm:{room:b}:m") > 23 * kHourMs;
    }));
  }
  ASSERT_TRUE(node_->run_until_ready());
  const auto still = node_->history({"room:a", 0, 0, false});
  ASSERT_TRUE(still && *still);
  EXPECT_EQ((*still)->top.epoch, (*top)->epoch);
  const auto second = node_->publish("room:b", "y");
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->offset, 2U);
  EXPECT_EQ((*second)->epoch, (*first)->epoch);
}

TEST_P(BrokerContract, CarriesAnyBytes) {
  const std::string channel = "room:{odd} *?\"'\r\n name";
  std::string body;
  for (int i = 0; i < 256; ++i) body += static_cast<char>(i);
  body += std::string(300'000, ':');
  ASSERT_TRUE(node_->subscribe(channel));
  const auto position = node_->publish({channel, body, "u\r\n:{", "i\n\0d"});
  ASSERT_TRUE(position && *position);
  const auto history = node_->history({channel, 0, 10, false});
  ASSERT_TRUE(history && *history);
  ASSERT_EQ((*history)->publications.size(), 1U);
  EXPECT_EQ((*history)->publications[0].body, body);
  ASSERT_TRUE(node_->run_until([&] { return node_->received.size() == 1; }));
  EXPECT_EQ(node_->received[0].body, body);
  EXPECT_EQ(node_->received[0].channel, channel);
}

TEST_P(BrokerContract, ReadsHistoryForward) {
  publish_many("room:a", 10);
  const auto all = node_->history({"room:a", 0, 100, false});
  ASSERT_TRUE(all && *all);
  EXPECT_THAT(offsets_of(**all), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ((*all)->top.offset, 10U);
  const auto some = node_->history({"room:a", 4, 3, false});
  ASSERT_TRUE(some && *some);
  EXPECT_THAT(offsets_of(**some), ElementsAre(5, 6, 7));
  EXPECT_EQ((*some)->top.offset, 10U);
  EXPECT_EQ((*some)->top.epoch, (*all)->top.epoch);
  const auto none = node_->history({"room:a", 10, 3, false});
  ASSERT_TRUE(none && *none);
  EXPECT_THAT((*none)->publications, IsEmpty());
}

TEST_P(BrokerContract, ReadsHistoryBackward) {
  publish_many("room:a", 10);
  const auto newest = node_->history({"room:a", 0, 3, true});
  ASSERT_TRUE(newest && *newest);
  EXPECT_THAT(offsets_of(**newest), ElementsAre(10, 9, 8));
  const auto older = node_->history({"room:a", 8, 3, true});
  ASSERT_TRUE(older && *older);
  EXPECT_THAT(offsets_of(**older), ElementsAre(7, 6, 5));
  const auto oldest = node_->history({"room:a", 3, 10, true});
  ASSERT_TRUE(oldest && *oldest);
  EXPECT_THAT(offsets_of(**oldest), ElementsAre(2, 1));
  const auto none = node_->history({"room:a", 1, 10, true});
  ASSERT_TRUE(none && *none);
  EXPECT_THAT((*none)->publications, IsEmpty());
}

TEST_P(BrokerContract, ReadsHistoryInPiecesOfABoundedSize) {
  const std::string body(10'000, 'x');
  for (int i = 1; i <= 150; ++i) {
    ASSERT_TRUE(node_->publish("room:a", i <= 100 ? "1" : body));
  }
  const auto read = [&](std::uint64_t since, bool reverse, std::size_t bytes_max) {
    const auto history = node_->history({"room:a", since, 1'000, reverse, bytes_max});
    std::vector<std::uint64_t> offsets;
    if (!history || !*history) return offsets;
    for (const Publication& one : (*history)->publications) offsets.push_back(one.offset);
    return offsets;
  };
  EXPECT_THAT(read(100, false, 1), ElementsAre(101));  // always one
  EXPECT_THAT(read(100, false, 30'000), ElementsAre(101, 102, 103));
  EXPECT_THAT(read(100, false, 30'001), ElementsAre(101, 102, 103, 104));
  EXPECT_THAT(read(0, true, 20'001), ElementsAre(150, 149, 148));
  EXPECT_THAT(read(103, true, 20'002), ElementsAre(102, 101, 100, 99));
  EXPECT_EQ(read(1, false, 20'099).size(), 99U + 2U);
  EXPECT_EQ(read(0, false, 10'000'000).size(), 150U);
  EXPECT_EQ(read(0, true, 10'000'000).size(), 150U);
}

TEST_P(BrokerContract, ReadsThePositionAlone) {
  publish_many("room:a", 5);
  const auto history = node_->history({"room:a", 0, 0, false});
  ASSERT_TRUE(history && *history);
  EXPECT_EQ((*history)->top.offset, 5U);
  EXPECT_THAT((*history)->publications, IsEmpty());
}

TEST_P(BrokerContract, ReadsAnEmptyChannelWithAStableEpoch) {
  const auto first = node_->history({"room:a", 0, 10, false});
  const auto second = node_->history({"room:a", 0, 0, true});
  const auto published = node_->publish("room:a", "1");
  ASSERT_TRUE(first && *first && second && *second && published && *published);
  EXPECT_EQ((*first)->top.offset, 0U);
  EXPECT_NE((*first)->top.epoch, "");
  EXPECT_EQ((*second)->top.epoch, (*first)->top.epoch);
  EXPECT_EQ((*published)->epoch, (*first)->top.epoch);
  EXPECT_EQ((*published)->offset, 1U);
}

TEST_P(BrokerContract, KeepsTheNewestOfALongHistory) {
  publish_many("room:a", 1000);
  const auto history = node_->history({"room:a", 0, 5000, false});
  ASSERT_TRUE(history && *history);
  const std::size_t kept = (*history)->publications.size();
  EXPECT_GE(kept, 200U);
  EXPECT_LT(kept, 400U);  // Redis trims whole nodes of a stream, 100 entries each
  EXPECT_EQ((*history)->publications.back().offset, 1000U);
  EXPECT_EQ((*history)->publications.front().offset, 1000U - kept + 1);
}

}  // namespace
}  // namespace chirm
