// SPDX-License-Identifier: MIT
#pragma once
// What an operator can set about what anybody may cost, with the defaults. Pure.

#include <cstddef>
#include <cstdint>

namespace chirm {

// Of one user, for instance, on one node. 0: no limit.
struct Allowance {
  std::uint32_t per_second = 0;  // messages, in bursts of four times as many
  std::uint32_t per_hour = 0;    // messages
};

struct LimitSettings {
  bool is_on = true;  // false: none of these counts
  Allowance user{40, 2500};
  Allowance guest{5, 250};
  // All guests of one address together: a guest's name costs nothing.
  Allowance guests{20, 2500};
  // Everybody of one address. A team of 2,000 behind one address fits in.
  Allowance address{400, 50'000};
  // Open sockets of one address. No more than half of the files are for one address, whatever it
  // says. 0: that half.
  std::uint32_t connections_per_address = 6000;
  // Replies that wait because clients do not read them: of all clients together. One address may
  // have a quarter of it, one user an eighth.
  std::size_t replies_bytes_max = std::size_t{32} << 20;
};

}  // namespace chirm
