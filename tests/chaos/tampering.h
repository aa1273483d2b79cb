// SPDX-License-Identifier: MIT
#pragma once
// What a server must not do, done to what a good one says and hears: a filter for a relay in front
// of it that understands WebSocket frames. Pure.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/relay.h"

namespace chirm::chaos {

enum class Tampering : std::uint8_t {
  kDrop,    // a delivery is not passed on
  kDouble,  // a delivery is passed on twice
  kSwap,    // a delivery is passed on after the next one
  kAck,     // publishes are acked before they are passed on, and some never are
};

// Counts over all connections, so that exactly one in `every` is hit.
class TamperingCounter {
 public:
  explicit TamperingCounter(std::uint64_t every) : every_(every) {}
  bool is_due() { return ++count_ >= every_; }
  void restart() { count_ = 0; }

 private:
  std::uint64_t every_;
  std::uint64_t count_ = 0;
};

// The counter must outlive the filter.
std::unique_ptr<testing::RelayFilter> make_tampering(Tampering kind, TamperingCounter& counter);

}  // namespace chirm::chaos
