// SPDX-License-Identifier: MIT
// The program chirm as people use it, at terminals (tmux), where names are free.
#include <signal.h>

#include "tests/e2e/full_screen_fixture.h"

namespace chirm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(FullScreen, TwoTalkThroughTwoNodes) {
  start({.nodes = 2});
  chat("ada", cluster_->node_url(0));
  chat("bob", cluster_->node_url(1));
  say("ada", "grüße, 日本 🙂");
  ASSERT_TRUE(sees("bob", "ada  grüße, 日本 🙂"));
  say("bob", "/reply and to you");
  ASSERT_TRUE(sees("ada", "↪ ada: grüße"));
  ASSERT_TRUE(sees("ada", "bob  and to you"));
  say("ada", "/react 👍");
  ASSERT_TRUE(sees("bob", "👍 1"));
  say("bob", "/edit and also to you");
  ASSERT_TRUE(sees("ada", "and also to you (edited)"));
  say("bob", "/delete");
  ASSERT_TRUE(sees("ada", "message deleted"));
  EXPECT_TRUE(misses("ada", "also to you"));
}

TEST_F(FullScreen, FollowsTheSizeOfTheTerminal) {
  start({.is_single = true});
  chat("ada", cluster_->url(), "", {.columns = 110, .rows = 30});
  say("ada", "a message that has to be broken into lines on a narrow screen, but not on this");
  ASSERT_TRUE(sees("ada", "a message that has to be broken into lines on a narrow"));
  EXPECT_TRUE(sees("ada", "Rooms"));
  EXPECT_TRUE(sees("ada", "Here"));
  tmux_.type("ada", "half");
  tmux_.resize("ada", {.columns = 40, .rows = 10});
  ASSERT_TRUE(sees("ada", "ada: a message that has to be"));
  EXPECT_TRUE(sees("ada", "› half"));
  EXPECT_TRUE(misses("ada", "Rooms"));
  tmux_.resize("ada", {.columns = 30, .rows = 8});
  ASSERT_TRUE(sees("ada", "too small: chirm needs 40x10"));
  tmux_.resize("ada", {.columns = 110, .rows = 30});
  ASSERT_TRUE(sees("ada", "Here"));
  ASSERT_TRUE(sees("ada", "› half"));
}

TEST_F(FullScreen, CompletesCommandsAndNames) {
  start({.is_single = true});
  chat("ada", cluster_->url(), "--room lobby --room dev");
  chat("bob", cluster_->url());
  say("bob", "hi");
  ASSERT_TRUE(sees("ada", "bob  hi"));
  tmux_.type("ada", "/joi");
  tmux_.press("ada", {"Tab"});
  ASSERT_TRUE(sees("ada", "› /join"));
  tmux_.press("ada", {"Tab"});
  ASSERT_TRUE(sees("ada", "› /join dev"));
  tmux_.press("ada", {"Enter"});
  ASSERT_TRUE(sees("ada", " #dev "));
  tmux_.press("ada", {"M-2"});
  ASSERT_TRUE(sees("ada", "bob  hi"));
  tmux_.type("ada", "hello @b");
  tmux_.press("ada", {"Tab", "Enter"});
  ASSERT_TRUE(sees("bob", "ada  hello @bob"));
}

TEST_F(FullScreen, MarksWhatIsUnreadElsewhere) {
  start({.is_single = true});
  chat("ada", cluster_->url(), "--room lobby --room dev");
  chat("bob", cluster_->url(), "--room dev");
  say("bob", "one");
  say("bob", "two for @ada");
  ASSERT_TRUE(sees("ada", "1 #dev            @2"));
  tmux_.press("ada", {"C-p"});
  ASSERT_TRUE(sees("ada", "two for @ada"));
  ASSERT_TRUE(misses("ada", "@2"));
}

TEST_F(FullScreen, TalksToOnePerson) {
  start({.is_single = true});
  chat("ada", cluster_->url());
  chat("bob", cluster_->url());
  say("bob", "/dm ada");
  ASSERT_TRUE(sees("bob", "ada  private"));
  say("ada", "/dm bob psst");
  ASSERT_TRUE(sees("ada", "bob  private"));
  ASSERT_TRUE(sees("bob", "ada  psst"));
}

TEST_F(FullScreen, ScrollsBackToTheBeginning) {
  start({.is_single = true});
  std::string input;
  for (int i = 1; i <= 200; ++i) input += "message " + std::to_string(i) + ".\n";
  Process writer(loop_, {.arguments = {CHIRM_BIN_DIR "/chirm", "--url", cluster_->url().text(),
                                       "--name", "bob"},
                         .environment = {}});
  writer.write_input(input);
  writer.close_input();
  ASSERT_TRUE(run([&] { return writer.exit_code().has_value(); }));
  chat("ada", cluster_->url());
  ASSERT_TRUE(sees("ada", "message 200."));
  ASSERT_TRUE(finds("ada", "PageUp", "message 1."));
  EXPECT_TRUE(sees("ada", "older messages: Esc to return"));
  tmux_.press("ada", {"Escape"});
  ASSERT_TRUE(sees("ada", "message 200."));
}

