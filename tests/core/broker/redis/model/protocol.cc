// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/protocol.h"

#include <string>

#include "core/broker/redis/life/redis_life_scripts.h"
#include "core/broker/redis/redis_scripts.h"
#include "tests/core/broker/redis/model/scripts_before_counted_leases.h"

namespace chirm::model {

namespace {

constexpr const char* kLifeKey = "chirm:life";
constexpr const char* kNodesKey = "chirm:nodes";

std::string run_id(const World& world) { return "r" + std::to_string(world.run); }

void add_nodes(Call& call, const Node& node) {
  call.words.insert(call.words.end(), node.nodes.begin(), node.nodes.end());
}

bool says(const StoreView& store, const char* field, const char* value) {
  const auto found = store.life.find(field);
  return found != store.life.end() && found->second == value;
}

// ---- Counted leases: the waits are counted by the nodes, in ms since they came.

constexpr std::uint64_t kReturnMs = 1000;
constexpr std::uint64_t kStrangersMs = 1000;
constexpr std::uint64_t kWorkMs = 1000;
constexpr std::uint64_t kRenewals = 100;  // nobody's lease runs out
constexpr std::int64_t kTriesMax = 20;

// ---- Timed leases: they were counted by the clock of the store, which the model sets. A lease is
// one second newer than the one before it, and the waits are longer than all that.

constexpr std::uint64_t kReturnS = 10'000;
constexpr std::uint64_t kWorkS = 100'000;
constexpr std::uint64_t kLeaseMs = 1'000'000'000;

}  // namespace

// ---- Counted leases

const Protocol::Scripts& CountedLeases::scripts() const {
  static constexpr Scripts kScripts = {
      .publish = redis_scripts::kPublish,
      .read = redis_scripts::kRead,
      .arrive = redis_scripts::kArrive,
      .settle = redis_scripts::kSettle,
      .lease = redis_scripts::kLease,
      .compare = redis_scripts::kCompare,
      .put_back = redis_scripts::kPutBack,
  };
  return kScripts;
}

Call CountedLeases::arrive(const World& world, const Node& node) const {
  Call call{scripts().arrive, 2, {kLifeKey, kNodesKey, run_id(world), "", node.name}, 0};
  for (const std::string& word :
       {std::to_string(node.lease), node.life_id, std::to_string(node.open_number),
        std::to_string(node.number), std::to_string(node.first_true), std::to_string(kRenewals),
        std::string("0")}) {
    call.words.push_back(word);
  }
  add_nodes(call, node);
  return call;
}

bool CountedLeases::gives_up(std::int64_t others, bool is_in_vain) const {
  return others < 0 || (is_in_vain && others >= kTriesMax);
}

Call CountedLeases::settle(const World&, const Node& node, Wait wait, bool is_in_vain) const {
  const std::uint64_t here_ms = wait == Wait::kOn     ? 0
                                : wait == Wait::kOver ? kReturnMs
                                                      : kReturnMs + kWorkMs;
  return {
      scripts().settle,
      1,
      {kLifeKey, node.arrival_id, std::to_string(node.number), node.name,
       node.has_unfit ? std::to_string(is_in_vain ? kTriesMax : 0) : "-1", std::to_string(here_ms),
       std::to_string(kReturnMs), std::to_string(kStrangersMs), std::to_string(kWorkMs)},
      0};
}

Call CountedLeases::lease(const World&, const Node& node) const {
  return {scripts().lease,
          2,
          {kLifeKey, kNodesKey, node.life_id, node.name, std::to_string(node.number),
           std::to_string(node.first_true), std::to_string(node.lease), std::to_string(kRenewals),
           "0", "0"},
          0};
}

std::vector<std::string> CountedLeases::known(const Position& known, std::uint64_t first,
                                              Body newest, const std::string& new_epoch) const {
  return {known.epoch,
          std::to_string(known.offset),
          new_epoch,
          std::to_string(first),
          newest == 0 ? std::string("0") : std::to_string(known.offset),
          newest == 0 ? std::string() : text_of(newest)};
}

std::vector<std::string> CountedLeases::last_try(const Node& node, const Position& known) const {
  const bool is_known = node.first_true <= node.open_first_true;
  return {std::to_string(known.offset), node.is_last ? "1" : "0",
          is_known ? std::to_string(node.number) : "0", "0"};
}

std::vector<std::string> CountedLeases::published(Body body) const { return {"", text_of(body)}; }

std::vector<std::string> CountedLeases::put_back(Body body) const {
  return {"0", "", text_of(body)};
}

bool CountedLeases::is_settled(const StoreView& store) const { return says(store, "is_open", "1"); }

// ---- Timed leases

const Protocol::Scripts& TimedLeases::scripts() const {
  static constexpr Scripts kScripts = {
      .publish = before_counted_leases::kPublish,
      .read = before_counted_leases::kRead,
      .arrive = before_counted_leases::kArrive,
      .settle = before_counted_leases::kSettle,
      .lease = before_counted_leases::kLease,
      .compare = before_counted_leases::kCompare,
      .put_back = before_counted_leases::kPutBack,
  };
  return kScripts;
}

Call TimedLeases::arrive(const World& world, const Node& node) const {
  Call call{scripts().arrive,
            2,
            {kLifeKey, kNodesKey, run_id(world), "", node.name, std::to_string(node.lease),
             std::to_string(node.number), std::to_string(node.first_true),
             std::to_string(kReturnS * 1000), std::to_string(kLeaseMs)},
            world.time_s};
  add_nodes(call, node);
  return call;
}

bool TimedLeases::gives_up(std::int64_t others, bool is_in_vain) const {
  return others == 0 || is_in_vain;
}

Call TimedLeases::settle(const World& world, const Node& node, Wait wait, bool) const {
  const std::uint64_t later_s = wait == Wait::kOn     ? 0
                                : wait == Wait::kOver ? 2 * kReturnS
                                                      : 2 * kReturnS + kWorkS;
  return {scripts().settle,
          1,
          {kLifeKey, node.arrival_id, node.name, is_safe_ ? "0" : "1", node.has_unfit ? "1" : "0",
           std::to_string(kWorkS * 1000)},
          world.time_s + later_s};
}

Call TimedLeases::lease(const World& world, const Node& node) const {
  return {scripts().lease,
          2,
          {kLifeKey, kNodesKey, node.life_id, node.name, std::to_string(node.number),
           std::to_string(node.first_true), std::to_string(kLeaseMs)},
          world.time_s};
}

std::vector<std::string> TimedLeases::known(const Position& known, std::uint64_t first, Body newest,
                                            const std::string& new_epoch) const {
  return {known.epoch, std::to_string(known.offset), newest == 0 ? std::string() : text_of(newest),
          new_epoch, std::to_string(first)};
}

std::vector<std::string> TimedLeases::last_try(const Node& node, const Position&) const {
  return {node.is_last ? "1" : "0"};
}

std::vector<std::string> TimedLeases::published(Body body) const { return {"0", text_of(body)}; }

std::vector<std::string> TimedLeases::put_back(Body body) const { return {"0", text_of(body)}; }

bool TimedLeases::is_settled(const StoreView& store) const { return says(store, "until", "0"); }

}  // namespace chirm::model
