// SPDX-License-Identifier: MIT
#include "client/outbox.h"

#include <gmock/gmock.h>

namespace chirm::client {
namespace {

using ::testing::ElementsAre;

// Marks everything that is not on the wire as sent, with ids from `first_id`, and returns the data.
std::vector<std::string> send_all(Outbox& outbox, std::uint32_t first_id) {
  std::vector<std::string> sent;
  while (Outbox::Entry* entry = outbox.next_unsent()) {
    outbox.mark_sent(*entry, first_id++, 0);
    sent.push_back(entry->data);
  }
  return sent;
}

TEST(Outbox, SendsEachEntryOnceInOrder) {
  Outbox outbox;
  outbox.push("a", "1", {});
  outbox.push("a", "2", {});
  EXPECT_THAT(send_all(outbox, 1), ElementsAre("1", "2"));
  outbox.push("b", "3", {});
  EXPECT_THAT(send_all(outbox, 3), ElementsAre("3"));
  EXPECT_EQ(outbox.size(), 3);
}

TEST(Outbox, ForgetsWhatIsTaken) {
  Outbox outbox;
  outbox.push("a", "1", {});
  outbox.push("a", "2", {});
  send_all(outbox, 1);
  EXPECT_EQ(outbox.find(7), nullptr);
  EXPECT_EQ(outbox.take(*outbox.find(1)).data, "1");
  EXPECT_EQ(outbox.take(*outbox.find(2)).data, "2");
  EXPECT_EQ(outbox.size(), 0);
  outbox.push("a", "3", {});
  EXPECT_THAT(send_all(outbox, 3), ElementsAre("3"));
}

TEST(Outbox, SendsAgainInOrderWhatHasAnId) {
  Outbox outbox;
  outbox.push("a", R"({"id":"x"})", {});
  outbox.push("a", R"({"text":"no id"})", {});
  outbox.push("a", R"({"id":"y"})", {});
  send_all(outbox, 1);
  outbox.push("a", "\"not sent yet\"", {});
  const auto lost = outbox.connection_lost();
  ASSERT_EQ(lost.size(), 1);
  EXPECT_EQ(lost.front().data, R"({"text":"no id"})");
  EXPECT_THAT(send_all(outbox, 4),
              ElementsAre(R"({"id":"x"})", R"({"id":"y"})", "\"not sent yet\""));
}

TEST(Outbox, PutsBackIntoTheOldPlace) {
  Outbox outbox;
  for (const char* data : {"1", "2", "3"}) outbox.push("a", data, {});
  send_all(outbox, 1);
  outbox.put_back(*outbox.find(2), {});
  outbox.push("a", "4", {});
  EXPECT_EQ(outbox.find(2), nullptr);
  EXPECT_THAT(send_all(outbox, 4), ElementsAre("2", "4"));
}

TEST(Outbox, KnowsSinceWhenItWaitsForAnAnswer) {
  Outbox outbox;
  EXPECT_EQ(outbox.oldest_sent_ms(), std::nullopt);
  outbox.push("a", "1", {});
  outbox.push("a", "2", {});
  EXPECT_EQ(outbox.oldest_sent_ms(), std::nullopt);
  outbox.mark_sent(*outbox.next_unsent(), 1, 500);
  outbox.mark_sent(*outbox.next_unsent(), 2, 600);
  EXPECT_EQ(outbox.oldest_sent_ms(), 500);
  outbox.take(*outbox.find(1));
  EXPECT_EQ(outbox.oldest_sent_ms(), 600);
}

TEST(Outbox, KnowsSinceWhenItWaitsAlsoAfterARefusal) {
  Outbox outbox;
  for (const char* data : {"1", "2"}) outbox.push("a", data, {});
  outbox.mark_sent(*outbox.next_unsent(), 1, 500);
  outbox.mark_sent(*outbox.next_unsent(), 2, 600);
  outbox.put_back(*outbox.find(1), {});
  EXPECT_EQ(outbox.resent(), 0);
  outbox.mark_sent(*outbox.next_unsent(), 3, 700);
  EXPECT_EQ(outbox.oldest_sent_ms(), 600);
  EXPECT_EQ(outbox.resent(), 1);
  outbox.take(*outbox.find(2));
  EXPECT_EQ(outbox.oldest_sent_ms(), 700);
}

TEST(HasMessageId, IsTrueForWhatAServerStoresOnce) {
  EXPECT_TRUE(has_message_id(R"({"text":"hi","id":"x"})"));
  EXPECT_FALSE(has_message_id(R"({"id":7})"));
  EXPECT_FALSE(has_message_id(R"({"id":""})"));
  EXPECT_FALSE(has_message_id(R"({"a":{"id":"x"}})"));
  EXPECT_FALSE(has_message_id(R"("id")"));
  EXPECT_FALSE(has_message_id("not json"));
  EXPECT_TRUE(has_message_id("{\"id\":\"" + std::string(64, 'x') + "\"}"));
  EXPECT_FALSE(has_message_id("{\"id\":\"" + std::string(65, 'x') + "\"}"));
}

}  // namespace
}  // namespace chirm::client
