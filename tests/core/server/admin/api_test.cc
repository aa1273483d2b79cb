// SPDX-License-Identifier: MIT
// What the server API does, on a node alone and on two.
#include <regex>
#include <string>

#include "tests/core/server/admin/api_fixture.h"

namespace chirm {
namespace {

using testing::ApiAnswer;
using testing::ApiNodes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

constexpr const char* kDone = R"({"result":{}})";

class ApiTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  ApiNodes nodes{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(OnNodes, ApiTest, ::testing::Values(ApiNodes::kOnSqlite, 1, 2),
                         [](const auto& nodes) {
                           if (nodes.param == ApiNodes::kOnSqlite) return "OneOnSqlite";
                           return nodes.param == 1 ? "One" : "Two";
                         });

// Without the times of the publications in it, each of which has one.
std::string without_time(const std::string& json) {
  return std::regex_replace(json, std::regex(R"(,"time":1[0-9]{12})"), "");
}

// ---- Publishing and reading

TEST_P(ApiTest, PublishesWithoutSayingWho) {
  RawClient& ada = nodes.connect("ada");
  nodes.subscribe(ada, "room:a");
  const std::string published =
      nodes.call("publish", R"({"channel":"room:a","data":{"n":1},"tags":{"k":"v"}})");
  EXPECT_THAT(published, MatchesRegex(R"(\{"result":\{"offset":1,"epoch":"[A-Za-z0-9]+"\}\})"));
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre(R"(room:a 1 {"n":1})"));
  EXPECT_EQ(without_time(ada.events.messages.back()),
            R"({"push":{"channel":"room:a","pub":{"data":{"n":1},"tags":{"k":"v"},"offset":1}}})");
  nodes.call("publish", R"({"channel":"room:a","data":"no","b64data":"eyJuIjoyfQ=="})");
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre(R"(room:a 2 {"n":2})"));
}

TEST_P(ApiTest, PublishesOncePerIdempotencyKey) {
  RawClient& ada = nodes.connect("ada");
  nodes.subscribe(ada, "room:a");
  const std::string params = R"({"channel":"room:a","data":1,"idempotency_key":"k"})";
  const std::string first = nodes.call("publish", params);
  EXPECT_EQ(nodes.call("publish", params), first);
  nodes.call("publish", R"({"channel":"room:b","data":1,"idempotency_key":"k"})");
  nodes.call("publish", R"({"channel":"room:a","data":2})");
  EXPECT_THAT(nodes.take(ada, 2), ElementsAre("room:a 1 1", "room:a 2 2"));
}

TEST_P(ApiTest, DeliversWithoutKeeping) {
  RawClient& ada = nodes.connect("ada");
  nodes.subscribe(ada, "room:a");
  EXPECT_EQ(nodes.call("publish", R"({"channel":"room:a","data":1,"skip_history":true})"), kDone);
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre("room:a 0 1"));
  EXPECT_THAT(nodes.call("history", R"({"channel":"room:a","limit":1})"),
              HasSubstr("\"offset\":0"));
}

TEST_P(ApiTest, HasKeysThatNoClientCanUseUp) {
  RawClient& nobody = nodes.connect("");
  nobody.send(R"({"id":3,"publish":{"channel":"room:a","data":{"id":"k"}}})");
  nodes.take(nobody, 1);
  EXPECT_THAT(nodes.call("publish", R"({"channel":"room:a","data":1,"idempotency_key":"k"})"),
              HasSubstr("\"offset\":2"));
}

TEST_P(ApiTest, BroadcastsAndAnswersInOrder) {
  RawClient& ada = nodes.connect("ada");
  nodes.subscribe(ada, "room:b");
  EXPECT_THAT(nodes.call("broadcast", R"({"channels":["room:a","","room:b"],"data":7})"),
              MatchesRegex(R"(\{"result":\{"responses":\[\{"result":\{"offset":1,[^}]*\}\},)"
                           R"(\{"error":\{"code":107,[^}]*\}\},\{"result":\{"offset":1,.*)"));
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre("room:b 1 7"));
}

TEST_P(ApiTest, ReadsHistory) {
  for (int i = 1; i <= 4; ++i) {
    nodes.call("publish", R"({"channel":"room:a","data":)" + std::to_string(i) + "}");
  }
  const auto read = [&](const std::string& more) {
    return without_time(nodes.call("history", R"({"channel":"room:a")" + more + "}"));
  };
  EXPECT_THAT(read(""),
              MatchesRegex(R"(\{"result":\{"publications":\[\],"epoch":"[^"]+","offset":4\}\})"));
  EXPECT_THAT(read(R"(,"limit":2)"), HasSubstr(R"([{"data":1,"offset":1},{"data":2,"offset":2}])"));
  EXPECT_THAT(read(R"(,"limit":-1)"), HasSubstr(R"({"data":4,"offset":4}])"));
  EXPECT_THAT(read(R"(,"limit":1,"reverse":true)"), HasSubstr(R"([{"data":4,"offset":4}])"));
  EXPECT_THAT(read(R"(,"limit":9,"reverse":true,"since":{"offset":2})"),
              HasSubstr(R"([{"data":1,"offset":1}])"));
  EXPECT_THAT(read(R"(,"limit":9,"since":{"offset":3,"epoch":"other"})"),
              R"({"error":{"code":112,"message":"unrecoverable position"}})");
}

