// SPDX-License-Identifier: MIT
// What broker.h promises, tried on every broker: MemoryBroker, SqliteBroker, and RedisBroker
// with a real Redis over a Unix socket and over TCP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/broker/memory_broker.h"
#include "core/broker/redis_broker.h"
#include "core/broker/sqlite_broker.h"
#include "tests/core/broker/broker_node.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RedisServer;

enum class Kind : std::uint8_t { kMemory, kSqlite, kRedisUnix, kRedisTcp };

std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::kMemory:
      return "Memory";
    case Kind::kSqlite:
      return "Sqlite";
    case Kind::kRedisUnix:
      return "RedisUnix";
    case Kind::kRedisTcp:
      return "RedisTcp";
  }
  return "";
}

class BrokerContract : public ::testing::TestWithParam<Kind> {
 protected:
  BrokerContract() {
    settings_.history_size = 200;
    if (GetParam() == Kind::kRedisUnix || GetParam() == Kind::kRedisTcp) {
      server_ = std::make_unique<RedisServer>(RedisServer::Options{
          .configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
    }
    node_ = std::make_unique<BrokerNode>(loop_, make_broker());
  }

  std::unique_ptr<Broker> make_broker() {
    if (GetParam() == Kind::kMemory) return std::make_unique<MemoryBroker>(loop_, settings_);
    if (GetParam() == Kind::kSqlite) {
      auto broker = SqliteBroker::open(loop_, next_file(), StoreSync::kFull, settings_);
      if (!broker) throw std::runtime_error(broker.error().message);
      return std::move(*broker);
    }
    const bool is_unix = GetParam() == Kind::kRedisUnix;
    const auto url = parse_redis_url(is_unix ? server_->unix_url() : server_->tcp_url());
    return std::make_unique<RedisBroker>(loop_, *url, settings_);
  }

  std::string next_file() {  // a file can be used by one broker at a time
    return directory_.path() + "/store-" + std::to_string(++files_) + ".db";
  }

  void publish_many(const std::string& channel, int count) {
    int answers = 0;
    for (int i = 1; i <= count; ++i) {
      node_->broker->publish({channel, std::to_string(i), "", ""}, [&](const auto& position) {
        EXPECT_TRUE(position.has_value());
        ++answers;
      });
    }
    ASSERT_TRUE(node_->run_until([&] { return answers == count; }));
  }

  static std::vector<std::uint64_t> offsets_of(const History& history) {
    std::vector<std::uint64_t> offsets;
    for (const Publication& publication : history.publications) {
      EXPECT_EQ(publication.body, std::to_string(publication.offset));
      offsets.push_back(publication.offset);
    }
    return offsets;
  }

  testing::TempDirectory directory_;
  int files_ = 0;
  Loop loop_;
  BrokerSettings settings_;
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<BrokerNode> node_;
};

INSTANTIATE_TEST_SUITE_P(, BrokerContract,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite, Kind::kRedisUnix,
                                           Kind::kRedisTcp),
                         [](const auto& kind) { return name_of(kind.param); });

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
    node->broker->presence("room:a", count);
    EXPECT_EQ(calls, 0);
    EXPECT_TRUE(node->run_until([&] { return calls == 4; }));
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

TEST_P(BrokerContract, SubscribesToAnEmptyChannel) {
  const auto top = node_->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  EXPECT_EQ((*top)->offset, 0U);
  EXPECT_NE((*top)->epoch, "");
  const auto published = node_->publish("room:a", "x");
  ASSERT_TRUE(published && *published);
  EXPECT_EQ((*published)->epoch, (*top)->epoch);
  ASSERT_TRUE(node_->run_until([&] { return !node_->received.empty(); }));
  EXPECT_EQ(node_->received[0].epoch, (*top)->epoch);
}

TEST_P(BrokerContract, DeliversWhatIsPublishedAfterSubscribing) {
  publish_many("room:a", 3);
  const auto top = node_->subscribe("room:a");
  ASSERT_TRUE(top && *top);
  EXPECT_EQ((*top)->offset, 3U);
  ASSERT_TRUE(node_->publish("room:a", "x"));
  ASSERT_TRUE(node_->publish("room:b", "not for us"));
  ASSERT_TRUE(node_->publish("room:a", "y"));
  ASSERT_TRUE(node_->run_until([&] { return node_->received.size() >= 2; }));
  EXPECT_EQ(node_->received_in("room:a"), "4:x 5:y");
  EXPECT_EQ(node_->received.size(), 2U);
}

TEST_P(BrokerContract, DeliversEveryPublicationAboveThePositionThatSubscribeGave) {
  std::optional<Position> top;
  int answers = 0;
  for (int i = 1; i <= 500; ++i) {
    node_->broker->publish({"room:a", std::to_string(i), "", ""}, [&](const auto&) {
      if (++answers == 100) {
        node_->broker->subscribe("room:a", [&](const auto& position) {
          EXPECT_THAT(node_->received, IsEmpty());
          top = *position;
        });
      }
      if (answers < 500 || !top) {
        node_->broker->publish({"room:a", "more", "", ""}, [](const auto&) {});
      }
    });
  }
  ASSERT_TRUE(node_->run_until([&] { return top && answers == 500; }));
  const auto last = node_->publish("room:a", "last");
  ASSERT_TRUE(last && *last);
  ASSERT_TRUE(node_->run_until([&] {
    return !node_->received.empty() && node_->received.back().offset == (*last)->offset;
  }));
  std::uint64_t expected = top->offset;
  for (const testing::Received& one : node_->received) {
    if (one.offset <= top->offset) continue;  // the bus may be behind the position
    ASSERT_EQ(one.offset, ++expected);
  }
  EXPECT_EQ(expected, (*last)->offset);
}

TEST_P(BrokerContract, DeliversNothingAfterUnsubscribe) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  ASSERT_TRUE(node_->subscribe("room:b"));
  node_->broker->unsubscribe("room:a");
  ASSERT_TRUE(node_->publish("room:a", "x"));
  ASSERT_TRUE(node_->publish("room:b", "y"));
  ASSERT_TRUE(node_->run_until([&] { return !node_->received.empty(); }));
  EXPECT_EQ(node_->received_in("room:a"), "");
  EXPECT_EQ(node_->received_in("room:b"), "1:y");
}

