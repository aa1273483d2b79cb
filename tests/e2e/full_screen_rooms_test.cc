// SPDX-License-Identifier: MIT
// The program chirm at terminals (tmux): rooms, private conversations, what is read and found.
#include "tests/e2e/full_screen_fixture.h"

namespace chirm::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(FullScreenAccounts, APrivateMessageReachesOnlyOne) {
  start_cluster(2);
  enter("ada", cluster_->node_url(0));
  enter("bob", cluster_->node_url(1));
  enter("eve", cluster_->node_url(1));
  say("ada", "/dm bob psst");
  ASSERT_TRUE(sees("bob", "Private"));
  ASSERT_TRUE(sees("bob", "2 ada              1"));
  tmux_.press("bob", {"M-2"});
  ASSERT_TRUE(sees("bob", "ada  psst"));
  tmux_.type("bob", "yes");
  ASSERT_TRUE(sees("ada", "bob is typing"));
  tmux_.press("bob", {"Enter"});
  ASSERT_TRUE(sees("ada", "bob  yes"));
  EXPECT_THAT(tmux_.screen("eve"), Not(HasSubstr("Private")));
}

TEST_F(FullScreenAccounts, AnOwnerKeepsOrder) {
  start_cluster(2);
  enter("ada", cluster_->node_url(0));
  enter("bob", cluster_->node_url(1));
  say("ada", "/create den private");
  ASSERT_TRUE(sees("ada", " #den "));
  say("ada", "/topic bears only");
  ASSERT_TRUE(sees("ada", "#den  bears only"));
  say("bob", "/join den");
  ASSERT_TRUE(sees("bob", "cannot join #den"));
  say("ada", "/invite bob");
  ASSERT_TRUE(sees("bob", "ada invites you to #den"));
  say("bob", "/join den");
  ASSERT_TRUE(sees("bob", " #den "));
  say("bob", "hello, @ada");
  ASSERT_TRUE(sees("ada", "hello, @ada"));
  say("ada", "/mute bob 10m too loud");
  ASSERT_TRUE(sees("bob", "muted"));
  say("bob", "I am not");
  ASSERT_TRUE(sees("bob", "✗ not sent: "));
  say("ada", "/kick bob out");
  ASSERT_TRUE(sees("bob", "no longer in #den"));
  ASSERT_TRUE(sees("ada", "removed bob: out"));
  say("ada", "/members");
  ASSERT_TRUE(sees("ada", "Members of #den"));
  EXPECT_TRUE(sees("ada", "ada  owner"));
}

TEST_F(FullScreenAccounts, FindsWhatWasSaid) {
  for (const std::size_t nodes : {1, 2}) {  // in SQLite, in Redis
    start_cluster(nodes);
    const std::string ada = "ada" + std::to_string(nodes);
    enter(ada, cluster_->url());
    say(ada, "the kettle is hot");
    say(ada, "the cups are not");
    ASSERT_TRUE(sees(ada, "cups are not"));
    ASSERT_TRUE(misses(ada, "cups are not …"));
    say(ada, "/search kettle");
    ASSERT_TRUE(sees(ada, "1 result for \"kettle\" in #lobby"));
    EXPECT_TRUE(sees(ada, ada + ": the kettle is hot"));
    EXPECT_TRUE(misses(ada, "cups"));
    tmux_.press(ada, {"Escape"});
    ASSERT_TRUE(sees(ada, "cups are not"));
    say(ada, "/search teapot");
    ASSERT_TRUE(sees(ada, "0 results for \"teapot\" in #lobby"));
  }
}

TEST_F(FullScreenAccounts, ExplainsItselfAndListsWhatThereIs) {
  start_cluster(1);
  enter("ada", cluster_->url());
  enter("bob", cluster_->url());
  say("ada", "/create den");
  ASSERT_TRUE(sees("ada", " #den "));
  say("ada", "/help");
  ASSERT_TRUE(sees("ada", "Help"));
  EXPECT_TRUE(sees("ada", "/join ROOM"));
  EXPECT_TRUE(sees("ada", "/search "));
  ASSERT_TRUE(finds("ada", "PageDown", "Ctrl-L, Ctrl-Z, Ctrl-C"));
  tmux_.press("ada", {"Escape"});
  ASSERT_TRUE(misses("ada", "Ctrl-L, Ctrl-Z, Ctrl-C"));
  say("bob", "/rooms");
  ASSERT_TRUE(sees("bob", "2 rooms"));
  EXPECT_TRUE(sees("bob", "#den  1 member"));
  EXPECT_TRUE(sees("bob", "#lobby  2 members  member"));
  say("bob", "/who");
  ASSERT_TRUE(sees("bob", "In #lobby: 2"));
  say("bob", "/who ada");
  ASSERT_TRUE(sees("bob", "ada, online"));
}

