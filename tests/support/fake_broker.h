// SPDX-License-Identifier: MIT
#pragma once
// A broker that does nothing by itself: it keeps what it was asked, and a test answers when and
// what it likes, and says what arrives from the bus.

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/broker/broker.h"
#include "tests/support/fake_node_bus.h"

namespace chirm::testing {

class FakeBroker final : public Broker {
 public:
  template <class T>
  struct Call {
    std::string channel;
    Callback<T> done;
  };
  struct HistoryCall {
    std::string channel;
    HistoryRequest request;  // without its channel
    Callback<History> done;
  };

  void set_listener(BrokerListener& listener) override { listener_ = &listener; }
  void publish(const PublishRequest& request, Callback<Position> done) override {
    publishes.push_back({std::string(request.channel), std::move(done)});
  }
  void signal(std::string_view channel, std::string_view body) override {
    signals.emplace_back(channel, body);
  }
  void rewrite(const RewriteRequest& request, Callback<Rewritten> done) override {
    rewrites.push_back({std::string(request.channel), std::move(done)});
  }
  void refuse_waiting() override { ++refusals; }
  void subscribe(std::string_view channel, Callback<LogTop> done) override {
    subscribes.push_back({std::string(channel), std::move(done)});
  }
  void unsubscribe(std::string_view channel) override { unsubscribes.emplace_back(channel); }
  void history(const HistoryRequest& request, Callback<History> done) override {
    histories.push_back({std::string(request.channel), request, std::move(done)});
    histories.back().request.channel = {};
  }
  void search(const SearchRequest& request, Callback<SearchResult> done) override {
    searches.push_back({std::string(request.channel), std::move(done)});
  }
  DocumentStore& documents() override {
    CHIRM_CHECK(document_store != nullptr);
    return *document_store;
  }
  NodeBus& nodes() override { return node_bus; }
  void flush() override {}
  Health health() const override { return store.health; }
  std::vector<StoreHealth> stores() const override { return {store}; }
  const BrokerCounters& counters() const override { return counters_; }

  // Answers the oldest open call of its kind.
  void answer_publish(Expected<Position, ErrorCode> answer) { next(publishes).done(answer); }
  void answer_subscribe(Expected<LogTop, ErrorCode> answer) { next(subscribes).done(answer); }
  void answer_history(Expected<History, ErrorCode> answer) { next(histories).done(answer); }
  void fail_history() { answer_history(Unexpected<ErrorCode>(errors::kInternal)); }
  // … with publications whose data are their offsets.
  void answer_history(LogTop top, const std::vector<std::uint64_t>& offsets) {
    History history{std::move(top), {}};
    for (const std::uint64_t offset : offsets) {
      history.publications.push_back({offset, body_of(offset)});
    }
    answer_history(std::move(history));
  }

  // What arrives from the bus.
  void deliver(std::string_view channel, std::uint64_t offset, std::string_view epoch) {
    listener_->on_publication(channel, offset, epoch, body_of(offset));
  }
  void miss(std::string_view channel) { listener_->on_maybe_missed(channel); }
  BrokerListener& listener() { return *listener_; }

  static std::string body_of(std::uint64_t offset) { return "\"data\":" + std::to_string(offset); }

  int refusals = 0;
  std::deque<Call<Position>> publishes;
  std::deque<Call<Rewritten>> rewrites;
  std::deque<Call<SearchResult>> searches;
  std::vector<std::pair<std::string, std::string>> signals;
  std::deque<Call<LogTop>> subscribes;
  std::deque<HistoryCall> histories;
  std::vector<std::string> unsubscribes;
  DocumentStore* document_store = nullptr;
  FakeNodeBus node_bus;
  StoreHealth store{.name = "fake", .health = Health::kReady};

 private:
  template <class T>
  static T next(std::deque<T>& calls) {
    CHIRM_CHECK(!calls.empty());
    T call = std::move(calls.front());
    calls.pop_front();
    return call;
  }

  BrokerListener* listener_ = nullptr;
  BrokerCounters counters_;
};

}  // namespace chirm::testing
