// SPDX-License-Identifier: MIT
#pragma once
// Where a prompt and a line stand on the screen when they wrap at its edge. Pure, but for the
// locale's wcwidth(). Private to client/terminal/.

#include <string_view>

namespace chirm::terminal {

struct InputLayout {
  int rows;        // that the text takes, at least 1
  int cursor_row;  // from 0
};

// `text` is prompt and line together, `cursor` an index into it.
InputLayout lay_out(std::wstring_view text, std::size_t cursor, int columns);

}  // namespace chirm::terminal
