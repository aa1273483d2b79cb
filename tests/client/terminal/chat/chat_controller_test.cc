// SPDX-License-Identifier: MIT
#include "protocol/json_fields.h"
#include "tests/client/terminal/chat/chat_controller_fixture.h"

namespace chirm::terminal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ChatControllerTest, KeepsToTheServersList) {
  start_and_join();
  std::vector<std::string> labels;
  for (const auto& one : controller_->model().conversations()) labels.push_back(one->label());
  EXPECT_THAT(labels, ElementsAre("#lobby", "Bob"));
  EXPECT_EQ(controller_->connection().text, "connected");
  EXPECT_THAT(seen(), ElementsAre("ada: two", "bob: three", "bob: four",
                                  ": cid invites you to #dev: /join dev"));
  EXPECT_EQ(look()->new_behind, 2);

  answers_["chat.sync"] = R"({"user":"ada","channels":[
      {"channel":"room:dev","room":"dev","top":0,"epoch":"e1","read":0}]})";
  server_.last().send_publication("user:#ada", 0, "1");  // not subscribed to: ignored
  server_.last().send(
      R"({"push":{"channel":"user:#ada","subscribe":{"recoverable":true,"epoch":"i"}}})");
  server_.last().send_publication("user:#ada", 1, R"({"type":"channel","channel":"room:dev"})");
  ASSERT_TRUE(run([&] { return controller_->model().find_room("dev") != nullptr; }));
  EXPECT_EQ(controller_->model().conversations().size(), 1);
}

TEST_F(ChatControllerTest, TellsTheServerWhatWasRead) {
  start_and_join();
  (void)look();
  ASSERT_TRUE(run_until_called("chat.read"));
  EXPECT_EQ(*last_call("chat.read"), R"({"channel":"room:lobby","offset":4})");
  EXPECT_EQ(look()->unread, 0);
}

TEST_F(ChatControllerTest, TellsWhatWasReadAgainWhenThatWasLost) {
  refusals_["chat.read"] = R"({"code":100,"message":"later","temporary":true})";
  start_and_join();
  ASSERT_TRUE(run_until_called("chat.read"));
  refusals_.clear();
  calls_.clear();
  ASSERT_TRUE(chirm::testing::pass_until(loop_, [&] { return last_call("chat.read") != nullptr; }));
  EXPECT_EQ(*last_call("chat.read"), R"({"channel":"room:lobby","offset":4})");
}

TEST_F(ChatControllerTest, ShowsWhatIsSaidAtOnceAndOnce) {
  start_and_join();
  type("hi @bob, \"quoted\"");
  EXPECT_THAT(seen(), Contains("ada: hi @bob, \"quoted\" (pending)"));
  ASSERT_TRUE(run([&] { return !published_.empty(); }));
  JsonFields fields(published_[0]);
  EXPECT_EQ(fields.text("text", {0, 100}), "hi @bob, \"quoted\"");
  EXPECT_THAT(fields.texts("mentions", 9, {0, 100}), ElementsAre("bob"));
  server_.last().send(R"({"push":{"channel":"room:lobby","pub":{"data":)" + published_[0] +
                      R"(,"info":{"user":"ada","client":"c1"},"offset":5}}})");
  ASSERT_TRUE(run_until_seen("ada: hi @bob, \"quoted\""));
  EXPECT_EQ(seen().size(), 5);
}

TEST_F(ChatControllerTest, MentionsNoMoreThanTheServerTakes) {
  std::string users;
  std::string text = "hi";
  for (char c = 'a'; c <= 'o'; ++c) {
    users += (users.empty() ? R"({"user":"u)" : R"(,{"user":"u)") + std::string(1, c) + R"("})";
    text += " @u" + std::string(1, c);
  }
  answers_["chat.presence"] = R"({"count":15,"users":[)" + users + "]}";
  start_and_join();
  ASSERT_TRUE(run([&] { return look()->people.size() == 15; }));
  type(text);
  ASSERT_TRUE(run([&] { return !published_.empty(); }));
  EXPECT_EQ(JsonFields(published_[0]).texts("mentions", 99, {0, 100}).size(), 10);
}

TEST_F(ChatControllerTest, SaysWhatWasNotSentAndWhy) {
  publish_refused_ = true;
  start_and_join();
  type("hi");
  ASSERT_TRUE(run_until_seen("ada: hi (failed: muted until noon)"));
}

