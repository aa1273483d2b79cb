// SPDX-License-Identifier: MIT
#include "tests/chaos/api_traffic.h"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/loop/loop.h"
#include "tests/support/http_get.h"

namespace chirm::chaos {

namespace {

using simdjson::dom::element;

constexpr int kPatienceMs = 5000;  // longer than a node holds what it cannot store
constexpr std::chrono::milliseconds kEvery{200};
constexpr std::uint64_t kRepeatOneIn = 3;
constexpr std::uint64_t kRepeatWithinMs = 20'000;

std::uint64_t time_us() { return Loop::clock_ns() / 1000; }

std::string parameters_of(const std::string& channel, const std::string& key) {
  return R"({"channel":")" + channel + R"(","idempotency_key":")" + key +
         R"(","data":{"type":"x-chaos","key":")" + key + R"("}})";
}

Violation violation(const char* kind, const std::string& key, const ApiPublication& one) {
  Violation found;
  found.kind = kind;
  found.count = 1;
  found.at_us = one.asked_us;
  found.due_us = one.due_us;
  found.acked_us = one.acked_us;
  found.epoch = one.epoch;
  found.offset = one.offset;
  found.line = key;
  return found;
}

}  // namespace

std::vector<Violation> compare_history(const ApiPublications& published,
                                       const std::string& history) {
  simdjson::dom::parser parser;
  element root;
  std::map<std::string, int, std::less<>> times;
  simdjson::dom::array publications;
  if (parser.parse(history).get(root) == simdjson::SUCCESS &&
      root.at_pointer("/result/publications").get(publications) == simdjson::SUCCESS) {
    for (const element publication : publications) {
      std::string_view key;
      if (publication.at_pointer("/data/key").get(key) == simdjson::SUCCESS) {
        ++times[std::string(key)];
      }
    }
  }
  std::vector<Violation> found;
  for (const auto& [key, one] : published) {
    const auto stored = times.find(key);
    if (stored == times.end()) {
      found.push_back(violation("api_lost", key, one));
    } else if (stored->second > 1) {
      found.push_back(violation("api_stored_twice", key, one));
    }
  }
  return found;
}

ApiTraffic::ApiTraffic(std::vector<std::uint16_t> node_ports, std::uint64_t seed)
    : node_ports_(std::move(node_ports)), random_(seed), thread_([this] { run(); }) {}

ApiTraffic::~ApiTraffic() {
  is_stopping_ = true;
  thread_.join();
}

std::string ApiTraffic::call(const std::string& method, const std::string& parameters) {
  const std::uint16_t port = node_ports_[random_.between(0, node_ports_.size() - 1)];
  return testing::http_post(port, "/api/" + method, std::string("X-API-Key: ") + kKey + "\r\n",
                            parameters, kPatienceMs)
      .body;
}

// The first one that clients of chirm-load are in.
std::string ApiTraffic::find_channel() {
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::object channels;
  const std::string answer = call("channels", R"({"pattern":"room:load-*"})");
  if (parser.parse(answer).get(root) != simdjson::SUCCESS ||
      root.at_pointer("/result/channels").get(channels) != simdjson::SUCCESS ||
      channels.size() == 0) {
    return {};
  }
  return std::string((*channels.begin()).key);
}

void ApiTraffic::run() {
  while (!is_stopping_) {
    if (channel_.empty()) {
      channel_ = find_channel();
    } else {
      publish_next();
      repeat_what_is_due();
    }
    std::this_thread::sleep_for(kEvery);
  }
  if (!published_.empty()) audit();
  has_ended_ = true;
}

void ApiTraffic::publish_next() {
  const std::string key = "key-" + std::to_string(count_++);
  while (!publish(key)) {
    if (is_stopping_) return;
  }
  if (random_.between(1, kRepeatOneIn) == 1) {
    repeats_.push_back({time_us() + 1000 * random_.between(0, kRepeatWithinMs), key});
  }
}

void ApiTraffic::repeat_what_is_due() {
  const auto due = std::partition(repeats_.begin(), repeats_.end(),
                                  [](const Repeat& one) { return one.due_us > time_us(); });
  for (auto it = due; it != repeats_.end(); ++it) {
    if (publish(it->key)) ++repeated_;
  }
  repeats_.erase(due, repeats_.end());
}

bool ApiTraffic::publish(const std::string& key) {
  const std::uint64_t asked_us = time_us();
  const std::string answer = call("publish", parameters_of(channel_, key));
  simdjson::dom::parser parser;
  element root;
  std::uint64_t offset = 0;
  std::string_view epoch;
  // Whether it was stored is not known when there is none: then it may or may not be there.
  if (parser.parse(answer).get(root) != simdjson::SUCCESS ||
      root.at_pointer("/result/offset").get(offset) != simdjson::SUCCESS ||
      root.at_pointer("/result/epoch").get(epoch) != simdjson::SUCCESS) {
    return false;
  }
  has_begun_ = true;
  const auto [place, is_first] = published_.try_emplace(key);
  ApiPublication& one = place->second;
  if (is_first) one.due_us = asked_us;
  one.asked_us = time_us();
  // One that was lost and stored anew counts from then on.
  if (one.offset != offset || one.epoch != epoch) {
    one.acked_us = one.asked_us;
    one.offset = offset;
    one.epoch = epoch;
  }
  return true;
}

std::string ApiTraffic::read_history(const std::string& channel) {
  constexpr int kTriesMax = 10;  // a node may have just lost its link
  std::string history;
  for (int i = 0; i < kTriesMax && history.find("\"publications\"") == history.npos; ++i) {
    history = call("history", R"({"channel":")" + channel + R"(","limit":-1})");
  }
  return history;
}

void ApiTraffic::audit() {
  found_ = compare_history(published_, read_history(channel_));
  other_history_ = read_history(other_channel_);
}

}  // namespace chirm::chaos
