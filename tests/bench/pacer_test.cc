// SPDX-License-Identifier: MIT
#include "bench/load/pacer.h"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"

namespace chirm::load {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class PacerTest : public ::testing::Test {
 protected:
  static std::uint64_t now_us() { return Loop::clock_ns() / 1000; }

  Loop loop_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> due_;  // author, time since the start
};

TEST_F(PacerTest, KeepsToItsShareOfTheSchedule) {
  const std::uint64_t start_us = now_us();
  // Of authors 0 to 3, at a message each millisecond.
  Pacer pacer(loop_, {1, 2}, 4, 1000, [&](std::uint32_t author, std::uint64_t due_us) {
    EXPECT_LE(due_us, now_us());
    due_.emplace_back(author, due_us - start_us);
    if (due_.size() == 5) pacer.stop();
  });
  pacer.start(start_us);
  ASSERT_TRUE(testing::run_until(loop_, [&] { return due_.size() == 5; }));
  EXPECT_THAT(
      due_, ElementsAre(Pair(1, 1000), Pair(2, 2000), Pair(1, 5000), Pair(2, 6000), Pair(1, 9000)));
  // 10, 13, 14 and 17 ms.
  EXPECT_EQ(pacer.count_overdue(start_us + 18'000), 4U);
}

TEST_F(PacerTest, CatchesUpWithWhatIsLate) {
  const std::uint64_t start_us = now_us() - 1'000'000;
  Pacer pacer(loop_, {0}, 1, 1000, [&](std::uint32_t author, std::uint64_t due_us) {
    due_.emplace_back(author, due_us - start_us);
  });
  pacer.start(start_us);
  ASSERT_TRUE(testing::run_until(loop_, [&] { return due_.size() > 1000; }));
  EXPECT_EQ(due_[999], std::pair(0U, std::uint64_t{999'000}));
}

}  // namespace
}  // namespace chirm::load
