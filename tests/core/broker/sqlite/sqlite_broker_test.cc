// SPDX-License-Identifier: MIT
// What only the broker with a file does: it outlives its process, and its disk can be full.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/broker/sqlite/sqlite_broker.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

using ::testing::HasSubstr;
using testing::SqliteBrokerFile;
using testing::text_of;

TEST_F(SqliteBrokerFile, ContinuesWhereItWasClosed) {
  open();
  const Position first = publish("room:a", "x", "id-1");
  publish("room:a", "y");
  const Position other = publish("room:b", "z");
  open();
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:y");
  EXPECT_EQ(history("room:a").top.epoch, first.epoch);
  EXPECT_EQ(history("room:b").top.epoch, other.epoch);
  const Position again = publish("room:a", "another body", "id-1");
  EXPECT_EQ(again.offset, 1U);
  EXPECT_EQ(again.epoch, first.epoch);
  EXPECT_EQ(node_->broker->counters().duplicates, 1U);
  const Position next = publish("room:a", "w");
  EXPECT_EQ(next.offset, 3U);
  EXPECT_EQ(next.epoch, first.epoch);
}

TEST_F(SqliteBrokerFile, KeepsTheEpochOfAnEmptyChannel) {
  open();
  const std::string epoch = history("room:a").top.epoch;
  open();
  EXPECT_EQ(history("room:a").top.epoch, epoch);
  EXPECT_EQ(publish("room:a", "x").epoch, epoch);
}

TEST_F(SqliteBrokerFile, RefusesAFileThatIsInUseAndNamesIt) {
  open();
  const auto second = SqliteBroker::open(loop_, path_, StoreSync::kFull, settings_);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr(path_));
  EXPECT_EQ(publish("room:a", "x").offset, 1U);
  open();
}

TEST_F(SqliteBrokerFile, RefusesAFileThatIsInUseByAnotherName) {
  open();
  const std::string link = directory_.path() + "/link.db";
  std::filesystem::create_symlink(path_, link);
  EXPECT_FALSE(SqliteBroker::open(loop_, link, StoreSync::kFull, settings_));
  close();
  EXPECT_TRUE(SqliteBroker::open(loop_, link, StoreSync::kFull, settings_));
}

TEST_F(SqliteBrokerFile, RefusesWhatItCannotReadAndNamesIt) {
  open();
  close();
  execute("PRAGMA user_version = 1000");
  const auto newer = SqliteBroker::open(loop_, path_, StoreSync::kFull, settings_);
  ASSERT_FALSE(newer.has_value());
  EXPECT_THAT(newer.error().message, HasSubstr(path_));
  const std::string other_path = directory_.path() + "/other.db";
  std::ofstream(other_path) << std::string(10'000, 'x');
  const auto other = SqliteBroker::open(loop_, other_path, StoreSync::kFull, settings_);
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(other.error().message, HasSubstr(other_path));
}

// Whatever was promised of the disk: it may have been put back to an older state meanwhile.
TEST_F(SqliteBrokerFile, StartsNewEpochsWhenTheMachineWasBooted) {
  for (const StoreSync sync : {StoreSync::kNormal, StoreSync::kFull}) {
    open(sync);
    const Position before = publish("room:a", "x");
    const Position other_before = publish("room:b", "x");
    close();
    execute("UPDATE setting SET value = 'another-boot normal' WHERE name = 'boot'");
    open(sync);
    const LogTop after = history("room:a").top;
    EXPECT_NE(after.epoch, "");
    EXPECT_NE(after.epoch, history("room:b").top.epoch);
    EXPECT_NE(history("room:b").top.epoch, other_before.epoch);
    EXPECT_TRUE(after.descends_from(before.epoch, before.offset));
    EXPECT_FALSE(after.descends_from(before.epoch, before.offset + 1));
  }
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:x");
}

TEST_F(SqliteBrokerFile, KeepsEpochsWhileThePowerStaysOn) {
  open(StoreSync::kNormal);
  const Position before = publish("room:a", "x");
  for (const StoreSync sync : {StoreSync::kNormal, StoreSync::kFull, StoreSync::kNormal}) {
    open(sync);
    EXPECT_EQ(history("room:a").top.epoch, before.epoch);
  }
}

}  // namespace
}  // namespace chirm
