// SPDX-License-Identifier: MIT
// Can chirm-load keep up? What does verifying a delivery cost, when another subscriber of the room
// has received it before (the usual case), and when this one is the first?
#include <benchmark/benchmark.h>

#include "bench/histogram.h"
#include "bench/load/follower.h"
#include "bench/micro/padded.h"
#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm::load {
namespace {

class Rooms final : private Room::Events {
 public:
  static constexpr const char* kChannel = "room:lobby";

  // The frames of that many publications, from offset `first` on.
  static std::string frames(std::uint32_t first, std::uint32_t count) {
    WsEncoder encoder(WsRole::kServer);
    std::string bytes;
    for (std::uint32_t offset = first; offset < first + count; ++offset) {
      std::string data;
      append_payload(
          data, {.run = 1, .room = 0, .publisher = 0, .sequence = offset - 1, .scheduled_us = 1},
          std::string(128, 'x'));
      std::string body;
      append_publication_body(body, data, {"ada", "7b1c3a7e-1f0e-4f3c-9a39-0c6a4d1a5c11", {}},
                              1'700'000'000'000);
      std::string json;
      append_publication_push(json, kChannel, body, offset);
      encoder.append(bytes, Opcode::kText, json);
    }
    return bytes;
  }

  Rooms() { tally.measure_from_us = 0; }
  Tally tally;
  MessageDecoder decoder;
  Room room{{1, 0, kChannel}, decoder, tally, *this};

 private:
  void on_logged(std::uint32_t, std::uint32_t, std::uint64_t) override {}
};

void BM_Checker_TakeKnown(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const std::string bytes = Rooms::frames(1, count);
  Rooms rooms;
  Follower joined(rooms.room);
  joined.on_joined({.offset = 0, .epoch = "e"});
  // Each round begins with this copy, so that it takes what another one has already put into the
  // log.
  const Follower newcomer = joined;
  (void)joined.take(bytes, 2);
  for (auto _ : state) {
    Follower follower = newcomer;
    if (follower.take(bytes, 5000) != bytes.size()) state.SkipWithError("not taken");
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(BM_Checker_TakeKnown)->ArgName("messages")->Arg(1)->Arg(16)->Arg(64);

void BM_Checker_TakeNew(benchmark::State& state) {
  constexpr std::uint32_t kCount = 64;
  const std::string bytes = Rooms::frames(1, kCount);
  for (auto _ : state) {
    // The log must be empty each time, or these would be known ones from the second round on.
    state.PauseTiming();
    auto rooms = std::make_unique<Rooms>();
    Follower follower(rooms->room);
    follower.on_joined({.offset = 0, .epoch = "e"});
    state.ResumeTiming();
    if (follower.take(bytes, 5000) != bytes.size()) state.SkipWithError("not taken");
    state.PauseTiming();
    rooms.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kCount);
}
BENCHMARK(BM_Checker_TakeNew);

void BM_Histogram_Record(benchmark::State& state) {
  Histogram histogram;
  std::uint64_t value = 1;
  for (auto _ : state) {
    histogram.record(value & 0xffff);
    // Numbers all over the range, without the cost of a good generator.
    value = value * 25'214'903'917 + 11;
  }
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(BM_Histogram_Record);

}  // namespace
}  // namespace chirm::load
