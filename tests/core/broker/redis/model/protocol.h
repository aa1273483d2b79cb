// SPDX-License-Identifier: MIT
#pragma once
// Which scripts the nodes of the model run, and with which arguments: what differs between one
// version of the protocol and another. What all have in common is in the mirrors.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/broker/redis/model/stepped_store.h"
#include "tests/core/broker/redis/model/world.h"

namespace chirm::model {

// What the time says that a node asks whether a life is settled. In the model any of these may be
// true whenever it asks.
enum class Wait : std::uint8_t {
  kOn,        // nodes that are missing may still come
  kOver,      // … have not come in time
  kWorkOver,  // neither are those done in time that have come
};

class Protocol {
 public:
  struct Scripts {
    std::string_view publish, read, arrive, settle, lease, compare, put_back;
  };

  virtual ~Protocol() = default;
  virtual const Scripts& scripts() const = 0;
  virtual Call arrive(const World& world, const Node& node) const = 0;
  // `is_in_vain`: what does not fit has been tried as often as it is.
  virtual Call settle(const World& world, const Node& node, Wait wait, bool is_in_vain) const = 0;
  // Whether it is given up then, by what it is told about the others.
  virtual bool gives_up(std::int64_t others, bool is_in_vain) const = 0;
  virtual Call lease(const World& world, const Node& node) const = 0;
  // What a node says of the channel, to compare it; `newest` 0: it holds nothing.
  virtual std::vector<std::string> known(const Position& known, std::uint64_t first, Body newest,
                                         const std::string& new_epoch) const = 0;
  // What says, when something is put back, whether it is for the last time (and what else differs).
  virtual std::vector<std::string> last_try(const Node& node, const Position& known) const = 0;
  // A publication without a message id, as it is published and as it is put back.
  virtual std::vector<std::string> published(Body body) const = 0;
  virtual std::vector<std::string> put_back(Body body) const = 0;
  // So many words stand in front of the nodes' names in the answer to a renewal.
  virtual std::size_t lease_words() const = 0;
  // Whether it does not fit when a node knows that there was more, and nobody holds that; and
  // whether what is tried after the life was settled is tried in that one.
  virtual bool is_strict() const = 0;
  // Whether a node says which life it is in, when it publishes or reads.
  virtual bool tells_life() const = 0;
  // Whether the store may be used.
  virtual bool is_settled(const StoreView& store) const = 0;
};

// As the nodes are now (core/broker/redis/life/redis_life.cc).
class CountedLeases final : public Protocol {
 public:
  const Scripts& scripts() const override;
  Call arrive(const World& world, const Node& node) const override;
  Call settle(const World& world, const Node& node, Wait wait, bool is_in_vain) const override;
  bool gives_up(std::int64_t others, bool is_in_vain) const override;
  Call lease(const World& world, const Node& node) const override;
  std::vector<std::string> known(const Position& known, std::uint64_t first, Body newest,
                                 const std::string& new_epoch) const override;
  std::vector<std::string> last_try(const Node& node, const Position& known) const override;
  std::vector<std::string> published(Body body) const override;
  std::vector<std::string> put_back(Body body) const override;
  std::size_t lease_words() const override { return 2; }
  bool is_strict() const override { return true; }
  bool tells_life() const override { return true; }
  bool is_settled(const StoreView& store) const override;
};

// As they were with scripts_before_counted_leases.h. `is_safe`: the store says that it writes all
// to its disk before it answers (appendfsync always).
class TimedLeases final : public Protocol {
 public:
  explicit TimedLeases(bool is_safe) : is_safe_(is_safe) {}
  const Scripts& scripts() const override;
  Call arrive(const World& world, const Node& node) const override;
  Call settle(const World& world, const Node& node, Wait wait, bool is_in_vain) const override;
  bool gives_up(std::int64_t others, bool is_in_vain) const override;
  Call lease(const World& world, const Node& node) const override;
  std::vector<std::string> known(const Position& known, std::uint64_t first, Body newest,
                                 const std::string& new_epoch) const override;
  std::vector<std::string> last_try(const Node& node, const Position& known) const override;
  std::vector<std::string> published(Body body) const override;
  std::vector<std::string> put_back(Body body) const override;
  std::size_t lease_words() const override { return 1; }
  bool is_strict() const override { return false; }
  bool tells_life() const override { return false; }
  bool is_settled(const StoreView& store) const override;

 private:
  const bool is_safe_;
};

}  // namespace chirm::model
