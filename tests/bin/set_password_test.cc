// SPDX-License-Identifier: MIT
// chirmd --set-password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/support/tmux.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Process;

class SetPassword : public ::testing::Test {
 protected:
  std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {CHIRMD, "--store", directory_.path() + "/chirm.db"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // The exit code and what was said, after a password of so much on its input.
  std::pair<int, std::string> set(const std::string& input) {
    Process chirmd(loop_, {.arguments = command({"--set-password", "Ada"}), .environment = {}});
    chirmd.write_input(input);
    chirmd.close_input();
    EXPECT_TRUE(testing::run_until(loop_, [&] { return chirmd.exit_code().has_value(); }));
    return {chirmd.exit_code().value_or(-1), chirmd.output() + chirmd.errors()};
  }

  Loop loop_;
  testing::TempDirectory directory_;
};

TEST_F(SetPassword, SaysThatItIsDoneAndNotWhatItIs) {
  for (int i = 0; i < 2; ++i) {  // makes the account; changes it
    const auto [code, text] = set("correct horse\n");
    EXPECT_EQ(code, 0) << text;
    EXPECT_THAT(text, AllOf(HasSubstr("the password of Ada is set"), Not(HasSubstr("correct"))));
  }
}

TEST_F(SetPassword, WantsOneOfTheRightLength) {
  for (const std::string& input : {std::string(), std::string("\n"), std::string("1234567\n"),
                                   std::string("äöüäöüä\n"), std::string(129, 'x') + "\n"}) {
    const auto [code, text] = set(input);
    EXPECT_EQ(code, 2) << text;
    EXPECT_THAT(text, HasSubstr("expected a password of 8 to 128 characters on stdin"));
  }
}

TEST_F(SetPassword, LeavesOutWhatEndsALineElsewhere) {
  EXPECT_EQ(set("1234567\r\n").first, 2);
  EXPECT_EQ(set("12345678\r\n").first, 0);
}

class SetPasswordAtATerminal : public SetPassword {
 protected:
  void start() {
    std::string line;
    for (const std::string& word : command({"--set-password", "Ada"})) line += word + ' ';
    tmux_.open("ada", "trap : INT; " + line + "; echo ended with $?; stty -a; cat",
               {.columns = 160});
    EXPECT_TRUE(sees("Password of Ada:"));
  }
  void say(const std::string& line) {
    tmux_.type("ada", line);
    tmux_.press("ada", {"Enter"});
  }
  bool sees(const std::string& text) { return tmux_.run_until_shows(loop_, "ada", text); }

  testing::Tmux tmux_;
};

TEST_F(SetPasswordAtATerminal, AsksTwiceAndShowsNothing) {
  start();
  say("correct horse");
  EXPECT_TRUE(sees("Again:"));
  say("correct horse");
  EXPECT_TRUE(sees("ended with 0"));
  EXPECT_TRUE(sees(" echo "));
  EXPECT_THAT(tmux_.screen("ada"), Not(HasSubstr("horse")));
}

TEST_F(SetPasswordAtATerminal, ChangesNothingWhenTheyDiffer) {
  start();
  say("correct horse");
  EXPECT_TRUE(sees("Again:"));
  say("correct hrose");
  EXPECT_TRUE(sees("the two passwords are not the same"));
  EXPECT_TRUE(sees("ended with 2"));
}

TEST_F(SetPasswordAtATerminal, ShowsWhatIsTypedAgainWhenItIsInterrupted) {
  start();
  tmux_.press("ada", {"C-c"});
  EXPECT_TRUE(sees("ended with 130"));
  EXPECT_TRUE(sees(" echo "));
}

TEST_F(SetPassword, DoesNotTouchAFileThatIsInUse) {
  Process server(loop_, {.arguments = command({"--port", "0"}), .environment = {}});
  EXPECT_TRUE(testing::run_until(
      loop_, [&] { return server.errors().find("listening") != std::string::npos; }));
  const auto [code, text] = set("correct horse\n");
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, HasSubstr("is in use by another chirmd"));
}

}  // namespace
}  // namespace chirm