TEST_F(FullScreenAccounts, HasMoreRoomsThanTheServerLetsItFollow) {
  start({.nodes = 1, .is_single = true, .chirmd_arguments = {"--channels-per-client", "3"}});
  enter("bob", cluster_->url());
  enter("ada", cluster_->url());
  for (const char* room : {"den", "dev", "ops"}) {
    say("ada", std::string("/create ") + room);
    ASSERT_TRUE(sees("ada", " #" + std::string(room) + " "));
  }
  say("bob", "/join dev");
  ASSERT_TRUE(sees("bob", " #dev "));
  for (const char* number : {"M-1", "M-2", "M-3", "M-4"}) tmux_.press("ada", {number});
  ASSERT_TRUE(sees("ada", " #ops "));
  tmux_.press("ada", {"M-2"});
  ASSERT_TRUE(sees("ada", " #dev "));
  say("bob", "are you there?");
  ASSERT_TRUE(sees("ada", "bob  are you there?"));
  say("ada", "as you see");
  ASSERT_TRUE(sees("bob", "ada  as you see"));
  EXPECT_TRUE(sees("ada", "4 #ops"));
  EXPECT_THAT(tmux_.screen("ada"), Not(HasSubstr("limit")));
}

TEST_F(FullScreenAccounts, CountsFromTheBeginningWhenTheServerHasLostThePast) {
  start({.nodes = 1,
         .is_single = true,
         .chirmd_arguments = {"--token-hmac-secret", kSecret, "--accounts", "off", "--store",
                              "memory"}});
  for (const char* name : {"ada", "bob"}) {
    chat(name, cluster_->url(), std::string("--token ") + token(name));
  }
  for (const char* word : {"one", "two", "three"}) say("bob", word);
  ASSERT_TRUE(sees("ada", "  three"));
  cluster_->kill_node(0);
  cluster_->start_node(0);
  for (const char* name : {"ada", "bob"}) {
    ASSERT_TRUE(sees(name, "The server has lost the past"));
    ASSERT_TRUE(sees(name, " connected "));
  }
  EXPECT_TRUE(misses("ada", "three"));
  say("ada", "/dm bob");
  ASSERT_TRUE(sees("ada", "bob  private"));
  say("bob", "four");
  ASSERT_TRUE(sees("ada", "1 #lobby           1"));
  tmux_.press("ada", {"M-1"});
  ASSERT_TRUE(sees("ada", "  four"));
  ASSERT_TRUE(misses("ada", "1 #lobby           1"));
}

TEST_F(FullScreenAccounts, ReadingOnOneDeviceCountsOnTheOther) {
  start_cluster(2);
  enter("ada", cluster_->node_url(0));
  enter("bob", cluster_->node_url(1));
  names_.push_back("ada2");
  tmux_.open("ada2",
             command("ada", cluster_->node_url(1),
                     "--password-file " + password_file("a long secret, not told")),
             {});
  ASSERT_TRUE(sees("ada2", " connected "));
  say("ada", "/create den");
  ASSERT_TRUE(sees("ada2", "#den"));
  tmux_.press("ada", {"M-2"});
  ASSERT_TRUE(sees("ada", " #lobby "));
  tmux_.press("ada2", {"M-2"});
  say("bob", "/join den");
  ASSERT_TRUE(sees("bob", " #den "));
  say("bob", "one for all");
  ASSERT_TRUE(sees("ada", "1 #den             1"));
  tmux_.press("ada2", {"M-1"});
  ASSERT_TRUE(sees("ada2", "one for all"));
  ASSERT_TRUE(misses("ada", "1 #den             1"));
}

}  // namespace
}  // namespace chirm::testing
