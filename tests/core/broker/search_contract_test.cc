// SPDX-License-Identifier: MIT
// What broker.h promises of searching, on every store.

#include <gmock/gmock.h>

#include "core/broker/search_text.h"
#include "protocol/message.h"
#include "tests/core/broker/broker_contract.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SearchText, FoldsCaseAndAccents) {
  EXPECT_THAT(folded_words("Zoë's GRÜSSE, Straße 7!"),
              ElementsAre("zoe", "s", "grusse", "strasse", "7"));
  EXPECT_THAT(folded_words("Привет ΚΑΛΗΜΕΡΑ"), ElementsAre("привет", "καλημερα"));
  EXPECT_THAT(folded_words("e\u0301te\u0301"), ElementsAre("ete"));
  EXPECT_THAT(folded_words(" \"*() -— "), IsEmpty());
  EXPECT_THAT(folded_words("\xff\xc3"), ::testing::SizeIs(::testing::Le(2)));
}

TEST(SearchText, IsThatOfMessagesOnly) {
  EXPECT_EQ(message_text(R"("data":{"id":"1","type":"message","text":"a\nb"},"info":{})"), "a\nb");
  EXPECT_EQ(message_text(R"("data":{"type":"edit","text":"a"})"), "");
  EXPECT_EQ(message_text(R"("data":{"type":"message","text":7})"), "");
  EXPECT_EQ(message_text(R"("data":"text")"), "");
  EXPECT_EQ(message_text("\"text\""), "");
}

class SearchContract : public testing::BrokerContract {
 protected:
  void say(const std::string& text, const std::string& channel = "room:a") {
    ASSERT_TRUE(node_->publish(channel, body(text)));
  }
  static std::string body(const std::string& text, const std::string& type = "message") {
    std::string made;
    append_publication_body(made, R"({"type":")" + type + R"(","text":")" + text + "\"}",
                            {"text ada", "client", R"({"name":"message"})"}, 1);
    return made;
  }
  std::vector<std::uint64_t> search(const std::string& query, std::uint64_t before = 0,
                                    std::uint32_t limit = 20) {
    const auto found = node_->search({"room:a", query, before, limit});
    EXPECT_TRUE(found && *found);
    std::vector<std::uint64_t> offsets;
    if (!found || !*found) return offsets;
    next_ = (*found)->next;
    for (const Publication& one : (*found)->publications) {
      EXPECT_THAT(one.body, ::testing::HasSubstr("\"data\":{"));
      offsets.push_back(one.offset);
    }
    return offsets;
  }

  std::uint64_t next_ = 0;
};

TEST_P(SearchContract, FindsMessagesWithAllWordsNewestFirst) {
  say("Hello world");
  say("Was für ein schöner Tag");
  say("hello again");
  say("nothing");
  say("hello world", "room:b");
  EXPECT_THAT(search("hello"), ElementsAre(3U, 1U));
  EXPECT_THAT(search("HELLO wor"), ElementsAre(1U));
  EXPECT_THAT(search("SCHONER fur"), ElementsAre(2U));
  EXPECT_THAT(search("ello"), IsEmpty());
  EXPECT_THAT(search("ada"), IsEmpty());  // who said it is not what was said
  EXPECT_THAT(search("message"), IsEmpty());
  EXPECT_EQ(next_, 0U);
}

TEST_P(SearchContract, GoesOnWhereItEnded) {
  for (int i = 0; i < 5; ++i) say("hello");
  EXPECT_THAT(search("hello", 0, 2), ElementsAre(5U, 4U));
  EXPECT_THAT(search("hello", next_, 2), ElementsAre(3U, 2U));
  EXPECT_THAT(search("hello", next_, 2), ElementsAre(1U));
  EXPECT_EQ(next_, 0U);
}

TEST_P(SearchContract, TakesNothingInAQueryForSyntax) {
  say("a \\\"quoted\\\" word AND more");
  for (const char* query : {"quoted* OR x", "\"", "NEAR(quoted word)", "text:quoted", "-quoted",
                            "quoted^", "(", "* *", "a' OR '1'='1"}) {
    const auto found = node_->search({"room:a", query, 0, 20});
    ASSERT_TRUE(found.has_value()) << query;
    if (folded_words(query).empty()) {
      ASSERT_FALSE(found->has_value()) << query;
      EXPECT_EQ(found->error(), errors::kBadRequest);
    } else {
      ASSERT_TRUE(found->has_value()) << query;
    }
  }
  EXPECT_THAT(search("and \"quoted\""), ElementsAre(1U));
}

TEST_P(SearchContract, KnowsWhatWasRewritten) {
  say("before");
  say("stays");
  EXPECT_THAT(search("before"), ElementsAre(1U));
  ASSERT_TRUE(node_->rewrite({"room:a", 1, "", "", body("after")}));
  EXPECT_THAT(search("before"), IsEmpty());
  EXPECT_THAT(search("after"), ElementsAre(1U));
  ASSERT_TRUE(node_->rewrite({"room:a", 1, "", "", R"("data":{"type":"deleted","by":"x"})"}));
  EXPECT_THAT(search("after"), IsEmpty());
  EXPECT_THAT(search("stays"), ElementsAre(2U));
}

TEST_P(SearchContract, FindsNothingThatIsTrimmed) {
  say("first");
  publish_many("room:a", 600);
  say("last");
  EXPECT_THAT(search("first"), IsEmpty());
  EXPECT_THAT(search("last"), ElementsAre(602U));
}

INSTANTIATE_TEST_SUITE_P(Every, SearchContract, testing::every_broker(), testing::name_of_broker);

}  // namespace
}  // namespace chirm
