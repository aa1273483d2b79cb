// SPDX-License-Identifier: MIT
#pragma once
// Calls that may not be made from within the current one: they are made at the start of the next
// turn, in order.

#include <functional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/loop/timer.h"

namespace chirm {

class LaterCalls {
 public:
  explicit LaterCalls(Loop& loop) : timer_(loop, [this] { make_calls(); }) {}

  void add(std::function<void()> call) {
    calls_.push_back(std::move(call));
    timer_.start(0);
  }

  // What the members promise of each other; at the end of a turn.
  void check() const { CHIRM_CHECK(timer_.is_running() == !calls_.empty(), calls_.size()); }

 private:
  void make_calls() {
    for (const auto& call : std::exchange(calls_, {})) call();
  }

  std::vector<std::function<void()>> calls_;
  Timer timer_;
};

}  // namespace chirm
