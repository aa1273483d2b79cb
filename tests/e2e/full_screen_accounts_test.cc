// SPDX-License-Identifier: MIT
// The program chirm at terminals (tmux), on servers with accounts.
#include <signal.h>
#include <sys/stat.h>

#include "tests/e2e/full_screen_fixture.h"

namespace chirm::testing {
namespace {

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
  EXPECT_TRUE(sees("ada", "#lobby"));
  EXPECT_THAT(tmux_.screen("ada"), Not(HasSubstr("horse")));
  say("ada", "/quit");
  ASSERT_TRUE(sees("ada", "ended with 0"));

  tmux_.hang_up("ada");
  open("");
  ASSERT_TRUE(sees("ada", "Password of Ada (Enter alone: register or be a guest):"));
  say("ada", "wrong horse");
  ASSERT_TRUE(sees_twice("ada", "Password of Ada ("));
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
  EXPECT_TRUE(sees_once("bob", "and after"));
  EXPECT_TRUE(sees_once("ada", "meanwhile"));
}

TEST_F(FullScreenAccounts, WhoHasNoAccountRegistersOrIsAGuestAtThePrompt) {
  start_cluster(1);
  const std::string hint = " (Enter alone: register or be a guest):";
  const auto open = [&](const std::string& name) {
    names_.push_back(name);
    tmux_.open(name, command(name, cluster_->url()), {});
    return sees(name, "Password of " + name + hint);
  };
  ASSERT_TRUE(open("gus"));
  tmux_.press("gus", {"Enter"});
  ASSERT_TRUE(sees("gus", "Register gus (r) or be a guest (g)? [g]"));
  tmux_.press("gus", {"Enter"});
  ASSERT_TRUE(sees("gus", " ~gus-"));
  ASSERT_TRUE(open("ada"));
  tmux_.press("ada", {"Enter"});
  ASSERT_TRUE(sees("ada", "? [g]"));
  say("ada", "r");
  ASSERT_TRUE(sees("ada", "? [g] r"));
  ASSERT_TRUE(sees("ada", "New password for ada:"));
  say("ada", "short");
  ASSERT_TRUE(sees("ada", "The same again:"));
  say("ada", "short");
  ASSERT_TRUE(sees("ada", "chirm: password: expected"));
  ASSERT_TRUE(sees_twice("ada", "New password for ada:"));
  say("ada", "long enough");
  ASSERT_TRUE(sees_twice("ada", "The same again:"));
  say("ada", "long enough");
  ASSERT_TRUE(sees("ada", " connected "));
  EXPECT_THAT(tmux_.screen("ada"), Not(HasSubstr("~ada")));
}

TEST_F(FullScreenAccounts, APromptGivesWayToASignal) {
  start_cluster(1);
  const pid_t pid = start_in_shell("ada", command("ada", cluster_->url()));
  ASSERT_TRUE(sees("ada", "Password of ada"));
  ASSERT_EQ(kill(pid, SIGTERM), 0);
  ASSERT_TRUE(sees("ada", "\nshell>"));
  say("ada", "echo ended with $?; stty -a | grep -o ' icanon\\| echo '");
  ASSERT_TRUE(sees("ada", "ended with 1"));
  ASSERT_TRUE(sees("ada", "\n icanon\n echo"));
}

// What a script says, and how it ends.
class Scripts : public FullScreenAccounts {
 protected:
  // nullopt when it does not end.
  std::optional<int> run_script(std::vector<std::string> more) {
    std::vector<std::string> arguments = {CHIRM_BIN_DIR "/chirm", "--url", cluster_->url().text(),
                                          "--name", "cron"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Process script(loop_, {.arguments = std::move(arguments), .environment = {}});
    script.write_input("deployed\n");
    script.close_input();
    (void)run([&] { return script.exit_code().has_value(); });
    errors_ = script.errors();
    return script.exit_code();
  }

  std::string errors_;
};

TEST_F(Scripts, SignIn) {
  start_cluster(1);
  enter("ada", cluster_->url());
  EXPECT_EQ(run_script({"--register", "--password-file", password_file("a secret")}), 0) << errors_;
  ASSERT_TRUE(sees("ada", "cron  deployed"));
  EXPECT_EQ(run_script({"--password-file", password_file("a guess")}), 1);
  EXPECT_THAT(errors_, HasSubstr("cannot sign in: "));
}

TEST_F(Scripts, JoinTheRoomTheySpeakIn) {
  start_cluster(1);
  enter("ada", cluster_->url());
  say("ada", "/create ops");
  ASSERT_TRUE(sees("ada", " #ops "));
  EXPECT_EQ(run_script({"--room", "ops"}), 0) << errors_;
  ASSERT_TRUE(sees("ada", "  deployed"));
  EXPECT_TRUE(sees("ada", "~cron-"));
  say("ada", "/create den private");
  ASSERT_TRUE(sees("ada", " #den "));
  for (const char* room : {"den", "nowhere"}) {  // nobody is told which of them there is
    EXPECT_EQ(run_script({"--room", room}), 1);
    EXPECT_THAT(errors_, HasSubstr(std::string("chirm: cannot join #") + room +
                                   ": no such room; make it with /create"));
  }
  EXPECT_TRUE(misses("ada", "deployed"));
}

TEST_F(Scripts, ComeInWithTokensOfAnotherSystem) {
  start({.nodes = 1,
         .is_single = true,
         .chirmd_arguments = {"--token-hmac-secret", kSecret, "--accounts", "off", "--rooms",
                              "open"}});
  chat("ada", cluster_->url(), "--token " + token("ada") + " --room tea");
  ASSERT_TRUE(sees("ada", " #tea "));
  say("ada", "who is there?");
  ASSERT_TRUE(sees("ada", "ada  who is there?"));
  for (const char* room : {"tea", "lobby"}) {
    EXPECT_EQ(run_script({"--token", token("cron"), "--room", room}), 0) << errors_;
  }
  ASSERT_TRUE(sees("ada", "cron  deployed"));
}

}  // namespace
}  // namespace chirm::testing
