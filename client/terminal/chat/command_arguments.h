// SPDX-License-Identifier: MIT
#pragma once
// Takes apart what stands behind the word of a command. Pure. Private to client/terminal/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm::terminal {

// `text` without the blanks and tabs around it.
std::string_view trim(std::string_view text);
// Takes the first word off `text`, and the blanks around it; "" when there is none.
std::string_view take_word(std::string_view& text);
// The same for the name of a user, which may have an @ before it; UTF-8.
std::string take_user(std::string_view& text);
// The same for the name of a room or a user, which may have a # or an @ before it.
std::string take_name(std::string_view& text);
// Seconds of "90s", "10m", "2h", "7d"; nullopt for anything else.
std::optional<std::uint64_t> parse_duration(std::string_view word);

}  // namespace chirm::terminal
