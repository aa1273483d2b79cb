// SPDX-License-Identifier: MIT
// The program chirm at terminals (tmux), on servers with accounts.
#include <sys/stat.h>

#include "tests/e2e/full_screen_fixture.h"

namespace chirm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(FullScreenAccounts, APersonRegistersAndLogsInAtThePrompt) {
  start_cluster(1);
  names_.push_back("ada");
  const auto open = [&](const std::string& more) {
    tmux_.open("ada", command("Ada", cluster_->url(), more) + "; echo ended with $?; cat", {});
  };
  open("--register");
  ASSERT_TRUE(sees("ada", "New password for Ada:"));
  say("ada", "correct horse");
  ASSERT_TRUE(sees("ada", "The same again:"));
  say("ada", "correct horse");
  ASSERT_TRUE(sees("ada", " connected "));
  EXPECT_THAT(tmux_.screen("ada"), AllOf(HasSubstr("#lobby"), Not(HasSubstr("horse"))));
  say("ada", "/quit");
  ASSERT_TRUE(sees("ada", "ended with 0"));

  tmux_.hang_up("ada");
  open("");
  ASSERT_TRUE(sees("ada", "Password of Ada:"));
  say("ada", "wrong horse");
  ASSERT_TRUE(run([&] { return count(tmux_.screen("ada"), "Password of Ada:") == 2; }));
  say("ada", "correct horse");
  ASSERT_TRUE(sees("ada", " connected "));
}

TEST_F(FullScreenAccounts, ASessionIsRememberedOnlyWhenAskedTo) {
  start_cluster(1);
  const std::string config = directory_.path() + "/config";
  const std::string environment = "XDG_CONFIG_HOME=" + config + " ";
  names_.push_back("ada");
  tmux_.open(
      "ada",
      environment + command("ada", cluster_->url(),
                            "--register --remember --password-file " + password_file("a secret")),
      {});
  ASSERT_TRUE(sees("ada", " connected "));
  tmux_.hang_up("ada");
  const std::string file = config + "/chirm/session-" + cluster_->url().authority();
  struct stat status {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  tmux_.open("ada", environment + command("ada", cluster_->url(), "--remember"), {});
  ASSERT_TRUE(sees("ada", " connected "));
}

TEST_F(FullScreenAccounts, AGuestComesInUnderANewName) {
  start_cluster(1);
  chat("gus", cluster_->url(), "--guest");
  ASSERT_TRUE(sees("gus", " ~gus-"));
  say("gus", "hello");
  ASSERT_TRUE(sees("gus", "  hello"));
}

TEST_F(FullScreenAccounts, ANodeDiesAndNothingIsLost) {
  start_cluster(2);
  enter("ada", cluster_->url());
  const std::size_t hers = sessions(0) == 1 ? 0 : 1;
  enter("bob", cluster_->node_url(1 - hers));
  say("ada", "before");
  ASSERT_TRUE(sees("bob", "ada  before"));
  cluster_->kill_node(hers);
  say("bob", "meanwhile");
  say("ada", "and after");
  ASSERT_TRUE(sees("ada", "bob  meanwhile"));
  ASSERT_TRUE(sees("bob", "and after"));
  ASSERT_TRUE(sees("ada", " connected "));
  EXPECT_EQ(count(tmux_.screen("bob"), "and after"), 1);
  EXPECT_EQ(count(tmux_.screen("ada"), "meanwhile"), 1);
}

TEST_F(FullScreenAccounts, ScriptsSignInToo) {
  start_cluster(1);
  enter("ada", cluster_->url());
  Process script(loop_,
                 {.arguments = {CHIRM_BIN_DIR "/chirm", "--url", cluster_->url().text(), "--name",
                                "cron", "--register", "--password-file", password_file("a secret")},
                  .environment = {}});
  script.write_input("deployed\n");
  script.close_input();
  ASSERT_TRUE(run([&] { return script.exit_code().has_value(); }));
  EXPECT_EQ(script.exit_code(), 0) << script.errors();
  ASSERT_TRUE(sees("ada", "cron  deployed"));
  Process stranger(loop_,
                   {.arguments = {CHIRM_BIN_DIR "/chirm", "--url", cluster_->url().text(), "--name",
                                  "cron", "--password-file", password_file("a guess")},
                    .environment = {}});
  ASSERT_TRUE(run([&] { return stranger.exit_code().has_value(); }));
  EXPECT_EQ(stranger.exit_code(), 1);
  EXPECT_THAT(stranger.errors(), HasSubstr("cannot sign in: "));
}

}  // namespace
}  // namespace chirm::testing
