// SPDX-License-Identifier: MIT
// One chirmd with a file as its store: an older copy of it is restored, or the file is replaced
// while chirmd uses it. Clients go on where they can, and else are told.
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/cluster_test.h"
#include "tests/support/http_get.h"
#include "tests/support/raw_client.h"
#include "tests/support/sqlite_backup.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRoom = "room:a";

class StoreRestore : public ClusterTest {
 protected:
  StoreRestore() {
    start({.is_single = true, .chirmd_arguments = {"--insecure", "--store", store_}});
  }

  // Publishes so many, one after the other, and returns the answers: the offsets in them.
  std::vector<std::string> publish(int count) {
    RawClient client(loop_, cluster_->url().port);
    client.send_upgrade();
    client.send(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
    for (int i = 0; i < count; ++i) {
      client.send(R"({"id":)" + std::to_string(i + 2) + R"(,"publish":{"channel":")" + kRoom +
                  R"(","data":1}})");
    }
    const auto answers = static_cast<std::size_t>(count) + 1;
    EXPECT_TRUE(run([&] { return client.events.lines.size() >= answers; }));
    std::vector<std::string> lines = client.events.take();
    lines.erase(lines.begin());
    return lines;
  }
  // Comes back from a position, with what it then gets: the answer, and so many publications.
  std::vector<std::string> come_back(std::uint64_t offset, std::size_t count) {
    RawClient client(loop_, cluster_->url().port);
    client.send_upgrade();
    client.send(R"({"id":1,"connect":{"data":{"name":"bob"}}})");
    client.send(R"({"id":2,"subscribe":{"channel":")" + std::string(kRoom) +
                R"(","recover":true,"offset":)" + std::to_string(offset) + R"(,"epoch":")" +
                epoch_ + R"("}})");
    EXPECT_TRUE(run([&] { return client.events.lines.size() >= 2 + count; }));
    std::vector<std::string> lines = client.events.take();
    lines.erase(lines.begin());
    lines.push_back(client.events.epoch);
    return lines;
  }
  // As docs/operations.md says: the copy, and nothing that belonged to what it replaces.
  void restore() {
    fs::copy_file(copy_, store_, fs::copy_options::overwrite_existing);
    for (const char* end : {"-wal", "-shm"}) fs::remove(store_ + end);
  }
  int readiness() { return http_get(cluster_->url().port, "/readyz").status; }

  TempDirectory directory_;
  const std::string store_ = directory_.path() + "/rooms.db";
  const std::string copy_ = directory_.path() + "/copy.db";
  std::string epoch_;  // of who comes back
};

TEST_F(StoreRestore, TellsWhoHasSeenMoreThanTheCopyHas) {
  epoch_ = come_back(0, 0)[1];  // which makes it
  publish(10);
  back_up(store_, copy_);
  publish(10);
  cluster_->kill_node(0);
  restore();
  cluster_->start_node(0);

  // Something else is said at the offset that was used before.
  ASSERT_THAT(publish(1)[0], HasSubstr("publish"));
  for (const std::uint64_t offset : {11U, 20U}) {
    EXPECT_THAT(come_back(offset, 0)[0], Not(HasSubstr("\"recovered\":true"))) << offset;
  }
  for (const std::uint64_t offset : {9U, 10U}) {
    const auto got = come_back(offset, 11 - offset);
    EXPECT_THAT(got[0], HasSubstr("\"recovered\":true")) << offset;
    EXPECT_THAT(got[got.size() - 2], StartsWith("room:a 11 "));
    EXPECT_NE(got.back(), epoch_);
  }
}

TEST_F(StoreRestore, ServesNothingFromAFileThatWasReplaced) {
  epoch_ = come_back(0, 0)[1];
  publish(10);
  back_up(store_, copy_);
  publish(10);
  EXPECT_EQ(readiness(), 200);
  fs::rename(copy_, store_);
  ASSERT_TRUE(run([&] { return readiness() == 503; }));
  const std::string why = http_get(cluster_->url().port, "/readyz").body;
  EXPECT_THAT(why, StartsWith("away: sqlite: " + store_ + " was replaced by another file"));
  EXPECT_THAT(why, HasSubstr("restart chirmd"));
  RawClient client(loop_, cluster_->url().port);
  client.send_upgrade();
  ASSERT_TRUE(run([&] { return client.status() != 0; }));
  EXPECT_EQ(client.status(), 503);

  cluster_->kill_node(0);
  // It would bring back all that the copy lacks.
  for (const char* end : {"-wal", "-shm"}) fs::remove(store_ + end);
  cluster_->start_node(0);
  EXPECT_EQ(readiness(), 200);
  EXPECT_THAT(come_back(20, 0)[0], Not(HasSubstr("\"recovered\":true")));
}

TEST_F(StoreRestore, AcksNothingForAFileThatIsGone) {
  RawClient client(loop_, cluster_->url().port);
  client.send_upgrade();
  client.send(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
  client.send(R"({"id":2,"publish":{"channel":"room:a","data":1}})");
  ASSERT_TRUE(run([&] { return client.events.has("2 publish"); }));
  const std::string aside = store_ + ".aside";
  fs::rename(store_, aside);
  client.send(R"({"id":3,"publish":{"channel":"room:a","data":2}})");
  ASSERT_TRUE(run([&] { return client.events.has("3 "); }));
  EXPECT_TRUE(client.events.has("3 error 100"));
  fs::rename(aside, store_);
  ASSERT_TRUE(run([&] { return readiness() == 200; }));
  client.send(R"({"id":4,"publish":{"channel":"room:a","data":3}})");
  ASSERT_TRUE(run([&] { return client.events.has("4 "); }));
  EXPECT_TRUE(client.events.has("4 publish"));
}

}  // namespace
}  // namespace chirm::testing
