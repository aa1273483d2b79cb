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
  EXPECT_THAT(tmux_.screen("ada"), HasSubstr("ada  owner"));
}

TEST_F(FullScreenAccounts, ReadingOnOneDeviceCountsOnTheOther) {
  start_cluster(2);
  enter("ada", cluster_->node_url(0));
  enter("bob", cluster_->node_url(1));
  names_.push_back("ada2");
  tmux_.open(
      "ada2",
      command("ada", cluster_->node_url(1), "--password-file " + password_file("secret of ada")),
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
