// SPDX-License-Identifier: MIT
// What only the store in a file does: it outlives its process, and its disk can be full.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/broker/sqlite_broker.h"
#include "core/broker/sqlite_store.h"
#include "tests/core/broker/broker_node.h"
#include "tests/support/temp_directory.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::HasSubstr;

// No file can grow beyond the size that this one has: to the store, a full disk.
class FullDisk {
 public:
  explicit FullDisk(const std::string& path) : handler_before_(signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit full = before_;
    full.rlim_cur = std::filesystem::file_size(path);
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  }
  ~FullDisk() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before_), 0);
    signal(SIGXFSZ, handler_before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*handler_before_)(int);
  rlimit before_{};
};

class SqliteFile : public ::testing::Test {
 protected:
  // Changes the file behind the store's back.
  void execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  std::int64_t count_rows(const std::string& table) {
    sqlite3* database = nullptr;
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT count(*) FROM " + table;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return count;
  }

  testing::TempDirectory directory_;
  const std::string path_ = directory_.path() + "/store.db";
  BrokerSettings settings_;
};

// Publications as "offset:body", in the order that they came in.
std::string text_of(const History& history) {
  std::string text;
  for (const Publication& one : history.publications) {
    text += (text.empty() ? "" : " ") + std::to_string(one.offset) + ":" + one.body;
  }
  return text;
}

// ---- The broker

class SqliteBrokerFile : public SqliteFile {
 protected:
  void open(StoreSync sync = StoreSync::kFull) {
    node_.reset();
    auto broker = SqliteBroker::open(loop_, path_, sync, settings_);
    ASSERT_TRUE(broker.has_value()) << broker.error().message;
    node_ = std::make_unique<BrokerNode>(loop_, std::move(*broker));
  }
  void close() { node_.reset(); }

