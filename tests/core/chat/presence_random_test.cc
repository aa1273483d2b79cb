// SPDX-License-Identifier: MIT
// Sets of several nodes, and the users that are online, beside a model of what everybody should
// know: whatever is done to them in whatever order, when all has been said the nodes agree.
#include <gtest/gtest.h>

#include <set>

#include "core/base/random.h"
#include "core/broker/memory/memory_documents.h"
#include "core/chat/presence/online_users.h"
#include "core/chat/presence/presence_sets.h"
#include "tests/core/chat/presence_nodes.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::FakeBroker;
using testing::PresenceNode;
using testing::PresenceNodes;

constexpr std::size_t kRandomNodes = 3;
constexpr std::size_t kRandomListMax = 5;

// Who is in a set as the events that a node was told say, from what it knew when it began to hold.
class PresenceReplay {
 public:
  void begin(const PresenceNode& node, const std::string& set) {
    present_.clear();
    node.sets.each_other(set, [&](auto key, auto) { present_.emplace(key); });
    for (const auto& [key, value] : node.own.at(set)) present_.insert(key);
  }
  void hear(const std::vector<std::string>& told, const std::string& set) {
    for (const std::string& line : told) {
      if (line.substr(1, set.size() + 1) != set + ":") continue;
      const std::string key = line.substr(set.size() + 2);
      const bool is_news = line[0] == '+' ? present_.insert(key).second : present_.erase(key) == 1;
      EXPECT_TRUE(is_news) << line;
    }
  }
  const std::set<std::string>& present() const { return present_; }

 private:
  std::set<std::string> present_;
};

class PresenceRandom : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  std::size_t any(std::size_t count) { return random_.between(0, count - 1); }
  bool chance(std::uint64_t percent) { return random_.between(1, 100) <= percent; }

  Random random_{GetParam()};
};

// Like PresenceRandom, with nodes that come and go, lose messages, hold sets and let go of them.
class RandomSets : public PresenceRandom {
 protected:
  RandomSets() {
    for (std::size_t node = 0; node < kRandomNodes; ++node) {
      for (const std::string& set : kSets) nodes_[node].own[set];
    }
  }

  void come_or_go() {
    PresenceNode& node = nodes_[any(kRandomNodes)];
    const std::string& set = kSets[any(kSets.size())];
    const std::string key = node.bus.id + "-" + std::to_string(any(8));
    if (!node.own[set].contains(key)) return node.come(set, key, std::to_string(any(3)));
    if (chance(70)) return node.go(set, key);
    node.own[set][key] = "other";
    node.sets.replace(set, key, "other");
  }
  void hold_or_release() {
    const std::size_t node = any(kRandomNodes);
    const std::size_t set = any(kSets.size());
    std::uint32_t& holds = holds_[node][set];
    if (holds > 0 && chance(50)) {
      --holds;
      nodes_[node].sets.release(kSets[set]);
    } else {
      ++holds;
      nodes_[node].sets.hold(kSets[set]);
    }
    EXPECT_EQ(nodes_[node].sets.holds(kSets[set]), holds);
  }
  void ask() {
    ++asked_;
    nodes_[any(kRandomNodes)].sets.ask(kSets[any(kSets.size())], [this](bool) { ++answered_; });
  }
  void lose_or_find_a_node() {
    if (lost_ == kRandomNodes) {
      lost_ = any(kRandomNodes);
      nodes_.lose(lost_);
      for (std::size_t other = 0; other < kRandomNodes; ++other) {
        if (other != lost_) nodes_.listener(lost_).on_node_gone(nodes_[other].bus.id);
      }
      return;
    }
    nodes_.hear_again();
    for (std::size_t other = 0; other < kRandomNodes; ++other) {
      if (other != lost_) nodes_.meet(lost_, other);
    }
    lost_ = kRandomNodes;
  }
  // What has been said and not heard yet is lost, and the bus notices.
  void lose_messages() {
    for (std::size_t node = 0; node < kRandomNodes; ++node) nodes_[node].bus.sent.clear();
    for (std::size_t node = 0; node < kRandomNodes; ++node) {
      nodes_.listener(node).on_node_messages_maybe_missed();
    }
  }
  void do_something() {
    const std::size_t what = any(100);
    if (what < 70) return come_or_go();
    if (what < 80) return hold_or_release();
    if (what < 86) return ask();
    if (what < 96) return (void)nodes_.deliver();
    if (what < 98) return lose_or_find_a_node();
    lose_messages();
  }
  void check() {
    for (std::size_t node = 0; node < kRandomNodes; ++node) nodes_[node].sets.check();
  }

