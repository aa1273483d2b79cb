// SPDX-License-Identifier: MIT
// One client, or one address, that wants everything a node has. The others must not notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/socket.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "tests/support/cluster.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {
namespace {

using ::testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsItsOwn = false;
#else
constexpr bool kMemoryIsItsOwn = true;
#endif

// A blocking socket whose kernel takes next to nothing: what the server makes for it stays there.
class Attacker {
 public:
  explicit Attacker(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int small = 2048;
    (void)setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    (void)setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  // Upgraded and connected, and nothing of what follows is read.
  void enter(const std::string& token) {
    send(RawClient::upgrade_text());
    std::array<char, 2048> answer{};
    EXPECT_GT(recv(socket_.fd(), answer.data(), answer.size(), 0), 0);
    send(RawClient::frame(R"({"id":1,"connect":{"token":")" + token + R"("}})"));
  }
  // As much as is taken: the server may have closed it.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send_some(std::string_view bytes) {
    (void)::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

 private:
  Socket socket_;
};

class Attack : public ::testing::Test {
 protected:
  void start(int files, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--store", store_.path() + "/rooms.db"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string limit = "ulimit -n " + std::to_string(files) + " && exec \"$@\"";
    cluster_ =
        std::make_unique<Cluster>(loop_, Cluster::Options{.is_single = true,
                                                          .wrapper = {"sh", "-c", limit, "sh"},
                                                          .chirmd_arguments = arguments});
    port_ = cluster_->url().port;
  }
  std::string token(const std::string& path, const std::string& body) {
    const HttpAnswer answer = http_post(port_, path, "Content-Type: application/json\r\n", body);
    return JsonFields(answer.body).text_or("token", {1, 4096}, "");
  }
  std::string guest() { return token("/auth/guest", "{}"); }
  std::string account(const std::string& name) {
    return token("/auth/register", R"({"name":")" + name + R"(","password":"a long secret 1"})");
  }
  RawClient& enter(const std::string& token) {
    RawClient& client = *clients_.emplace_back(std::make_unique<RawClient>(loop_, port_));
    client.send_upgrade();
    client.send(R"({"id":1,"connect":{"token":")" + token + R"("}})");
    EXPECT_TRUE(run_until(loop_, [&] { return client.events.has("1 connect"); }));
    return client;
  }
  // The answer to a command {"id":…,<command>}.
  std::string ask(RawClient& client, const std::string& command) {
    const std::string id = std::to_string(++last_id_);
    client.send("{\"id\":" + id + "," + command + "}");
    std::string answer;
    EXPECT_TRUE(run_until(loop_, [&] {
      for (const std::string& line : client.events.take()) {
        if (line.starts_with(id + " ")) answer = line;
      }
      return !answer.empty();
    })) << command.substr(0, 100);
    return answer;
  }
  std::string say(RawClient& client, const std::string& text) {
    return ask(client, R"("publish":{"channel":"room:lobby","data":{"type":"message","id":"m)" +
                           std::to_string(last_id_) + R"(","text":")" + text + R"("}})");
  }
  static std::string history(int limit) {
    return R"("history":{"channel":"room:lobby","limit":)" + std::to_string(limit) + "}";
  }
  // Of chirmd, from /proc: VmRSS or, since it was started, VmHWM.
  double mebibytes(const std::string& what) {
    std::ifstream status("/proc/" + std::to_string(cluster_->node(0).pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(what + ":")) return std::stod(line.substr(what.size() + 1)) / 1024;
    }
    ADD_FAILURE() << what;
    return 0;
  }

  const TempDirectory store_;
  Loop loop_;
  std::unique_ptr<Cluster> cluster_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  std::uint16_t port_ = 0;
  int last_id_ = 1;
};