TEST_P(BrokerContract, SubscribesAgainRightAfterUnsubscribe) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  for (int i = 0; i < 5; ++i) {
    node_->broker->unsubscribe("room:a");
    const auto top = node_->subscribe("room:a");
    ASSERT_TRUE(top && *top);
    const auto position = node_->publish("room:a", "x");
    ASSERT_TRUE(position && *position);
    ASSERT_TRUE(node_->run_until([&] {
      return !node_->received.empty() && node_->received.back().offset == (*position)->offset;
    }));
  }
  EXPECT_EQ(node_->received_in("room:a"), "1:x 2:x 3:x 4:x 5:x");
}

TEST_P(BrokerContract, LastOfManyChangesCounts) {
  int answers = 0;
  const auto count = [&](const auto& position) {
    EXPECT_TRUE(position.has_value());
    ++answers;
  };
  node_->broker->subscribe("room:a", count);
  ASSERT_TRUE(node_->run_until([&] { return answers == 1; }));
  node_->broker->unsubscribe("room:a");
  node_->broker->subscribe("room:a", [](const auto&) {});
  node_->broker->unsubscribe("room:a");
  node_->broker->subscribe("room:b", [](const auto&) {});
  node_->broker->unsubscribe("room:b");
  node_->broker->subscribe("room:b", count);
  ASSERT_TRUE(node_->run_until([&] { return answers == 2; }));
  ASSERT_TRUE(node_->publish("room:a", "x"));
  ASSERT_TRUE(node_->publish("room:b", "y"));
  ASSERT_TRUE(node_->run_until([&] { return node_->received_in("room:b") == "1:y"; }));
  EXPECT_EQ(node_->received_in("room:a"), "");
}

TEST_P(BrokerContract, MayBeUsedFromItsCallbacks) {
  std::string order;
  node_->on_received = [&] {
    if (node_->received.size() > 1) return;
    node_->broker->unsubscribe("room:a");
    node_->broker->history({"room:a", 0, 10, false},
                           [&](const auto& history) { order += history ? "h" : "-"; });
  };
  node_->broker->subscribe("room:a", [&](const auto&) {
    node_->broker->publish({"room:a", "1", "", ""}, [&](const auto&) {
      node_->broker->publish({"room:a", "2", "", ""},
                             [&](const auto& position) { order += position ? "p" : "-"; });
    });
  });
  ASSERT_TRUE(node_->run_until([&] { return order.size() == 2; }));
  EXPECT_EQ(order.find('-'), std::string::npos) << order;
  EXPECT_EQ(node_->received_in("room:a"), "1:1");
}

TEST_P(BrokerContract, TellsWhoIsPresent) {
  ASSERT_TRUE(node_->run_until_ready());
  node_->present = {{"ada", "client-1", R"({"name":"Ada"})"}, {"bob", "client-2", ""}};
  const auto present = node_->presence("room:a");
  ASSERT_TRUE(present && *present);
  ASSERT_EQ((*present)->size(), 2U);
  EXPECT_EQ((**present)[0].user, "ada");
  EXPECT_EQ((**present)[0].conn_info, R"({"name":"Ada"})");
  EXPECT_EQ((**present)[1].client, "client-2");
}

}  // namespace
}  // namespace chirm
