// SPDX-License-Identifier: MIT
// What a node keeps of its channels beside publications: the newest of each, and of all channels
// together no more than there is memory for.

#include "core/broker/redis/kept/redis_kept_memory.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/broker/redis/kept/redis_message_keys.h"
#include "core/broker/redis/kept/redis_rewrites.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_subscription.h"
#include "core/loop/loop.h"

namespace chirm {
namespace {

class DeafListener final : public BrokerListener {
 public:
  void on_publication(std::string_view, std::uint64_t, std::string_view,
                      std::string_view) override {}
  void on_signal(std::string_view, std::string_view) override {}
  void on_rewritten(std::string_view, std::uint64_t, std::string_view) override {}
  void on_maybe_missed(std::string_view) override {}
  Position known_position(std::string_view) override { return {}; }
  std::vector<Publication> tail(std::string_view, std::uint64_t, std::size_t) override {
    return {};
  }
};

TEST(RedisKeptMemory, BoundsTheRewritesAndKeysOfThousandsOfChannels) {
  Loop loop;
  DeafListener listener;
  RedisContext context(loop, BrokerSettings{}, "test:", "test@0:c:");
  context.listener = &listener;
  std::deque<RedisSubscription> channels;
  const std::string body(20'000, 'x');
  for (int i = 0; i < 2'000; ++i) {
    auto& one = channels.emplace_back(context, std::to_string(i), [](const auto&) {});
    one.start_reading();
    one.go_live({.top = {{0, "epoch"}, {}}, .publications = {}, .rewrites = 0, .keys = {}});
    one.on_message("r1:1:epoch:" + body);
    History history{.top = {{1, "epoch"}, {}}, .publications = {}, .rewrites = 1, .keys = {}};
    for (std::uint64_t offset = 1; offset <= 100; ++offset) {
      history.keys.emplace_back(offset, std::string(200, 'k'));
    }
    one.note_entries(history);
    one.check();
  }
  context.check();
  EXPECT_LE(context.rewrites_memory.bytes(), RedisContext::kRewritesBytesMax);
  EXPECT_GT(context.rewrites_memory.bytes(), RedisContext::kRewritesBytesMax / 10 * 9);
  EXPECT_LE(context.keys_memory.bytes(), RedisContext::kKeysBytesMax);
  EXPECT_GT(context.keys_memory.bytes(), RedisContext::kKeysBytesMax / 10 * 9);
  EXPECT_FALSE(channels.front().rewrites().is_rewritten(1));
  EXPECT_TRUE(channels.back().rewrites().is_rewritten(1));
  EXPECT_EQ(channels.front().keys().find(1), "");
  EXPECT_NE(channels.back().keys().find(1), "");
  // That they are forgotten changes nothing of what is known of their number.
  EXPECT_EQ(channels.front().rewrites().count(), 1U);
  channels.clear();
  EXPECT_EQ(context.rewrites_memory.bytes() + context.keys_memory.bytes(), 0U);
}

TEST(RedisKeptMemory, IsTakenFromTheChannelThatHasGotNoneForTheLongestTime) {
  RedisKeptMemory memory(900);
  std::deque<RedisRewrites> channels;
  const std::string body(200, 'x');
  for (int i = 0; i < 3; ++i) {
    auto& one = channels.emplace_back(memory);
    EXPECT_EQ(one.note({1, 1, "epoch", body}), RedisRewrites::Seen::kSome);
  }
  EXPECT_EQ(channels[0].note({1, 2, "epoch", body}), RedisRewrites::Seen::kNext);
  EXPECT_EQ(channels[1].newest().size(), 0U);
  EXPECT_EQ(channels[0].newest().size(), 2U);
  EXPECT_EQ(channels[2].newest().size(), 1U);
  EXPECT_EQ(channels[1].note({2, 2, "epoch", "y"}), RedisRewrites::Seen::kNext);
  EXPECT_EQ(channels[1].newest().size(), 1U);
  for (const RedisRewrites& one : channels) one.check();
  memory.check();
}

TEST(RedisKeptMemory, IsBoundedForEachChannelAndTheNewestStay) {
  RedisKeptMemory memory(std::size_t{16} << 20);
  RedisRewrites rewrites(memory);
  RedisMessageKeys keys(memory);
  const std::string body(1'000, 'x');
  for (std::uint64_t i = 1; i <= 2'000; ++i) {
    (void)rewrites.note({i, i, "epoch", body});  // kSome, then kNext
    keys.note("epoch", i, "key " + std::to_string(i));
    rewrites.check();
    keys.check();
  }
  EXPECT_TRUE(rewrites.is_rewritten(2'000));
  EXPECT_GT(rewrites.newest().size(), 150U);
  EXPECT_LT(rewrites.newest().size(), 300U);
  EXPECT_TRUE(rewrites.is_rewritten(1'700));  // though not what it is now
  EXPECT_FALSE(rewrites.is_rewritten(700));
  EXPECT_EQ(keys.find(2'000), "key 2000");
  EXPECT_EQ(keys.find(1'300), "key 1300");
  EXPECT_EQ(keys.find(999), "");
  // One that is larger than that alone is not kept, and those before it are of no use then.
  EXPECT_EQ(rewrites.note({1, 2'001, "epoch", std::string(300'000, 'x')}),
            RedisRewrites::Seen::kNext);
  EXPECT_TRUE(rewrites.newest().empty());
  rewrites.check();
}

class KeptMemoryRandom : public ::testing::TestWithParam<int> {};

TEST_P(KeptMemoryRandom, IsCountedWhateverComesAndGoes) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Random random(static_cast<std::uint64_t>(GetParam()));
  RedisKeptMemory memory(20'000);
  std::deque<RedisRewrites> channels;
  for (int i = 0; i < 20; ++i) channels.emplace_back(memory);
  for (int step = 0; step < 3'000; ++step) {
    RedisRewrites& one = channels[random.between(0, channels.size() - 1)];
    const std::string epoch = random.between(0, 99) == 0 ? "other" : "epoch";
    if (random.between(0, 9) == 0) {
      (void)one.note(epoch, one.count());
    } else {
      const std::string body(random.between(0, 2'000), 'x');
      (void)one.note({1, one.count() + random.between(1, 2), epoch, body});
    }
    std::size_t bytes = 0;
    for (const RedisRewrites& channel : channels) {
      channel.check();
      for (const auto& rewrite : channel.newest()) bytes += rewrite.bytes();
      bytes += channel.unnumbered().size() * sizeof(std::uint64_t);
    }
    memory.check();
    ASSERT_EQ(bytes, memory.bytes()) << "step " << step;
    if (random.between(0, 19) == 0) channels.pop_front();
    if (channels.size() < 10) channels.emplace_back(memory);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, KeptMemoryRandom, ::testing::Range(1, 5));

}  // namespace
}  // namespace chirm
