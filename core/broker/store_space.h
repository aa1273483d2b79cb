// SPDX-License-Identifier: MIT
#pragma once
// Whether a store has room for more publications, told in the log when that changes. It is full
// long before its disk or its memory is: what is small, and what makes room, still goes on. On the
// loop's thread. Private to core/broker.

#include <cstdint>
#include <string>
#include <string_view>

namespace chirm {

class StoreSpace {
 public:
  // `store` names it in the log.
  explicit StoreSpace(std::string store) : store_(std::move(store)) {}

  // What there is now. Full from `used` > `most` on, until it is a fiftieth less: else a store at
  // the brink would be full and not full with each message. `of` says what is used, for operators.
  void look(std::uint64_t used, std::uint64_t most, std::string_view of);

  bool is_full() const { return !problem_.empty(); }
  // For the end of a sentence; "" unless it is full.
  const std::string& problem() const { return problem_; }

 private:
  const std::string store_;
  std::string problem_;
};

}  // namespace chirm
