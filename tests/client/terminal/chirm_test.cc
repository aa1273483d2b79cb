// SPDX-License-Identifier: MIT
// The program chirm at a terminal: what a person types and sees, through a pseudo-terminal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>

#include "client/terminal/utf8.h"
#include "tests/client/scripted_server.h"
#include "tests/support/loop_runner.h"

namespace chirm::terminal {
namespace {

using chirm::testing::Peer;
using chirm::testing::run_until;
using chirm::testing::ScriptedServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ChirmTest : public ::testing::Test {
 protected:
  ~ChirmTest() override {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

  // Starts chirm and waits until it is in its room.
  void start() {
    std::vector<std::string> words{CHIRM_PROGRAM, "--url", server_.url().text(), "--name", "ada",
                                   "--room",      "lobby", "--history",          "0"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const winsize size{.ws_row = 10, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1;
    int slave = -1;
    ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, &size), 0);
    ASSERT_EQ(tcgetattr(slave, &before_), 0);  // before chirm can change it
    child_ = fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      close(master);
      login_tty(slave);
      setenv("TERM", "xterm", 1);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(slave);
    terminal_.reset(master);
    fcntl(master, F_SETFD, FD_CLOEXEC);
    watcher_ = std::make_unique<FdWatcher>(loop_, master, [this](auto) { read_screen(); });
    watcher_->watch({.readable = true});
    ASSERT_TRUE(run_until_seen("-- joined #lobby\r\n"));
    ASSERT_TRUE(run_until_seen("#lobby> "));
  }

  void read_screen() {
    std::array<char, 4096> buffer;
    const ssize_t received = read(terminal_.fd(), buffer.data(), buffer.size());
    if (received > 0)
      return seen_.append(buffer.data(), static_cast<std::size_t>(received)), void();
    watcher_.reset();  // EIO: chirm has ended
  }

  void type(std::string_view keys) {
    seen_.clear();
    ASSERT_EQ(write(terminal_.fd(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  bool run_until_seen(std::string_view text) {
    return run_until(loop_, [&] { return seen_.find(text) != std::string::npos; });
  }
  bool run_until_published(std::string_view text) {
    return run_until(loop_, [&] {
      return !server_.log.empty() && server_.log.back().find(text) != std::string::npos;
    });
  }
  int run_to_exit() {
    int status = 0;
    const bool has_ended =
        run_until(loop_, [&] { return waitpid(child_, &status, WNOHANG) == child_; });
    if (!has_ended) return -1;
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
  }

  Loop loop_;
  ScriptedServer server_{loop_};
  Socket terminal_;
  termios before_{};
  std::unique_ptr<FdWatcher> watcher_;
  std::string seen_;  // since the last type()
  pid_t child_ = 0;
};

TEST_F(ChirmTest, KeepsTheHalfTypedLineWhenAMessageComesIn) {
  start();
  type("half typ\xc3\xa4");
  ASSERT_TRUE(run_until_seen("typ\xc3\xa4"));
  seen_.clear();
  server_.last().send_publication("room:lobby", 1, R"({"type":"message","text":"hi\u001b[2J"})");
  ASSERT_TRUE(run_until_seen("#lobby> half typ\xc3\xa4"));
  EXPECT_THAT(seen_, AllOf(HasSubstr("ada: hi\r\n"), Not(HasSubstr("\x1b[2J"))));
  type("\x1b[D\x1b[DX\r");
  ASSERT_TRUE(run_until_published("\"text\":\"half tyXp\xc3\xa4\""));
}

TEST_F(ChirmTest, EditsAcrossRowsAndAfterAResize) {
  start();
  const std::string text(100, 'x');
  type(text);
  ASSERT_TRUE(run_until_seen("xxxxxxxxxx"));
  const winsize size{.ws_row = 10, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(terminal_.fd(), TIOCSWINSZ, &size), 0);
  type("\x1b[A\x1b[B");  // into the past and back
  type(text +
       "\x1b[H"
       "A"
       "\x1b[F"
       "Z\r");
  ASSERT_TRUE(run_until(loop_, [&] { return server_.log.size() > 1; }));
  EXPECT_THAT(server_.log.back(), HasSubstr("Z\""));
}

TEST_F(ChirmTest, IgnoresKeysThatItDoesNotKnow) {
  start();
  type(
      "a\x1b[15~\x1b[200~\x16\x18\x12"
      "b\r");
  ASSERT_TRUE(run_until_published("\"text\":\"ab\""));
  type("c\x1b");  // Escape alone must not stop anything
  ASSERT_TRUE(run_until_seen("c"));
  seen_.clear();
  server_.last().send_publication("room:lobby", 1, "7");
  ASSERT_TRUE(run_until_seen("ada: 7"));
}

TEST_F(ChirmTest, TakesEveryLetter) {
  start();
  std::string letters;
  for (char32_t c = 0xA1; c <= 0xFF; ++c) {
    if (c != 0xAD) append_code_point(letters, c);  // the soft hyphen is none
  }
  type(letters + "\r");
  ASSERT_TRUE(run_until_published("\"text\":\"" + letters + "\""));
}

TEST_F(ChirmTest, GivesTheTerminalBackAtTheEnd) {
  start();
  type("\x04");
  EXPECT_EQ(run_to_exit(), 0);
  termios after{};
  ASSERT_EQ(tcgetattr(terminal_.fd(), &after), 0);
  EXPECT_EQ(after.c_lflag, before_.c_lflag);
  EXPECT_EQ(after.c_iflag, before_.c_iflag);
  EXPECT_EQ(after.c_oflag, before_.c_oflag);
}

TEST_F(ChirmTest, GivesTheTerminalBackWhenItIsInterrupted) {
  start();
  type("half\x03");
  EXPECT_EQ(run_to_exit(), 0);
  termios after{};
  ASSERT_EQ(tcgetattr(terminal_.fd(), &after), 0);
  EXPECT_EQ(after.c_lflag, before_.c_lflag);
}

TEST_F(ChirmTest, SaysWhyTheServerRefuses) {
  start();
  type("half");
  ASSERT_TRUE(run_until_seen("half"));
  server_.last().close(3500, "invalid token");
  ASSERT_TRUE(run_until_seen("chirm: sent away by "));
  EXPECT_EQ(run_to_exit(), 1);
  EXPECT_THAT(seen_, HasSubstr("invalid token (3500)"));
}

}  // namespace
}  // namespace chirm::terminal
