// SPDX-License-Identifier: MIT
#pragma once
// Where a violation was seen, for the journal. Pure; the views are valid during the call only.

#include <cstdint>
#include <string_view>

namespace chirm::load {

struct Scene {
  std::string_view channel;
  std::string_view epoch = {};     // "" when it does not matter
  std::uint64_t offset = 0;        // 0 when not known
  std::uint64_t scheduled_us = 0;  // when the message was due, 0 when not known
  std::uint64_t acked_us = 0;      // when it was acked, 0 when it is not about that
};

}  // namespace chirm::load
