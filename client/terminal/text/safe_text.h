// SPDX-License-Identifier: MIT
#pragma once
// Makes text from strangers harmless for a terminal: no escape sequences (ECMA-48), no control
// characters of C0 and C1, none that reverse the direction of writing.

#include <string>
#include <string_view>

namespace chirm::terminal {

// Keeps line feeds, for the caller to deal with; a tab becomes a space.
std::string safe_text(std::string_view text);
// The same in one line: line feeds become spaces.
std::string safe_line(std::string_view text);

}  // namespace chirm::terminal
