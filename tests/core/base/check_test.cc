// SPDX-License-Identifier: MIT
#include "core/base/check.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "core/base/error.h"

namespace chirm {
namespace {

TEST(CheckDeathTest, AbortsWithTheConditionAndTheValues) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const int used = 3;
  const int limit = 2;
  EXPECT_DEATH(CHIRM_CHECK(used <= limit, used, limit), "used <= limit does not hold; 3 2");
}

TEST(Check, EvaluatesItsValuesOnlyWhenItFails) {
  int evaluations = 0;
  CHIRM_CHECK(evaluations == 0, ++evaluations);
  EXPECT_EQ(evaluations, 0);
}

TEST(Error, NamesWhatFailedAndWhy) {
  EXPECT_EQ(system_error("cannot open x", ENOENT).message,
            "cannot open x: No such file or directory");
}

}  // namespace
}  // namespace chirm