TEST_P(ApiTest, TellsWhoIsPresent) {
  RawClient& ada = nodes.connect("ada");
  nodes.subscribe(ada, "room:a");
  RawClient& again = nodes.connect("ada", 0);
  nodes.subscribe(again, "room:a");
  EXPECT_EQ(nodes.call("presence_stats", R"({"channel":"room:a"})"),
            R"({"result":{"num_clients":2,"num_users":1}})");
  const std::string present = nodes.call("presence", R"({"channel":"room:a"})");
  for (const RawClient* client : {&ada, &again}) {
    const std::string& id = client->events.client_id;
    EXPECT_THAT(present, HasSubstr("\"" + id + R"(":{"user":"ada","client":")" + id + "\"}"));
  }
  EXPECT_EQ(nodes.call("presence", R"({"channel":"room:b"})"), R"({"result":{"presence":{}}})");
}

TEST_P(ApiTest, ListsChannelsThatHaveSubscribers) {
  nodes.subscribe(nodes.connect("ada", 0), "room:a");
  nodes.subscribe(nodes.connect("bob"), "room:a");
  nodes.subscribe(nodes.connect("cy"), "news");
  nodes.call("publish", R"({"channel":"room:empty","data":1})");
  EXPECT_EQ(nodes.call("channels", "{}"),
            R"({"result":{"channels":{"news":{"num_clients":1},"room:a":{"num_clients":2}}}})");
  EXPECT_EQ(nodes.call("channels", R"({"pattern":"room:*"})"),
            R"({"result":{"channels":{"room:a":{"num_clients":2}}}})");
  EXPECT_EQ(nodes.call("channels", R"({"pattern":"n?w"})"), R"({"result":{"channels":{}}})");
}

TEST_P(ApiTest, TellsOfAllNodes) {
  nodes.subscribe(nodes.connect("ada", 0), "room:a");
  nodes.subscribe(nodes.connect("bob"), "room:a");
  const std::string info = nodes.call_until("info", [&](const std::string& answer) {
    // Each tells the others once a second.
    const std::string last = "\"name\":\"n" + std::to_string(nodes.servers.size() - 1) + "\"";
    return answer.find(last) != answer.npos && answer.find(R"("num_clients":0)") == answer.npos;
  });
  EXPECT_THAT(info, StartsWith(R"({"result":{"nodes":[{"uid":")"));
  const std::string count = nodes.servers.size() == 1 ? "2" : "1";
  EXPECT_THAT(info, HasSubstr(R"("num_clients":)" + count + R"(,"num_users":)" + count +
                              R"(,"num_channels":1,"num_subs":)" + count + R"(,"uptime":)"));
}

// ---- Connections

TEST_P(ApiTest, DisconnectsAllOfAUser) {
  RawClient& ada = nodes.connect("ada", 0);
  RawClient& also = nodes.connect("ada");
  RawClient& bob = nodes.connect("bob");
  EXPECT_EQ(nodes.call("disconnect", R"({"user":"ada"})"), kDone);
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre("close 3503 force disconnect"));
  EXPECT_THAT(nodes.take(also, 1), ElementsAre("close 3503 force disconnect"));
  nodes.expect_silence(bob);
  EXPECT_EQ(nodes.call("disconnect", R"({"user":"nobody"})"), kDone);
}

TEST_P(ApiTest, DisconnectsOnlyWhatItIsTold) {
  RawClient& ada = nodes.connect("ada", 0);
  RawClient& other = nodes.connect("ada");
  const std::string narrow = R"({"user":"ada","client":")" + other.events.client_id +
                             R"(","disconnect":{"code":4001,"reason":"go away"}})";
  EXPECT_EQ(nodes.call("disconnect", narrow), kDone);
  EXPECT_THAT(nodes.take(other, 1), ElementsAre("close 4001 go away"));
  nodes.expect_silence(ada);
  RawClient& third = nodes.connect("ada");
  const std::string kept = R"({"user":"ada","whitelist":[")" + ada.events.client_id + R"("]})";
  EXPECT_EQ(nodes.call("disconnect", kept), kDone);
  EXPECT_THAT(nodes.take(third, 1), ElementsAre("close 3503 force disconnect"));
  nodes.expect_silence(ada);
  // A client id is of no use under another name.
  EXPECT_EQ(nodes.call("disconnect", R"({"user":"eve","client":")" + ada.events.client_id + "\"}"),
            kDone);
  nodes.expect_silence(ada);
}

