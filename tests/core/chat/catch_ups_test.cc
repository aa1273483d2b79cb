// SPDX-License-Identifier: MIT
// CatchUps alone, at random: readers come, are served, block, fall off and leave, history comes in
// pieces, late, or not at all. The fan-out, the hub and the store are played by the test.
#include "core/chat/catch_ups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "protocol/ws_encoder.h"
#include "tests/core/chat/fake_subscriber.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::FakeBroker;
using testing::FakeSubscriber;

constexpr std::uint64_t kTop = 400;  // of each channel at first
constexpr std::uint64_t kTailFirst = 381;

class RandomCatchUps {
 public:
  explicit RandomCatchUps(std::uint32_t seed) : random_(seed) {
    settings_.page_bytes = 2 * 1024;
    settings_.tails_bytes_max = 4 * 2 * 2 * settings_.page_bytes;  // room for two pages
    for (int i = 0; i < 4; ++i) {
      Channel& channel = channels_.open("room:" + std::to_string(i), encoder_);
      channel.state = ChannelState::kLive;
      tails_.reset(channel.log, {kTailFirst - 1, "e1"});
      for (auto offset = kTailFirst; offset <= kTop; ++offset) publish(channel);
      rooms_.push_back(&channel);
    }
  }
  ~RandomCatchUps() {
    while (!readers_.empty()) leave(0);
  }

  void act() {
    Channel& channel = *rooms_[random_() % rooms_.size()];
    switch (random_() % 10) {
      case 0:
        return join(channel);
      case 1:
        if (!readers_.empty() && random_() % 3 == 0) leave(random_() % readers_.size());
        return;
      case 2:
        if (readers_.empty()) return;
        return toggle_blocked(*readers_[random_() % readers_.size()].subscriber);
      case 3:
        return publish(channel);
      case 4:
        if (random_() % 20 == 0) catch_ups_.on_rewritten(channel, random_() % kTop);
        if (random_() % 3 == 0) let_time_pass();
        return;
      case 5:
      case 6:
        return answer(random_() % 8 != 0);
      default:
        return serve();
    }
  }
  void end_turn() {
    catch_ups_.advance_due();
    catch_ups_.check();
    tails_.check(channels_);
  }

  // All sockets take bytes and the store answers: in how many turns all are at the tail.
  int turns_to_the_tail() {
    for (Reader& one : readers_) queue_.unblock(*one.subscriber);
    let_time_pass();
    int turns = 0;
    for (; counters_.behind_tail > 0 && turns < 10'000; ++turns) {
      answer(true);
      serve();
      end_turn();
    }
    return turns;
  }
  std::uint64_t pages() const { return counters_.catch_up_pages; }
  int overtaken() const { return overtaken_; }

 private:
  struct Reader {
    std::unique_ptr<FakeSubscriber> subscriber;
    Channel* channel;
  };