TEST_F(ChatControllerTest, SendsLaterWhatIsSaidWhileAway) {
  start_and_join();
  server_.stop_listening();
  server_.last().drop();
  ASSERT_TRUE(
      run([&] { return controller_->connection().state == ConnectionStatus::State::kLost; }));
  EXPECT_THAT(controller_->connection().text, HasSubstr("reconnecting"));
  type("later");
  EXPECT_THAT(seen(), Contains("ada: later (pending)"));
  server_.listen();
  ASSERT_TRUE(run([&] { return published_.size() == 1; }));
  ASSERT_TRUE(
      run([&] { return controller_->connection().state == ConnectionStatus::State::kConnected; }));
  EXPECT_EQ(controller_->connection().text, "caught up");
}

TEST_F(ChatControllerTest, ReadsThePastAnewWhenSomethingIsMissing) {
  start_and_join();
  recovers_ = false;
  server_.last().drop();
  ASSERT_TRUE(run([&] { return server_.peers.size() == 2 && !look()->is_loaded; }));
  ASSERT_TRUE(run([&] { return look()->is_loaded; }));
  EXPECT_THAT(seen(), ElementsAre("ada: two", "bob: three", "bob: four"));
}

TEST_F(ChatControllerTest, ReadsOlderPagesUntilTheBeginning) {
  start_and_join();
  history_ = stored(1, "bob", "one");
  EXPECT_TRUE(look()->has_older);
  controller_->load_older();
  ASSERT_TRUE(run_until_seen("bob: one"));
  EXPECT_FALSE(look()->has_older);
  EXPECT_EQ(seen().front(), "bob: one");
}

TEST_F(ChatControllerTest, WorksWithoutAccounts) {
  refusals_["chat.sync"] = R"({"code":108,"message":"not available"})";
  options_.rooms = {"lobby", "dev"};
  start_and_join();
  EXPECT_EQ(look()->label(), "#lobby");
  EXPECT_EQ(controller_->model().conversations().size(), 2);
  type("/join #new");
  EXPECT_EQ(look()->label(), "#new");
  type("/dm bob psst");
  EXPECT_EQ(look()->info.channel, "dm:#ada,bob");
  EXPECT_THAT(seen(), ElementsAre("ada: psst (pending)"));
  type("/leave");
  EXPECT_EQ(look()->label(), "#new");
  type("/kick bob");
  EXPECT_THAT(seen(),
              ElementsAre(": cannot remove bob: this server knows neither accounts nor roles"));
}

TEST_F(ChatControllerTest, JoinsARoom) {
  answers_["chat.join"] = R"({"room":"dev","channel":"room:dev","title":"Dev"})";
  start_and_join();
  type("/join #dev");
  ASSERT_TRUE(run([&] { return look()->label() == "#dev"; }));
  EXPECT_EQ(*last_call("chat.join"), R"({"room":"dev"})");
  refusals_["chat.join"] = R"({"code":103,"message":"banned until noon"})";
  type("/join ops");
  ASSERT_TRUE(run_until_seen(": cannot join #ops: banned until noon"));
}

TEST_F(ChatControllerTest, WritesToOnePersonWhenTheListHasThem) {
  answers_["chat.dm"] = R"({"channel":"dm:#ada,cid"})";
  start_and_join();
  answers_["chat.sync"] = R"({"user":"ada","channels":[
      {"channel":"dm:#ada,cid","kind":"dm","user":"cid","name":"Cid","top":0,"read":0}]})";
  type("/dm @cid hello you");
  ASSERT_TRUE(run_until_seen("ada: hello you (pending)"));
  EXPECT_EQ(look()->label(), "Cid");
  EXPECT_EQ(*last_call("chat.dm"), R"({"user":"cid"})");
}

TEST_F(ChatControllerTest, ChangesMessages) {
  start_and_join();
  type("/edit");
  EXPECT_EQ(suggested_, "/edit two");
  type("/edit deux");
  type("/react lol");
  type("/react 👍");
  look()->chosen = 3;
  type("/reply quite");
  type("/delete");
  ASSERT_TRUE(run([&] { return published_.size() == 4; }));
  EXPECT_THAT(published_[0], HasSubstr(R"("type":"edit","target":2,"text":"deux")"));
  EXPECT_THAT(published_[1], HasSubstr(R"("type":"reaction","target":4,"key":"👍","on":true)"));
  EXPECT_THAT(published_[2], HasSubstr(R"("reply_to":3)"));
  EXPECT_THAT(published_[3], HasSubstr(R"("type":"delete","target":2)"));
}