  // What `node` should know of the others' parts of the set.
  std::string expected(std::size_t node, const std::string& set) {
    std::map<std::string, std::string> listed;
    std::uint64_t counted = 0;
    std::uint64_t users = 0;
    for (std::size_t other = 0; other < kRandomNodes; ++other) {
      if (other == node || other == lost_ || node == lost_) continue;
      const auto& own = nodes_[other].own[set];
      if (own.size() <= kRandomListMax) {
        listed.insert(own.begin(), own.end());
      } else {
        counted += own.size();
        ++users;
      }
    }
    std::string text;
    for (const auto& [key, value] : listed) text += key + "=" + value + " ";
    if (counted == 0) return text;
    return text + "+" + std::to_string(counted) + "/" + std::to_string(users);
  }
  // Counts rest for a second before a list follows them, so this may take as long.
  void expect_agreement() {
    for (std::size_t node = 0; node < kRandomNodes; ++node) {
      for (std::size_t set = 0; set < kSets.size(); ++set) {
        if (holds_[node][set] == 0) continue;
        const auto others = [&] { return nodes_[node].others(kSets[set]); };
        EXPECT_TRUE(nodes_.pass_until_true([&] { return others() == expected(node, kSets[set]); }))
            << "node " << node << " knows of " << kSets[set] << ": " << others()
            << "\n  and should know: " << expected(node, kSets[set]);
      }
    }
    EXPECT_TRUE(nodes_.pass_until_true([&] { return answered_ == asked_; }))
        << answered_ << " of " << asked_ << " questions were answered";
  }

  const std::vector<std::string> kSets{"room:a", "room:b"};
  PresenceNodes nodes_{kRandomNodes, kRandomListMax};
  std::map<std::size_t, std::map<std::size_t, std::uint32_t>> holds_;
  std::size_t lost_ = kRandomNodes;  // kRandomNodes: none
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
};

TEST_P(RandomSets, AgreeWhenAllHasBeenSaid) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int round = 0; round < 6 && !HasFailure(); ++round) {
    for (int i = 0; i < 60; ++i) {
      do_something();
      check();
    }
    expect_agreement();
    check();
  }
}

// Small parts only, so that everything is told of one by one.
TEST_P(RandomSets, TellComingsAndGoingsThatAddUpToWhoIsThere) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const std::string& set = kSets[0];
  nodes_[0].sets.hold(set);
  nodes_.settle();
  PresenceReplay listener;
  listener.begin(nodes_[0], set);
  for (int i = 0; i < 200; ++i) {
    const std::size_t node = any(kRandomNodes);
    const std::string key = std::to_string(node) + "-" + std::to_string(any(kRandomListMax));
    if (nodes_[node].own[set].contains(key)) {
      nodes_[node].go(set, key);
    } else {
      nodes_[node].come(set, key);
    }
    if (chance(30)) (void)nodes_.deliver();
    if (chance(5)) nodes_.settle();
    if (chance(2)) lose_messages();
    if (chance(2)) lose_or_find_a_node();
    check();
  }
  if (lost_ != kRandomNodes) lose_or_find_a_node();
  nodes_.settle();
  listener.hear(nodes_[0].told, set);
  std::set<std::string> there;
  for (std::size_t node = 0; node < kRandomNodes; ++node) {
    for (const auto& [key, value] : nodes_[node].own[set]) there.insert(key);
  }
  EXPECT_EQ(listener.present(), there);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSets, ::testing::Range<std::uint64_t>(1, 6),
                         ::testing::PrintToStringParamName());

// The users of a node, as it says itself and as another node hears it.
class RandomUsers : public PresenceRandom {
 protected:
  struct Connections {
    std::size_t here = 0;  // and looking
    std::size_t away = 0;
  };

  RandomUsers() {
    broker_.document_store = &documents_;
    broker_.node_bus.id = "n0";
    own_.start();
    other_.sets.hold(OnlineUsers::kSet);
    listener(broker_.node_bus).on_node_joined("n1");
    listener(other_.bus).on_node_joined("n0");
  }
  static NodeListener& listener(testing::FakeNodeBus& bus) { return *bus.listeners.at("presence"); }

  void do_something() {
    const std::string user = any(10) == 0 ? "~guest" : "user" + std::to_string(any(6));
    Connections& now = model_[user];
    const std::size_t what = any(5);
    if (what < 2 || now.here + now.away == 0) {
      ++now.here;
      own_.came(user);
    } else if (now.away == 0 || (now.here > 0 && chance(50))) {
      --now.here;
      now.away += what == 2 ? 1 : 0;
      what == 2 ? own_.changed(user, true) : own_.went(user, false);
    } else {
      --now.away;
      now.here += what == 2 ? 1 : 0;
      what == 2 ? own_.changed(user, false) : own_.went(user, true);
    }
    own_.came("");  // nobody, as often as one likes
  }
  UserStatus expected(const std::string& user) const {
    const Connections& now = model_.at(user);
    if (now.here > 0) return UserStatus::kOnline;
    return now.away > 0 ? UserStatus::kAway : UserStatus::kOffline;
  }
  void deliver() {
    for (const auto& sent : std::exchange(broker_.node_bus.sent, {})) {
      listener(other_.bus).on_node_message("n0", sent.message);
    }
    for (const auto& sent : std::exchange(other_.bus.sent, {})) {
      listener(broker_.node_bus).on_node_message("n1", sent.message);
    }
  }
  std::string heard() const { return other_.others(std::string(OnlineUsers::kSet)); }
  std::string to_hear() const {
    std::string text;
    for (const auto& [user, now] : model_) {
      const UserStatus status = expected(user);
      if (status == UserStatus::kOffline) continue;
      text += user + (status == UserStatus::kOnline ? "=1 " : "=0 ");
    }
    return text;
  }

