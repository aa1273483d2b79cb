// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/log_mirror.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "tests/core/broker/redis/model/life_mirror.h"
#include "tests/core/broker/redis/model/promises.h"

namespace chirm::model {

namespace {

// RedisRead's answer.
struct History {
  LogTop top;
  std::vector<Message> publications;
};

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// `<epoch>:<offset> …`
std::vector<Ancestor> ancestors_in(std::string_view text) {
  std::vector<Ancestor> ancestors;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t colon = one.find(':');
    if (colon == one.npos || colon + 1 == one.size()) continue;
    ancestors.push_back({std::string(one.substr(0, colon)), number_in(one.substr(colon + 1))});
  }
  return ancestors;
}

// add_known_position()
void add_known(const Turn& turn, const Node& node, Call& call) {
  const Position known = known_position(node);
  call.words.push_back(known.epoch);
  call.words.push_back(std::to_string(known.offset));
  call.words.push_back(turn.new_epoch());
  call.words.emplace_back(kNow);
  call.words.push_back(std::to_string(node.first_true));
  if (turn.protocol.tells_life()) call.words.push_back(std::to_string(node.open_number));
}

// RedisCommands makes another connection: a life has begun of which the node has not heard.
bool is_of_another_life(const Answer& answer) {
  return answer.is_error && answer.text.starts_with("ERR another life");
}

// RedisRead::write, on_reply. Nothing: the answer was lost.
std::optional<History> read(Turn& turn, Node& node, const char* range, std::string from,
                            std::string to, const char* limit) {
  Call call{turn.protocol.scripts().read, 2, {kHashKey, kStreamKey}, turn.world.time_s};
  add_known(turn, node, call);
  for (const std::string& word : {std::string(kEmptyTtl), std::string(range), std::move(from),
                                  std::move(to), std::string(limit), std::string("1000000")}) {
    call.words.push_back(word);
  }
  const Answer& answer = turn.ask(call);
  if (!turn.is_heard || is_of_another_life(answer)) {
    lose_links(node);
    return std::nullopt;
  }
  History history;
  history.top = {{static_cast<std::uint64_t>(answer[0].integer), answer[1].text},
                 ancestors_in(answer[4].text)};
  for (const Answer& entry : answer[2].elements) {
    history.publications.push_back(
        {history.top.epoch, number_in(entry[0].text), body_of(entry[1][1].text)});
  }
  return history;
}

// TailMemory::append; who is there gets it.
void append(Turn& turn, std::size_t index, Body body) {
  Node& node = turn.node(index);
  node.tail.bodies.push_back(body);
  ++node.tail.top.offset;
  for (std::size_t i = 0; i < kClients; ++i) {
    if (turn.world.clients[i].node == index) deliver(turn, i, node.tail.top, body);
  }
  note(node, node.noted);  // which may say nothing any more
}

// Recovery::start_over, and the Hub ends all members: they are told that they may have missed
// something, and come back with their positions.
void start_over(Turn& turn, std::size_t index, const LogTop& top) {
  Node& node = turn.node(index);
  node.tail = {.top = top, .bodies = {}};
  for (Client& client : turn.world.clients) {
    if (client.node == index) client.node = kNowhere;
  }
  turn.tell("starts over at " + text_of(top));
}

}  // namespace

// ---- Positions

Position known_position(const Node& node) {
  Position known;
  if (node.is_following) known = node.tail.top;
  if (node.noted.epoch.empty()) return known;
  const bool is_newer = known.epoch == node.noted.epoch && node.noted.offset > known.offset;
  return known.epoch.empty() || is_newer ? node.noted : known;
}

void note(Node& node, const Position& position) {
  if (node.noted.epoch != position.epoch || node.noted.offset < position.offset) {
    node.noted = position;
  }
  const Position& top = node.tail.top;
  const bool says_nothing =
      node.is_following && node.noted.epoch == top.epoch && node.noted.offset <= top.offset;
  if (says_nothing) node.noted = {};
}

void maybe_missed(Node& node) {
  if (!node.is_following) return;
  node.must_compare = true;
  node.inbox.clear();  // what is in it will be read
}

// ---- Publishing

void publish(Turn& turn, std::size_t index) {
  World& world = turn.world;
  Node& node = turn.node(index);
  const Body body = ++world.bodies;
  world.promises.emplace_back();
  const Position known = known_position(node);
  Call call{turn.protocol.scripts().publish, 2, {kHashKey, kStreamKey}, world.time_s};
  add_known(turn, node, call);
  for (const std::string& word :
       {std::string("0"), std::string("room"), std::string("1000"), std::string("0")}) {
    call.words.push_back(word);
  }
  for (std::string& word : turn.protocol.published(body)) call.words.push_back(std::move(word));
  const Answer& answer = turn.ask(call);
  if (is_of_another_life(answer)) {
    turn.tell(text_of(body) + " is refused: " + answer.text);
    return lose_links(node);
  }
  Position position{static_cast<std::uint64_t>(answer.integer), known.epoch};
  if (answer.size() == 2) {
    position = {static_cast<std::uint64_t>(answer[1].integer), answer[0].text};
  }
  if (answer.is_error || position.offset == 0) {
    return turn.tell(text_of(body) + " is refused: " + answer.text);
  }
  turn.tell(text_of(body) + " is stored as " + text_of(position));
  check_is_new(world, position);
  for (Node& one : world.nodes) {
    // What comes while it is to be compared will be read.
    if (!one.is_alive || !one.is_subscribed || !one.is_following || one.must_compare) continue;
    one.inbox.push_back({position.epoch, position.offset, body});
  }
  if (!turn.is_heard) return lose_links(node);
  note(node, position);
  world.promises[body - 1U].is_acked = true;
  claim(world, position, body);
}

