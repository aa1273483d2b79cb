// SPDX-License-Identifier: MIT
// The disk under the store is full (a small file system of its own, where the test may mount one),
// or refuses every write: publishes are refused, everything else goes on, and service returns.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/core/broker/document_client.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

using testing::SqliteBrokerFile;
using testing::text_of;

enum class Fault : std::uint8_t { kFull, kUnwritable };

class SqliteFailure : public SqliteBrokerFile, public ::testing::WithParamInterface<Fault> {
 protected:
  SqliteFailure() : handler_before_(signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &limit_before_), 0);
  }
  ~SqliteFailure() override {
    mend_disk();
    signal(SIGXFSZ, handler_before_);
    close();
    if (is_mounted_) (void)umount2(directory_.path().c_str(), MNT_DETACH);
  }
  void SetUp() override {
    if (GetParam() == Fault::kUnwritable) return;
    const int rc = mount("chirm", directory_.path().c_str(), "tmpfs", 0, "size=2m");
    is_mounted_ = rc == 0;
    if (!is_mounted_) GTEST_SKIP() << "may not mount: " << std::strerror(errno);
  }

  void break_disk() {
    if (GetParam() == Fault::kUnwritable) {
      rlimit none = limit_before_;
      none.rlim_cur = 0;
      EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
      return;
    }
    std::ofstream file(ballast_, std::ios::binary);
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }
  void mend_disk() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit_before_), 0);
    std::filesystem::remove(ballast_);
  }
  // Publishes until one is refused: what the log has left of its last page is used up.
  void expect_refusal() {
    const bool is_refused = testing::ask_until([&] {
      const auto answer = node_->publish("room:ballast", std::string(1000, 'x'));
      return answer && !*answer;
    });
    EXPECT_TRUE(is_refused);
    expect_refused("room:a");
  }

 private:
  void (*handler_before_)(int);
  rlimit limit_before_{};
  bool is_mounted_ = false;
  const std::string ballast_ = directory_.path() + "/ballast";
};

INSTANTIATE_TEST_SUITE_P(, SqliteFailure, ::testing::Values(Fault::kFull, Fault::kUnwritable),
                         [](const auto& fault) {
                           return fault.param == Fault::kFull ? "Full" : "Unwritable";
                         });

TEST_P(SqliteFailure, RefusesPublishesAndReturnsByItself) {
  open();
  ASSERT_TRUE(node_->subscribe("room:a"));
  const Position before = publish("room:a", "x");
  publish("room:a", "y");
  EXPECT_EQ(node_->broker->health(), Health::kReady);
  break_disk();
  expect_refusal();
  expect_refused("room:a", "id-1");
  expect_refused("room:new");
  EXPECT_EQ(node_->broker->health(), Health::kDegraded);
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:y");
  const std::uint64_t errors_before = node_->broker->counters().publish_errors;
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {  // more than one transaction
    node_->broker->publish({"room:a", "refused", "", ""},
                           [&](const auto& answer) { refused += answer ? 0 : 1; });
  }
  EXPECT_TRUE(node_->run_until([&] { return refused == 5000; }));
  EXPECT_EQ(node_->broker->counters().publish_errors, errors_before + 5000U);

  mend_disk();
  const Position after = publish("room:a", "z", "id-1");
  EXPECT_EQ(after.offset, 3U);
  EXPECT_EQ(after.epoch, before.epoch);
  EXPECT_EQ(node_->broker->counters().duplicates, 0U);
  EXPECT_EQ(node_->received_in("room:a"), "1:x 2:y 3:z");
  EXPECT_EQ(publish("room:new", "x").offset, 1U);
  EXPECT_TRUE(node_->run_until_ready());
  open();
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:y 3:z");
}

TEST_P(SqliteFailure, IsFoundToBeOverWithoutAPublish) {
  open();
  publish("room:a", "x");
  break_disk();
  expect_refusal();
  EXPECT_EQ(node_->broker->health(), Health::kDegraded);
  const std::uint64_t published = node_->broker->counters().published;
  mend_disk();
  EXPECT_TRUE(
      testing::pass_until(loop_, [&] { return node_->broker->health() == Health::kReady; }));
  EXPECT_EQ(node_->broker->counters().published, published);
  EXPECT_EQ(count_rows("setting WHERE name = 'probe'"), 0);  // nothing is left of the probe
}

TEST_P(SqliteFailure, IsNotTakenToBeOverByWhatNeedsNoRoom) {
  open();
  publish("room:a", "x", "id-1");
  break_disk();
  expect_refusal();
  const auto subscribed = node_->subscribe("room:a");  // a transaction that writes nothing
  EXPECT_TRUE(subscribed && *subscribed);
  EXPECT_EQ(node_->broker->health(), Health::kDegraded);
  EXPECT_EQ(publish("room:a", "x", "id-1").offset, 1U);  // so does a repetition
  EXPECT_EQ(node_->broker->health(), Health::kDegraded);
}

TEST_P(SqliteFailure, LetsSubscribersToExistingChannelsIn) {
  open();
  const Position top = publish("room:a", "x");
  break_disk();
  expect_refusal();
  // In one transaction with what is refused.
  bool is_refused = false;
  bool is_subscribed = false;
  bool is_new_answered = false;
  node_->broker->publish({"room:a", std::string(100'000, 'x'), "", ""},
                         [&](const auto& answer) { is_refused = !answer; });
  node_->broker->subscribe("room:new", [&](const auto& answer) {
    is_new_answered = true;
    EXPECT_TRUE(answer);
  });
  node_->broker->subscribe("room:a", [&](const auto& answer) {
    is_subscribed = true;
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->offset, 1U);
    EXPECT_EQ(answer->epoch, top.epoch);
  });
  EXPECT_TRUE(node_->run_until([&] { return is_refused && is_subscribed; }));
  const auto unknown = node_->history({"room:unknown", 0, 10, false});
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(*unknown);
  EXPECT_FALSE(is_new_answered);
  mend_disk();
  EXPECT_TRUE(testing::pass_until(loop_, [&] { return is_new_answered; }));
  publish("room:a", "y");
  publish("room:new", "z");
  EXPECT_EQ(node_->received_in("room:a"), "2:y");
  EXPECT_EQ(node_->received_in("room:new"), "1:z");
}

TEST_P(SqliteFailure, RefusesDocumentsAndReturnsByItself) {
  open();
  testing::DocumentClient client(*node_);
  const std::uint64_t version = client.put("a", 0, "1").current.version;
  publish("room:a", "x");
  break_disk();
  expect_refusal();
  const auto refused = client.try_put("a", version, std::string(60'000, 'v'));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), errors::kInternal);
  EXPECT_EQ(client.list(), "a=1");
  mend_disk();
  EXPECT_TRUE(client.put("a", version, "2").is_stored);
  EXPECT_EQ(client.get("a").value, "2");
  EXPECT_TRUE(node_->run_until_ready());
}

TEST_P(SqliteFailure, SearchesTheLogWhenTheIndexHasNoRoom) {
  open();
  publish("room:a", R"("data":{"type":"message","text":"hello"})");
  break_disk();
  expect_refusal();
  const auto found = node_->search({"room:a", "Hello", 0, 10});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->publications.size(), 1U);
}

}  // namespace
}  // namespace chirm
