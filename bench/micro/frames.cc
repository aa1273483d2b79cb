// SPDX-License-Identifier: MIT
// What do WebSocket frames cost: decoding what a client sends (masked) and what it is sent (not
// masked), encoding what it is sent?
#include <benchmark/benchmark.h>

#include "protocol/limits.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"

namespace chirm {
namespace {

struct CountingHandler final : WsHandler {
  bool on_message(std::string_view payload) override {
    bytes += payload.size();
    return true;
  }
  bool on_ping(std::string_view) override { return true; }
  bool on_pong(std::string_view) override { return true; }
  bool on_close(std::uint16_t, std::string_view) override { return false; }

  std::size_t bytes = 0;
};

void count(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void decode(benchmark::State& state, WsRole sender, WsRole receiver) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::string frame;
  WsEncoder(sender).append(frame, Opcode::kText, std::string(size, 'x'));
  WsDecoderPool pool(receiver, limits::kMessageBytes);
  WsDecoder decoder(pool);
  CountingHandler handler;
  for (auto _ : state) {
    // One frame a call, the usual size of a chat: how much is in one read depends on the kernel.
    if (decoder.feed(frame, handler)) state.SkipWithError("refused");
  }
  benchmark::DoNotOptimize(handler.bytes);
  count(state, size);
}

void BM_Frame_DecodeMasked(benchmark::State& state) {
  decode(state, WsRole::kClient, WsRole::kServer);
}
BENCHMARK(BM_Frame_DecodeMasked)
    ->ArgName("payload_bytes")
    ->Arg(32)
    ->Arg(128)
    ->Arg(2000)
    ->Arg(16000);

void BM_Frame_DecodeUnmasked(benchmark::State& state) {
  decode(state, WsRole::kServer, WsRole::kClient);
}
BENCHMARK(BM_Frame_DecodeUnmasked)
    ->ArgName("payload_bytes")
    ->Arg(32)
    ->Arg(128)
    ->Arg(2000)
    ->Arg(16000);

void BM_Frame_Encode(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string payload(size, 'x');
  WsEncoder encoder(WsRole::kServer);
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder.append(out, Opcode::kText, payload);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, size);
}
BENCHMARK(BM_Frame_Encode)->ArgName("payload_bytes")->Arg(32)->Arg(128)->Arg(2000)->Arg(16000);

}  // namespace
}  // namespace chirm
