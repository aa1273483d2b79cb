// SPDX-License-Identifier: MIT
// Clients come back from far beyond what a node holds: everything is still there, and the node
// stays small.
#include <algorithm>
#include <fstream>

#include "tests/e2e/cluster_test.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {
namespace {

constexpr const char* kRoom = "room:long";
constexpr std::uint64_t kMissedMessages = 5'000;
constexpr std::size_t kMessageBytes = 10'000;
// Then what was freed stays resident for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

// Resident memory of a process.
std::size_t resident_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

// A client that comes back and checks, as they arrive, that it gets all behind its place once and
// in order.
class Returning {
 public:
  Returning(Loop& loop, std::uint16_t port, std::uint64_t offset, const std::string& epoch)
      : next_(offset + 1), client_(loop, port) {
    client_.send_upgrade();
    client_.send(R"({"id":1,"connect":{"data":{"name":"bob"}}})");
    client_.send(R"({"id":2,"subscribe":{"channel":")" + std::string(kRoom) +
                 R"(","recover":true,"offset":)" + std::to_string(offset) + R"(,"epoch":")" +
                 epoch + R"("}})");
  }
  RawClient& raw() { return client_; }
  // The offset up to which it has everything; takes in what has come.
  std::uint64_t has() {
    for (const std::string& line : client_.events.take()) {
      if (line.starts_with("2 ")) {
        is_recovered_ = line.find("\"recovered\":true") != std::string::npos;
      } else if (line.starts_with("room:")) {
        const std::string start = std::string(kRoom) + " " + std::to_string(next_) + " ";
        EXPECT_TRUE(line.starts_with(start)) << line.substr(0, 40);
        ++next_;
      }
    }
    client_.events.messages.clear();
    return next_ - 1;
  }
  bool is_recovered() const { return is_recovered_; }

 private:
  std::uint64_t next_;
  RawClient client_;
  bool is_recovered_ = false;
};

class LongCatchUp : public ClusterTest {
 protected:
  // 50 MB; returns the epoch. A small tail, so that nearly all of it comes from the store.
  std::string fill(std::uint16_t port) {
    RawClient publisher(loop_, port);
    publisher.send_upgrade();
    publisher.send(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
    const std::string data = '"' + std::string(kMessageBytes, 'x') + '"';
    std::uint64_t sent = 0;
    std::uint64_t answers = 0;
    EXPECT_TRUE(run(
        [&] {
          answers += publisher.events.take().size();
          publisher.events.messages.clear();
          for (; sent < std::min(answers + 64, kMissedMessages); ++sent) {
            publisher.send(R"({"id":)" + std::to_string(sent + 2) + R"(,"publish":{"channel":")" +
                           kRoom + R"(","data":)" + data + "}}");
          }
          return answers == kMissedMessages + 1;
        },
        60'000));
    return publisher.events.epoch;
  }
  void come_back_to(std::size_t node, const std::string& epoch) {
    const std::uint16_t port = cluster_->node_url(node).port;
    const std::uint64_t before = resident_bytes(cluster_->node(node).pid());
    std::vector<std::unique_ptr<Returning>> clients;
    for (const std::uint64_t offset : {0, 1, 999, 2'500, 4'000, 4'999}) {
      clients.push_back(std::make_unique<Returning>(loop_, port, offset, epoch));
    }
    // Somebody speaks meanwhile, and one stops reading for a while.
    RawClient live(loop_, port);
    live.send_upgrade();
    live.send(R"({"id":1,"connect":{"data":{"name":"eve"}}})");
    std::uint64_t said = 0;
    std::uint64_t resident_max = 0;
    const auto have = [&](std::uint64_t offset, std::size_t first) {
      resident_max = std::max(resident_max, resident_bytes(cluster_->node(node).pid()));
      if (said < 50) {
        live.send(R"({"id":)" + std::to_string(++said + 1) + R"(,"publish":{"channel":")" + kRoom +
                  R"(","data":1}})");
      }
      return std::all_of(clients.begin() + static_cast<std::ptrdiff_t>(first), clients.end(),
                         [&](const auto& one) { return one->has() >= offset; });
    };
    ASSERT_TRUE(run([&] { return clients[0]->has() >= 500; }, 60'000));
    clients[0]->raw().stop_reading();
    ASSERT_TRUE(run([&] { return have(kMissedMessages + 50, 1); }, 60'000));
    clients[0]->raw().go_on_reading();
    ASSERT_TRUE(run([&] { return have(kMissedMessages + 50, 0); }, 60'000));
    for (const auto& one : clients) EXPECT_TRUE(one->is_recovered());
    // How many pages and rounds they share depends on how fast each of them reads: catch_up_test of
    // core/chat counts them.
    EXPECT_GT(metric(node, "chirm_catch_up_pages_total"), 0);
    EXPECT_EQ(metric(node, "chirm_page_bytes"), 0);
    EXPECT_EQ(metric(node, "chirm_overtaken_total"), 0);
    EXPECT_TRUE(kIsSanitized || resident_max <= before + 30'000'000) << resident_max - before;
  }
};

TEST_F(LongCatchUp, IsCompleteWithTheEmbeddedStore) {
  const TempDirectory directory;
  const std::string store = directory.path() + "/store.db";
  start({.is_single = true,
         .chirmd_arguments = {"--insecure", "--store", store, "--tail-bytes-max", "1048576"}});
  const std::string epoch = fill(cluster_->node_url(0).port);
  come_back_to(0, epoch);
}

// On a node that has not seen the room before.
TEST_F(LongCatchUp, IsCompleteWithRedis) {
  start({.nodes = 2, .chirmd_arguments = {"--insecure", "--tail-bytes-max", "1048576"}});
  const std::string epoch = fill(cluster_->node_url(0).port);
  come_back_to(1, epoch);
}

}  // namespace
}  // namespace chirm::testing
