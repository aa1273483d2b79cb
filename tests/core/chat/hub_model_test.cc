// SPDX-License-Identifier: MIT
// The hub as a whole, at random, beside a model: logs in a store that answers late, fails, forgets
// and starts over, a bus that loses, repeats and delays, and clients that come, stall and go. Each
// client sees its log's publications in order and without a hole, or is told that it does not; and
// who is subscribed is who was told so. (The hub's own check() runs at the end of each turn.)
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::ChatNode;
using testing::FakeBroker;
using testing::FakeClient;

// The text behind `key` in a line of JSON, up to the next of ",}"; "" when the key is not there.
std::string value_of(const std::string& line, const std::string& key) {
  const std::size_t at = line.find('"' + key + "\":");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size() + 3;
  return line.substr(begin, line.find_first_of(",}", begin) - begin);
}
std::uint64_t number_of(const std::string& line, const std::string& key) {
  const std::string text = value_of(line, key);
  return text.empty() ? 0 : std::stoull(text);
}

// A channel as the store has it.
struct StoredLog {
  int life = 1;
  std::vector<std::string> bodies;  // of offset 1 …
  std::uint64_t gone = 0;           // up to here retention has taken it
  std::string epoch() const { return "e" + std::to_string(life); }
};

// What a client knows of a channel, over all its connections.
struct Place {
  enum class State : std::uint8_t { kOut, kJoining, kIn, kLeaving };
  State state = State::kOut;
  std::string epoch;  // "": it has never been there
  std::uint64_t seen = 0;
};

class ModelClient {
 public:
  explicit ModelClient(ChatNode& node) : node_(node) { connect(); }

  FakeClient& fake() { return *fake_; }
  Place& place(const std::string& room) { return places_[room]; }

  void connect() {
    if (fake_) take();
    fake_.reset();
    fake_ = std::make_unique<FakeClient>(node_);
    fake_->connect("ada");
    asked_.clear();
    for (auto& [room, place] : places_) place.state = Place::State::kOut;
  }
  void join(const std::string& room, bool rejects) {
    Place& place = places_[room];
    if (place.state != Place::State::kOut) return;
    place.state = Place::State::kJoining;
    if (place.epoch.empty()) {
      fake_->subscribe(room);
    } else {
      fake_->recover(room, {place.seen, place.epoch, rejects});
    }
    asked_[fake_->last_id] = room;
  }
  void leave(const std::string& room) {
    Place& place = places_[room];
    if (place.state != Place::State::kIn) return;
    place.state = Place::State::kLeaving;
    fake_->unsubscribe(room);
    asked_[fake_->last_id] = room;
  }
  // Takes in what has come, and looks whether it may have come.
  void take() {
    testing::ServerEvents& events = fake_->events();
    (void)events.take();
    for (const std::string& message : std::exchange(events.messages, {})) {
      for (std::size_t begin = 0; begin < message.size();) {
        const std::size_t end = std::min(message.find('\n', begin), message.size());
        take_line(message.substr(begin, end - begin));
        begin = end + 1;
      }
    }
  }

 private:
  void take_line(const std::string& line) {
    if (!line.starts_with("{\"push\"")) return take_reply(line);
    const std::string name = value_of(line, "channel");
    Place& place = places_[name.substr(1, name.size() - 2)];
    if (line.find("\"unsubscribe\":") != std::string::npos) {
      // It may cross an unsubscribe that is still to be answered.
      if (place.state == Place::State::kIn) place.state = Place::State::kOut;
      return;
    }
    if (value_of(line, "data") == "\"signal\"") return;
    ASSERT_TRUE(place.state == Place::State::kIn || place.state == Place::State::kLeaving) << line;
    ASSERT_EQ(number_of(line, "offset"), place.seen + 1) << line;
    ++place.seen;
    const std::string expected = '"' + place.epoch + ':' + std::to_string(place.seen);
    ASSERT_TRUE(value_of(line, "data").starts_with(expected)) << line << " in " << place.epoch;
  }
  void take_reply(const std::string& line) {
    const auto asked = asked_.find(static_cast<std::uint32_t>(number_of(line, "id")));
    if (asked == asked_.end()) return;  // connect's
    Place& place = places_[asked->second];
    if (place.state == Place::State::kLeaving || line.find("\"error\"") != std::string::npos) {
      place.state = Place::State::kOut;
      if (number_of(line, "code") == 112) place.epoch.clear();
      return;
    }
    ASSERT_EQ(place.state, Place::State::kJoining) << line;
    const std::string quoted = value_of(line, "epoch");
    const std::string epoch = quoted.substr(1, quoted.size() - 2);
    const std::uint64_t offset = number_of(line, "offset");
    if (line.find("\"recovered\":true") != std::string::npos) {
      ASSERT_EQ(offset, place.seen) << line;
      ASSERT_EQ(epoch, place.epoch) << line;
    }
    place = {Place::State::kIn, epoch, offset};
  }

