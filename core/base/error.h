// SPDX-License-Identifier: MIT
#pragma once
// An environment error: what failed, on what, and why, as a sentence for the operator.

#include <string>

#include "protocol/expected.h"

namespace chirm {

struct Error {
  std::string message;
};

// Error{"<what>: <strerror(number)>"}. `number` is an errno.
Error system_error(const std::string& what, int number);

}  // namespace chirm