  struct Owner final : PresenceOwner {
    std::size_t own_clients(std::string_view) const override { return users->count(); }
    PresenceCounts own_counts(std::string_view) const override { return {}; }
    void each_own(std::string_view, const PresenceItem& item) const override { users->each(item); }
    void on_came(std::string_view, std::string_view, std::string_view) override {}
    void on_went(std::string_view, std::string_view key, std::string_view) override {
      users->on_went(key);
    }
    OnlineUsers* users = nullptr;
  };

  const PresenceTimes times_{.period_ms = 1, .patience_ms = 300, .linger_ms = 300, .seen_ms = 5};
  Loop loop_;
  FakeBroker broker_;
  MemoryDocuments documents_{loop_};
  Owner owner_;
  PresenceSets sets_{loop_, broker_.node_bus, owner_, kRandomListMax, times_};
  OnlineUsers own_{loop_, broker_, sets_, times_};
  PresenceNode other_{loop_, "n1", kRandomListMax, times_};
  std::map<std::string, Connections> model_;
};

TEST_P(RandomUsers, AreWhatTheirConnectionsSay) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  owner_.users = &own_;
  for (int round = 0; round < 8 && !HasFailure(); ++round) {
    for (int i = 0; i < 50; ++i) {
      do_something();
      if (chance(10)) deliver();
      own_.check();
      sets_.check();
    }
    std::size_t online = 0;
    for (const auto& [user, now] : model_) {
      EXPECT_EQ(own_.status(user), expected(user)) << user;
      online += expected(user) == UserStatus::kOffline ? 0 : 1;
    }
    EXPECT_EQ(own_.count(), online);
    EXPECT_TRUE(testing::run_until(loop_,
                                   [&] {
                                     deliver();
                                     return heard() == to_hear();
                                   }))
        << "the other node heard of: " << heard() << "\n  and should have: " << to_hear();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomUsers, ::testing::Range<std::uint64_t>(1, 6),
                         ::testing::PrintToStringParamName());

// What is written is read again, record by record and wherever messages are cut.
class RandomRecords : public PresenceRandom {};

class RecordTranscript final : public PresenceRecordReader {
 public:
  std::string text;

 private:
  void on_hello(bool wants_answer) override { text += wants_answer ? "hello?\n" : "hello\n"; }
  void on_watch(std::string_view set) override { add("watch", set, "", ""); }
  void on_unwatch(std::string_view set) override { add("unwatch", set, "", ""); }
  void on_change(std::string_view set, std::string_view key,
                 const std::string_view* value) override {
    add(value == nullptr ? "went" : "came", set, key, value == nullptr ? "" : *value);
  }
  void on_counts(std::string_view set, const PresenceCounts& counts) override {
    add("counts", set, std::to_string(counts.clients), std::to_string(counts.users));
  }
  void on_list(const PresenceList& list) override {
    EXPECT_EQ(list.piece, pieces_);
    read_presence_items(list.items,
                        [&](auto key, auto value) { add("item", list.set, key, value); });
    pieces_ = list.is_last ? 0 : pieces_ + 1;
    if (list.is_last) add("end", list.set, "", "");
  }
  void add(const char* what, std::string_view set, std::string_view key, std::string_view value) {
    text += what;
    for (const std::string_view part : {set, key, value}) text.append(" ").append(part);
    text += '\n';
  }

  std::uint32_t pieces_ = 0;  // of the list being read
};

TEST_P(RandomRecords, AreReadAsTheyWereWritten) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  RecordTranscript read;
  PresenceWriter writer([&](std::string_view message) { read.read(message); });
  std::string written;
  const auto note = [&](const std::string& line) { written += line + "\n"; };
  for (int i = 0; i < 300; ++i) {
    const std::string set = "room:" + random_.name(any(20));
    const std::string key = random_.name(any(40));
    const std::string value = random_.name(any(3) == 0 ? any(20'000) : any(20));
    switch (any(7)) {
      case 0:
        writer.hello(true), note("hello?");
        break;
      case 1:
        writer.watch(set), note("watch " + set + "  ");
        break;
      case 2:
        writer.unwatch(set), note("unwatch " + set + "  ");
        break;
      case 3:
        writer.came(set, key, value), note("came " + set + " " + key + " " + value);
        break;
      case 4:
        writer.went(set, key), note("went " + set + " " + key + " ");
        break;
      case 5:
        writer.counts(set, {7, 3}), note("counts " + set + " 7 3");
        break;
      default:
        writer.begin_list(set);
        for (std::size_t item = any(20); item > 0; --item) {
          const std::string name = key + std::to_string(item);
          writer.item(name, value), note("item " + set + " " + name + " " + value);
        }
        writer.end_list(), note("end " + set + "  ");
    }
  }
  writer.finish();
  EXPECT_TRUE(read.text == written) << "they differ";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRecords, ::testing::Range<std::uint64_t>(1, 4),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace chirm
