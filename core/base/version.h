// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace chirm {

// Of the build, as CMake's project() says.
inline constexpr std::string_view kVersion = CHIRM_VERSION;

}  // namespace chirm