  Position publish(const std::string& channel, const std::string& body,
                   const std::string& message_id = "") {
    const auto position = node_->publish({channel, body, "ada", message_id});
    EXPECT_TRUE(position && *position);
    return position && *position ? **position : Position{};
  }
  void expect_refused(const std::string& channel, const std::string& message_id = "") {
    const auto answer = node_->publish({channel, "refused", "ada", message_id});
    ASSERT_TRUE(answer.has_value());
    ASSERT_FALSE(answer->has_value());
    EXPECT_EQ(answer->error(), errors::kInternal);
  }
  History history(const std::string& channel) {
    const auto history = node_->history({channel, 0, 100'000, false});
    EXPECT_TRUE(history && *history);
    return history && *history ? **history : History{};
  }

  Loop loop_;
  std::unique_ptr<BrokerNode> node_;
};

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

TEST_F(SqliteBrokerFile, StartsNewEpochsWhenThePowerMayHaveFailed) {
  open(StoreSync::kNormal);
  const Position before = publish("room:a", "x");
  const Position other_before = publish("room:b", "x");
  for (const StoreSync sync : {StoreSync::kNormal, StoreSync::kFull}) {
    close();
    execute("UPDATE setting SET value = 'another-boot normal' WHERE name = 'boot'");
    open(sync);
    const History after = history("room:a");
    EXPECT_NE(after.top.epoch, before.epoch);
    EXPECT_NE(after.top.epoch, "");
    EXPECT_NE(after.top.epoch, history("room:b").top.epoch);
    EXPECT_NE(history("room:b").top.epoch, other_before.epoch);
    EXPECT_EQ(text_of(after), "1:x");
  }
}

TEST_F(SqliteBrokerFile, KeepsEpochsWhileThePowerStaysOn) {
  open(StoreSync::kNormal);
  const Position before = publish("room:a", "x");
  for (const StoreSync sync : {StoreSync::kNormal, StoreSync::kFull, StoreSync::kNormal}) {
    open(sync);
    EXPECT_EQ(history("room:a").top.epoch, before.epoch);
  }
}

TEST_F(SqliteBrokerFile, KeepsEpochsWhenEveryCommitWaitedForTheDisk) {
  open(StoreSync::kFull);
  const Position before = publish("room:a", "x");
  for (const StoreSync sync : {StoreSync::kFull, StoreSync::kNormal}) {
    close();
    execute("UPDATE setting SET value = 'another-boot full' WHERE name = 'boot'");
    open(sync);
    EXPECT_EQ(history("room:a").top.epoch, before.epoch);
  }
}

TEST_F(SqliteBrokerFile, RefusesPublishesWhileTheDiskIsFullAndReturnsByItself) {
  open();
  ASSERT_TRUE(node_->subscribe("room:a"));
  const Position before = publish("room:a", "x");
  publish("room:a", "y");
  EXPECT_EQ(node_->broker->health(), Health::kReady);
  {
    const FullDisk full(path_ + "-wal");
    expect_refused("room:a", "id-1");
    expect_refused("room:new");
    EXPECT_EQ(node_->broker->health(), Health::kDegraded);
    EXPECT_EQ(text_of(history("room:a")), "1:x 2:y");
    int refused = 0;
    for (int i = 0; i < 5000; ++i) {  // more than one transaction
      node_->broker->publish({"room:a", "refused", "", ""},
                             [&](const auto& answer) { refused += answer ? 0 : 1; });
    }
    EXPECT_TRUE(node_->run_until([&] { return refused == 5000; }));
    EXPECT_EQ(node_->broker->counters().publish_errors, 5002U);
  }
  const Position after = publish("room:a", "z", "id-1");
  EXPECT_EQ(after.offset, 3U);
  EXPECT_EQ(after.epoch, before.epoch);
  EXPECT_EQ(node_->broker->health(), Health::kReady);
  EXPECT_EQ(node_->broker->counters().duplicates, 0U);
  EXPECT_EQ(node_->received_in("room:a"), "1:x 2:y 3:z");
  EXPECT_EQ(publish("room:new", "x").offset, 1U);
  open();
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:y 3:z");
}

TEST_F(SqliteBrokerFile, CountsAsFailingUntilSomethingIsWritten) {
  open();
  publish("room:a", "x", "id-1");
  const FullDisk full(path_ + "-wal");
  expect_refused("room:a");
  const auto subscribed = node_->subscribe("room:a");  // a transaction that wrote nothing
  EXPECT_TRUE(subscribed && *subscribed);
  EXPECT_EQ(node_->broker->health(), Health::kDegraded);
  EXPECT_EQ(publish("room:a", "x", "id-1").offset, 1U);  // so does a repetition
  EXPECT_EQ(node_->broker->health(), Health::kDegraded);
}

// ---- The store

class SqliteStoreFile : public SqliteFile {
 protected:
  void open() {
    store_.reset();
    auto store = SqliteStore::open_for_writing(path_, StoreSync::kFull);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = std::move(*store);
  }
  static SqliteStore::Write publish(const std::string& body, const std::string& message_id = "") {
    return {"room:a", body, "ada", message_id, {}, false};
  }
  SqliteStore::Write write(SqliteStore::Write one, std::int64_t now_ms) {
    std::vector<SqliteStore::Write> writes{std::move(one)};
    const auto done = store_->write(writes, settings_, now_ms);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return writes[0];
  }
  void forget_all_old(std::int64_t now_ms) {
    auto has_more = store_->forget_old(settings_, now_ms);
    while (has_more && *has_more) has_more = store_->forget_old(settings_, now_ms);
    EXPECT_TRUE(has_more.has_value());
  }
  History read(std::uint64_t since = 0) {
    auto reader = SqliteStore::open_for_reading(path_);
    EXPECT_TRUE(reader.has_value());
    auto history = (*reader)->read({"room:a", since, 100'000, false});
    EXPECT_TRUE(history.has_value());
    return *history;
  }

  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteStoreFile, RemembersNothingOfATransactionThatFailed) {
  open();
  const SqliteStore::Write before = write(publish("x"), 1000);
  execute(
      "CREATE TRIGGER fault BEFORE INSERT ON publication WHEN NEW.body = 'bad' "
      "BEGIN SELECT RAISE(ABORT, 'fault'); END");
  std::vector<SqliteStore::Write> writes{publish("y", "id-1"), publish("z", "id-2"),
                                         publish("bad", "id-3")};
  const auto failed = store_->write(writes, settings_, 1000);
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, HasSubstr(path_));
  EXPECT_EQ(text_of(read()), "1:x");
  for (const std::uint64_t offset : {2U, 3U, 4U}) {
    const auto again = write(publish("again", "id-" + std::to_string(offset - 1)), 1000);
    EXPECT_FALSE(again.is_repetition);
    EXPECT_EQ(again.position.offset, offset);
    EXPECT_EQ(again.position.epoch, before.position.epoch);
  }
}

TEST_F(SqliteStoreFile, RemembersAMessageIdFromItsSecondTimeAfterReopening) {
  settings_.idempotency_ttl_ms = 100;
  open();
  EXPECT_EQ(write(publish("x", "id"), 1000).position.offset, 1U);
  EXPECT_EQ(write(publish("x", "id"), 1200).position.offset, 2U);  // the first is forgotten
  open();
  const SqliteStore::Write again = write(publish("x", "id"), 1250);
  EXPECT_TRUE(again.is_repetition);
  EXPECT_EQ(again.position.offset, 2U);
}

TEST_F(SqliteStoreFile, DeletesMessageIdsAfterTheirTime) {
  settings_.idempotency_ttl_ms = 100;
  open();
  write(publish("x", "id-1"), 1000);
  write(publish("x", "id-2"), 1050);
  forget_all_old(1100);
  EXPECT_EQ(count_rows("message"), 1);
  open();
  EXPECT_FALSE(write(publish("x", "id-1"), 1100).is_repetition);
  EXPECT_TRUE(write(publish("x", "id-2"), 1100).is_repetition);
}

TEST_F(SqliteStoreFile, TrimsAChannelAndShowsAHoleToWhoIsTooFarBehind) {
  settings_.history_size = 100;
  open();
  for (std::uint64_t top = 0; top < 1000; top += 10) {
    std::vector<SqliteStore::Write> writes(10, publish("x"));
    ASSERT_TRUE(store_->write(writes, settings_, 1000));
    const History history = read();
    ASSERT_EQ(history.top.offset, top + 10);
    ASSERT_GE(history.publications.size(), std::min<std::size_t>(top + 10, 100));
    ASSERT_LT(history.publications.size(), 100U + 64U);
    ASSERT_EQ(history.publications.back().offset, top + 10);
    ASSERT_EQ(history.publications.front().offset, top + 11 - history.publications.size());
  }
  EXPECT_GT(read(5).publications.front().offset, 6U);
  EXPECT_EQ(read(950).publications.front().offset, 951U);
}

TEST_F(SqliteStoreFile, ForgetsAChannelAfterItsTime) {
  settings_.history_ttl_ms = 1600;
  open();
  const SqliteStore::Write first = write(publish("x", "id"), 1000);
  write(publish("y"), 2000);
  forget_all_old(2000 + 1600);
  EXPECT_EQ(text_of(read()), "1:x 2:y");
  forget_all_old(2000 + 1600 + 100);
  EXPECT_EQ(read().top.epoch, "");
  EXPECT_EQ(count_rows("channel"), 0);
  EXPECT_EQ(count_rows("publication"), 0);
  const SqliteStore::Write next = write(publish("z", "id"), 4000);
  EXPECT_FALSE(next.is_repetition);
  EXPECT_EQ(next.position.offset, 1U);
  EXPECT_NE(next.position.epoch, first.position.epoch);
}

// Tells the pipe each offset that was acked, until it is killed.
[[noreturn]] void publish_until_killed(const std::string& path, int acks) {
  auto store = SqliteStore::open_for_writing(path, StoreSync::kFull);
  for (std::uint64_t top = 0; store; top += 5) {
    std::vector<SqliteStore::Write> writes;
    for (std::uint64_t i = top + 1; i <= top + 5; ++i) {
      const std::string text = std::to_string(i);
      writes.push_back({"room:a", text, "ada", "id-" + text, {}, false});
    }
    if (!(*store)->write(writes, BrokerSettings{}, 1000)) break;
    const std::uint64_t acked = writes.back().position.offset;
    if (::write(acks, &acked, sizeof acked) != sizeof acked) break;
  }
  _exit(1);
}

TEST_F(SqliteStoreFile, KeepsWhatWasAckedWhenItsProcessIsKilled) {
  int acks[2];
  ASSERT_EQ(pipe(acks), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(acks[0]);
    publish_until_killed(path_, acks[1]);
  }
  ::close(acks[1]);
  std::uint64_t acked = 0;
  bool is_killed = false;
  for (std::uint64_t ack = 0; ::read(acks[0], &ack, sizeof ack) == sizeof ack;) {
    acked = ack;
    if (acked >= 200 && !std::exchange(is_killed, true)) kill(child, SIGKILL);
  }
  ::close(acks[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_GE(acked, 200U);

  open();
  const History history = read();
  EXPECT_GE(history.top.offset, acked);
  EXPECT_EQ(history.top.offset % 5, 0U);  // whole transactions
  ASSERT_EQ(history.publications.size(), history.top.offset);
  for (std::uint64_t i = 1; i <= history.top.offset; ++i) {
    ASSERT_EQ(history.publications[i - 1].offset, i);
    ASSERT_EQ(history.publications[i - 1].body, std::to_string(i));
  }
  const SqliteStore::Write again = write(publish("x", "id-" + std::to_string(acked)), 1000);
  EXPECT_TRUE(again.is_repetition);
  EXPECT_EQ(again.position.offset, acked);
  const SqliteStore::Write next = write(publish("x"), 1000);
  EXPECT_EQ(next.position.offset, history.top.offset + 1);
  EXPECT_EQ(next.position.epoch, history.top.epoch);
}

}  // namespace
}  // namespace chirm
