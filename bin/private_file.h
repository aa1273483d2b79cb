// SPDX-License-Identifier: MIT
#pragma once
// Files that nobody but their owner is to read: the store, and secrets.

#include <optional>
#include <string>

#include "protocol/expected.h"

namespace chirm {

// Bytes that a secret has at least: what is shorter can be guessed.
inline constexpr std::size_t kSecretBytesMin = 16;

// Who may open the file beside its owner, and what to do about it, in one line. nullopt when nobody
// may, or when there is no such file.
std::optional<std::string> exposure_of(const std::string& path);

// The file's content without the line feed at its end. The error says what was expected, and never
// quotes what stands there.
[[nodiscard]] Expected<std::string, std::string> read_secret(const std::string& path);

}  // namespace chirm
