// SPDX-License-Identifier: MIT
// What does a publication cost Redis, next to the same XADD and PUBLISH without message ids, epochs
// and checks? The time shown is CPU of Redis' main thread for one publication of 200 bytes: sockets
// and one subscriber included, 64 publications in flight, in `calls` different channels.
//
//   Plain       XADD with an id of Redis' own, and PUBLISH: two commands, no order between them
//   Script      the usual script: HINCRBY gives the offset, XADD, PUBLISH
//   EpochScript likewise, and HGET gives the epoch of the offsets, without which nobody could tell
//               that the numbering started over
//   Chirm       RedisBroker, without message ids: all of a channel's publications in one call
//   ChirmWithId … each with a message id of its own
#include <benchmark/benchmark.h>
#include <spdlog/spdlog.h>

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/redis_process.h"
#include "core/base/check.h"
#include "core/broker/redis/link/redis_url.h"
#include "core/broker/redis/redis_broker.h"
#include "core/loop/loop.h"

namespace chirm {
namespace {

constexpr std::size_t kChannels = 192;
constexpr std::size_t kInFlight = 64;
constexpr std::size_t kTurns = 100;  // of one measurement
constexpr std::uint32_t kHistorySize = 200;
constexpr std::size_t kBodyBytes = 200;

constexpr std::string_view kUsualScript = R"lua(
local offset = redis.call('HINCRBY', KEYS[1], 'o', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], offset .. '-0', 'b', ARGV[2])
redis.call('PUBLISH', ARGV[3], offset .. ':' .. ARGV[2])
return offset
)lua";

constexpr std::string_view kEpochScript = R"lua(
local epoch = redis.call('HGET', KEYS[1], 'e')
if not epoch then
  epoch = ARGV[4]
  redis.call('HSET', KEYS[1], 'e', epoch)
end
local offset = redis.call('HINCRBY', KEYS[1], 'o', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], offset .. '-0', 'b', ARGV[2])
redis.call('PUBLISH', ARGV[3], offset .. ':' .. epoch .. ':' .. ARGV[2])
return {offset, epoch}
)lua";

std::string channel_name(std::size_t index) { return "room:" + std::to_string(index % kChannels); }
std::string topic_name(std::size_t index) { return "chirm@0:c:" + channel_name(index); }

// Redis, a subscriber to all topics, and the measurement: repeats a turn, which publishes kInFlight
// messages in channels from `first` on and waits for the answers.
class Bench {
 public:
  Bench() : connection(redis_.socket_path()), subscriber_(redis_.socket_path()) {
    std::string topics = "*" + std::to_string(kChannels + 1) + "\r\n$9\r\nSUBSCRIBE\r\n";
    for (std::size_t i = 0; i < kChannels; ++i) {
      topics += "$" + std::to_string(topic_name(i).size()) + "\r\n" + topic_name(i) + "\r\n";
    }
    subscriber_.run(topics, kChannels);
  }

  template <class Turn>
  void measure(benchmark::State& state, Turn turn) {
    std::size_t first = 0;
    const auto run = [&] {
      // Many turns between two looks at the CPU time, for looking costs Redis some, too.
      for (std::size_t i = 0; i < kTurns; ++i, first += kInFlight) {
        turn(first);
        // Or Redis would keep what is not read, and measure its memory instead.
        heard_ += subscriber_.drain();
      }
    };
    for (int i = 0; i < 7; ++i) run();  // until streams are full and are trimmed
    double cpu_s = 0;
    for (auto _ : state) {
      const double before = connection.cpu_s();
      run();
      const double used = connection.cpu_s() - before;
      state.SetIterationTime(used);
      cpu_s += used;
    }
    // A topic that nobody has subscribed to would make PUBLISH look cheap.
    CHIRM_CHECK(heard_ > kTurns * kInFlight * kBodyBytes, "the subscriber heard nothing");
    const auto publications = static_cast<double>(state.iterations()) * kTurns * kInFlight;
    state.counters["us_per_publication"] = cpu_s * 1e6 / publications;
  }

  const std::string& socket_path() const { return redis_.socket_path(); }

 private:
  RedisProcess redis_;

 public:
  BareRedisClient connection;
  const std::string body = std::string(kBodyBytes, 'x');

 private:
  BareRedisClient subscriber_;
  std::size_t heard_ = 0;
};

// The channel of a turn's message: `calls` different ones, each as often as the others.
std::size_t channel_of(const benchmark::State& state, std::size_t first, std::size_t message) {
  return first + message % static_cast<std::size_t>(state.range(0));
}