  ChatNode& node_;
  std::unique_ptr<FakeClient> fake_;
  std::map<std::string, Place> places_;
  std::map<std::uint32_t, std::string> asked_;
};

class HubModel {
 public:
  explicit HubModel(std::uint32_t seed) : random_(seed) {
    for (const char* room : {"room:a", "room:b", "room:c"}) logs_[room];
    for (int i = 0; i < 12; ++i) clients_.push_back(std::make_unique<ModelClient>(node_));
  }

  void act() {
    const auto room = std::next(logs_.begin(), static_cast<std::ptrdiff_t>(random_() % 3));
    ModelClient& client = *clients_[random_() % clients_.size()];
    switch (random_() % 16) {
      case 0:
      case 1:
      case 2:
        return client.join(room->first, random_() % 4 == 0);
      case 3:
        return client.leave(room->first);
      case 4:
        client.fake().transport.room = random_() % 2'000;  // stalls soon
        return;
      case 5:
        return client.fake().drain();
      case 6:
        if (random_() % 20 == 0) client.connect();
        return;
      case 7:
        if (random_() % 10 == 0) end_somebody(room->first);
        return;
      case 8:
        return disturb(room->first, room->second);
      case 9:
      case 10:
        return answer(random_() % 10 != 0);
      case 11:
      case 12:
        return deliver();
      default:
        publish(room->first, room->second);
    }
  }
  void end_turn() {
    (void)node_.end_turn();
    clients_[random_() % clients_.size()]->take();
  }

  // The bus is quick, the store answers, and all clients read and are in all rooms, until everybody
  // has seen everything.
  bool come_to_rest() {
    while (!bus_.empty()) deliver();
    for (const auto& [room, log] : logs_) broker_.miss(room);
    return node_.run_until([this] {
      while (!broker_.subscribes.empty() || !broker_.histories.empty()) answer(true);
      bool is_at_rest = true;
      for (auto& client : clients_) {
        client->fake().drain();
        client->take();
        for (const auto& [room, log] : logs_) {
          client->join(room, false);
          const Place& place = client->place(room);
          is_at_rest = is_at_rest && place.state == Place::State::kIn &&
                       place.epoch == log.epoch() && place.seen == log.bodies.size();
        }
      }
      return is_at_rest || ::testing::Test::HasFatalFailure();
    });
  }
  void expect_all_to_be_subscribed() {
    for (const auto& [room, log] : logs_) {
      EXPECT_EQ(node_.hub.subscribers(room).size(), clients_.size());
    }
  }
  const ChatCounters& counters() const { return node_.counters; }

 private:
  static ChatSettings settings() {
    ChatSettings settings = ChatNode::open_settings();
    settings.tail_bytes_max = 3 * 1024;
    settings.page_bytes = 1024;
    settings.recovery_limit = 300;
    return settings;
  }

