// SPDX-License-Identifier: MIT
// The program chirm as scripts use it: lines in, lines out.
#include <signal.h>

#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

class Terminal : public ClusterTest {
 protected:
  // Returns once it has joined the room.
  std::unique_ptr<Process> chat(const client::Url& url, const std::string& name,
                                std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {CHIRM_BIN_DIR "/chirm", "--url", url.text(), "--name",
                                          name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto chat = std::make_unique<Process>(
        loop_, Process::Options{.arguments = std::move(arguments), .environment = {}});
    EXPECT_TRUE(run_until_says(*chat, "joined #lobby")) << chat->errors();
    return chat;
  }
  // On stderr. False at once when it has ended without.
  bool run_until_says(Process& process, std::string_view text) {
    (void)run([&] { return has(process.errors(), text) || process.exit_code(); });
    return has(process.errors(), text);
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
  // Waits until the process has written exactly this, or has ended.
  void expect_output(Process& process, const std::string& text) {
    (void)run([&] { return process.output().size() >= text.size() || process.exit_code(); });
    EXPECT_EQ(process.output(), text);
  }
  void expect_end(Process& process, int code) {
    EXPECT_TRUE(run([&] { return process.exit_code().has_value(); })) << process.errors();
    EXPECT_EQ(process.exit_code(), code) << process.errors();
  }
};

TEST_F(Terminal, LinesGoFromNodeToNode) {
  start({.nodes = 2});
  const auto ada = chat(cluster_->node_url(0), "ada");
  const auto bob = chat(cluster_->node_url(1), "bob", {"--follow"});
  ada->write_input("hello\n/who is there? \\o/\n");
  std::string said = "#lobby ada: hello\n#lobby ada: /who is there? \\\\o/\n";
  expect_output(*bob, said);
  bob->write_input("it's bob\n");
  said += "#lobby bob: it's bob\n";
  expect_output(*ada, said);

  // The last line has no line feed, and is not sent before the end of the input says so.
  ada->write_input("bye");
  ada->close_input();
  expect_end(*ada, 0);
  said += "#lobby ada: bye\n";
  bob->close_input();
  expect_output(*bob, said);
  EXPECT_FALSE(bob->exit_code());
  bob->send_signal(SIGTERM);
  expect_end(*bob, 0);

  const auto late = chat(cluster_->node_url(0), "late", {"--history", "2", "--follow"});
  expect_output(*late, "#lobby bob: it's bob\n#lobby ada: bye\n");
}

TEST_F(Terminal, WhatIsTypedWhileTheNodeIsGoneIsSaidOnce) {
  start({.nodes = 2});
  const auto ada = chat(cluster_->url(), "ada");
  const std::size_t hers = sessions(0) == 1 ? 0 : 1;
  ASSERT_EQ(sessions(hers), 1);
  const auto bob = chat(cluster_->node_url(1 - hers), "bob");
  ada->write_input("before\n");
  std::string said = "#lobby ada: before\n";
  expect_output(*bob, said);

  ada->send_signal(SIGSTOP);  // so that she types before she can notice
  cluster_->kill_node(hers);
  bob->write_input("meanwhile\n");
  said += "#lobby bob: meanwhile\n";
  expect_output(*bob, said);
  ada->write_input("one\n");
  ada->send_signal(SIGCONT);
  ASSERT_TRUE(run_until_says(*ada, "connection lost")) << ada->errors();
  ada->write_input("two\nthree\n");
  ASSERT_TRUE(run_until_says(*ada, "reconnected")) << ada->errors();
  ada->write_input("after\n");
  said += "#lobby ada: one\n#lobby ada: two\n#lobby ada: three\n#lobby ada: after\n";
  expect_output(*bob, said);
  expect_output(*ada, said);

  ada->close_input();
  bob->close_input();
  expect_end(*ada, 0);
  expect_end(*bob, 0);
  EXPECT_EQ(ada->output(), said);
}

TEST_F(Terminal, ALineFromAPipeWaitsForRedis) {
  start({.nodes = 2});
  const auto ada = chat(cluster_->node_url(0), "ada");
  const auto bob = chat(cluster_->node_url(1), "bob");
  cluster_->redis().suspend();
  ada->write_input("the only line\n");
  ada->close_input();
  ASSERT_TRUE(run_for(loop_, 6000));
  EXPECT_FALSE(ada->exit_code()) << ada->errors();
  cluster_->redis().resume();
  expect_end(*ada, 0);
  expect_output(*bob, "#lobby ada: the only line\n");
}

TEST_F(Terminal, EndsWhenItMayNotComeIn) {
  start({.is_single = true,
         .chirmd_arguments = {"--token-hmac-secret", "a secret of this test", "--accounts", "off",
                              "--rooms", "open"}});
  Process chat(loop_, {.arguments = {CHIRM_BIN_DIR "/chirm", "--url", cluster_->url().text(),
                                     "--name", "eve"},
                       .environment = {}});
  expect_end(chat, 1);
  EXPECT_TRUE(has(chat.errors(), "refused by")) << chat.errors();
  EXPECT_EQ(chat.output(), "");
}

}  // namespace
}  // namespace chirm::testing
