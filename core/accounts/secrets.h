// SPDX-License-Identifier: MIT
#pragma once
// Random numbers that nobody can guess (by libsodium), and bytes and ids as text.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm {

std::string random_bytes(std::size_t count);
// Uniform in [0, limit); 0 < limit < 2^32.
std::uint32_t random_below(std::size_t limit);

std::string to_hex(std::string_view bytes);
// nullopt unless `text` is what to_hex() makes of some bytes.
std::optional<std::string> from_hex(std::string_view text);

// A number as 16 hexadecimal digits in lower case.
std::string id_to_text(std::uint64_t id);
// nullopt unless `text` is what id_to_text() makes of a number.
std::optional<std::uint64_t> id_from_text(std::string_view text);

}  // namespace chirm
