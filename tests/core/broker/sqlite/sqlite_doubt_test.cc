// SPDX-License-Identifier: MIT
// A store's file that may be older than what was acked: restored, copied, without its log. Nobody
// goes on in it who has seen more than it has.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/broker/sqlite/sqlite_store.h"
#include "core/broker/sqlite/sqlite_witness.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

namespace fs = std::filesystem;
using testing::back_up;
using testing::SqliteBrokerFile;
using testing::text_of;

TEST(SqliteWitness, DoubtsWhatMayLackSomething) {
  const SqliteMark mark{.life = "life", .newest = {7, 9}, .file = {1, 2, 4096, 5}, .has_wal = true};
  const SqliteFound found{.life = "life", .file = {1, 2, 4096, 5}, .has_wal = true};
  EXPECT_EQ(why_doubtful(mark, found), "");
  EXPECT_EQ(why_doubtful(std::nullopt, {}), "");  // new, or of a chirmd before there were marks
  EXPECT_NE(why_doubtful(std::nullopt, found), "");
  EXPECT_NE(why_doubtful(mark, {}), "");

  const auto doubts = [](SqliteMark its_mark, SqliteFound its_found, auto change) {
    change(its_mark, its_found);
    return !why_doubtful(its_mark, its_found).empty();
  };
  EXPECT_TRUE(doubts(mark, found, [](auto&, auto& f) { f.life = "other"; }));
  EXPECT_TRUE(doubts(mark, found, [](auto&, auto& f) { f.has_newest = false; }));
  EXPECT_TRUE(doubts(mark, found, [](auto&, auto& f) { f.has_wal = false; }));
  EXPECT_TRUE(doubts(mark, found, [](auto&, auto& f) { f.file.inode = 3; }));
  EXPECT_TRUE(doubts(mark, found, [](auto&, auto& f) { f.file.bytes = 8192; }));
  EXPECT_TRUE(doubts(mark, found, [](auto&, auto& f) { f.file.modified_ns = 6; }));
  EXPECT_TRUE(doubts(mark, found, [](auto& m, auto&) { m.is_touched = true; }));
  // Devices get other numbers, and what is not there was closed well.
  EXPECT_FALSE(doubts(mark, found, [](auto&, auto& f) { f.file.device = 8; }));
  EXPECT_FALSE(doubts(mark, found, [](auto& m, auto& f) { m.has_wal = f.has_wal = false; }));
  // A checkpoint that was cut short.
  EXPECT_FALSE(doubts(mark, found, [](auto& m, auto& f) {
    m.is_checkpoint = true;
    f.file = {1, 2, 8192, 6};
  }));
}

