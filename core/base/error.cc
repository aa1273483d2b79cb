// SPDX-License-Identifier: MIT
#include "core/base/error.h"

#include <cstring>

namespace chirm {

Error system_error(const std::string& what, int number) {
  return Error{what + ": " + std::strerror(number)};
}

}  // namespace chirm
