// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/life_mirror.h"

#include <string>

#include "tests/core/broker/redis/model/log_mirror.h"

namespace chirm::model {

namespace {

// Answers of the scripts, when they are no offset.
constexpr std::int64_t kUnfit = -1;
constexpr std::int64_t kGone = -2;
constexpr std::int64_t kDiverged = -3;
constexpr std::int64_t kUncovered = -4;

// RedisTails::stop
void stop_tails(Node& node) {
  node.has_gap = node.has_unfit = node.is_last = false;
  node.gap_since = 0;
}

// RedisTails::start_over
void start_epoch_over(Node& node, const std::string& new_epoch) {
  note(node, {0, new_epoch});
  maybe_missed(node);
}

// RedisTails::pump, when the last answer has come
void on_tails_done(Node& node) {
  if (!node.has_gap) node.phase = Phase::kSettling;
}

// RedisLife::open
void open(Turn& turn, Node& node) {
  node.life_id = node.arrival_id;
  node.open_number = node.number;
  node.open_first_true = node.first_true;
  node.phase = Phase::kOpen;
  node.is_lease_due = true;
  turn.tell("goes on in life " + std::to_string(node.number));
}

}  // namespace

void reconnect(Node& node) {
  node.phase = Phase::kAway;
  node.can_retry = node.is_return = node.is_lease_due = false;
  node.arrival_id.clear();
  stop_tails(node);
}

void lose_links(Node& node) {
  reconnect(node);
  node.is_subscribed = false;
}

// ---- Arriving

void arrive(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  if (!node.is_subscribed) {
    node.is_subscribed = true;
    node.inbox.clear();
    if (node.is_following) maybe_missed(node);
  }
  const Answer& answer = turn.ask(turn.protocol.arrive(turn.world, node));
  if (!turn.is_heard) return lose_links(node);
  if (answer.size() < 4) return reconnect(node);
  node.number = static_cast<std::uint64_t>(answer[0].integer);
  node.first_true = static_cast<std::uint64_t>(answer[1].integer);
  node.arrival_id = answer[3].text;
  node.is_return =
      !node.life_id.empty() && (node.life_id != node.arrival_id || node.open_number != node.number);
  node.can_retry = false;
  const bool is_settled = answer[2].integer == 0;
  turn.tell("comes to life " + std::to_string(node.number) +
            (is_settled ? ", which is settled" : ""));
  if (node.is_return) {
    stop_tails(node);
    node.phase = Phase::kArrived;
  } else if (is_settled) {
    open(turn, node);
  } else {
    node.phase = Phase::kSettling;
  }
}

void settle(Turn& turn, std::size_t index, Wait wait, bool is_in_vain) {
  Node& node = turn.node(index);
  const Answer& answer = turn.ask(turn.protocol.settle(turn.world, node, wait, is_in_vain));
  if (!turn.is_heard) return lose_links(node);
  if (answer.is_error) {
    turn.tell("is told: " + answer.text);
    return reconnect(node);
  }
  if (answer.size() != 4) {
    node.can_retry = node.has_unfit && answer[0].integer == 0;
    turn.tell("has to wait");
    const bool is_over = turn.protocol.gives_up(answer[1].integer, is_in_vain);
    if (node.can_retry && is_over) retry_tails(turn, index, true);
    return;
  }
  turn.tell("life " + std::to_string(answer[0].integer) + " is settled in state " +
            std::to_string(answer[2].integer));
  if (node.has_unfit && !turn.protocol.is_strict()) return retry_tails(turn, index, true);
  node.number = static_cast<std::uint64_t>(answer[0].integer);
  node.first_true = static_cast<std::uint64_t>(answer[1].integer);
  if (node.has_unfit) return retry_tails(turn, index, true);
  open(turn, node);
}

// ---- Tails

void compare(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  const Position known = known_position(node);
  if (known.epoch.empty()) return on_tails_done(node);
  const Body newest = known.offset > 0 ? node.tail.at(known.offset) : Body{0};
  const std::uint64_t first = node.tail.bodies.empty() ? known.offset + 1 : node.tail.first();
  const std::string new_epoch = turn.new_epoch();
  Call call{turn.protocol.scripts().compare, 2, {kHashKey, kStreamKey}, turn.world.time_s};
  call.words.push_back(std::to_string(node.number));
  call.words.push_back(std::to_string(node.first_true));
  for (const std::string& word : turn.protocol.known(known, first, newest, new_epoch)) {
    call.words.push_back(word);
  }
  const Answer& answer = turn.ask(call);
  if (!turn.is_heard) return lose_links(node);
  if (answer.size() != 1) return reconnect(node);
  const std::int64_t verdict = answer[0].integer;
  turn.tell("knows " + text_of(known));
  if (verdict == kDiverged) {
    turn.tell("finds another message there: new epoch " + new_epoch);
    start_epoch_over(node, new_epoch);
  } else if (verdict == kGone) {
    turn.tell("finds no channel");
    node.has_unfit = true;
    node.gap_since = 0;
  } else if (verdict >= 0) {
    turn.tell("finds what there is up to " + std::to_string(verdict));
    node.has_gap = true;
    node.gap_since = static_cast<std::uint64_t>(verdict);
  } else {
    turn.tell("has nothing to put back");
  }
  node.phase = node.has_gap ? Phase::kPuttingBack : Phase::kSettling;
}

namespace {

// RedisTails::on_put_back, with what went wrong.
void on_unfit(Turn& turn, Node& node, std::int64_t verdict, const std::string& new_epoch) {
  if (verdict == kDiverged || verdict == kUncovered) {
    turn.tell("it is another one's channel: new epoch " + new_epoch);
    start_epoch_over(node, new_epoch);
  } else if (verdict == kUnfit && node.is_last) {
    turn.tell("it does not fit, and is given up");
    maybe_missed(node);
  } else if (verdict == kUnfit) {
    turn.tell("it does not fit yet");
    node.has_unfit = true;
  }
}

}  // namespace

void put_back(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  const Position known = known_position(node);
  const std::uint64_t from = node.gap_since == 0 ? 0 : node.gap_since - 1;
  const std::uint64_t first = std::max(from + 1, node.tail.first());
  const std::string new_epoch = turn.new_epoch();
  std::vector<std::string> publications;
  std::string list;
  for (std::uint64_t offset = first; offset <= node.tail.top.offset; ++offset) {
    for (std::string& word : turn.protocol.put_back(node.tail.at(offset))) {
      publications.push_back(std::move(word));
    }
    list += " " + publications.back();
  }
  const std::uint64_t at = publications.empty() ? known.offset + 1 : first;
  Call call{turn.protocol.scripts().put_back, 2, {kHashKey, kStreamKey}, turn.world.time_s};
  for (const std::string& word :
       {std::to_string(node.number), std::to_string(node.first_true), known.epoch, new_epoch,
        std::string(kNow), std::string("0"), std::string(kEmptyTtl), std::string("1000"),
        std::string("0"), std::to_string(at)}) {
    call.words.push_back(word);
  }
  for (const std::string& word : turn.protocol.last_try(node, known)) call.words.push_back(word);
  call.words.insert(call.words.end(), publications.begin(), publications.end());
  const Answer& answer = turn.ask(call);
  if (!turn.is_heard) return lose_links(node);
  turn.tell("puts back from " + known.epoch + ":" + std::to_string(at) +
            (list.empty() ? " nothing" : list));
  node.has_gap = false;
  if (answer.size() != 2) {
    on_unfit(turn, node, answer.integer, new_epoch);
    return on_tails_done(node);
  }
  const auto top = static_cast<std::uint64_t>(answer[0].integer);
  if (top < known.offset && top > node.gap_since) {
    node.gap_since = top;
    node.has_gap = true;
  } else if (top < known.offset && !node.is_last && turn.protocol.is_strict()) {
    node.gap_since = top;
    node.has_unfit = true;
  } else if (!known.epoch.empty()) {
    note(node, known);
  }
  on_tails_done(node);
}

void retry_tails(Turn& turn, std::size_t index, bool is_last) {
  Node& node = turn.node(index);
  node.can_retry = false;
  node.has_gap = node.has_unfit;
  node.has_unfit = false;
  node.is_last = is_last;
  node.phase = Phase::kPuttingBack;
  turn.tell(is_last ? "is to try for the last time" : "is to try again");
}

// ---- The lease

void renew_lease(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  ++turn.world.time_s;
  node.is_lease_due = false;
  const Answer& answer = turn.ask(turn.protocol.lease(turn.world, node));
  if (!turn.is_heard) return lose_links(node);
  if (answer.is_error) {
    turn.tell("is told: " + answer.text);
    return reconnect(node);
  }
  node.lease = static_cast<std::uint64_t>(answer[0].integer);
  node.nodes.clear();
  for (std::size_t i = turn.protocol.lease_words(); i < answer.size(); ++i) {
    node.nodes.push_back(answer[i].text);
  }
  turn.tell("has lease " + std::to_string(node.lease));
}

}  // namespace chirm::model
