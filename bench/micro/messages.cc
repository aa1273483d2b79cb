// SPDX-License-Identifier: MIT
// What do the protocol's messages cost: decoding a command, encoding a publication for all its
// subscribers, reading an upgrade request?
#include <benchmark/benchmark.h>

#include "bench/micro/padded.h"
#include "protocol/command.h"
#include "protocol/http.h"
#include "protocol/message.h"

namespace chirm {
namespace {

using bench::Padded;

void decode_command(benchmark::State& state, const std::string& line) {
  const Padded padded(line);
  CommandDecoder decoder;
  for (auto _ : state) {
    auto command = decoder.decode(padded.view());
    if (!command) state.SkipWithError("not a command");
    benchmark::DoNotOptimize(command);
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_Command_DecodePublish(benchmark::State& state) {
  const std::string data = bench::chat_payload(static_cast<std::size_t>(state.range(0)));
  std::string line;
  append_publish(line, 7, {.channel = "room:lobby", .data = data, .message_id = {}});
  decode_command(state, line);
}
BENCHMARK(BM_Command_DecodePublish)->ArgName("payload_bytes")->Arg(128)->Arg(2000);

void BM_Command_DecodeSubscribe(benchmark::State& state) {
  SubscribeCommand command;
  command.channel = "room:lobby";
  command.recover = command.recoverable = command.positioned = true;
  command.since = {123'456, "kTqWzHbN"};
  std::string line;
  append_subscribe(line, 2, command);
  decode_command(state, line);
}
BENCHMARK(BM_Command_DecodeSubscribe);

void BM_Command_DecodeConnect(benchmark::State& state) {
  ConnectCommand command;
  command.data = R"({"name":"ada"})";
  command.name = "js";
  command.version = "5.7.1";
  std::string line;
  append_connect(line, 1, command);
  decode_command(state, line);
}
BENCHMARK(BM_Command_DecodeConnect);

void BM_Push_Encode(benchmark::State& state) {
  const std::string data = bench::chat_payload(static_cast<std::size_t>(state.range(0)));
  std::string body;
  append_publication_body(body, data, {"ada", "7b1c3a7e-1f0e-4f3c-9a39-0c6a4d1a5c11", {}},
                          1'700'000'000'000);
  std::string out;
  // Keeps its memory, as the hub's buffer does from turn to turn.
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(append_publication_push(out, "room:lobby", body, 123'456));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Push_Encode)->ArgName("payload_bytes")->Arg(128)->Arg(2000);

void BM_Push_Decode(benchmark::State& state) {
  const std::string data = bench::chat_payload(static_cast<std::size_t>(state.range(0)));
  std::string body;
  append_publication_body(body, data, {"ada", "7b1c3a7e-1f0e-4f3c-9a39-0c6a4d1a5c11", {}},
                          1'700'000'000'000);
  std::string push;
  append_publication_push(push, "room:lobby", body, 123'456);
  const Padded padded(push);
  MessageDecoder decoder;
  for (auto _ : state) {
    auto message = decoder.decode(padded.view());
    if (!message) state.SkipWithError("not a push");
    benchmark::DoNotOptimize(message);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Push_Decode)->ArgName("payload_bytes")->Arg(128)->Arg(2000);

void BM_Upgrade_Accept(benchmark::State& state) {
  const std::uint8_t random[16] = {};
  const std::string head =
      upgrade_request("127.0.0.1:8080", "/connection/websocket", make_websocket_key(random));
  for (auto _ : state) {
    const auto request = parse_http_request(head);
    if (!request || !*request) {
      state.SkipWithError("not a request");
      break;
    }
    auto response = accept_upgrade(**request);
    if (!response) state.SkipWithError("refused");
    benchmark::DoNotOptimize(response);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Upgrade_Accept);

}  // namespace
}  // namespace chirm