void BM_RedisPublish_Plain(benchmark::State& state) {
  Bench bench;
  const std::string size = std::to_string(kHistorySize);
  bench.measure(state, [&](std::size_t first) {
    std::string commands;
    for (std::size_t i = 0; i < kInFlight; ++i) {
      const std::size_t channel = channel_of(state, first, i);
      commands += redis_command({"XADD", "chirm:{" + channel_name(channel) + "}:s", "MAXLEN", "~",
                                 size, "*", "b", bench.body});
      commands += redis_command({"PUBLISH", topic_name(channel), bench.body});
    }
    bench.connection.run(commands, 2 * kInFlight);
  });
}

void publish_through_script(benchmark::State& state, std::string_view script) {
  Bench bench;
  const std::string size = std::to_string(kHistorySize);
  const std::string sha = bench.connection.ask({"SCRIPT", "LOAD", script}).substr(5, 40);
  bench.measure(state, [&](std::size_t first) {
    std::string commands;
    for (std::size_t i = 0; i < kInFlight; ++i) {
      const std::size_t channel = channel_of(state, first, i);
      const std::string key = "chirm:{" + channel_name(channel) + "}:";
      commands += redis_command({"EVALSHA", sha, "2", key + "m", key + "s", size, bench.body,
                                 topic_name(channel), "an-epoch"});
    }
    bench.connection.run(commands, kInFlight);
  });
}

void BM_RedisPublish_Script(benchmark::State& state) {
  publish_through_script(state, kUsualScript);
}
void BM_RedisPublish_EpochScript(benchmark::State& state) {
  publish_through_script(state, kEpochScript);
}

// Knows where the channels stand, as a node does whose clients follow them.
class Listener final : public BrokerListener {
 public:
  std::array<Position, kChannels> positions;

 private:
  void on_publication(std::string_view, std::uint64_t, std::string_view,
                      std::string_view) override {}
  void on_signal(std::string_view, std::string_view) override {}
  void on_rewritten(std::string_view, std::uint64_t, std::string_view) override {}
  void on_maybe_missed(std::string_view) override {}
  Position known_position(std::string_view channel) override {
    std::size_t index = 0;
    channel.remove_prefix(channel.find(':') + 1);
    (void)std::from_chars(channel.data(), channel.data() + channel.size(), index);
    return positions[index % kChannels];
  }
  std::vector<Publication> tail(std::string_view, std::uint64_t, std::size_t) override {
    return {};
  }
};

void publish_through_chirm(benchmark::State& state, bool has_ids) {
  spdlog::set_level(spdlog::level::warn);
  Bench bench;
  Loop loop;
  Listener listener;
  BrokerSettings settings;
  settings.history_size = kHistorySize;
  const auto url = parse_redis_url("unix://" + bench.socket_path());
  RedisBroker broker(loop, *url, settings);
  broker.set_listener(listener);
  // As bin/chirmd has it: what a turn has published goes out together.
  const auto hook = loop.add_turn_end_hook([&] {
    broker.flush();
    return Loop::TurnEnd::kDone;
  });
  std::size_t published = 0;
  bench.measure(state, [&](std::size_t first) {
    std::size_t answers = 0;
    for (std::size_t i = 0; i < kInFlight; ++i) {
      // A new one each time: a repeated id is answered without storing anything.
      const std::string id = has_ids ? "message-" + std::to_string(10'000'000 + published) : "";
      ++published;
      const std::size_t channel = channel_of(state, first, i) % kChannels;
      broker.publish({channel_name(channel), bench.body, "user-1", id},
                     [&, channel](const auto& position) {
                       CHIRM_CHECK(position.has_value());
                       listener.positions[channel] = *position;
                       if (++answers == kInFlight) loop.stop();
                     });
    }
    broker.flush();
    loop.run();
  });
}

void BM_RedisPublish_Chirm(benchmark::State& state) { publish_through_chirm(state, false); }
void BM_RedisPublish_ChirmWithId(benchmark::State& state) { publish_through_chirm(state, true); }

void settings(benchmark::internal::Benchmark* bench) {
  bench->ArgName("calls")->Arg(64)->Arg(8)->UseManualTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(BM_RedisPublish_Plain)->Apply(settings);
BENCHMARK(BM_RedisPublish_Script)->Apply(settings);
BENCHMARK(BM_RedisPublish_EpochScript)->Apply(settings);
BENCHMARK(BM_RedisPublish_Chirm)->Apply(settings);
BENCHMARK(BM_RedisPublish_ChirmWithId)->Apply(settings);

}  // namespace
}  // namespace chirm