class SqliteDoubt : public SqliteBrokerFile {
 protected:
  // A process that publishes numbers, each in a transaction of its own, and is killed.
  void crash_after(std::uint64_t first, std::uint64_t last, std::size_t padding = 0) {
    close();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(publish_all(first, last, padding) ? 0 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ASSERT_TRUE(fs::exists(path_ + "-wal"));
  }
  // What goes is as if it were killed: _exit() closes nothing.
  bool publish_all(std::uint64_t first, std::uint64_t last, std::size_t padding) const {
    auto store = SqliteStoreWriter::open(path_, StoreSync::kNormal);
    if (!store) return false;
    for (std::uint64_t i = first; i <= last; ++i) {
      SqliteTransaction one{.writes = {{"room:a", body(i, padding), "", "", {}, false}}};
      if (!(*store)->write(one, settings_, 1000) || !(*store)->settle()) return false;
      if (one.writes[0].position.offset != i) return false;
    }
    (void)store->release();  // left open
    return true;
  }
  static std::string body(std::uint64_t number, std::size_t padding = 0) {
    return std::to_string(number) + std::string(padding, '.');
  }
  void copy_over(const std::string& from, const std::string& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  }
  // Opens it, and whoever stands behind `kept` is told; up to there all go on.
  void expect_new_epoch(const std::string& epoch, std::uint64_t kept) {
    open();
    const auto subscribed = node_->subscribe("room:a");
    ASSERT_TRUE(subscribed && *subscribed);
    for (const LogTop& top : {history("room:a").top, **subscribed}) {
      EXPECT_NE(top.epoch, epoch);
      EXPECT_EQ(top.offset, kept);
      EXPECT_TRUE(top.descends_from(epoch, kept));
      EXPECT_FALSE(top.descends_from(epoch, kept + 1));
    }
    const Position next = publish("room:a", "next");
    EXPECT_EQ(next.offset, kept + 1);
    EXPECT_EQ(next.epoch, (**subscribed).epoch);
  }
  void expect_same_epoch(const std::string& epoch) {
    open();
    EXPECT_EQ(history("room:a").top.epoch, epoch);
    EXPECT_TRUE(history("room:a").top.ancestors.empty());
  }
  // Two publications, a copy, and two more.
  std::string make_copy() {
    open();
    const std::string epoch = publish("room:a", "1").epoch;
    publish("room:a", "2");
    back_up(path_, copy_);
    publish("room:a", "3");
    publish("room:a", "4");
    close();
    return epoch;
  }

  const std::string copy_ = directory_.path() + "/copy.db";
  const std::string lock_ = path_ + ".lock";
};

// ---- What is no reason to doubt

TEST_F(SqliteDoubt, IsNotRaisedByAKill) {
  open();
  const std::string epoch = publish("room:a", "1").epoch;
  crash_after(2, 3);
  crash_after(4, 5000);  // with checkpoints
  expect_same_epoch(epoch);
  EXPECT_EQ(history("room:a").top.offset, 5000U);
}

TEST_F(SqliteDoubt, IsNotRaisedByReadingBackingUpOrMoving) {
  const std::string epoch = make_copy();
  (void)count_rows("channel");
  expect_same_epoch(epoch);
  close();
  const std::string moved = directory_.path() + "/moved";
  fs::create_directory(moved);
  fs::rename(path_, moved + "/store.db");
  fs::rename(lock_, moved + "/store.db.lock");
  fs::create_symlink(moved + "/store.db", path_);
  expect_same_epoch(epoch);
  EXPECT_FALSE(fs::exists(lock_));
}

TEST_F(SqliteDoubt, IsNotRaisedByAFileOfAnOlderVersion) {
  open();
  const std::string epoch = publish("room:a", "1").epoch;
  close();
  execute("DROP TABLE ancestor; DELETE FROM setting WHERE name = 'life'; PRAGMA user_version = 3");
  fs::resize_file(lock_, 0);
  expect_same_epoch(epoch);
  back_up(path_, copy_);
  publish("room:a", "2");
  close();
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 1);
}

TEST_F(SqliteDoubt, IsNotRaisedByForgettingWhatIsOld) {
  settings_.history_ttl_ms = 1;
  open();
  publish("room:a", "1");
  const auto is_forgotten = [&] { return count_rows("publication WHERE body <> ''") == 0; };
  ASSERT_TRUE(testing::pass_until(loop_, is_forgotten));
  const std::string epoch = history("room:a").top.epoch;
  expect_same_epoch(epoch);
}

// ---- What is

TEST_F(SqliteDoubt, IsRaisedByARestoredBackup) {
  const std::string epoch = make_copy();
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 2);
}

TEST_F(SqliteDoubt, IsRaisedByABackupThatIsMovedIntoPlace) {
  const std::string epoch = make_copy();
  fs::rename(copy_, path_);
  expect_new_epoch(epoch, 2);
}

TEST_F(SqliteDoubt, IsRaisedByABackupOfTheNewestState) {
  open();
  const std::string epoch = publish("room:a", "1").epoch;
  back_up(path_, copy_);
  close();
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 1);
}

TEST_F(SqliteDoubt, IsRaisedByABackupFromBeforeTheLastKill) {
  const std::string epoch = make_copy();
  crash_after(5, 6);
  for (const char* end : {"-wal", "-shm"}) fs::remove(path_ + end);
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 2);
}

TEST_F(SqliteDoubt, IsRaisedByADeletedWal) {
  open();
  const std::string epoch = publish("room:a", "1").epoch;
  crash_after(2, 9);
  fs::remove(path_ + "-wal");
  expect_new_epoch(epoch, 1);
}