TEST_F(ChatControllerTest, KeepsOrderInRooms) {
  start_and_join();
  const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
      {"/kick bob too loud", {"chat.kick", R"({"room":"lobby","user":"bob","reason":"too loud"})"}},
      {"/ban @bob 10m spam",
       {"chat.ban", R"({"room":"lobby","user":"bob","seconds":600,"reason":"spam"})"}},
      {"/mute bob", {"chat.mute", R"({"room":"lobby","user":"bob"})"}},
      {"/unban bob", {"chat.unban", R"({"room":"lobby","user":"bob"})"}},
      {"/unmute bob", {"chat.unmute", R"({"room":"lobby","user":"bob"})"}},
      {"/role bob moderator", {"chat.role", R"({"room":"lobby","user":"bob","role":"moderator"})"}},
      {"/topic tea \"time\"", {"chat.set", R"({"room":"lobby","topic":"tea \"time\""})"}},
      {"/title The Lobby", {"chat.set", R"({"room":"lobby","title":"The Lobby"})"}},
      {"/invite cid", {"chat.invite", R"({"room":"lobby","user":"cid"})"}},
      {"/block eve", {"chat.block", R"({"user":"eve"})"}},
      {"/away", {"chat.status", R"({"status":"away"})"}},
  };
  for (const auto& [line, call] : cases) {
    calls_.clear();
    type(line);
    ASSERT_TRUE(run_until_called(call.first)) << line;
    EXPECT_EQ(*last_call(call.first), call.second);
  }
  ASSERT_TRUE(run([&] { return controller_->is_away(); }));
}

TEST_F(ChatControllerTest, SaysHowACommandIsUsed) {
  start_and_join();
  calls_.clear();
  for (const char* line : {"/kick", "/ban", "/join", "/join a\x1b", "/dm", "/role bob", "/title",
                           "/search", "/react", "/reply", "/create a secret", "/block"}) {
    type(line);
    EXPECT_THAT(seen().back(), HasSubstr(": usage: ")) << line;
  }
  type("/dance");
  EXPECT_EQ(seen().back(), ": no such command: /dance (/help lists them)");
  EXPECT_THAT(published_, IsEmpty());
}

TEST_F(ChatControllerTest, DeletesARoomOnlyWhenThatIsConfirmed) {
  start_and_join();
  calls_.clear();
  type("/delete-room dev");
  EXPECT_THAT(seen().back(), HasSubstr("/delete-room dev yes"));
  type("/delete-room dev no");
  EXPECT_THAT(seen().back(), HasSubstr(": usage: "));
  type("/delete-room");
  EXPECT_THAT(seen().back(), HasSubstr(": usage: "));
  EXPECT_THAT(calls_, IsEmpty());
  answers_["chat.delete"] = "{}";
  type("/delete-room #dev yes");
  ASSERT_TRUE(run_until_called("chat.delete"));
  EXPECT_THAT(calls_,
              Contains(std::pair<std::string, std::string>("chat.delete", R"({"room":"dev"})")));
}

TEST_F(ChatControllerTest, ShowsLists) {
  answers_["chat.search"] =
      R"({"results":[{"offset":3,"user":"bob","data":{"type":"message","text":"three"}}]})";
  answers_["chat.members"] = R"({"members":[{"user":"bob","name":"Bob","role":"owner"}]})";
  answers_["chat.rooms"] = R"({"rooms":[{"room":"dev","members":3,"topic":"work"}]})";
  start_and_join();
  type("/search th");
  ASSERT_TRUE(run([&] { return pages_.size() == 2; }));
  type("/members");
  ASSERT_TRUE(run([&] { return pages_.size() == 4; }));
  type("/rooms");
  ASSERT_TRUE(run([&] { return pages_.size() == 6; }));
  EXPECT_THAT(pages_,
              ElementsAre("1 result for \"th\" in #lobby", "- bob: three", "Members of #lobby",
                          "bob (Bob)  owner", "1 room", "#dev  3 members  work"));
  EXPECT_THAT(controller_->completion_sources().rooms, Contains("dev"));
  EXPECT_EQ(*last_call("chat.search"), R"({"channel":"room:lobby","query":"th","limit":100})");
}

TEST_F(ChatControllerTest, ReadsListsToTheirEnd) {
  answers_before_["chat.rooms"] = {R"({"rooms":[{"room":"zoo"}],"next":"zoo"})",
                                   R"({"rooms":[{"room":"zulu"}]})"};
  start_and_join();
  ASSERT_TRUE(run([&] { return calls_.size() > 0 && answers_before_["chat.rooms"].empty(); }));
  EXPECT_EQ(*last_call("chat.rooms"), R"({"after":"zoo"})");
  answers_before_["chat.rooms"] = {R"({"rooms":[{"room":"a"}],"next":"a"})",
                                   R"({"rooms":[{"room":"b"}]})"};
  answers_before_["chat.members"] = {R"({"members":[{"user":"ada","role":"member"}],"next":"ada"})",
                                     R"({"members":[{"user":"bob","role":"member"}]})"};
  answers_before_["chat.search"] = {
      R"({"results":[],"next":70})",
      R"({"results":[{"offset":3,"user":"bob","data":{"type":"message","text":"three"}}]})"};
  type("/rooms x");
  ASSERT_TRUE(run([&] { return pages_.size() == 3; }));
  EXPECT_EQ(*last_call("chat.rooms"), R"({"query":"x","after":"a"})");
  type("/members");
  ASSERT_TRUE(run([&] { return pages_.size() == 6; }));
  EXPECT_EQ(*last_call("chat.members"), R"({"room":"lobby","after":"ada"})");
  type("/search th");
  ASSERT_TRUE(run([&] { return pages_.size() == 8; }));
  EXPECT_EQ(*last_call("chat.search"),
            R"({"channel":"room:lobby","query":"th","limit":100,"before":70})");
  EXPECT_THAT(pages_, ElementsAre("2 rooms", "#a", "#b", "Members of #lobby", "ada", "bob",
                                  "1 result for \"th\" in #lobby", "- bob: three"));
}

