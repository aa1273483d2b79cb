// SPDX-License-Identifier: MIT
// The script bin/up, with the programs of this build.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "client/auth_client.h"
#include "client/url.h"
#include "core/loop/socket.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"
#include "tests/support/reserved_port.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {
namespace {

// bin/up starts up to six things one after the other, and ends when one takes longer than a minute.
constexpr std::uint64_t kUpMs = 240'000;

class Up : public ::testing::Test {
 protected:
  Process& up(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {CHIRM_SOURCE_DIR "/bin/up", "--port", text(port_), "--node-port",
                      text(node_ports_[0]), "--data", directory_.path()});
    up_ = std::make_unique<Process>(
        loop_, Process::Options{.arguments = std::move(arguments),
                                .environment = {"CHIRM_PROGRAMS=" CHIRM_BIN_DIR},
                                .parent_death_signal = SIGTERM});
    return *up_;
  }
  // False at once when bin/up has ended, and it is not done even then.
  bool run(const std::function<bool()>& is_done) {
    bool is_true = false;
    (void)run_until(
        loop_,
        [&] {
          const bool has_ended = up_->exit_code().has_value();
          is_true = is_done();
          return is_true || has_ended;
        },
        kUpMs);
    return is_true;
  }
  bool said(std::string_view text) {
    return up_->output().find(text) != std::string::npos ||
           up_->errors().find(text) != std::string::npos;
  }
  // All that it has said, for the reader of a failure.
  std::string log() const { return up_->output() + up_->errors(); }

  static std::string text(const ReservedPort& port) { return std::to_string(port.number()); }

  // The process with this argument, if there is one.
  static std::optional<pid_t> find_process(const std::string& argument) {
    const std::string wanted = '\0' + argument + '\0';
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "cmdline");
      const std::string words((std::istreambuf_iterator<char>(file)), {});
      if (words.find(wanted) != words.npos && words.find("chirmd") != words.npos) {
        return std::stoi(entry.path().filename());
      }
    }
    return std::nullopt;
  }

  const TempDirectory directory_;
  Loop loop_;
  ReservedPort port_;
  std::vector<ReservedPort> node_ports_ = ReservedPort::row(3);
  std::unique_ptr<Process> up_;
};

TEST_F(Up, ChecksOneNode) {
  up({"--check"});
  ASSERT_TRUE(run([&] { return up_->exit_code().has_value(); })) << log();
  EXPECT_EQ(up_->exit_code(), 0) << log();
  EXPECT_TRUE(said("check: ada got \"#lobby ~bob-")) << log();
}

TEST_F(Up, MakesAnAdministrator) {
  for (const std::vector<std::string>& nodes :
       {std::vector<std::string>{}, std::vector<std::string>{"--nodes", "1"}}) {
    std::vector<std::string> arguments = {"--admin", "Ada"};
    arguments.insert(arguments.end(), nodes.begin(), nodes.end());
    up(arguments).write_input("correct horse\n");
    ASSERT_TRUE(run([&] { return said("ready: "); })) << log();
    const auto url = client::parse_url("ws://127.0.0.1:" + text(port_) + "/connection/websocket");
    ASSERT_TRUE(url.has_value());
    std::optional<std::string> role;
    client::AuthClient auth(loop_, *url);  // its last answer may come with its end
    auth.enter("ada", "correct horse", "", [&](const auto& session) {
      role = session ? session->role : session.error().message;
    });
    ASSERT_TRUE(run([&] { return role.has_value(); }));
    EXPECT_EQ(role, "admin") << log();
    EXPECT_FALSE(said("correct horse"));
    up_->send_signal(SIGTERM);
    ASSERT_TRUE(run([&] { return up_->exit_code().has_value(); }));
  }
}

TEST_F(Up, ChecksThreeNodes) {
  up({"--nodes", "3", "--check"});
  ASSERT_TRUE(run([&] { return up_->exit_code().has_value(); })) << log();
  EXPECT_EQ(up_->exit_code(), 0) << log();
  EXPECT_TRUE(said("check: ada got \"#lobby ~bob-")) << log();
}

