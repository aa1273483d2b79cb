// SPDX-License-Identifier: MIT
#include "core/base/error.h"

#include <cstring>

namespace chirm {

// strerror() may share one buffer by POSIX; glibc's, since 2.32, has one for each thread, and the
// store and the password hasher have threads.
Error system_error(const std::string& what, int number) {
  return Error{what + ": " + std::strerror(number)};
}

}  // namespace chirm