TEST_P(ApiTest, EndsSubscriptions) {
  RawClient& ada = nodes.connect("ada", 0);
  RawClient& also = nodes.connect("ada");
  RawClient& bob = nodes.connect("bob");
  for (RawClient* client : {&ada, &also, &bob}) nodes.subscribe(*client, "room:a");
  nodes.subscribe(also, "room:b");
  EXPECT_EQ(nodes.call("unsubscribe", R"({"user":"ada","channel":"room:a"})"), kDone);
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre("room:a unsubscribed 2000"));
  EXPECT_THAT(nodes.take(also, 1), ElementsAre("room:a unsubscribed 2000"));
  nodes.call("broadcast", R"({"channels":["room:a","room:b"],"data":1})");
  EXPECT_THAT(nodes.take(bob, 1), ElementsAre("room:a 1 1"));
  EXPECT_THAT(nodes.take(also, 1), ElementsAre("room:b 1 1"));
  nodes.expect_silence(ada);
  EXPECT_EQ(nodes.call("unsubscribe", R"({"user":"ada","channel":"room:a"})"), kDone);
  nodes.expect_silence(also);
}

TEST_P(ApiTest, SubscribesThoseWhoAreConnected) {
  RawClient& ada = nodes.connect("ada", 0);
  RawClient& also = nodes.connect("ada");
  RawClient& bob = nodes.connect("bob");
  const std::string params = R"({"user":"ada","channel":"room:a","data":{"why":1},"info":{"i":1}})";
  EXPECT_EQ(nodes.call("subscribe", params), kDone);
  for (RawClient* client : {&ada, &also}) {
    EXPECT_THAT(nodes.take(*client, 1),
                ElementsAre(AllOf(StartsWith(R"({"push":{"channel":"room:a","subscribe":{)"),
                                  HasSubstr(R"("data":{"why":1})"))));
  }
  EXPECT_EQ(nodes.call("subscribe", params), kDone);  // again
  nodes.expect_silence(ada);
  nodes.call("publish", R"({"channel":"room:a","data":1})");
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre("room:a 1 1"));
  EXPECT_THAT(nodes.take(also, 1), ElementsAre("room:a 1 1"));
  EXPECT_THAT(nodes.call("presence", R"({"channel":"room:a"})"),
              HasSubstr(R"("chan_info":{"i":1})"));
  nodes.expect_silence(bob);
  EXPECT_EQ(nodes.call("unsubscribe", R"({"user":"ada","channel":"room:a"})"), kDone);
  EXPECT_THAT(nodes.take(ada, 1), ElementsAre("room:a unsubscribed 2000"));
}

TEST_P(ApiTest, SubscribesOneClientFromAPlaceOn) {
  RawClient& ada = nodes.connect("ada");
  RawClient& other = nodes.connect("ada");
  for (int i = 1; i <= 3; ++i) {
    nodes.call("publish", R"({"channel":"room:a","data":)" + std::to_string(i) + "}");
  }
  EXPECT_EQ(nodes.call("subscribe", R"({"user":"ada","channel":"room:a","client":")" +
                                        ada.events.client_id +
                                        R"(","recover_since":{"offset":1,"epoch":""}})"),
            kDone);
  EXPECT_THAT(nodes.take(ada, 3),
              ElementsAre(HasSubstr("\"subscribe\""), "room:a 2 2", "room:a 3 3"));
  nodes.expect_silence(other);
}

// ---- Several at once, and the older form

TEST_P(ApiTest, DoesCommandsOfABatchInOrder) {
  for (const char* more : {"", R"(,"parallel":true)"}) {
    const std::string replies = nodes.call(
        "batch", R"({"commands":[{"publish":{"channel":"room:a","data":1}},{"teleport":{}},)"
                 R"({"publish":{"channel":"","data":1}},{"presence_stats":{"channel":"room:a"}}])" +
                     std::string(more) + "}");
    EXPECT_THAT(replies, MatchesRegex(R"(\{"replies":\[\{"publish":\{"offset":[12],[^}]*\}\},)"
                                      R"(\{"error":\{"code":104,[^}]*\}\},)"
                                      R"(\{"error":\{"code":107,[^}]*\}\},)"
                                      R"(\{"presence_stats":\{"num_clients":0.*)"));
  }
  EXPECT_EQ(nodes.call("batch", "{}"), R"({"replies":[]})");
}

TEST_P(ApiTest, TakesTheOlderForm) {
  const ApiAnswer answer =
      nodes.post("/api", R"({"method":"publish","params":{"channel":"room:a","data":1}})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, StartsWith(R"({"result":{"offset":1,)"));
  EXPECT_THAT(nodes.post("/api", R"({"method":"teleport"})").body, HasSubstr("\"code\":104"));
  EXPECT_EQ(nodes.post("/api", R"({"params":{}})").status, 400);
}

}  // namespace
}  // namespace chirm
