// SPDX-License-Identifier: MIT
#pragma once
// The memory for one kind of thing that a node keeps of the channels it follows, in all of them
// together. When it is too much, the channel that has got none for the longest time loses all that
// it keeps of that kind. Private to core/broker; loop's thread.
//
//   by_use_:  the one to lose next ⇄ … ⇄ the one that has got something last

#include <cstddef>

#include "core/base/intrusive_list.h"

namespace chirm {

class RedisKeptMemory {
  struct ByUseTag;

 public:
  // Base class of what keeps something, for one channel.
  class Keeper : public ListHook<ByUseTag> {
   public:
    std::size_t bytes() const { return bytes_; }

   protected:
    // The memory must outlive it.
    explicit Keeper(RedisKeptMemory& memory) : memory_(memory) {}
    ~Keeper() { resize(0); }

    // Something has come or gone: so many bytes are kept now. Others may have to forget() then, and
    // at last this one.
    void resize(std::size_t bytes);
    void check() const;

   private:
    // Gives all that is kept back, and calls resize(0).
    virtual void forget() = 0;

    RedisKeptMemory& memory_;
    std::size_t bytes_ = 0;  // not 0 exactly while it is on by_use_
  };

  explicit RedisKeptMemory(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::size_t bytes() const { return bytes_; }
  // What the members promise of each other; looks at a few keepers only.
  void check() const;

 private:
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;  // of all keepers
  IntrusiveList<Keeper, ByUseTag> by_use_;
};

}  // namespace chirm