  void publish(const std::string& room, StoredLog& log) {
    const std::uint64_t offset = log.bodies.size() + 1;
    const std::string padding(random_() % 100, 'x');
    log.bodies.push_back("\"data\":\"" + log.epoch() + ':' + std::to_string(offset) + ' ' +
                         padding + '"');
    const auto luck = random_() % 20;
    if (luck == 0) return;  // the bus has lost it
    bus_.push_back({room, offset, log.epoch(), log.bodies.back()});
    if (luck == 1) bus_.push_back(bus_.back());
  }
  void deliver() {
    if (bus_.empty()) return;
    const Message message = bus_.front();
    bus_.pop_front();
    broker_.listener().on_publication(message.room, message.offset, message.epoch, message.body);
  }
  void disturb(const std::string& room, StoredLog& log) {
    switch (random_() % 8) {
      case 0:
        if (random_() % 10 != 0) return;
        ++log.life;  // and nothing of it is left
        log.bodies.clear();
        log.gone = 0;
        return;
      case 1:
        log.gone = std::max<std::uint64_t>(log.gone, log.bodies.size() / 2);
        return;
      case 2: {
        if (log.bodies.empty()) return;
        const std::size_t at = random_() % log.bodies.size();
        std::string& body = log.bodies[at];
        body = "\"data\":\"" + log.epoch() + ':' + std::to_string(at + 1) + " rewritten\"";
        return broker_.listener().on_rewritten(room, at + 1, random_() % 2 == 0 ? body : "");
      }
      case 3:
        return broker_.miss(room);
      default:
        broker_.listener().on_signal(room, "\"data\":\"signal\"");
    }
  }
  void end_somebody(const std::string& room) {
    const auto subscribers = node_.hub.subscribers(room);
    if (subscribers.empty()) return;
    Subscriber& one = *subscribers[random_() % subscribers.size()];
    node_.hub.end_subscription(one, room, unsubscribes::kServer);
  }

  // What has been asked longest.
  void answer(bool is_good) {
    if (!broker_.subscribes.empty()) {
      const StoredLog& log = logs_[broker_.subscribes.front().channel];
      if (is_good) return broker_.answer_subscribe(Position{log.bodies.size(), log.epoch()});
      return broker_.answer_subscribe(Unexpected<ErrorCode>(errors::kInternal));
    }
    if (broker_.histories.empty()) return;
    if (!is_good) return broker_.fail_history();
    const auto& call = broker_.histories.front();
    const StoredLog& log = logs_[call.channel];
    History history{{log.bodies.size(), log.epoch()}, {}};
    const HistoryRequest& asked = call.request;
    std::size_t bytes = 0;
    const auto add = [&](std::uint64_t offset) {
      if (offset <= log.gone || offset > log.bodies.size()) return false;
      if (history.publications.size() >= asked.limit || bytes >= asked.bytes_max) return false;
      history.publications.push_back({offset, log.bodies[offset - 1]});
      bytes += history.publications.back().body.size();
      return true;
    };
    if (asked.reverse) {
      for (std::uint64_t offset = asked.since - 1; add(offset); --offset) {
      }
    } else {
      for (std::uint64_t offset = std::max(asked.since, log.gone) + 1; add(offset); ++offset) {
      }
    }
    broker_.answer_history(std::move(history));
  }

  struct Message {
    std::string room;
    std::uint64_t offset;
    std::string epoch;
    std::string body;
  };

  std::mt19937 random_;
  FakeBroker broker_;
  ChatNode node_{settings(), broker_};
  std::map<std::string, StoredLog> logs_;
  std::deque<Message> bus_;
  std::vector<std::unique_ptr<ModelClient>> clients_;
};

class HubAtRandom : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(HubAtRandom, ShowsEachClientItsLogWithoutAHoleAndBringsAllToTheTop) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  HubModel model(GetParam());
  for (int step = 0; step < 6'000; ++step) {
    model.act();
    if (step % 3 == 0) model.end_turn();
    if (HasFatalFailure()) return;
  }
  EXPECT_TRUE(model.come_to_rest());
  if (HasFatalFailure()) return;
  model.expect_all_to_be_subscribed();
  // The walk was a rough one.
  const ChatCounters& counters = model.counters();
  EXPECT_GT(counters.recovered, 10U);
  EXPECT_GT(counters.unrecovered, 0U);
  EXPECT_GT(counters.epoch_changes, 0U);
  EXPECT_GT(counters.holes_healed, 10U);
  EXPECT_GT(counters.duplicates_dropped, 10U);
  EXPECT_GT(counters.fell_off_tail, 0U);
  EXPECT_GT(counters.catch_up_pages, 10U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HubAtRandom, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace chirm
