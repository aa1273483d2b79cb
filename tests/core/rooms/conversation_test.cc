// SPDX-License-Identifier: MIT
// Private conversations, blocks, what may be published, read marks, on every store.
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Person;
using ::testing::StartsWith;

constexpr const char* kDm = "dm:#ada,bob";

class ConversationTest : public testing::RoomsTest {
 protected:
  static std::string with_id(const std::string& members) {
    static int ids = 0;
    return R"({"id":"i)" + std::to_string(++ids) + "\"," + members + "}";
  }

  Person& ada = enter("ada");
  Person& bob = enter("bob");
  Person& eve = enter("eve");
};
INSTANTIATE_TEST_SUITE_P(Stores, ConversationTest, testing::every_store(), testing::name_of_store);

TEST_P(ConversationTest, AppearsInBothListsWithTheFirstMessage) {
  EXPECT_EQ(ada.ask("chat.dm", R"({"user":"bob"})"), R"({"channel":"dm:#ada,bob"})");
  EXPECT_THAT(ada.ask("chat.sync"),
              HasSubstr(R"("channel":"dm:#ada,bob","kind":"dm","user":"bob")"));
  EXPECT_THAT(bob.ask("chat.sync"), Not(HasSubstr("dm:#")));
  EXPECT_THAT(ada.say(kDm, "hello"), HasSubstr(R"("offset":1)"));
  EXPECT_TRUE(bob.hears(R"({"type":"channel","channel":"dm:#ada,bob"})"));
  EXPECT_THAT(bob.ask("chat.sync"),
              AllOf(HasSubstr(R"("kind":"dm","user":"ada","name":"ada","top":1)"),
                    HasSubstr(R"("read":0)")));
  EXPECT_THAT(bob.history(kDm), HasSubstr("hello"));
  // The list is told once more, when an answer takes the request up.
  EXPECT_EQ(bob.count_pushes(R"("channel":"dm:#ada,bob"})"), 1U);
  EXPECT_THAT(bob.say(kDm, "hi"), HasSubstr(R"("offset":2)"));
  EXPECT_THAT(bob.say(kDm, "there"), HasSubstr(R"("offset":3)"));
  EXPECT_EQ(bob.count_pushes(R"("channel":"dm:#ada,bob"})"), 2U);
}

TEST_P(ConversationTest, IsNobodyElses) {
  ada.say(kDm, "hello");
  for (const std::string channel : {"dm:#ada,bob", "dm:#ada,cyd"}) {
    EXPECT_EQ(eve.subscribe(channel), "103 permission denied");
    EXPECT_EQ(eve.history(channel), "103 permission denied");
    EXPECT_EQ(eve.presence(channel), "103 permission denied");
    EXPECT_EQ(eve.say(channel, "x"), "103 permission denied");
    EXPECT_THAT(eve.ask("chat.read", R"({"offset":1,"channel":")" + channel + "\"}"),
                StartsWith("404 "));
    EXPECT_THAT(eve.ask("chat.hide", R"({"channel":")" + channel + "\"}"), StartsWith("404 "));
  }
  // Other names for it are none.
  for (const char* channel : {"dm:#bob,ada", "dm:#ada,bob,eve", "dm:#ada,ada", "dm:ada,bob#eve",
                              "dm:#ada,bob#eve", "dm:#", "dm:#ada,", "dm:#,ada"}) {
    EXPECT_THAT(ada.subscribe(channel), StartsWith("10")) << channel;
    EXPECT_THAT(eve.subscribe(channel), StartsWith("10")) << channel;
    EXPECT_THAT(ada.say(channel, "x"), StartsWith("10")) << channel;
  }
  Person& root = enter_as_admin("root");
  EXPECT_EQ(root.history(kDm), "103 permission denied");
}

TEST_P(ConversationTest, NeedsTwoWhoExist) {
  EXPECT_EQ(ada.ask("chat.dm", R"({"user":"nobody"})"), "404 no such user");
  EXPECT_THAT(ada.ask("chat.dm", R"({"user":"ada"})"), StartsWith("107 user"));
  EXPECT_THAT(ada.ask("chat.dm", R"({"user":"a,b"})"), StartsWith("107 user"));
  EXPECT_EQ(ada.subscribe("dm:#ada,nobody"), "404 no such user");
  EXPECT_EQ(ada.say("dm:#ada,nobody", "x"), "404 no such user");
  EXPECT_THAT(ada.ask("chat.sync"), Not(HasSubstr("dm:#")));
}

TEST_P(ConversationTest, HidesUntilTheNextMessage) {
  ada.say(kDm, "hello");
  EXPECT_EQ(bob.ask("chat.hide", R"({"channel":"dm:#ada,bob"})"), "{}");
  EXPECT_THAT(bob.ask("chat.sync"), Not(HasSubstr("dm:#")));
  EXPECT_THAT(bob.ask("chat.hide", R"({"channel":"room:lobby"})"), StartsWith("107 channel"));
  bob.forget();
  ada.say(kDm, "again");
  EXPECT_TRUE(bob.hears(R"({"type":"channel","channel":"dm:#ada,bob"})"));
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("top":2)"));
}

TEST_P(ConversationTest, EndsWithABlock) {
  ada.say(kDm, "hello");
  EXPECT_EQ(bob.ask("chat.block", R"({"user":"ada"})"), "{}");
  EXPECT_EQ(ada.say(kDm, "x"), "103 they do not want to hear of you");
  EXPECT_EQ(bob.say(kDm, "x"), "103 you have blocked them");
  EXPECT_EQ(ada.publish(kDm, R"({"type":"typing"})"), "103 they do not want to hear of you");
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("blocked":["ada"])"));
  ada.ask_room("chat.create", "den");
  EXPECT_THAT(ada.ask_room("chat.invite", "den", R"("user":"bob")"), StartsWith("103 they do"));
  EXPECT_EQ(bob.ask("chat.unblock", R"({"user":"ada"})"), "{}");
  EXPECT_THAT(ada.say(kDm, "y"), HasSubstr(R"("offset":2)"));
  EXPECT_EQ(bob.ask("chat.block", R"({"user":"nobody"})"), "404 no such user");
  EXPECT_THAT(bob.ask("chat.block", R"({"user":"bob"})"), StartsWith("107 user"));
}

TEST_P(ConversationTest, TakesOnlyWhatTheRulesKnow) {
  const std::string lobby = "room:lobby";
  for (const std::string& wrong :
       {std::string("1"),
        std::string("[]"),
        std::string("\"text\""),
        std::string("{}"),
        with_id(R"("text":"no type")"),
        with_id(R"("type":"unknown","text":"x")"),
        with_id(R"("type":"deleted")"),
        with_id(R"("type":7)"),
        std::string(R"({"type":"message","text":"no id"})"),
        with_id(R"("type":"message")"),
        with_id(R"("type":"message","text":"")"),
        with_id(R"("type":"message","text":1)"),
        with_id(R"("type":"message","text":")" + std::string(8001, 'x') + '"'),
        with_id(R"("type":"message","text":"x","reply_to":0)"),
        with_id(R"("type":"message","text":"x","time":"now")"),
        with_id(R"("type":"message","text":"x","mentions":"bob")"),
        with_id(R"("type":"message","text":"x","edit":1)"),
        with_id(R"("type":"message","text":"x","edited":1)"),
        with_id(R"("type":"x-a","type":"event","event":"kick")"),
        with_id(R"("type":"x-a","ty\u0070e":"event")"),
        with_id(R"("type":"edit","text":"x")"),
        with_id(R"("type":"edit","text":"x","target":0)"),
        with_id(R"("type":"edit","text":"x","target":-1)"),
        with_id(R"("type":"edit","text":"x","target":9007199254740993)"),
        with_id(R"("type":"reaction","target":1,"key":"","on":true)"),
        with_id(R"("type":"reaction","target":1,"key":"x"})").substr(0, 0) +
            with_id(R"("type":"reaction","target":1,"key":"x")"),
        R"({"id":")" + std::string(65, 'x') + R"(","type":"message","text":"x"})"}) {
    EXPECT_THAT(ada.publish(lobby, wrong), StartsWith("107 ")) << wrong;
  }
  EXPECT_EQ(ada.publish(lobby, with_id(R"("type":"event","event":"kick","user":"bob")")),
            "103 events are published by the server");
  EXPECT_EQ(ada.publish("user:#ada", with_id(R"("type":"notice","text":"x")")),
            "103 only the server publishes there");
  EXPECT_EQ(ada.publish("user:#bob", with_id(R"("type":"notice","text":"x")")),
            "103 permission denied");
  EXPECT_THAT(ada.history(lobby), HasSubstr(R"("publications":[])"));
  EXPECT_THAT(ada.publish(lobby, R"({"type":"x-mine","any":[1]})"), HasSubstr(R"("offset":1)"));
}

TEST_P(ConversationTest, EditsWhatOneHasWritten) {
  bob.subscribe("room:lobby");
  ada.publish("room:lobby", with_id(R"("type":"message","text":"tpyo","time":5,"mentions":[])"));
  const std::string edit = with_id(R"("type":"edit","target":1,"text":"typo")");
  EXPECT_EQ(bob.publish("room:lobby", edit), "103 that is not your message");
  EXPECT_THAT(ada.publish("room:lobby", edit), HasSubstr(R"("offset":2)"));
  EXPECT_TRUE(bob.hears(R"("type":"edit","target":1,"text":"typo")"));
  std::string history = eve.history("room:lobby");
  EXPECT_THAT(history, AllOf(Not(HasSubstr("tpyo")), HasSubstr(R"("time":5)"),
                             HasSubstr(R"("edited":)"), HasSubstr(R"("user":"ada")")));
  EXPECT_THAT(ada.publish("room:lobby", edit), HasSubstr(R"("offset":2)"));  // a retry
  EXPECT_THAT(ada.publish("room:lobby", with_id(R"("type":"edit","target":1,"text":"best")")),
              HasSubstr(R"("offset":3)"));
  history = eve.history("room:lobby");
  EXPECT_THAT(history, AllOf(Not(HasSubstr("typo")), HasSubstr(R"("text":"best")")));
  EXPECT_THAT(ada.publish("room:lobby", edit), HasSubstr(R"("offset":2)"));  // a late retry
  EXPECT_EQ(eve.history("room:lobby"), history);
  EXPECT_EQ(ada.publish("room:lobby", with_id(R"("type":"edit","target":2,"text":"x")")),
            "404 no such message");
  EXPECT_EQ(ada.publish("room:lobby", with_id(R"("type":"edit","target":99,"text":"x")")),
            "404 no such message");
}

TEST_P(ConversationTest, DeletesWithoutATrace) {
  ada.ask_room("chat.create", "tea");
  bob.ask_room("chat.join", "tea");
  eve.ask_room("chat.join", "tea");
  EXPECT_THAT(bob.publish("room:tea", with_id(R"("type":"message","text":"secret")")),
              HasSubstr(R"("offset":4)"));
  bob.publish("room:tea", with_id(R"("type":"edit","target":4,"text":"secret 2")"));
  bob.publish("room:tea", with_id(R"("type":"edit","target":4,"text":"secret 3")"));
  EXPECT_EQ(eve.publish("room:tea", with_id(R"("type":"delete","target":4)")),
            "103 that is not your message");
  const std::string remove = with_id(R"("type":"delete","target":4)");
  EXPECT_THAT(ada.publish("room:tea", remove), HasSubstr("offset"));  // the owner
  const std::string history = eve.history("room:tea");
  EXPECT_THAT(history,
              AllOf(Not(HasSubstr("secret")), HasSubstr(R"("type":"deleted","by":"ada")")));
  EXPECT_THAT(ada.publish("room:tea", remove), HasSubstr("offset"));  // a retry
  EXPECT_EQ(eve.history("room:tea"), history);
  EXPECT_EQ(bob.publish("room:tea", with_id(R"("type":"edit","target":4,"text":"x")")),
            "404 no such message");
  EXPECT_EQ(bob.publish("room:tea", with_id(R"("type":"delete","target":1)")),
            "404 no such message");  // what the server said
  const std::string dm = "dm:#ada,bob";
  EXPECT_THAT(bob.say(dm, "mine"), HasSubstr(R"("offset":1)"));
  EXPECT_EQ(ada.publish(dm, with_id(R"("type":"delete","target":1)")),
            "103 that is not your message");
}

TEST_P(ConversationTest, IsFoundByBothWhenTheOperatorsSystemsWriteThere) {
  EXPECT_EQ(call_api("publish", R"({"channel":"dm:#ada,bob","data":{"x-order":7}})"), 200);
  EXPECT_TRUE(bob.hears(R"({"type":"channel","channel":"dm:#ada,bob"})"));
  EXPECT_TRUE(ada.hears(R"({"type":"channel","channel":"dm:#ada,bob"})"));
  EXPECT_THAT(ada.ask("chat.sync"), HasSubstr(R"("kind":"dm","user":"bob")"));
  // With nobody there is none.
  EXPECT_EQ(call_api("publish", R"({"channel":"dm:#ada,nobody","data":{}})"), 200);
  EXPECT_THAT(ada.ask("chat.sync"), Not(HasSubstr("nobody")));
}

TEST_P(ConversationTest, MakesSpaceForNewOnesInAFullList) {
  put("dms:bob", "dm:#bob,x0", R"({"read":0,"hidden":true})");
  put("dms:bob", "dm:#bob,x1", R"({"read":0})");  // with somebody who is forgotten
  for (int i = 2; i < 1000; ++i) {
    const std::string user = "x" + std::to_string(i);
    put("person", user, R"({"name":")" + user + R"(","role":"user"})");
    put("dms:bob", "dm:#bob," + user, R"({"read":0})");
  }
  EXPECT_THAT(bob.say(kDm, "in the place of what is hidden"), HasSubstr("offset"));
  EXPECT_THAT(bob.say("dm:#bob,eve", "in the place of the forgotten"), HasSubstr("offset"));
  Person& fay = enter("fay");
  EXPECT_THAT(bob.say("dm:#bob,fay", "x"),
              StartsWith("106 there are too many private conversations"));
  EXPECT_THAT(bob.ask("chat.sync"), Not(HasSubstr("dm:#bob,fay")));
  // Others' requests are another list, and rooms are a third one.
  EXPECT_THAT(fay.say("dm:#bob,fay", "x"), HasSubstr("offset"));
  EXPECT_THAT(bob.ask("chat.sync"), AllOf(HasSubstr("room:lobby"), HasSubstr("dm:#ada,bob"),
                                          HasSubstr("dm:#bob,eve"), Not(HasSubstr("bob,x1\""))));
  EXPECT_THAT(bob.ask_room("chat.create", "tea"), HasSubstr("tea"));
}

TEST_P(ConversationTest, CanBeReadWhenTheOtherOneIsForgotten) {
  put("dms:bob", "dm:#bob,~gus", R"({"read":0})");
  EXPECT_THAT(bob.subscribe("dm:#bob,~gus"), HasSubstr("epoch"));
  EXPECT_THAT(bob.history("dm:#bob,~gus"), HasSubstr("publications"));
  EXPECT_EQ(bob.say("dm:#bob,~gus", "x"), "404 no such user");
  EXPECT_EQ(bob.history("dm:#bob,~hal"), "404 no such user");
}

TEST_P(ConversationTest, TellsOfEveryDelete) {
  bob.subscribe("room:lobby");
  ada.publish("room:lobby", R"({"id":"m","type":"message","text":"1"})");
  // An id that stands for something else: what is deleted is told all the same.
  EXPECT_THAT(ada.publish("room:lobby", R"({"id":"m","type":"delete","target":1})"),
              HasSubstr(R"("offset":2)"));
  EXPECT_TRUE(bob.hears(R"("type":"delete","target":1)"));
  EXPECT_THAT(eve.history("room:lobby"), HasSubstr(R"("type":"deleted")"));
}

TEST_P(ConversationTest, TakesAnIdForOneThing) {
  const std::string lobby = "room:lobby";
  ada.publish(lobby, R"({"id":"m","type":"message","text":"first"})");
  ada.publish(lobby, R"({"id":"n","type":"message","text":"second"})");
  const std::string history = eve.history(lobby);
  // The broker has stored these ids, and stores them no second time.
  EXPECT_EQ(ada.publish(lobby, R"({"id":"m","type":"edit","target":1,"text":"other"})"),
            "409 its id was used for something else");
  EXPECT_EQ(ada.publish(lobby, R"({"id":"m","type":"edit","target":2,"text":"other"})"),
            "409 its id was used for something else");
  EXPECT_EQ(eve.history(lobby), history);
  EXPECT_THAT(ada.publish(lobby, R"({"id":"m","type":"message","text":"@bob","mentions":["bob"]})"),
              HasSubstr(R"("offset":1)"));
  (void)bob.ask("chat.sync");
  EXPECT_EQ(bob.count_pushes("mention"), 0U);
  ada.publish(lobby, R"({"id":"e","type":"edit","target":1,"text":"1"})");
  ada.publish(lobby, R"({"id":"f","type":"edit","target":1,"text":"2"})");
  EXPECT_THAT(ada.publish(lobby, R"({"id":"e","type":"edit","target":2,"text":"x"})"),
              HasSubstr(R"("offset":3)"));
  EXPECT_THAT(eve.history(lobby), HasSubstr("second"));
}

TEST_P(ConversationTest, LeavesNothingOfTheDeletedInInboxes) {
  ada.publish("room:lobby", with_id(R"("type":"message","text":"secret","mentions":["bob"])"));
  EXPECT_TRUE(bob.hears(R"("type":"mention")"));
  ada.publish("room:lobby", with_id(R"("type":"delete","target":1)"));
  EXPECT_THAT(bob.history("user:#bob"), AllOf(HasSubstr("mention"), Not(HasSubstr("secret"))));
}

TEST_P(ConversationTest, KnowsPeopleHoweverTheirNamesAreWritten) {
  EXPECT_EQ(ada.ask("chat.dm", R"({"user":"BOB"})"), R"({"channel":"dm:#ada,bob"})");
  EXPECT_THAT(ada.ask("chat.user", R"({"user":"Bob"})"), HasSubstr(R"("user":"bob")"));
  EXPECT_THAT(ada.ask("chat.dm", R"({"user":"Ada"})"), StartsWith("107 user"));
}

TEST_P(ConversationTest, TellsTheBlockedNothingOfWhoBlockedThem) {
  EXPECT_THAT(ada.ask("chat.user", R"({"user":"bob"})"), HasSubstr(R"("status":"online")"));
  bob.ask("chat.block", R"({"user":"ada"})");
  EXPECT_THAT(ada.ask("chat.user", R"({"user":"bob"})"),
              AllOf(HasSubstr(R"("status":"offline")"), Not(HasSubstr("last_seen"))));
  EXPECT_EQ(bob.ask("chat.block", R"({"user":"ada"})"), "{}");
}

TEST_P(ConversationTest, ReactsAndTypes) {
  bob.subscribe("room:lobby");
  ada.say("room:lobby", "hello");
  EXPECT_THAT(
      bob.publish("room:lobby", with_id(R"("type":"reaction","target":1,"key":"👍","on":true)")),
      HasSubstr(R"("offset":2)"));
  EXPECT_EQ(
      bob.publish("room:lobby", with_id(R"("type":"reaction","target":2,"key":"👍","on":true)")),
      "404 no such message");
  EXPECT_EQ(ada.publish("room:lobby", R"({"type":"typing"})"), "{}");
  EXPECT_EQ(ada.publish("room:lobby", R"({"type":"typing"})"), "{}");
  EXPECT_TRUE(bob.hears(R"({"type":"typing"},"info":{"user":"ada")"));
  EXPECT_THAT(ada.say("room:lobby", "done"), HasSubstr(R"("offset":3)"));
  EXPECT_TRUE(bob.hears("done"));
  EXPECT_EQ(bob.count_pushes("typing"), 1U);
}

TEST_P(ConversationTest, TakesOneEmojiAsAReactionAndThirtyKindsOfThem) {
  ada.say("room:lobby", "hello");
  const auto react = [&](Person& person, const std::string& key, bool is_on = true) {
    return person.publish("room:lobby", with_id(R"("type":"reaction","target":1,"key":")" + key +
                                                R"(","on":)" + (is_on ? "true" : "false")));
  };
  for (const char* text : {"x", "+1", " ", "👍👍", "👍 ", "\uFE0F", "\u200B"}) {
    EXPECT_EQ(react(bob, text), "107 key: expected one emoji") << text;
  }
  std::vector<std::string> kinds;
  for (char last = '\x80'; kinds.size() < 31; ++last) {  // U+1F400 and what follows
    kinds.push_back(std::string("\xF0\x9F\x90") + last);
  }
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_THAT(react(i % 2 == 0 ? ada : bob, kinds[i]), HasSubstr("offset")) << i;
  }
  EXPECT_EQ(react(bob, kinds[30]),
            "106 a message has at most 30 kinds of reactions: use one that it has");
  EXPECT_THAT(react(bob, kinds[0]), HasSubstr("offset"));
  EXPECT_THAT(react(bob, kinds[0], false), HasSubstr("offset"));
  // They are the message's: an edit keeps them, and another message has none yet.
  ada.publish("room:lobby", with_id(R"("type":"edit","target":1,"text":"hello all")"));
  EXPECT_THAT(react(bob, kinds[30]), HasSubstr("106 "));
  EXPECT_THAT(ada.history("room:lobby"), HasSubstr("hello all"));
  const std::string forged = with_id(R"("type":"message","text":"x","reactions":[])");
  EXPECT_THAT(ada.publish("room:lobby", forged), HasSubstr("107 reactions: "));
}

TEST_P(ConversationTest, StampsTheTimeOfAllThatIsPublished) {
  const std::string stamp = R"("time":)" + std::to_string(loop.unix_ms()).substr(0, 7);
  const auto stamps = [&](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("}," + stamp, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  bob.subscribe("room:lobby");
  ada.publish("room:lobby", with_id(R"("type":"message","text":"first thing","time":5)"));
  EXPECT_TRUE(bob.hears("}," + stamp));
  ada.ask_room("chat.create", "tea");
  EXPECT_EQ(stamps(ada.history("room:tea")), 1U);  // what the server says, too
  ada.publish("room:lobby", with_id(R"("type":"edit","target":1,"text":"other thing")"));
  EXPECT_EQ(stamps(bob.history("room:lobby")), 2U);
  const std::string query = R"({"channel":"room:lobby","query":"other"})";
  EXPECT_THAT(bob.ask("chat.search", query), HasSubstr("}," + stamp));
  ada.publish("room:lobby", with_id(R"("type":"delete","target":1)"));
  EXPECT_EQ(stamps(bob.history("room:lobby")), 3U);
  for (const char* time : {"8640000000000001", "-1", "1.5", "\"1\"", "32503680000001"}) {
    const std::string wrong = with_id(R"("type":"message","text":"x","time":)" + std::string(time));
    EXPECT_THAT(ada.publish("room:lobby", wrong), StartsWith("107 time: ")) << time;
  }
}

TEST_P(ConversationTest, TellsMembersThatTheyAreMentioned) {
  ada.ask_room("chat.create", "tea");
  bob.ask_room("chat.join", "tea");
  EXPECT_THAT(ada.publish("room:tea", with_id(R"("type":"message","text":"@bob @eve",)"
                                              R"("mentions":["bob","eve","bob","ada","nobody"])")),
              HasSubstr("offset"));
  EXPECT_TRUE(bob.hears(R"({"type":"mention","channel":"room:tea","offset":3,"user":"ada"})"));
  EXPECT_EQ(bob.count_pushes("mention"), 1U);
  (void)eve.ask("chat.sync");
  EXPECT_EQ(eve.count_pushes("mention"), 0U);
  EXPECT_EQ(ada.count_pushes("\"type\":\"mention\""), 0U);
}

TEST_P(ConversationTest, MarksWhatIsRead) {
  Person& phone = enter("bob");
  ada.say("room:lobby", "1");
  ada.say("room:lobby", "2");
  EXPECT_THAT(bob.ask("chat.sync"), HasSubstr(R"("top":2)"));
  EXPECT_EQ(bob.ask("chat.read", R"({"channel":"room:lobby","offset":2})"), "{}");
  EXPECT_TRUE(phone.hears(R"({"type":"read","channel":"room:lobby","offset":2})"));
  EXPECT_THAT(phone.ask("chat.sync"), HasSubstr(R"("read":2)"));
  EXPECT_EQ(bob.ask("chat.read", R"({"channel":"room:lobby","offset":1})"), "{}");
  EXPECT_THAT(phone.ask("chat.sync"), HasSubstr(R"("read":2)"));
  EXPECT_THAT(bob.ask("chat.read", R"({"channel":"room:lobby","offset":3})"),
              StartsWith("107 offset"));
  EXPECT_THAT(bob.ask("chat.read", R"({"channel":"room:lobby"})"), StartsWith("107 offset"));
  EXPECT_THAT(bob.ask("chat.read", R"({"offset":1})"), StartsWith("107 channel"));
  EXPECT_THAT(bob.ask("chat.read", R"({"channel":"user:#bob","offset":1})"), StartsWith("404 "));
  EXPECT_EQ(phone.count_pushes(R"("type":"read")"), 1U);
}

class PublishRateTest : public testing::RoomsTest {};
INSTANTIATE_TEST_SUITE_P(Stores, PublishRateTest, testing::every_store(), testing::name_of_store);

TEST_P(PublishRateTest, IsLimited) {
  ChatSettings settings = chat_settings();
  settings.publish_rate = 1;
  add_node(settings);
  Person& dan = enter("dan");
  EXPECT_THAT(dan.say("room:lobby", "1"), HasSubstr("offset"));
  // One a second, and two at once: more are said as quickly as they are answered.
  EXPECT_TRUE(
      testing::ask_until([&] { return dan.say("room:lobby", "more").starts_with("111 "); }));
}

TEST_P(PublishRateTest, CountsCallsByTheirWeight) {
  ChatSettings settings = chat_settings();
  settings.publish_rate = 1;
  add_node(settings);
  Person& dan = enter("dan");  // with a chat.sync, which counts for four
  EXPECT_THAT(dan.ask("chat.room", R"({"room":"lobby"})"), StartsWith("111 "));
  EXPECT_THAT(dan.presence("room:lobby"), StartsWith("111 "));
  EXPECT_THAT(dan.say("room:lobby", "x"), HasSubstr("offset"));  // is counted by itself
}

}  // namespace
}  // namespace chirm