// ---- Following

void follow(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  const auto history = read(turn, node, "XRANGE", "1", "+", "0");
  if (!history) return;
  node.is_following = true;
  node.must_compare = false;
  node.inbox.clear();
  node.tail = {.top = history->top, .bodies = {}};
  note(node, node.noted);
  turn.tell("follows from " + text_of(node.tail.top));
}

void receive(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  const Message message = node.inbox.front();
  node.inbox.erase(node.inbox.begin());
  const Position& top = node.tail.top;
  turn.tell("gets " + text_of(message.body) + " as " +
            text_of(Position{message.offset, message.epoch}));
  if (message.epoch != top.epoch || message.offset > top.offset + 1) return maybe_missed(node);
  if (message.offset == top.offset + 1) append(turn, index, message.body);
}

void repair(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  const std::uint64_t since = node.tail.top.offset;
  const auto history = read(turn, node, "XRANGE", std::to_string(since + 1), "+", "1000");
  if (!history) return;
  node.must_compare = false;
  node.inbox.clear();
  const Position& top = node.tail.top;
  const auto& missing = history->publications;
  const bool is_trimmed =
      missing.empty() ? history->top.offset > top.offset : missing.front().offset > top.offset + 1;
  if (history->top.epoch != top.epoch || history->top.offset < top.offset || is_trimmed) {
    start_over(turn, index, history->top);
    note(node, node.noted);
    return;
  }
  for (const Message& one : missing) {
    if (one.offset != node.tail.top.offset + 1) break;
    append(turn, index, one.body);
  }
  turn.tell("has read up to " + text_of(node.tail.top));
}

// ---- Joining

namespace {

struct Verdict {
  bool is_ahead = false;
  bool is_recovered = false;
  bool needs_older = false;
};

// Recovery::try_join
Verdict judge(const Tail& tail, const Client& client) {
  const std::uint64_t since = client.offset();
  if (!client.has_position || !tail.top.descends_from(client.epoch, since)) return {};
  if (since > tail.top.offset) return {.is_ahead = true};
  if (tail.covers(since)) return {.is_recovered = true};
  return {.needs_older = true};
}

// Recovery::look_back, on_older. False: the answer was lost, or nobody can believe it.
bool look_back(Turn& turn, std::size_t index) {
  Node& node = turn.node(index);
  const std::uint64_t first = node.tail.first();
  const auto older = read(turn, node, "XREVRANGE", std::to_string(first - 1), "-", "1000");
  if (!older) return false;
  if (older->top.epoch != node.tail.top.epoch) {
    maybe_missed(node);
    return false;
  }
  for (const Message& one : older->publications) {
    if (one.offset + 1 != node.tail.first()) break;
    node.tail.bodies.insert(node.tail.bodies.begin(), one.body);
  }
  return true;
}

}  // namespace

bool can_join(const World& world, std::size_t client, std::size_t index) {
  const Node& node = world.nodes[index];
  if (!node.is_alive || !node.is_following) return false;
  const Verdict verdict = judge(node.tail, world.clients[client]);
  // It waits for a repair that is due, or for what only the store knows.
  if (verdict.is_ahead || verdict.needs_older) return node.phase == Phase::kOpen;
  return true;
}

void join(Turn& turn, std::size_t client, std::size_t index) {
  Node& node = turn.node(index);
  Client& one = turn.world.clients[client];
  Verdict verdict = judge(node.tail, one);
  if (verdict.is_ahead) {
    repair(turn, index);  // it may come from a node that is ahead of this one: the store knows
    if (!turn.is_heard) return;
    verdict = judge(node.tail, one);
  }
  for (int tries = 0; verdict.needs_older; ++tries) {
    if (!look_back(turn, index)) {
      if (!turn.is_heard || tries == 2) return;
      repair(turn, index);
    }
    verdict = judge(node.tail, one);
    if (tries == 2) verdict.needs_older = false;
  }
  if (one.has_position) {
    turn.tell("comes with " + text_of(Position{one.offset(), one.epoch}));
    turn.tell(verdict.is_recovered ? "is told recovered: true" : "is told recovered: false");
  }
  one.node = index;
  if (verdict.is_recovered) {
    check_recovered(turn, client, node.tail);
    one.epoch = node.tail.top.epoch;
    for (std::uint64_t offset = one.offset() + 1; offset <= node.tail.top.offset; ++offset) {
      deliver(turn, client, {offset, one.epoch}, node.tail.at(offset));
    }
  } else {
    one = {.node = index,
           .has_position = true,
           .epoch = node.tail.top.epoch,
           .floor = node.tail.top.offset,
           .seen = {}};
  }
}

}  // namespace chirm::model
