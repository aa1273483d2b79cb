// SPDX-License-Identifier: MIT
// The store in a file: its transactions, what it forgets, and what survives its process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/broker/sqlite/sqlite_store.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

using ::testing::HasSubstr;
using testing::text_of;

class SqliteStoreFile : public testing::SqliteFile {
 protected:
  void open() {
    store_.reset();
    auto store = SqliteStoreWriter::open(path_, StoreSync::kFull);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = std::move(*store);
  }
  static SqliteWrite publish(const std::string& body, const std::string& message_id = "") {
    return {"room:a", body, "ada", message_id, {}, false};
  }
  SqliteWrite write(SqliteWrite one, std::int64_t now_ms) {
    SqliteTransaction all{.writes = {std::move(one)}};
    const auto done = store_->write(all, settings_, now_ms);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return all.writes[0];
  }
  void forget_all_old(std::int64_t now_ms) {
    auto has_more = store_->forget_old(settings_, now_ms);
    while (has_more && *has_more) has_more = store_->forget_old(settings_, now_ms);
    EXPECT_TRUE(has_more.has_value());
  }
  History read(std::uint64_t since = 0) {
    auto reader = SqliteStoreReader::open(path_);
    EXPECT_TRUE(reader.has_value());
    auto history = (*reader)->read({"room:a", since, 100'000, false});
    EXPECT_TRUE(history.has_value());
    return *history;
  }

  std::unique_ptr<SqliteStoreWriter> store_;
};

TEST_F(SqliteStoreFile, RemembersNothingOfATransactionThatFailed) {
  open();
  const SqliteWrite before = write(publish("x"), 1000);
  execute(
      "CREATE TRIGGER fault BEFORE INSERT ON publication WHEN NEW.body = 'bad' "
      "BEGIN SELECT RAISE(ABORT, 'fault'); END");
  SqliteTransaction all{
      .writes = {publish("y", "id-1"), publish("z", "id-2"), publish("bad", "id-3")}};
  const auto failed = store_->write(all, settings_, 1000);
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
  const SqliteWrite again = write(publish("x", "id"), 1250);
  EXPECT_TRUE(again.is_repetition);
  EXPECT_EQ(again.position.offset, 2U);
}

TEST_F(SqliteStoreFile, TellsMessageIdsApartAfterReopeningWhateverIsInThem) {
  using namespace std::string_literals;
  const auto publishes = [] {
    return std::vector<SqliteWrite>{{"room:a", "x", "ada\0b"s, "c", {}, false},
                                    {"room:a", "y", "ada", "b\0c"s, {}, false}};
  };
  open();
  for (SqliteWrite& one : publishes()) EXPECT_FALSE(write(one, 1000).is_repetition);
  EXPECT_EQ(text_of(read()), "1:x 2:y");
  open();
  std::uint64_t offset = 0;
  for (SqliteWrite& one : publishes()) {
    const SqliteWrite again = write(one, 1000);
    EXPECT_TRUE(again.is_repetition);
    EXPECT_EQ(again.position.offset, ++offset);
  }
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
    SqliteTransaction all{.writes = std::vector<SqliteWrite>(10, publish("x")), .documents = {}};
    ASSERT_TRUE(store_->write(all, settings_, 1000));
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

TEST_F(SqliteStoreFile, ForgetsPublicationsAfterTheirTimeAndTheNumberingADayLater) {
  constexpr std::int64_t kDay = 24 * 3600 * 1000;
  settings_.history_ttl_ms = 1600;
  open();
  const SqliteWrite first = write(publish("x", "id"), 1000);
  write(publish("y"), 2000);
  execute("INSERT INTO ancestor SELECT id, 1, 'before', 1 FROM channel");
  forget_all_old(2000 + 1600);
  EXPECT_EQ(text_of(read()), "1:x 2:y");
  forget_all_old(2000 + 1600 + 100);
  EXPECT_EQ(text_of(read()), "");
  EXPECT_EQ(read().top.epoch, first.position.epoch);
  EXPECT_EQ(read().top.offset, 2U);
  SqliteRewrite gone;
  gone.channel = "room:a";
  gone.offset = 2;
  gone.body = "z";
  SqliteTransaction rewrite{.writes = {}, .rewrites = {gone}};
  ASSERT_TRUE(store_->write(rewrite, settings_, 3800));
  EXPECT_EQ(rewrite.rewrites[0].result, Rewritten::kGone);
  // It goes on behind what there was, and is silent again.
  EXPECT_EQ(write(publish("z"), 4000).position.offset, 3U);
  EXPECT_EQ(text_of(read()), "3:z");
  forget_all_old(6000);
  // Whoever looks at it keeps it for another day.
  EXPECT_EQ(write(publish(""), 6000 + kDay).position.offset, 3U);
  forget_all_old(6000 + 2 * kDay);
  EXPECT_EQ(read().top.epoch, first.position.epoch);
  forget_all_old(6000 + 3 * kDay);
  EXPECT_EQ(read().top.epoch, "");
  EXPECT_EQ(count_rows("channel"), 0);
  EXPECT_EQ(count_rows("ancestor"), 0);
  EXPECT_EQ(count_rows("publication"), 0);
  const SqliteWrite next = write(publish("z", "id"), 6000 + 3 * kDay);
  EXPECT_FALSE(next.is_repetition);
  EXPECT_EQ(next.position.offset, 1U);
  EXPECT_NE(next.position.epoch, first.position.epoch);
}

TEST_F(SqliteStoreFile, BelievesTheMachinesClockForADayAtMost) {
  constexpr std::int64_t kDay = 24 * 3600 * 1000;
  settings_.history_ttl_ms = 30 * kDay;
  settings_.idempotency_ttl_ms = 1000;
  open();
  EXPECT_EQ(store_->start_ms(100 * kDay), 100 * kDay);  // a new file's
  write(publish("x", "id"), 100 * kDay);
  forget_all_old(100 * kDay + kDay / 2);
  open();
  // It has been stepped back, or is right, or was stepped forward by a month.
  EXPECT_EQ(store_->start_ms(90 * kDay), 100 * kDay + kDay / 2);
  EXPECT_EQ(store_->start_ms(101 * kDay), 101 * kDay);
  EXPECT_EQ(store_->start_ms(200 * kDay), 101 * kDay + kDay / 2);
  forget_all_old(store_->start_ms(200 * kDay));
  EXPECT_EQ(text_of(read()), "1:x");
}

// By the clock half a day has passed since; that need not be so.
TEST_F(SqliteStoreFile, RemembersMessageIdsForTheirWholeTimeFromAStart) {
  settings_.idempotency_ttl_ms = 1000;
  open();
  write(publish("x", "id"), 1000);
  open();
  forget_all_old(50'000);
  EXPECT_TRUE(write(publish("x", "id"), 50'999).is_repetition);
  EXPECT_FALSE(write(publish("x", "id"), 51'000).is_repetition);
}

// Tells the pipe each offset that was acked, until it is killed.
[[noreturn]] void publish_until_killed(const std::string& path, int acks) {
  auto store = SqliteStoreWriter::open(path, StoreSync::kFull);
  for (std::uint64_t top = 0; store; top += 5) {
    SqliteTransaction all;
    for (std::uint64_t i = top + 1; i <= top + 5; ++i) {
      const std::string text = std::to_string(i);
      all.writes.push_back({"room:a", text, "ada", "id-" + text, {}, false});
    }
    if (!(*store)->write(all, BrokerSettings{}, 1000)) break;
    const std::uint64_t acked = all.writes.back().position.offset;
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
  const SqliteWrite again = write(publish("x", "id-" + std::to_string(acked)), 1000);
  EXPECT_TRUE(again.is_repetition);
  EXPECT_EQ(again.position.offset, acked);
  const SqliteWrite next = write(publish("x"), 1000);
  EXPECT_EQ(next.position.offset, history.top.offset + 1);
  EXPECT_EQ(next.position.epoch, history.top.epoch);
}

}  // namespace
}  // namespace chirm
