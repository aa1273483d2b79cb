// SPDX-License-Identifier: MIT
#pragma once
// A node in a broker test: a broker, and a listener that writes down what it is told.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/broker/broker.h"
#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"

namespace chirm::testing {

struct Received {
  std::string channel;
  std::uint64_t offset;
  std::string epoch;
  std::string body;
};

class BrokerNode final : public BrokerListener {
 public:
  template <class T>
  using Result = std::optional<Expected<T, ErrorCode>>;

  // The loop must outlive the node, and the node every callback.
  BrokerNode(Loop& loop, std::unique_ptr<Broker> its_broker)
      : broker(std::move(its_broker)), loop_(loop), flush_hook_(loop.add_turn_end_hook([this] {
          broker->flush();
          return Loop::TurnEnd::kDone;
        })) {
    broker->set_listener(*this);
  }
  BrokerNode(const BrokerNode&) = delete;
  BrokerNode& operator=(const BrokerNode&) = delete;

  bool run_until(const std::function<bool()>& is_done, std::uint64_t deadline_ms = kDeadlineMs) {
    return testing::run_until(loop_, is_done, deadline_ms);
  }
  bool run_until_ready() {
    return run_until([this] { return broker->health() == Health::kReady; });
  }

  // These run the loop until the answer is there; nullopt after the deadline.
  Result<Position> publish(const PublishRequest& request) {
    return wait<Position>([&](auto done) { broker->publish(request, std::move(done)); });
  }
  Result<Position> publish(const std::string& channel, const std::string& body) {
    return publish({.channel = channel, .body = body, .user = {}, .message_id = {}});
  }
  // Publishes "x" one after the other, until an answer is so; false after the deadline.
  bool publish_until(const std::string& channel,
                     const std::function<bool(const Expected<Position, ErrorCode>&)>& is_so) {
    Result<Position> last;
    bool is_waiting = false;
    return run_until([&] {
      if (last && is_so(*last)) return true;
      if (!std::exchange(is_waiting, true)) {
        broker->publish({.channel = channel, .body = "x", .user = {}, .message_id = {}},
                        [&](const auto& answer) {
                          last = answer;
                          is_waiting = false;
                        });
      }
      return false;
    });
  }
  Result<SearchResult> search(const SearchRequest& request) {
    return wait<SearchResult>([&](auto done) { broker->search(request, std::move(done)); });
  }
  Result<Rewritten> rewrite(const RewriteRequest& request) {
    return wait<Rewritten>([&](auto done) { broker->rewrite(request, std::move(done)); });
  }
  Result<LogTop> subscribe(const std::string& channel) {
    return wait<LogTop>([&](auto done) { broker->subscribe(channel, std::move(done)); });
  }
  // Subscribes, and keeps what comes as a hub does.
  Result<LogTop> follow(const std::string& channel) {
    const auto top = subscribe(channel);
    if (top && *top) logs[channel].top = **top;
    return top;
  }
  // Reads what is missing at the end of a channel that it follows; another epoch begins anew.
  void catch_up(const std::string& channel) {
    Log& log = logs[channel];
    const auto history = this->history({channel, log.top.offset, 100'000, false});
    if (!history || !*history) return;
    if ((*history)->top.epoch != log.top.epoch) log = {(*history)->top, {}};
    for (const Publication& one : (*history)->publications) append(log, one.offset, one.body);
  }
  Result<History> history(const HistoryRequest& request) {
    return wait<History>([&](auto done) { broker->history(request, std::move(done)); });
  }

  // Offsets and bodies of what arrived in a channel: "1:a 2:b".
  std::string received_in(const std::string& channel) const {
    std::string text;
    for (const Received& one : received) {
      if (one.channel != channel) continue;
      text += (text.empty() ? "" : " ") + std::to_string(one.offset) + ":" + one.body;
    }
    return text;
  }

  void on_publication(std::string_view channel, std::uint64_t offset, std::string_view epoch,
                      std::string_view body) override {
    received.push_back({std::string(channel), offset, std::string(epoch), std::string(body)});
    const auto found = logs.find(channel);
    if (found != logs.end() && found->second.top.epoch == epoch) {
      append(found->second, offset, body);
    }
    if (on_received) on_received();
  }
  void on_signal(std::string_view channel, std::string_view body) override {
    signals.push_back(std::string(channel) + " " + std::string(body));
  }
  void on_rewritten(std::string_view channel, std::uint64_t offset,
                    std::string_view body) override {
    rewritten.push_back(std::string(channel) + " " + std::to_string(offset));
    const auto found = logs.find(channel);
    if (found == logs.end()) return;
    if (!body.empty()) {
      for (Publication& one : found->second.tail) {
        if (one.offset == offset) one.body = body;
      }
      return;
    }
    std::erase_if(found->second.tail, [&](const auto& one) { return one.offset <= offset; });
  }
  void on_maybe_missed(std::string_view channel) override { maybe_missed.emplace_back(channel); }
  Position known_position(std::string_view channel) override {
    const auto found = logs.find(channel);
    return found == logs.end() ? known : found->second.top;
  }
  std::vector<Publication> tail(std::string_view channel, std::uint64_t since,
                                std::size_t bytes_max) override {
    std::vector<Publication> found;
    const auto log = logs.find(channel);
    if (log == logs.end()) return found;
    std::size_t bytes = 0;
    for (const Publication& one : log->second.tail) {
      if (one.offset <= since) continue;
      bytes += one.body.size();
      if (bytes > bytes_max && !found.empty()) break;
      found.push_back(one);
    }
    return found;
  }

  // A followed channel as this node holds it.
  struct Log {
    Position top;
    std::vector<Publication> tail;
  };

  const std::unique_ptr<Broker> broker;
  std::vector<Received> received;
  std::function<void()> on_received;
  std::vector<std::string> maybe_missed;
  std::vector<std::string> signals;
  std::vector<std::string> rewritten;  // channel and offset
  Position known;                      // in every channel that it does not follow()
  std::map<std::string, Log, std::less<>> logs;

 private:
  static void append(Log& log, std::uint64_t offset, std::string_view body) {
    if (offset != log.top.offset + 1) return;
    log.top.offset = offset;
    log.tail.push_back({offset, std::string(body)});
  }

  template <class T, class Start>
  Result<T> wait(Start start) {
    const auto result = std::make_shared<Result<T>>();
    start([result](Expected<T, ErrorCode> answer) { *result = std::move(answer); });
    (void)run_until([&] { return result->has_value(); });  // the caller sees a missing answer
    return *result;
  }

  Loop& loop_;
  const Loop::TurnEndHook flush_hook_;
};

}  // namespace chirm::testing
