// SPDX-License-Identifier: MIT
#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace chirm {

void check_failed(const char* file, int line, const char* condition, const std::string& values) {
  // To stderr and not to the log: what does not hold may be the log's, and abort() flushes nothing.
  std::fprintf(stderr, "%s:%d: bug: %s does not hold;%s\n", file, line, condition, values.c_str());
  std::abort();
}

}  // namespace chirm
