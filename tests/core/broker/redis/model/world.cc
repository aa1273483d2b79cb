// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/world.h"

#include <string_view>

namespace chirm::model {

namespace {

// Two hashes side by side: FNV-1a, and a multiplication and rotation with other constants.
class Hasher {
 public:
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) {
      high_ = (high_ ^ (number >> (8 * i) & 0xFF)) * 0x100000001b3ULL;
    }
    low_ ^= number + 0x9e3779b97f4a7c15ULL + (low_ << 6) + (low_ >> 2);
    low_ *= 0xff51afd7ed558ccdULL;
    low_ ^= low_ >> 32;
  }
  void add(std::string_view text) {
    add(text.size());
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      word = word << 8 | static_cast<unsigned char>(text[i]);
      if (i % 8 == 7) add(std::exchange(word, 0));
    }
    add(word);
  }
  void add(const Position& position) {
    add(std::string_view(position.epoch));
    add(position.offset);
  }
  template <class Items>
  void add_all(const Items& items) {
    add(items.size());
    for (const auto& item : items) add(item);
  }
  void add(const Ancestor& ancestor) {
    add(std::string_view(ancestor.epoch));
    add(ancestor.offset);
  }
  void add(const Message& message) {
    add(std::string_view(message.epoch));
    add(message.offset << 8 | message.body);
  }
  void add(const Claim& claim) {
    add(std::string_view(claim.epoch));
    add(claim.offset << 8 | claim.body);
  }
  void add(const Promise& promise) { add(promise.owed * 2U + (promise.is_acked ? 1U : 0U)); }
  void add(const Tail& tail) {
    add(static_cast<const Position&>(tail.top));
    add_all(tail.top.ancestors);
    add_all(tail.bodies);
  }
  void add(const Node& node) {
    std::uint64_t flags = static_cast<std::uint64_t>(node.phase);
    for (const bool flag :
         {node.is_alive, node.is_return, node.can_retry, node.is_lease_due, node.has_gap,
          node.has_unfit, node.is_last, node.is_following, node.must_compare, node.is_subscribed}) {
      flags = flags * 2 + (flag ? 1 : 0);
    }
    add(flags);
    for (const std::string* text : {&node.name, &node.life_id, &node.arrival_id}) {
      add(std::string_view(*text));
    }
    for (const std::uint64_t number : {node.open_number, node.number, node.first_true,
                                       node.open_first_true, node.lease, node.gap_since}) {
      add(number);
    }
    add(node.nodes.size());
    for (const std::string& name : node.nodes) add(std::string_view(name));
    add(node.noted);
    add(node.tail);
    add_all(node.inbox);
  }
  void add(const Client& client) {
    add(client.node * 2 + (client.has_position ? 1 : 0));
    add(std::string_view(client.epoch));
    add(client.floor);
    add_all(client.seen);
  }
  void add(const Budget& left) {
    for (const std::uint8_t one :
         {left.publishes, left.store_faults, left.copies, left.node_faults, left.fresh_nodes,
          left.link_faults, left.lost_answers, left.renewals, left.departures}) {
      add(std::uint64_t{one});
    }
  }
  Fingerprint result() const { return {high_, low_}; }

 private:
  std::uint64_t high_ = 0xcbf29ce484222325ULL;
  std::uint64_t low_ = 0x2545f4914f6cdd1dULL;
};

}  // namespace

Fingerprint fingerprint(const World& world) {
  Hasher hasher;
  hasher.add(world.store);
  hasher.add(std::uint64_t{world.copy} * 2 + (world.has_copy ? 1 : 0));
  hasher.add(world.run);
  hasher.add(world.time_s);
  hasher.add(world.epochs);
  hasher.add(std::uint64_t{world.names} << 8 | world.bodies);
  hasher.add_all(world.nodes);
  hasher.add_all(world.clients);
  hasher.add_all(world.claims);
  hasher.add_all(world.promises);
  hasher.add(world.left);
  return hasher.result();
}

const char* name_of(Invariant invariant) {
  switch (invariant) {
    case Invariant::kNone:
      return "nothing";
    case Invariant::kNoFork:
      return "no fork: everybody has the same message at an offset of an epoch";
    case Invariant::kRecoveredRight:
      return "who is told recovered: true has seen a beginning of the log that it joins";
    case Invariant::kPutBackOrTold:
      return "an acked message is in the log, or all who had it were told";
    case Invariant::kPutBack:
      return "an acked message is in the log when all nodes that held it came back in time";
    case Invariant::kOffsetsGrow:
      return "offsets in an epoch only grow";
    case Invariant::kSettles:
      return "when nothing fails any more, all is well again after a while";
  }
  return "";
}

std::string text_of(const Position& position) {
  return position.epoch + ":" + std::to_string(position.offset);
}

std::string text_of(Body body) { return "m" + std::to_string(body); }

Body body_of(const std::string& text) { return static_cast<Body>(std::stoul(text.substr(1))); }

}  // namespace chirm::model
