// SPDX-License-Identifier: MIT
// Group commits while the file refuses to be written now and then: everybody is told once, in
// order, and what was acked is what is in the file.

#include "core/broker/sqlite/sqlite_write_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/broker/sqlite/sqlite_store.h"
#include "tests/core/broker/sqlite/sqlite_file.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

class WriteQueueRandom : public testing::SqliteFile, public ::testing::WithParamInterface<int> {
 protected:
  WriteQueueRandom() {
    auto store = SqliteStoreWriter::open(path_, StoreSync::kNormal);
    EXPECT_TRUE(store.has_value());
    queue_ = std::make_unique<SqliteWriteQueue>(loop_, settings_, std::move(*store));
    hook_ = loop_.add_turn_end_hook([this] {
      queue_->start();
      queue_->check();
      return Loop::TurnEnd::kDone;
    });
  }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return random_.between(low, high);
  }

  // Whatever would put something into the file fails.
  void set_fault(bool is_faulty) {
    static constexpr const char* kTables[] = {"publication", "channel", "setting"};
    for (const std::string table : kTables) {
      change_schema(is_faulty
                        ? "CREATE TRIGGER IF NOT EXISTS fault_" + table + " BEFORE INSERT ON " +
                              table + " BEGIN SELECT RAISE(ABORT, 'fault'); END"
                        : "DROP TRIGGER IF EXISTS fault_" + table);
    }
  }
  // The queue may be in the middle of a transaction: waits for it.
  void change_schema(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 60'000);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  void publish(const std::string& channel) {
    const int number = ++asked_;
    const std::string body = "body-" + std::to_string(number);
    ASSERT_TRUE(queue_->has_room(body.size()));
    queue_->add(SqliteWrite{channel, body, "ada", "", {}, false},
                [this, channel, body, number](const SqliteWrite* write) {
                  // Told in the order of asking.
                  EXPECT_GT(number, last_told_write_);
                  last_told_write_ = number;
                  ++told_;
                  if (write == nullptr) return;
                  acked_[channel].push_back(body);
                  EXPECT_EQ(write->position.offset, acked_[channel].size());
                });
  }
  void look(const std::string& channel, SqliteWriteQueue::Patience patience) {
    ++asked_;
    queue_->add_look(channel, patience, [this, channel, patience](const SqliteWrite* look) {
      ++told_;
      EXPECT_TRUE(look != nullptr || patience == SqliteWriteQueue::Patience::kFail);
      if (look == nullptr) return;
      EXPECT_FALSE(look->position.epoch.empty());
      EXPECT_EQ(look->position.offset, acked_[channel].size());
    });
  }
  void change_document() {
    ++asked_;
    SqliteDocumentChange change;
    change.collection = "test";
    change.id = "id-" + std::to_string(between(0, 3));
    change.expected = versions_[change.id];
    change.value = "value";
    queue_->add(std::move(change), [this](const SqliteDocumentChange* changed) {
      ++told_;
      if (changed != nullptr) versions_[changed->id] = changed->result.current.version;
    });
  }

  Loop loop_;
  Random random_{static_cast<std::uint64_t>(GetParam())};
  std::unique_ptr<SqliteWriteQueue> queue_;
  Loop::TurnEndHook hook_;
  std::map<std::string, std::vector<std::string>> acked_;
  std::map<std::string, std::uint64_t> versions_;
  int asked_ = 0;
  int told_ = 0;
  int last_told_write_ = 0;
};

TEST_P(WriteQueueRandom, TellsEverybodyOnceAndKeepsWhatItAcked) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  bool is_faulty = false;
  for (int step = 0; step < 400; ++step) {
    const std::string channel = "room:" + std::to_string(between(0, 9));
    const std::uint64_t dice = between(0, 99);
    if (dice < 55) {
      publish(channel);
    } else if (dice < 75) {
      look(channel, dice < 65 ? SqliteWriteQueue::Patience::kFail
                              : SqliteWriteQueue::Patience::kWaitForRoom);
    } else if (dice < 80) {
      change_document();
    } else if (dice < 82) {
      is_faulty = !is_faulty;
      set_fault(is_faulty);
    } else {
      int turns = static_cast<int>(between(1, 4));
      ASSERT_TRUE(testing::run_until(loop_, [&] { return turns-- == 0; }));
    }
    if (HasFailure()) FAIL() << "at step " << step;
  }
  set_fault(false);
  ASSERT_TRUE(testing::run_until(
      loop_, [&] { return told_ == asked_; }, 60'000))
      << told_ << " of " << asked_ << " were told";
  ASSERT_TRUE(testing::run_until(
      loop_, [&] { return queue_->failure() == nullptr; }, 60'000))
      << "still: " << queue_->failure()->error;
  EXPECT_EQ(told_, asked_);
  auto reader = SqliteStoreReader::open(path_);
  ASSERT_TRUE(reader.has_value());
  for (const auto& [channel, bodies] : acked_) {
    const auto history = (*reader)->read({channel, 0, 100'000, false});
    ASSERT_TRUE(history.has_value());
    ASSERT_EQ(history->publications.size(), bodies.size()) << channel;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      EXPECT_EQ(history->publications[i].body, bodies[i]);
    }
  }
  queue_.reset();
}

INSTANTIATE_TEST_SUITE_P(Seeds, WriteQueueRandom, ::testing::Range(1, 4));

}  // namespace
}  // namespace chirm
