// SPDX-License-Identifier: MIT
// The bus loses a publication, and no later one shows the hole.

#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::RedisServer;
using testing::Relay;

// Throws the next message of a topic away, as a bus does that loses one. `topic` is empty once that
// is done.
class LossyBus final : public testing::RelayFilter {
 public:
  explicit LossyBus(std::string& topic) : topic_(topic) {}

  std::string from_client(std::string_view bytes, std::string&) override {
    return std::string(bytes);
  }
  // A message is ["message", topic, payload] in RESP.
  std::string from_server(std::string_view bytes) override {
    kept_ += bytes;
    const std::string head =
        "*3\r\n$7\r\nmessage\r\n$" + std::to_string(topic_.size()) + "\r\n" + topic_ + "\r\n$";
    const std::size_t begin = topic_.empty() ? std::string::npos : kept_.find(head);
    if (begin == std::string::npos) return std::exchange(kept_, {});
    const std::size_t line_end = kept_.find("\r\n", begin + head.size());
    if (line_end == std::string::npos) return {};
    const std::size_t end = line_end + 2 + std::stoul(kept_.substr(begin + head.size())) + 2;
    if (kept_.size() < end) return {};
    kept_.erase(begin, end - begin);
    topic_.clear();
    return std::exchange(kept_, {});
  }
  std::string overdue() override { return {}; }

 private:
  std::string& topic_;
  std::string kept_;
};

class RedisDigests : public testing::RedisTest {
 protected:
  RedisDigests()
      : relay_(loop_, server_.port()),
        reader_(make_node("redis://127.0.0.1:" + std::to_string(relay_.port()))),
        writer_(make_node(server_.unix_url())) {
    relay_.set_filter([this] { return std::make_unique<LossyBus>(lossy_topic_); });
  }

  // Until so many digests can have been sent.
  bool let_periods_pass(std::uint64_t count) {
    return testing::run_for(loop_, count * node_settings_.digest_period_ms);
  }

  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
  std::string lossy_topic_;
  Relay relay_;
  std::unique_ptr<BrokerNode> reader_;
  std::unique_ptr<BrokerNode> writer_;
};

TEST_F(RedisDigests, ShowALostLastMessage) {
  ASSERT_TRUE(reader_->follow("room:a"));
  ASSERT_TRUE(reader_->follow("room:b"));
  ASSERT_TRUE(writer_->publish("room:a", "1"));
  ASSERT_TRUE(writer_->publish("room:b", "1"));
  ASSERT_TRUE(reader_->run_until([&] { return reader_->received.size() == 2; }));
  lossy_topic_ = "chirm@0:c:room:a";
  ASSERT_TRUE(writer_->publish("room:a", "2"));
  ASSERT_TRUE(reader_->run_until([&] { return !reader_->maybe_missed.empty(); }));
  EXPECT_TRUE(lossy_topic_.empty());
  reader_->catch_up("room:a");
  EXPECT_EQ(reader_->logs["room:a"].top.offset, 2U);
  // Once, and of the other channel nothing is said.
  ASSERT_TRUE(let_periods_pass(5));
  EXPECT_THAT(reader_->maybe_missed, ::testing::ElementsAre("room:a"));
  EXPECT_EQ(reader_->broker->counters().digest_gaps, 1U);
}

TEST_F(RedisDigests, ShowALostFirstMessage) {
  ASSERT_TRUE(reader_->follow("room:a"));
  lossy_topic_ = "chirm@0:c:room:a";
  ASSERT_TRUE(writer_->publish("room:a", "1"));
  ASSERT_TRUE(reader_->run_until([&] { return !reader_->maybe_missed.empty(); }));
  EXPECT_TRUE(reader_->received.empty());
}

TEST_F(RedisDigests, ShowALostMessageThoughADigestIsLostToo) {
  ASSERT_TRUE(reader_->follow("room:a"));
  lossy_topic_ = "chirm@0:c:room:a";
  ASSERT_TRUE(writer_->publish("room:a", "1"));
  ASSERT_TRUE(reader_->run_until([&] { return lossy_topic_.empty(); }));
  lossy_topic_ = "chirm@0:ctl";
  ASSERT_TRUE(reader_->run_until([&] { return !reader_->maybe_missed.empty(); }));
  EXPECT_TRUE(lossy_topic_.empty());
}

TEST_F(RedisDigests, AreSilentAboutWhatArrivedAndWhenThereIsNothing) {
  ASSERT_TRUE(reader_->follow("room:a"));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(writer_->publish("room:a", "x"));
  ASSERT_TRUE(reader_->run_until([&] { return reader_->received.size() == 100; }));
  const std::uint64_t& digests = writer_->broker->counters().digests;
  ASSERT_TRUE(writer_->run_until([&] { return digests >= 2; }));
  // In the end there are periods in which none is sent.
  EXPECT_TRUE(testing::ask_until([&] {
    const std::uint64_t before = digests;
    return let_periods_pass(10) && digests == before;
  })) << digests;
  EXPECT_EQ(reader_->broker->counters().digests, 0U);
  EXPECT_TRUE(reader_->maybe_missed.empty());
}

TEST_F(RedisDigests, ShowANewEpoch) {
  ASSERT_TRUE(reader_->follow("room:a"));
  ASSERT_TRUE(writer_->publish("room:a", "1"));
  ASSERT_TRUE(reader_->run_until([&] { return reader_->received.size() == 1; }));
  lossy_topic_ = "chirm@0:c:room:a";
  server_.command({"FLUSHALL"});
  ASSERT_TRUE(writer_->publish("room:a", "1"));  // the same offset, in another epoch
  ASSERT_TRUE(reader_->run_until([&] { return !reader_->maybe_missed.empty(); }));
  EXPECT_TRUE(lossy_topic_.empty());
}

TEST_F(RedisDigests, NameThousandsOfChannelsInPieces) {
  constexpr int kChannels = 3000;
  const std::string name = "room:" + std::string(40, 'x');
  ASSERT_TRUE(reader_->follow(name + "2999"));
  lossy_topic_ = "chirm@0:c:" + name + "2999";
  int stored = 0;
  for (int i = 0; i < kChannels; ++i) {
    writer_->broker->publish({name + std::to_string(i), "x", "", ""},
                             [&](const auto&) { ++stored; });
  }
  ASSERT_TRUE(writer_->run_until([&] { return stored == kChannels; }));
  ASSERT_TRUE(reader_->run_until([&] { return !reader_->maybe_missed.empty(); }));
  EXPECT_GT(writer_->broker->counters().digests, 4U);
}

}  // namespace
}  // namespace chirm
