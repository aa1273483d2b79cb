// SPDX-License-Identifier: MIT
// The store's file is deleted, moved or replaced while it is used: nothing is acked any more that a
// restart would not find, and who asks is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>

#include "tests/core/broker/document_client.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

namespace fs = std::filesystem;
using testing::back_up;
using ::testing::HasSubstr;
using testing::SqliteBrokerFile;
using testing::text_of;

struct Replacement {
  std::string name;
  std::function<void(const std::string& path, const std::string& copy)> fault;
  std::function<void(const std::string& path)> mend = {};  // where it can be undone
};

const Replacement kReplacements[] = {
    {"Deleted", [](const auto& path, const auto&) { fs::remove(path); }},
    {"AllDeleted",
     [](const auto& path, const auto&) {
       for (const char* end : {"", "-wal", "-shm", ".lock"}) fs::remove(path + end);
     }},
    {"MovedAway", [](const auto& path, const auto&) { fs::rename(path, path + ".old"); },
     [](const auto& path) { fs::rename(path + ".old", path); }},
    {"Replaced", [](const auto& path, const auto& copy) { fs::rename(copy, path); }},
    {"MovedAwayAndReplaced",
     [](const auto& path, const auto& copy) {
       fs::rename(path, path + ".old");
       fs::copy_file(copy, path);
     },
     [](const auto& path) { fs::rename(path + ".old", path); }},
    {"Overwritten",
     [](const auto& path, const auto& copy) {
       fs::copy_file(copy, path, fs::copy_options::overwrite_existing);
     }},
    {"WalDeleted", [](const auto& path, const auto&) { fs::remove(path + "-wal"); }},
    {"LockDeleted", [](const auto& path, const auto&) { fs::remove(path + ".lock"); }},
    {"DirectoryMoved",
     [](const auto& path, const auto&) {
       const auto directory = fs::path(path).parent_path();
       fs::rename(directory, directory.string() + "-moved");
     },
     [](const auto& path) {
       const auto directory = fs::path(path).parent_path();
       fs::rename(directory.string() + "-moved", directory);
     }},
};

class SqliteReplaced : public SqliteBrokerFile, public ::testing::WithParamInterface<Replacement> {
 protected:
  // A database that has grown since the copy was taken, and subscribers.
  void start() {
    fs::create_directory(directory_.path() + "/data");
    open_at();
    publish("room:a", "x");
    back_up(data_path_, copy_);
    publish("room:a", std::string(100'000, 'y'));
    open_at();  // so that it is in the file
    ASSERT_TRUE(node_->subscribe("room:a"));
  }
  void open_at() {
    close();
    auto broker = SqliteBroker::open(loop_, data_path_, StoreSync::kFull, settings_);
    ASSERT_TRUE(broker.has_value()) << broker.error().message;
    node_ = std::make_unique<testing::BrokerNode>(loop_, std::move(*broker));
  }
  void break_file() { GetParam().fault(data_path_, copy_); }

  const std::string data_path_ = directory_.path() + "/data/store.db";
  const std::string copy_ = directory_.path() + "/copy.db";
};

INSTANTIATE_TEST_SUITE_P(, SqliteReplaced, ::testing::ValuesIn(kReplacements),
                         [](const auto& kind) { return kind.param.name; });

void PrintTo(const Replacement& one, std::ostream* out) { *out << one.name; }

TEST_P(SqliteReplaced, IsNotAckedAnyMore) {
  start();
  break_file();
  expect_refused("room:a", "id");  // the very next one
  EXPECT_EQ(node_->received_in("room:a"), "");
  EXPECT_EQ(node_->broker->health(), Health::kAway);
  EXPECT_THAT(node_->broker->stores()[0].problem, HasSubstr(data_path_));
  EXPECT_THAT(node_->broker->stores()[0].problem, HasSubstr("restart chirmd"));
  expect_refused("room:a");
  const auto history = node_->history({"room:a", 0, 10, false});
  ASSERT_TRUE(history.has_value());
  EXPECT_FALSE(history->has_value());
  const auto rewritten = node_->rewrite({"room:a", 1, "", "", "z"});
  ASSERT_TRUE(rewritten.has_value());
  EXPECT_FALSE(rewritten->has_value());
  testing::DocumentClient client(*node_);
  EXPECT_FALSE(client.try_put("a", 0, "1"));
  const auto found = node_->search({"room:a", "x", 0, 10});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->has_value());
}

TEST_P(SqliteReplaced, IsNoticedWhileNobodySaysAnything) {
  start();
  break_file();
  EXPECT_TRUE(testing::pass_until(loop_, [&] { return node_->broker->health() == Health::kAway; }));
}

TEST_P(SqliteReplaced, GoesOnWhenTheSameFileIsBackAndElseNot) {
  start();
  break_file();
  expect_refused("room:a", "id");
  bool is_subscribed = false;
  node_->broker->subscribe("room:b", [&](const auto& top) { is_subscribed = top.has_value(); });
  node_->broker->flush();
  const std::uint64_t before = node_->broker->counters().publish_errors;
  if (!GetParam().mend) {
    // Another file at its place, even with the same content, is not this one.
    if (!fs::exists(data_path_)) back_up(copy_, data_path_);
    bool is_tried = false;
    Timer later(loop_, [&] { is_tried = true; });
    later.start(5000);
    ASSERT_TRUE(testing::pass_until(loop_, [&] { return is_tried; }));
    expect_refused("room:a");
    EXPECT_EQ(node_->broker->counters().publish_errors, before + 1);
    EXPECT_FALSE(is_subscribed);
    return;
  }
  GetParam().mend(data_path_);
  ASSERT_TRUE(testing::pass_until(loop_, [&] { return is_subscribed; }));
  EXPECT_EQ(node_->broker->health(), Health::kReady);
  // It may have been stored before it was refused: then it is what it was.
  const std::uint64_t offset = publish("room:a", "refused", "id").offset;
  EXPECT_EQ(publish("room:a", "z").offset, offset + 1);
  open_at();
  EXPECT_EQ(history("room:a").top.offset, offset + 1);
  EXPECT_EQ(history("room:a").top.ancestors.size(), 0U);
}

// sqlite3's .restore writes into the file that we have open.
TEST_F(SqliteBrokerFile, IsNotAckedAnyMoreWhenAnOlderStateIsWrittenIntoTheFile) {
  open();
  const Position first = publish("room:a", "x");
  const std::string copy = directory_.path() + "/copy.db";
  back_up(path_, copy);
  publish("room:a", "y");
  back_up(copy, path_);
  expect_refused("room:a");
  EXPECT_EQ(node_->broker->health(), Health::kAway);
  open();
  const LogTop top = history("room:a").top;
  EXPECT_EQ(top.offset, 1U);
  EXPECT_TRUE(top.descends_from(first.epoch, 1));
  EXPECT_FALSE(top.descends_from(first.epoch, 2));
}

TEST_F(SqliteBrokerFile, GoesOnWhenAnotherProgramHasChangedADocument) {
  open();
  const Position first = publish("room:a", "x");
  execute("DELETE FROM document");
  execute("INSERT INTO setting VALUES('of', 'somebody else')");
  EXPECT_EQ(publish("room:a", "y").offset, 2U);
  EXPECT_EQ(publish("room:a", "z").epoch, first.epoch);
  EXPECT_EQ(node_->broker->health(), Health::kReady);
}

}  // namespace
}  // namespace chirm