// In the store is the key that sessions are signed with: who reads it can be an administrator.
TEST_F(Up, KeepsWhatItWritesFromOtherUsers) {
  // As an older version left it.
  std::filesystem::create_directories(directory_.path() + "/redis");
  std::filesystem::permissions(directory_.path() + "/redis", std::filesystem::perms(0755));
  up({"--nodes", "1"});
  ASSERT_TRUE(run([&] { return said("ready: "); })) << log();
  const auto is_private = [](const std::filesystem::path& path) {
    constexpr auto kOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    return (std::filesystem::status(path).permissions() & kOthers) == std::filesystem::perms::none;
  };
  EXPECT_TRUE(is_private(directory_.path() + "/redis"));
  EXPECT_TRUE(is_private(directory_.path() + "/log"));
  EXPECT_TRUE(std::filesystem::is_socket(directory_.path() + "/redis/redis.sock"));
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    // What is made before the start, and empty; nginx' own workers have theirs.
    if (!entry.is_regular_file() || entry.path().filename() == "lock") continue;
    EXPECT_TRUE(is_private(entry.path())) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 5);
  EXPECT_EQ(http_get(port_.number(), "/").status, 200) << log();
}

TEST_F(Up, ListensOnAnIpv6Address) {
  if (!listen_tcp("::1", 0)) GTEST_SKIP() << "no IPv6 here";
  up({"--nodes", "1", "--listen", "::1", "--check"});
  ASSERT_TRUE(run([&] { return up_->exit_code().has_value(); })) << log();
  EXPECT_EQ(up_->exit_code(), 0) << log();
  EXPECT_TRUE(said("check: ada got \"#lobby ~bob-")) << log();
}

TEST_F(Up, TellsTheAddressAsItStandsInAUrl) {
  if (!listen_tcp("::1", 0)) GTEST_SKIP() << "no IPv6 here";
  up({"--listen", "::1"});
  ASSERT_TRUE(run([&] { return said("ready:"); })) << log();
  EXPECT_TRUE(said("ready: http://[::1]:" + text(port_) + "/ or")) << log();
}

TEST_F(Up, LetsClientsLeaveUntilItIsToldAgain) {
  up({"--", "--drain", "600"});
  ASSERT_TRUE(run([&] { return said("ready:"); })) << log();
  std::vector<Socket> clients;
  for (int i = 0; i < 3; ++i) {
    auto client = connect_tcp("127.0.0.1", port_.number(), "");
    ASSERT_TRUE(client);
    clients.push_back(std::move(*client));
  }
  ASSERT_TRUE(run([&] {
    const std::string metrics = http_get(port_.number(), "/metrics").body;
    return metrics.find("\nchirm_connections 4\n") != std::string::npos;
  }));
  const auto node_says = [&](std::string_view text) {
    std::ifstream file(directory_.path() + "/log/node-" + std::to_string(port_.number()) + ".log");
    const std::string log((std::istreambuf_iterator<char>(file)), {});
    return log.find(text) != log.npos;
  };
  up_->send_signal(SIGTERM);
  ASSERT_TRUE(run([&] { return node_says("sending clients away over 600 s"); })) << log();
  EXPECT_FALSE(up_->exit_code());
  up_->send_signal(SIGTERM);
  ASSERT_TRUE(run([&] { return up_->exit_code().has_value(); })) << log();
  EXPECT_EQ(up_->exit_code(), 0) << log();
  EXPECT_TRUE(node_says("stopping at once"));
  EXPECT_FALSE(said("killing it")) << log();
}

TEST_F(Up, StartsAgainWhatDiesAndStopsCleanly) {
  up({"--nodes", "2"});
  ASSERT_TRUE(run([&] { return said("ready:"); })) << log();
  // A busy machine may prove delivery late for once.
  ASSERT_TRUE(run([&] { return http_get(port_.number(), "/readyz").status == 200; })) << log();

  const std::string node = "node-" + text(node_ports_[1]);
  const auto first = find_process(node);
  ASSERT_TRUE(first);
  ASSERT_EQ(kill(*first, SIGKILL), 0);
  ASSERT_TRUE(run([&] { return said(node + " died (SIGKILL)"); })) << log();
  ASSERT_TRUE(run([&] { return http_get(node_ports_[1].number(), "/readyz").status == 200; }));
  EXPECT_NE(find_process(node), first);

  up_->send_signal(SIGINT);
  ASSERT_TRUE(run([&] { return up_->exit_code().has_value(); })) << log();
  EXPECT_EQ(up_->exit_code(), 0) << log();
  EXPECT_FALSE(find_process(node));
  for (const auto* port : {&port_, &node_ports_[0], &node_ports_[1]}) {
    EXPECT_EQ(http_get(port->number(), "/").status, 0) << text(*port);
  }
}

}  // namespace
}  // namespace chirm::testing
