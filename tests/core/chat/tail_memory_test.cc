// SPDX-License-Identifier: MIT
#include "core/chat/tail_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "protocol/ws_encoder.h"
#include "tests/core/chat/fake_subscriber.h"

namespace chirm {
namespace {

using testing::FakeSubscriber;

class TailMemoryTest : public ::testing::Test {
 protected:
  TailMemoryTest() {
    settings.tail_bytes_max = 256 * 1024;
    settings.tails_bytes_max = 512 * 1024;
    settings.page_bytes = 16 * 1024;
  }
  Channel& open(const std::string& name) {
    Channel& channel = channels.open(name, encoder);
    channel.state = ChannelState::kLive;
    return channel;
  }
  static std::string body_of(std::size_t bytes) {
    return "\"data\":\"" + std::string(bytes, 'x') + "\"";
  }
  // Publications first … of about so many bytes each.
  static std::vector<Publication> publications(std::uint64_t first, std::size_t count,
                                               std::size_t bytes) {
    std::vector<Publication> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back({first + i, body_of(bytes)});
    return all;
  }

  ChatSettings settings;
  ChatCounters counters;
  WsEncoder encoder{WsRole::kServer};
  ChannelTable channels{counters};
  TailMemory tails{settings, counters};
};

TEST_F(TailMemoryTest, TrimsAtOnceWhatNobodyFollows) {
  Channel& channel = open("room:a");
  for (int i = 0; i < 2'000; ++i) {
    tails.append(channel, body_of(1'000));
    ASSERT_LE(channel.log.bytes(), settings.tail_bytes_max + 64 * 1024);
  }
  EXPECT_EQ(counters.publications, 2'000U);
}

TEST_F(TailMemoryTest, WaitsForMembersUntilItIsTwiceTooMuch) {
  Channel& channel = open("room:a");
  FakeSubscriber ada;
  ada.join(channel, 0);
  while (channel.log.bytes() <= settings.tail_bytes_max + 64 * 1024) {
    tails.append(channel, body_of(1'000));
  }
  EXPECT_TRUE(channel.log.covers(0));
  tails.trim(channel.log);
  EXPECT_FALSE(channel.log.covers(0));
  for (int i = 0; i < 2'000; ++i) {
    tails.append(channel, body_of(1'000));
    ASSERT_LE(channel.log.bytes(), 2 * settings.tail_bytes_max + 64 * 1024);
  }
}

TEST_F(TailMemoryTest, GivesEachChannelItsShareWhenAllHaveTooMuchAndNeverTooLittle) {
  EXPECT_EQ(tails.bytes_max(), settings.tail_bytes_max);
  for (int i = 0; i < 8; ++i) (void)open("room:" + std::to_string(i));
  counters.tail_bytes = settings.tails_bytes_max + 1;
  EXPECT_EQ(tails.bytes_max(), settings.tails_bytes_max / 8);
  for (int i = 8; i < 100; ++i) (void)open("room:" + std::to_string(i));
  EXPECT_EQ(tails.bytes_max(), 32U * 1024);
  counters.tail_bytes = 0;
}

TEST_F(TailMemoryTest, HasRoomForOnePageAlwaysAndForAQuarterOfTheMemoryInAll) {
  settings.tails_bytes_max = 1'000;
  EXPECT_TRUE(tails.has_room_for_page(0));
  EXPECT_FALSE(tails.has_room_for_page(1));
  settings.tails_bytes_max = 4 * 4 * 2 * settings.page_bytes;  // room for four
  EXPECT_TRUE(tails.has_room_for_page(3));
  EXPECT_FALSE(tails.has_room_for_page(4));
  Channel& channel = open("room:a");
  channel.catch_up = std::make_unique<CatchUp>(channel, channel.name(), encoder);
  tails.fill_page(channel.catch_up->page, {10, "e1"}, publications(11, 30, 1'000));
  EXPECT_EQ(counters.page_bytes, channel.catch_up->page.bytes());
  EXPECT_FALSE(tails.has_room_for_page(3));
  tails.empty_page(channel.catch_up->page, {40, "e1"});
  EXPECT_EQ(counters.page_bytes, 0U);
  EXPECT_TRUE(tails.has_room_for_page(3));
}

// Whatever is done to tails and pages in whatever order: what is counted is what there is, and when
// all is emptied nothing is left.
TEST_F(TailMemoryTest, CountsExactlyWhatThereIsWhateverHappens) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<Channel*> open_ones;
    for (int step = 0; step < 2'000; ++step) {
      if (open_ones.size() < 3 || random() % 100 == 0) {
        open_ones.push_back(&open("room:" + std::to_string(seed) + ":" + std::to_string(step)));
        tails.reset(open_ones.back()->log, {1'000, "e1"});
      }
      const std::size_t at = random() % open_ones.size();
      Channel& channel = *open_ones[at];
      ChannelLog& log = channel.log;
      switch (random() % 12) {
        case 0:
          tails.reset(log, {1'000 + random() % 100, "e2"});
          break;
        case 1:
          tails.trim(log);
          break;
        case 2:
          tails.drop(log, log.first() + random() % 10);
          break;
        case 3: {
          const std::size_t count = std::min<std::size_t>(random() % 50, log.first() - 1);
          tails.prepend(log, publications(log.first() - count, count, random() % 500));
          break;
        }
        case 4:
          if (!channel.catch_up) {
            channel.catch_up = std::make_unique<CatchUp>(channel, channel.name(), encoder);
          }
          tails.fill_page(channel.catch_up->page, {5, "e1"}, publications(6, random() % 50, 300));
          break;
        case 5:
          if (channel.catch_up) tails.empty_page(channel.catch_up->page, {});
          if (random() % 2 == 0) channel.catch_up.reset();
          break;
        case 6:
          if (open_ones.size() < 4) break;
          if (channel.catch_up) tails.empty_page(channel.catch_up->page, {});
          tails.reset(log, {});
          (void)channels.take(channel.name());
          open_ones.erase(open_ones.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        default:
          for (auto burst = random() % 20; burst > 0; --burst) {
            tails.append(channel, body_of(random() % 3'000));
          }
      }
      tails.check(channels);
    }
    for (Channel* channel : open_ones) {
      if (channel->catch_up) tails.empty_page(channel->catch_up->page, {});
      tails.reset(channel->log, {});
      (void)channels.take(std::string(channel->name()));
    }
    EXPECT_EQ(counters.tail_bytes, 0U);
    EXPECT_EQ(counters.page_bytes, 0U);
    EXPECT_EQ(counters.channels, 0U);
  }
}

}  // namespace
}  // namespace chirm
