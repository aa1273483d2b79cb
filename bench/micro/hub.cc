// SPDX-License-Identifier: MIT
// What does the fan-out itself cost, without sockets: a turn's publications to all subscribers of a
// room? The kernel's share, 5 µs and more a write, comes on top.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>
#include <vector>

#include "bench/micro/padded.h"
#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/memory/local_node_bus.h"
#include "core/broker/memory/memory_documents.h"
#include "core/chat/authenticator.h"
#include "core/chat/chat_counters.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/loop/loop.h"
#include "core/loop/timer_wheel.h"
#include "protocol/message.h"

namespace chirm {
namespace {

constexpr const char* kEpoch = "bench";

// Grants every subscription, and lets the benchmark publish.
class NullBroker final : public Broker {
 public:
  explicit NullBroker(Loop& loop) : documents_(loop), nodes_(loop) {}

  void set_listener(BrokerListener& the_listener) override { listener = &the_listener; }
  void publish(const PublishRequest&, Callback<Position>) override {}
  void signal(std::string_view, std::string_view) override {}
  void refuse_waiting() override {}
  void rewrite(const RewriteRequest&, Callback<Rewritten>) override {}
  void subscribe(std::string_view, Callback<LogTop> done) override {
    waiting.push_back(std::move(done));
  }
  void unsubscribe(std::string_view) override {}
  void history(const HistoryRequest&, Callback<History>) override {}
  DocumentStore& documents() override { return documents_; }
  NodeBus& nodes() override { return nodes_; }
  void search(const SearchRequest&, Callback<SearchResult>) override {}
  void flush() override {
    for (auto& done : std::exchange(waiting, {})) done(LogTop{0, kEpoch});
  }
  Health health() const override { return Health::kReady; }
  std::vector<StoreHealth> stores() const override { return {}; }
  const BrokerCounters& counters() const override { return counters_; }

  BrokerListener* listener = nullptr;
  std::vector<Callback<LogTop>> waiting;

 private:
  BrokerCounters counters_;
  MemoryDocuments documents_;
  LocalNodeBus nodes_;
};

class NullTransport final : public Transport {
 public:
  // Takes everything, as a socket whose reader keeps up: what is measured is up to the system call.
  std::size_t write(std::span<const iovec> pieces, std::size_t bytes) override {
    benchmark::DoNotOptimize(pieces.data());
    return bytes;
  }
  void set_input_wanted(bool) override {}
  void on_closing() override {}
  void on_all_written() override {}
};

// A hub with sessions that are subscribed to one room.
class Node {
 public:
  explicit Node(std::size_t subscribers) {
    settings_.is_insecure = true;
    settings_.has_inboxes = false;
    const bench::Padded connect(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
    const bench::Padded subscribe(R"({"id":2,"subscribe":{"channel":"room:lobby"}})");
    for (std::size_t i = 0; i < subscribers; ++i) {
      sessions_.push_back(std::make_unique<Session>(context_, transport_));
      sessions_.back()->on_message(connect.view());
      sessions_.back()->on_message(subscribe.view());
    }
    // Grants the subscriptions, and gets the replies out of the way of what is measured.
    broker_.flush();
    flush();
  }

  void publish(std::string_view body) {
    broker_.listener->on_publication("room:lobby", ++offset_, kEpoch, body);
  }
  void flush() {
    // One turn has a budget; the benchmark wants all that was published to be out.
    while (hub_.flush() == Loop::TurnEnd::kMore) {
    }
  }
  std::uint64_t deliveries() const { return counters_.deliveries; }

 private:
  Loop loop_;
  ChatSettings settings_;
  ChatCounters counters_;
  NullBroker broker_{loop_};
  NullTransport transport_;
  WsEncoder encoder_{WsRole::kServer};
  CommandDecoder decoder_;
  Random random_{1};
  TimerWheel wheel_{loop_};
  Authenticator authenticator_{loop_, settings_};
  Hub hub_{loop_, broker_, encoder_, settings_, counters_};
  SessionDirectory directory_;
  SessionContext context_{hub_,     settings_, authenticator_, wheel_,    encoder_,
                          decoder_, counters_, random_,        directory_};
  std::vector<std::unique_ptr<Session>> sessions_;
  std::uint64_t offset_ = 0;
};

void BM_Hub_Fanout(benchmark::State& state) {
  const auto subscribers = static_cast<std::size_t>(state.range(0));
  const auto messages = state.range(1);
  const std::string data = bench::chat_payload(static_cast<std::size_t>(state.range(2)));
  std::string body;
  append_publication_body(body, data, {"ada", "7b1c3a7e-1f0e-4f3c-9a39-0c6a4d1a5c11", {}},
                          1'700'000'000'000);
  Node node(subscribers);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < messages; ++i) node.publish(body);
    node.flush();
  }
  // A fan-out that leaves somebody out would be fast, too.
  const auto expected = static_cast<std::uint64_t>(state.iterations() * messages) * subscribers;
  if (node.deliveries() != expected) state.SkipWithError("not everything was delivered");
  state.SetItemsProcessed(static_cast<std::int64_t>(node.deliveries()));
}
BENCHMARK(BM_Hub_Fanout)
    ->ArgNames({"subscribers", "messages", "payload_bytes"})
    ->ArgsProduct({{100, 1000, 10000}, {1, 16, 64}, {128}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace chirm