  static std::string body_of(std::uint64_t offset) {
    return FakeBroker::body_of(offset) + std::string(offset % 90, ' ');
  }
  void publish(Channel& channel) { tails_.append(channel, body_of(channel.log.top().offset + 1)); }
  void join(Channel& channel) {
    if (readers_.size() > 20) leave(random_() % readers_.size());
    auto fresh = std::make_unique<FakeSubscriber>(std::to_string(++joined_));
    const std::uint64_t oldest = channel.stored.gone_through;
    fresh->join(channel, oldest + random_() % (channel.log.top().offset - oldest));
    if (!channel.log.covers(fresh->cursor(channel))) catch_ups_.add(channel, *fresh);
    readers_.push_back({std::move(fresh), &channel});
  }
  void leave(std::size_t at) {
    auto& [subscriber, channel] = readers_[at];
    if (subscriber->at(*channel).is_catching_up) catch_ups_.remove(*channel, *subscriber);
    queue_.unblock(*subscriber);
    subscriber->leave(*channel);
    readers_.erase(readers_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  // Patience and rounds end and errors are forgotten, of which a timer reminds.
  void let_time_pass() {
    for (Channel* room : rooms_) {
      if (!room->catch_up) continue;
      CatchUp& up = *room->catch_up;
      up.retry_ms = 0;
      up.waiting_since_ms = std::min<std::uint64_t>(up.waiting_since_ms, 1);
      up.round_since_ms = std::min<std::uint64_t>(up.round_since_ms, 1);
      catch_ups_.look_soon(up);
    }
  }
  void toggle_blocked(FakeSubscriber& one) {
    one.is_blocked() ? queue_.unblock(one) : queue_.block(one, 1);
  }

  // The oldest open read. The store has lost the beginning of the log now and then.
  void answer(bool is_good) {
    if (broker_.histories.empty()) return;
    if (!is_good) return broker_.fail_history();
    const auto& call = broker_.histories.front();
    Channel& channel = *channels_.find(call.channel);
    std::uint64_t& oldest = oldest_[call.channel];
    if (random_() % 10 == 0) oldest = std::max(oldest, random_() % (kTailFirst - 1));
    History history{channel.log.top(), {}};
    std::size_t bytes = 0;
    for (std::uint64_t offset = std::max(call.request.since, oldest) + 1;
         offset <= history.top.offset && bytes < call.request.bytes_max; ++offset) {
      history.publications.push_back({offset, body_of(offset)});
      bytes += history.publications.back().body.size();
    }
    broker_.answer_history(std::move(history));
  }
  void on_answer(Channel& channel, const HistoryAnswer& answer) {
    if (!answer.history) return catch_ups_.on_read_failed(channel);
    if (!channel.catch_up) return;
    for (Subscriber* ended : catch_ups_.on_page(channel, answer.since, *answer.history)) {
      EXPECT_LT(static_cast<FakeSubscriber*>(ended)->cursor(channel), oldest_[channel.name()]);
      ++overtaken_;
      const auto at = std::ranges::find_if(
          readers_, [&](const Reader& one) { return one.subscriber.get() == ended; });
      leave(static_cast<std::size_t>(at - readers_.begin()));
    }
    if (channel.catch_up) catch_ups_.look_soon(*channel.catch_up);
  }

  // As the fan-out: each that may be written goes on, some of them not to the end.
  void serve() {
    for (Reader& reader : readers_) {
      Channel& channel = *reader.channel;
      FakeSubscriber& one = *reader.subscriber;
      std::uint64_t& cursor = one.cursor(channel);
      if (!one.may_write() || cursor == channel.log.top().offset) continue;
      const bool is_in_tail = channel.log.covers(cursor);
      if (!is_in_tail && !one.at(channel).is_catching_up) catch_ups_.add_fallen(channel, one);
      if (!is_in_tail && !channel.catch_up->has(cursor)) {
        catch_ups_.look_soon(*channel.catch_up);
        continue;
      }
      const ChannelLog& log = is_in_tail ? channel.log : channel.catch_up->page;
      std::vector<iovec> pieces;
      const auto found = log.gather(cursor, random_() % 4'000, pieces);
      ASSERT_GT(found.to, cursor);
      const std::uint64_t before = std::exchange(cursor, found.to);
      if (!one.at(channel).is_catching_up) continue;
      catch_ups_.count_served(*channel.catch_up, before, cursor);
    }
  }

  std::mt19937 random_;
  Loop loop_;
  ChatSettings settings_;
  ChatCounters counters_;
  WsEncoder encoder_{WsRole::kServer};
  FakeBroker broker_;
  ChannelTable channels_{counters_};
  WriteQueue queue_{counters_};
  TailMemory tails_{settings_, counters_};
  HistoryReader reader_{
      loop_, broker_, channels_,
      [this](Channel& channel, const HistoryAnswer& answer) { on_answer(channel, answer); }};
  CatchUps catch_ups_{{loop_, settings_, counters_, encoder_, reader_, queue_, tails_}};
  std::vector<Channel*> rooms_;
  std::vector<Reader> readers_;
  std::map<std::string, std::uint64_t> oldest_;  // what the store has gone through
  int joined_ = 0;
  int overtaken_ = 0;
};

class CatchUpsAtRandom : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(CatchUpsAtRandom, BringEverybodyToTheTailWhateverHappensOnTheWay) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  RandomCatchUps all(GetParam());
  for (int step = 0; step < 3'000; ++step) {
    all.act();
    all.end_turn();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(all.pages(), 10U);
  EXPECT_GT(all.overtaken(), 0);
  EXPECT_LT(all.turns_to_the_tail(), 10'000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CatchUpsAtRandom, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace chirm
