// SPDX-License-Identifier: MIT
#pragma once
// Where a prompt and a line that is being typed stand when they wrap at the edge. Pure, but for the
// locale's wcwidth(). Private to client/terminal/.

#include <cstddef>
#include <string_view>
#include <vector>

#include "client/terminal/screen/glyphs.h"

namespace chirm::terminal {

struct InputLayout {
  std::vector<Glyphs> rows;  // at least 1
  int cursor_row = 0;        // from 0
  int cursor_column = 0;
};

// `cursor` is the number of bytes of `text` before it; line feeds are shown as a sign.
InputLayout lay_out(std::string_view prompt, Style prompt_style, std::string_view text,
                    std::size_t cursor, int columns);

}  // namespace chirm::terminal
