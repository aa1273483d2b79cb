// SPDX-License-Identifier: MIT
#pragma once
// Cuts what a terminal sends into keys: characters, control characters and escape sequences
// (ECMA-48 §5.4). Pure. Private to client/terminal/.

#include <string_view>

namespace chirm::terminal {

// The first key in `bytes`, "" when it is not complete: more may follow at once, or never, when
// somebody pressed Escape.
std::string_view first_key(std::string_view bytes);

}  // namespace chirm::terminal