// A thousand sockets of one guest that ask for the longest replies, in as many small commands as
// fit into a message, and read nothing.
TEST_F(Attack, OfThoseWhoReadNothingTakesLittleMemoryAndNobodysTurn) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  constexpr rlim_t kFiles = 2400;
  if (files.rlim_max < kFiles) GTEST_SKIP() << "needs " << kFiles << " files";
  files.rlim_cur = std::max(files.rlim_cur, kFiles);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  start(static_cast<int>(kFiles));
  RawClient& ada = enter(account("ada"));
  for (int i = 0; i < 40; ++i) {
    ASSERT_THAT(say(ada, std::string(7'900, 'x')), HasSubstr("publish"));
  }
  (void)ask(ada, history(300));
  const double before = mebibytes("VmRSS");

  std::string commands;
  for (int id = 2; commands.size() < 50'000; ++id) {
    if (id > 2) commands += '\n';
    commands += "{\"id\":" + std::to_string(id) + "," + history(-1) + "}";
  }
  const std::string flood = RawClient::frame(commands);
  const std::string token = guest();
  std::vector<std::unique_ptr<Attacker>> attackers;
  for (int i = 0; i < 1000; ++i) {
    attackers.push_back(std::make_unique<Attacker>(port_));
    attackers.back()->enter(token);
  }
  for (const auto& one : attackers) one->send_some(flood);

  int reads = 0;
  for (int i = 0; i < 50; ++i) {
    // Others are answered, with what they have asked for.
    if (ask(ada, history(5)).find("history") != std::string::npos) ++reads;
  }
  EXPECT_EQ(reads, 50);
  EXPECT_TRUE(run_until(
      loop_, [&] { return say(ada, "still here").find("publish") != std::string::npos; }));
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
  if (kMemoryIsItsOwn) {
    EXPECT_LT(mebibytes("VmHWM") - before, 64);
  }
}

// Half of a message each, and the other half never comes.
TEST_F(Attack, OfThoseWhoNeverFinishAMessageTakesLittleMemory) {
  start(2400);
  RawClient& ada = enter(account("ada"));
  const std::string token = guest();
  const double before = mebibytes("VmRSS");
  const std::string message = RawClient::frame(std::string(65'000, 'x'));
  std::vector<std::unique_ptr<Attacker>> attackers;
  for (int i = 0; i < 900; ++i) {
    attackers.push_back(std::make_unique<Attacker>(port_));
    attackers.back()->enter(token);
    attackers.back()->send_some(std::string_view(message).substr(0, 60'000));
  }
  EXPECT_THAT(say(ada, "still here"), HasSubstr("publish"));
  if (kMemoryIsItsOwn) {
    EXPECT_LT(mebibytes("VmHWM") - before, 32);
  }
}

// Plain HTTP, with the largest file of the page.
TEST_F(Attack, OfThoseWhoDoNotReadThePageTakesNoMemory) {
  start(2400);
  const std::string page = http_get(port_, "/").body;
  const std::size_t at = page.find("/assets/");
  if (at == page.npos) GTEST_SKIP() << "built without the page";
  const std::string path = page.substr(at, page.find('"', at) - at);
  const double before = mebibytes("VmRSS");
  std::vector<std::unique_ptr<Attacker>> attackers;
  for (int i = 0; i < 400; ++i) {
    attackers.push_back(std::make_unique<Attacker>(port_));
    for (int request = 0; request < 4; ++request) {
      attackers.back()->send_some("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }
  }
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
  if (kMemoryIsItsOwn) {
    EXPECT_LT(mebibytes("VmHWM") - before, 16);
  }
}

// Thirty sockets of one guest that publish as fast as they can, as much as fits into a message.
TEST_F(Attack, OfOneGuestOnManySocketsFillsNeitherDiskNorHistory) {
  start(400);
  RawClient& ada = enter(account("ada"));
  ASSERT_THAT(say(ada, "hear me"), HasSubstr("publish"));
  const std::string token = guest();
  const std::string bulk(60'000, 'y');
  std::vector<RawClient*> sockets;
  for (int i = 0; i < 30; ++i) sockets.push_back(&enter(token));
  int id = 10;
  for (int round = 0; round < 20; ++round) {
    for (RawClient* socket : sockets) {
      socket->send("{\"id\":" + std::to_string(++id) +
                   R"(,"publish":{"channel":"room:lobby","data":{"type":"x-bulk","d":")" + bulk +
                   "\"}}}");
    }
  }
  std::size_t refused = 0;
  EXPECT_TRUE(run_until(loop_, [&] {
    std::size_t answered = 0;
    refused = 0;
    for (RawClient* socket : sockets) {
      for (const std::string& line : socket->events.lines) {
        if (line.find(" publish ") != line.npos) ++answered;
        if (line.find(" error 111") != line.npos) ++refused;
      }
    }
    return answered + refused == 600;
  }));
  EXPECT_GT(refused, 500U);
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(store_.path())) {
    if (file.path().filename().string().starts_with("rooms.db")) bytes += file.file_size();
  }
  // A guest may store 2 MiB in an hour; the journal beside the file has it once more.
  EXPECT_LT(bytes, 8U << 20);
  EXPECT_THAT(ask(ada, history(300)), HasSubstr("hear me"));
}

class AttackOfIdlers : public Attack, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    , AttackOfIdlers,
    ::testing::Values("", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /healthz HTTP/1.1\r\nHo",
                      "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                      "Content-Length: 9000\r\n\r\n{"),
    [](const auto& what) -> std::string {
      const std::string sent = what.param;
      if (sent.empty()) return "Silent";
      if (sent.starts_with("POST")) return "HalfABody";
      return sent.ends_with("Ho") ? "HalfAHead" : "KeptAlive";
    });

TEST_P(AttackOfIdlers, KeepsNobodyOut) {
  start(300);
  RawClient& ada = enter(account("ada"));
  std::vector<std::unique_ptr<Attacker>> idlers;
  for (int i = 0; i < 260; ++i) {
    idlers.push_back(std::make_unique<Attacker>(port_));
    idlers.back()->send(GetParam());
  }
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
  EXPECT_EQ(http_get(port_, "/metrics").status, 200);
  EXPECT_THAT(say(ada, "still here"), HasSubstr("publish"));
  RawClient& bob = enter(account("bob"));
  EXPECT_THAT(say(bob, "me too"), HasSubstr("publish"));
}

// WebSockets give way to nobody; but whoever runs the machine still sees how it is.
TEST_F(Attack, OfWebSocketsLeavesTheHealthCheckOfThisMachine) {
  start(300, {"--ping", "0"});
  const std::string token = guest();
  std::vector<std::unique_ptr<Attacker>> attackers;
  for (int i = 0; i < 280; ++i) {
    attackers.push_back(std::make_unique<Attacker>(port_));
    attackers.back()->send(RawClient::upgrade_text());
  }
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
  const HttpAnswer metrics = http_get(port_, "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr(R"(chirm_limited_total{limit="address_connections"})"));
}

}  // namespace
}  // namespace chirm::testing
