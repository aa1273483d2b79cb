// SPDX-License-Identifier: MIT
#pragma once
// The colours of the terminal client, as numbers of the 256 that xterm has, and of the first 8.
// Each of the 256 has a contrast of at least 3.4 on black and on white. Private to
// client/terminal/.

#include <array>
#include <cstdint>

#include "client/terminal/screen/glyphs.h"

namespace chirm::terminal {

struct PaletteEntry {
  std::uint8_t of_256;
  std::uint8_t of_8;
};

inline constexpr std::size_t kColours = static_cast<std::size_t>(Colour::kNick) + kNickColours;

// By Colour; that of kDefault is the terminal's own.
inline constexpr std::array<PaletteEntry, kColours> kPalette{{
    {0, 0},
    {244, 0},  // faint; with 8 colours it is an attribute instead
    {32, 4},
    {28, 2},
    {160, 1},
    {166, 3},
    {130, 3},
    {100, 3},
    {64, 2},
    {28, 2},
    {29, 6},
    {30, 6},
    {31, 6},
    {33, 4},
    {63, 4},
    {134, 5},
    {163, 5},
    {161, 1},
}};

}  // namespace chirm::terminal
