// SPDX-License-Identifier: MIT
// What the tests at terminals rely on: that a terminal is there when it was opened, and that nobody
// waits for the screen of something that has ended.
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "core/loop/loop.h"
#include "tests/support/temp_directory.h"
#include "tests/support/tmux.h"

namespace chirm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Terminals : public ::testing::Test {
 protected:
  // What the test would have failed with for not seeing a text that never comes.
  std::string complaint() {
    ::testing::TestPartResultArray results;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
      if (tmux_.run_until_shows(loop_, "ada", "never")) return "it was seen";
    }
    return results.size() == 1 ? results.GetTestPartResult(0).message() : "";
  }

  Loop loop_;
  Tmux tmux_;
};

TEST_F(Terminals, CanBeOpenedAgainAfterTheLastWasHungUp) {
  for (int i = 0; i < 20; ++i) {
    const std::string text = "time " + std::to_string(i);
    tmux_.open("ada", "echo " + text + "; cat", {});
    ASSERT_TRUE(tmux_.run_until_shows(loop_, "ada", text));
    tmux_.hang_up("ada");
  }
}

TEST_F(Terminals, SayThatTheCommandHasEndedAndHow) {
  // Not at once: tmux may notice an end before it has read all that came before it.
  tmux_.open("ada", "echo last words; read -r _; exit 3", {});
  ASSERT_TRUE(tmux_.run_until_shows(loop_, "ada", "last words"));
  tmux_.press("ada", {"Enter"});
  EXPECT_THAT(complaint(),
              AllOf(HasSubstr("does not show: \"never\""), HasSubstr("the command has ended"),
                    HasSubstr(" 3"), HasSubstr("last words")));
}

TEST_F(Terminals, ShowTheLastScreenOfACommandThatHasEnded) {
  tmux_.open("ada", "echo last words; read -r _", {});
  EXPECT_TRUE(tmux_.run_until_shows(loop_, "ada", "last words"));
  tmux_.press("ada", {"Enter"});
  EXPECT_THAT(complaint(), AllOf(HasSubstr("the command has ended"), HasSubstr("last words")));
  EXPECT_TRUE(tmux_.run_until_shows(loop_, "ada", "last words"));
}

TEST_F(Terminals, SayThatTmuxHasDied) {
  // Not told through tmux: that may be dead before it has answered.
  const TempDirectory directory;
  const std::string pipe = directory.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  tmux_.open("ada", "echo last words; read -r _ <" + pipe + "; kill -9 $PPID; cat", {});
  ASSERT_TRUE(tmux_.run_until_shows(loop_, "ada", "last words"));
  std::ofstream(pipe) << "now\n";
  EXPECT_THAT(complaint(), AllOf(HasSubstr("tmux capture-pane: "), HasSubstr("last words")));
}

}  // namespace
}  // namespace chirm::testing
