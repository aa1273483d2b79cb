// SPDX-License-Identifier: MIT
#pragma once
// Who the process is.

#include <string>

#include "protocol/expected.h"

namespace chirm {

bool is_root();

// Becomes the user of this name, with the groups that it has, for ever. Only root can; for whoever
// is that user already there is nothing to do. Before files are opened or made, which are to belong
// to it. The error is a sentence.
[[nodiscard]] Expected<void, std::string> become_user(const std::string& name);

}  // namespace chirm