TEST_F(SqliteDoubt, IsRaisedByACopyWithAndWithoutItsLock) {
  const std::string epoch = make_copy();
  for (const bool has_lock : {false, true}) {
    const std::string other = directory_.path() + (has_lock ? "/with" : "/without");
    fs::create_directory(other);
    copy_over(path_, other + "/store.db");
    if (has_lock) copy_over(lock_, other + "/store.db.lock");
    const auto broker = SqliteBroker::open(loop_, other + "/store.db", StoreSync::kFull, settings_);
    ASSERT_TRUE(broker);
    auto reader = SqliteStoreReader::open(other + "/store.db");
    ASSERT_TRUE(reader);
    const auto top = (*reader)->read({"room:a", 0, 0, false})->top;
    EXPECT_NE(top.epoch, epoch);
    EXPECT_TRUE(top.descends_from(epoch, 4));
    EXPECT_FALSE(top.descends_from(epoch, 5));
  }
}

TEST_F(SqliteDoubt, IsRaisedByAMarkThatIsMissingOrDamaged) {
  const auto spoil = [&](std::streamoff place) {
    std::fstream file(lock_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(place);
    const char before = static_cast<char>(file.get());
    file.seekp(place);
    file.put(before == '7' ? '8' : '7');
  };
  open();
  std::string epoch = publish("room:a", "1").epoch;
  std::uint64_t kept = 1;
  const auto expect_doubt = [&](auto fault) {
    close();
    fault();
    expect_new_epoch(epoch, kept);
    epoch = history("room:a").top.epoch;
    ++kept;
  };
  expect_doubt([&] { fs::remove(lock_); });
  expect_doubt([&] { fs::resize_file(lock_, 0); });
  expect_doubt([&] { fs::resize_file(lock_, 100); });
  for (const std::streamoff place : {0, 20, 40, 60, 80, 100}) expect_doubt([&] { spoil(place); });
}

// SQLite would take the old log, which belongs to what was overwritten, for that of the copy.
TEST_F(SqliteDoubt, KeepsTheLogOfAnotherStateOutOfARestoredBackup) {
  constexpr std::size_t kPadding = 2000;
  open();
  const std::string epoch = publish("room:a", body(1, kPadding)).epoch;
  publish("room:a", body(2, kPadding));
  back_up(path_, copy_);
  crash_after(3, 2000, kPadding);  // the log has started over: it lacks what follows the copy
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 2);
  EXPECT_TRUE(fs::exists(path_ + "-wal.stale"));
}

// A log that has all that the copy lacks makes it as new as it was.
TEST_F(SqliteDoubt, LosesNothingToABackupWithAllOfItsLog) {
  open();
  const std::string epoch = publish("room:a", "1").epoch;
  back_up(path_, copy_);
  crash_after(2, 9);
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 9);
  EXPECT_EQ(text_of(history("room:a")), "1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:next");
}

// ---- Earlier epochs

TEST_F(SqliteDoubt, KeepsTheNewestEightEpochs) {
  open();
  std::vector<Position> positions;
  for (int i = 0; i < 12; ++i) {
    positions.push_back(publish("room:a", "x"));
    close();
    fs::remove(lock_);
    open();
  }
  const LogTop top = history("room:a").top;
  ASSERT_EQ(top.ancestors.size(), 8U);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    EXPECT_EQ(top.descends_from(positions[i].epoch, positions[i].offset), i >= 4) << i;
    EXPECT_FALSE(top.descends_from(positions[i].epoch, positions[i].offset + 1)) << i;
  }
  EXPECT_EQ(top.ancestors.front().epoch, positions.back().epoch);
}

TEST_F(SqliteDoubt, LetsWhatIsOfAnEarlierEpochBeRewritten) {
  const std::string epoch = make_copy();
  copy_over(copy_, path_);
  expect_new_epoch(epoch, 2);
  const auto rewrite = [&](std::uint64_t offset, const std::string& its_epoch) {
    const auto done = node_->rewrite({"room:a", offset, its_epoch, "", "edited"});
    return done && *done ? **done : Rewritten::kChanged;
  };
  EXPECT_EQ(rewrite(2, epoch), Rewritten::kDone);
  EXPECT_EQ(rewrite(3, epoch), Rewritten::kGone);  // that one was lost; there is another one
  EXPECT_EQ(rewrite(1, "unknown"), Rewritten::kGone);
  EXPECT_EQ(text_of(history("room:a")), "1:1 2:edited 3:next");
}

}  // namespace
}  // namespace chirm