TEST_F(FullScreen, WhatIsTypedWhileTheNodeIsGoneIsSaidOnce) {
  start({.nodes = 2});
  chat("ada", cluster_->url());
  const std::size_t hers = sessions(0) == 1 ? 0 : 1;
  ASSERT_EQ(sessions(hers), 1);
  chat("bob", cluster_->node_url(1 - hers));
  say("ada", "before");
  ASSERT_TRUE(sees("bob", "before"));
  cluster_->kill_nginx();
  cluster_->kill_node(hers);
  ASSERT_TRUE(sees("ada", " reconnecting "));
  say("bob", "meanwhile");
  say("ada", "typed offline");
  ASSERT_TRUE(sees("ada", "typed offline …"));
  cluster_->start_nginx();
  ASSERT_TRUE(sees("ada", "meanwhile"));
  ASSERT_TRUE(misses("ada", "typed offline …"));
  ASSERT_TRUE(sees("bob", "typed offline"));
  ASSERT_TRUE(sees("ada", " connected "));
  EXPECT_TRUE(sees_once("bob", "typed offline"));
  EXPECT_TRUE(sees_once("ada", "typed offline"));
  EXPECT_TRUE(sees_once("ada", "meanwhile"));
}

TEST_F(FullScreen, PastesLinesAsOneMessage) {
  start({.is_single = true});
  chat("ada", cluster_->url());
  tmux_.paste("ada", "first\nsecond");
  ASSERT_TRUE(sees("ada", "› first⏎second"));
  tmux_.press("ada", {"Enter"});
  ASSERT_TRUE(sees("ada", "ada  first"));
  EXPECT_TRUE(sees("ada", " second"));
}

TEST_F(FullScreen, StopsAndGoesOnLikeAnyProgram) {
  start({.is_single = true});
  chat_in_shell("ada");
  say("ada", "before");
  ASSERT_TRUE(sees("ada", "ada  before"));
  tmux_.press("ada", {"C-z"});
  ASSERT_TRUE(sees("ada", "Stopped"));
  EXPECT_TRUE(misses("ada", "ada  before"));
  say("ada", "fg");
  ASSERT_TRUE(sees("ada", "ada  before"));
  say("ada", "after");
  ASSERT_TRUE(sees("ada", "  after"));
  say("ada", "/quit");
  ASSERT_TRUE(misses("ada", "  after"));
  say("ada", "echo ended with $?; stty -a | grep -o ' echo '");
  ASSERT_TRUE(sees("ada", "ended with 0"));
  ASSERT_TRUE(sees("ada", "\n echo"));
}

TEST_F(FullScreen, GivesTheTerminalBackWhenItDies) {
  start({.is_single = true});
#ifdef __SANITIZE_ADDRESS__
  const std::vector<int> signals{SIGABRT};  // the sanitizer reports the other one
#else
  const std::vector<int> signals{SIGABRT, SIGSEGV};
#endif
  for (const int signal : signals) {
    const std::string name = "ada" + std::to_string(signal);
    const pid_t pid = chat_in_shell(name);
    say(name, "I am " + name);
    ASSERT_TRUE(sees(name, "  I am " + name));
    ASSERT_EQ(kill(pid, signal), 0);
    ASSERT_TRUE(misses(name, "  I am " + name));
    say(name, "echo ended with $?; stty -a | grep -o ' icanon\\| echo '");
    ASSERT_TRUE(sees(name, "ended with " + std::to_string(128 + signal)));
    ASSERT_TRUE(sees(name, "\n icanon\n echo"));
  }
}

TEST_F(FullScreen, ShowsWhatWasWrittenMeanwhileWhenTheScreenIsGivenBack) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer writes its reports at once";
#endif
  start({.is_single = true});
  const pid_t pid = chat_in_shell("ada");
  std::ofstream("/proc/" + std::to_string(pid) + "/fd/2", std::ios::app) << "a bug: see here\n";
  say("ada", "hello");
  ASSERT_TRUE(sees("ada", "  hello"));
  EXPECT_THAT(tmux_.screen("ada"), Not(HasSubstr("a bug")));
  ASSERT_EQ(kill(pid, SIGABRT), 0);
  ASSERT_TRUE(sees("ada", "a bug: see here"));
}

TEST_F(FullScreen, GivesTheTerminalBackWhenItIsInterrupted) {
  start({.is_single = true});
  chat("ada", cluster_->url());
  tmux_.press("ada", {"C-c"});
  ASSERT_TRUE(sees("ada", "ended with 0"));
}

TEST_F(FullScreen, SaysWhyItMayNotComeInWhenTheScreenIsGivenBack) {
  start({.is_single = true, .chirmd_arguments = {"--token-hmac-secret", "a secret of this test"}});
  names_.push_back("eve");
  tmux_.open("eve", command("eve", cluster_->url(), "--token x") + "; echo ended with $?; cat", {});
  ASSERT_TRUE(sees("eve", "ended with 1"));
  EXPECT_THAT(tmux_.screen("eve"), AllOf(HasSubstr("chirm: refused by "), HasSubstr("(3500)")));
  EXPECT_THAT(tmux_.screen("eve"), Not(HasSubstr("/help")));
}

TEST_F(FullScreen, EndsWithItsInput) {
  start({.is_single = true});
  chat("ada", cluster_->url());
  say("ada", "bye");
  tmux_.press("ada", {"C-d"});
  ASSERT_TRUE(sees("ada", "ended with 0"));
}

}  // namespace
}  // namespace chirm::testing