TEST_F(ChatControllerTest, SaysWhenThereIsMoreThanItReads) {
  answers_["chat.rooms"] = R"({"rooms":[{"room":"a"}],"next":"a"})";
  answers_["chat.members"] = R"({"members":[{"user":"ada","role":"member"}],"next":"ada"})";
  answers_["chat.search"] = R"({"results":[],"next":70})";
  start_and_join();
  type("/rooms");
  ASSERT_TRUE(run([&] { return !pages_.empty(); }));
  EXPECT_EQ(pages_.back(), "There are more: /rooms WORD finds some of them.");
  type("/members");
  ASSERT_TRUE(run([&] { return pages_.back() == "There are more."; }));
  type("/search th");
  ASSERT_TRUE(run([&] { return pages_.back() == "What was said before that was not searched."; }));
}

TEST_F(ChatControllerTest, AsksWhoIsThereWhenSomebodyComes) {
  answers_["chat.presence"] =
      R"({"count":1,"users":[{"user":"bob","name":"Bob","status":"away"}]})";
  start_and_join();
  ASSERT_TRUE(run([&] { return look()->people.size() == 1; }));
  answers_["chat.presence"] = R"({"count":2,"users":[{"user":"bob"},{"user":"ada"}]})";
  server_.last().send(
      R"({"push":{"channel":"room:lobby","join":{"info":{"user":"ada","client":"c"}}}})");
  ASSERT_TRUE(run([&] { return look()->people.size() == 2; }));
  EXPECT_EQ(look()->people[0].user, "ada");
}

TEST_F(ChatControllerTest, ShowsWhoIsThereNowAndNotAMomentAgo) {
  answers_["chat.presence"] = R"({"count":1,"users":[{"user":"bob"}]})";
  start_and_join();
  ASSERT_TRUE(run([&] { return look()->people.size() == 1; }));
  answers_["chat.presence"] = R"({"count":2,"users":[{"user":"bob"},{"user":"cid"}]})";
  type("/who");
  ASSERT_TRUE(run([&] { return !pages_.empty(); }));
  EXPECT_THAT(pages_, ElementsAre("In #lobby: 2", "bob", "cid"));
  refusals_["chat.presence"] = R"({"code":103,"message":"permission denied"})";
  type("/who");
  ASSERT_TRUE(run_until_seen(": cannot see who is here: permission denied"));
}

TEST_F(ChatControllerTest, SaysThatOneIsTypingNotTooOften) {
  start_and_join();
  controller_->note_typing();
  controller_->note_typing();
  ASSERT_TRUE(run([&] { return !published_.empty(); }));
  EXPECT_THAT(published_, ElementsAre(R"({"type":"typing"})"));
}

TEST_F(ChatControllerTest, SaysWhyOneWasRemoved) {
  start_and_join();
  server_.last().send(
      R"({"push":{"channel":"room:lobby","unsubscribe":{"code":2000,"reason":"kicked: spam"}}})");
  ASSERT_TRUE(run_until_seen(": no longer in #lobby: kicked: spam (2000)"));
  EXPECT_EQ(look()->label(), "Bob");
}

TEST_F(ChatControllerTest, EndsWhenAllIsAcknowledged) {
  start_and_join();
  type("hi");
  controller_->quit();
  EXPECT_EQ(end_, "");
  ASSERT_TRUE(run([&] { return !end_.empty(); }));
  EXPECT_EQ(end_, "0 ");
}

TEST_F(ChatControllerTest, EndsWhenTheServerSendsOneAway) {
  start_and_join();
  server_.last().close(3503, "banned");
  ASSERT_TRUE(run([&] { return !end_.empty(); }));
  EXPECT_THAT(end_, HasSubstr("banned (3503)"));
}

}  // namespace
}  // namespace chirm::terminal
