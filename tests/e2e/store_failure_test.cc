// SPDX-License-Identifier: MIT
// One chirmd alone whose disk is full, or refuses every write, while people talk.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/e2e/cluster_test.h"
#include "tests/support/http_get.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {
namespace {

class StoreFailure : public ClusterTest {
 protected:
  // What the fixture's people see while the disk is broken and after it is mended.
  void expect_service(const std::function<void()>& break_disk,
                      const std::function<void()>& mend_disk) {
    for (int i = 0; i < 8; ++i) add(cluster_->url(), {"room:a", "room:b"});
    ASSERT_TRUE(wait_until_settled());
    start_talking(4);
    talk_on(200);
    break_disk();
    ASSERT_TRUE(run([&] { return metric(0, kRefused) >= 4; }));
    EXPECT_EQ(status("/readyz"), 503);
    EXPECT_EQ(status("/healthz"), 200);

    // Readers go on, also those who come now and those who come back.
    Participant& late = add(cluster_->url(), {"room:a"});
    people_[7]->client().drop_connection();
    ASSERT_TRUE(run([&] { return people_[7]->disconnects.size() == 1; }));
    ASSERT_TRUE(wait_until_settled());
    EXPECT_EQ(people_[7]->room("room:a").recovered, 1);
    // Shared with the answer, which may come when nobody waits for it any more.
    const auto read = std::make_shared<std::size_t>(0);
    late.client().history("room:a", 50, [read](const auto& publications) {
      ASSERT_TRUE(publications);
      *read = publications->size();
    });
    ASSERT_TRUE(run([&] { return *read != 0; }));
    EXPECT_EQ(*read, 50);
    const std::size_t acked = ledger_.size();
    const double refused = metric(0, kRefused);
    ASSERT_TRUE(run([&] { return metric(0, kRefused) >= refused + 4; }));
    EXPECT_EQ(ledger_.size(), acked);

    mend_disk();
    ASSERT_TRUE(run([&] { return status("/readyz") == 200; }));
    talk_on(200);
    stop_and_compare();
    EXPECT_EQ(count_disconnects(), 1);
  }
  int status(const char* path) { return http_get(cluster_->url().port, path).status; }

  static constexpr const char* kRefused = "chirm_broker_publish_errors_total";
  TempDirectory directory_;
  const std::string store_ = directory_.path() + "/rooms.db";
};

TEST_F(StoreFailure, ReadersGoOnWhileTheFileCannotBeWritten) {
  start({.is_single = true, .chirmd_arguments = {"--insecure", "--store", store_}});
  const auto limit_files = [&](rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    ASSERT_EQ(prlimit(cluster_->node(0).pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  };
  expect_service([&] { limit_files(0); }, [&] { limit_files(RLIM_INFINITY); });
}

TEST_F(StoreFailure, ReadersGoOnWhileTheDiskIsFull) {
  // A small disk in a mount namespace of chirmd's own, which goes with the process.
  const std::string mount = "mount -t tmpfs -o size=64m chirm " + directory_.path();
  if (std::system(("unshare -rm sh -c '" + mount + "' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "may not mount a file system";
  }
  start({.is_single = true,
         .wrapper = {"unshare", "-rm", "sh", "-c", mount + " && exec \"$@\"", "sh"},
         .chirmd_arguments = {"--insecure", "--store", store_}});
  const std::string ballast =
      "/proc/" + std::to_string(cluster_->node(0).pid()) + "/root" + directory_.path() + "/ballast";
  const auto fill = [&] {
    std::ofstream file(ballast, std::ios::binary);
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  };
  expect_service(fill, [&] { ASSERT_TRUE(std::filesystem::remove(ballast)); });
}

}  // namespace
}  // namespace chirm::testing
