// SPDX-License-Identifier: MIT
// What the server API refuses, and how. Nothing is changed then.
#include "tests/core/server/admin/api_fixture.h"

namespace chirm {
namespace {

using testing::ApiAnswer;
using testing::ApiNodes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kApiKey;
using testing::RawClient;
using testing::ServerNode;

constexpr const char* kPublish = R"({"channel":"room:a","data":1})";

class ApiRefusal : public ::testing::Test {
 protected:
  std::string top() { return nodes.call("history", R"({"channel":"room:a"})"); }
  ApiNodes nodes{1};
};

TEST_F(ApiRefusal, NeedsTheKey) {
  const std::string before = top();
  const auto status = [&](const std::string& headers) {
    const ApiAnswer answer = nodes.request("POST /api/publish", headers, kPublish);
    EXPECT_TRUE(answer.status == 200 || answer.body.empty());
    return answer.status;
  };
  EXPECT_EQ(status(""), 401);
  EXPECT_EQ(status("X-API-Key:\r\n"), 401);
  EXPECT_EQ(status("X-API-Key: the keY\r\n"), 401);
  EXPECT_EQ(status("X-API-Key: the key and more\r\n"), 401);
  EXPECT_EQ(status("X-API-Key: the ke\r\n"), 401);
  EXPECT_EQ(status("Authorization: apikey other\r\n"), 401);
  EXPECT_EQ(status("Authorization: Bearer the key\r\n"), 401);
  EXPECT_EQ(top(), before);
  EXPECT_EQ(status("Authorization: apikey the key\r\n"), 200);
  EXPECT_EQ(status("X-API-Key: the key\r\n"), 200);
  EXPECT_EQ(nodes.request("POST /api", "", "{}").status, 401);
}

TEST_F(ApiRefusal, LooksAtNoKeyAfterTooManyWrongOnes) {
  const std::string right = std::string("X-API-Key: ") + kApiKey + "\r\n";
  const auto status = [&](const std::string& headers) {
    return nodes.request("POST /api/publish", headers, kPublish).status;
  };
  // Right ones are not counted.
  for (int i = 0; i < 30; ++i) EXPECT_EQ(status(right), 200);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(status("X-API-Key: wrong\r\n"), 401);
  EXPECT_EQ(status("X-API-Key: wrong\r\n"), 429);
  EXPECT_EQ(status(right), 429);
  nodes.loop.skip_ms(3'000);
  EXPECT_EQ(status(right), 200);
}

TEST(ApiRefusalWithoutKey, SaysThatThereIsNoApi) {
  ApiNodes nodes(1, ServerNode::server_settings());
  for (const char* headers : {"", "X-API-Key:\r\n", "X-API-Key: the key\r\n"}) {
    const ApiAnswer answer = nodes.request("POST /api/publish", headers, kPublish);
    EXPECT_EQ(answer.status, 404);
    EXPECT_THAT(answer.body, HasSubstr("--api-key"));
  }
}

TEST_F(ApiRefusal, TakesNothingButPost) {
  const std::string key = std::string("X-API-Key: ") + kApiKey + "\r\n";
  for (const char* line : {"GET /api/info", "PUT /api/publish", "DELETE /api/x", "GET /api"}) {
    EXPECT_EQ(nodes.request(line, key, "").status, 405) << line;
  }
}

// Not readable: HTTP 400 with a sentence.
TEST_F(ApiRefusal, ReadsOnlyWhatIsOfTheRightTypes) {
  const std::string before = top();
  const std::pair<const char*, const char*> wrong[] = {
      {"publish", "nonsense"},
      {"publish", "[]"},
      {"publish", "5"},
      {"publish", R"({"channel":"room:a","data":1)"},
      {"publish", R"({"channel":5,"data":1})"},
      {"publish", R"({"channel":"room:a","b64data":"%%%"})"},
      {"publish", R"({"channel":"room:a","b64data":"bm8gSlNPTg=="})"},
      {"publish", R"({"channel":"room:a","data":1,"idempotency_key":7})"},
      {"publish", R"({"channel":"room:a","data":1,"tags":{"a":1}})"},
      {"publish", R"({"channel":"room:a","data":1,"tags":[]})"},
      {"publish", R"({"channel":"room:a","data":1,"skip_history":"yes"})"},
      {"broadcast", R"({"channels":"room:a","data":1})"},
      {"broadcast", R"({"channels":["room:a",1],"data":1})"},
      {"history", R"({"channel":"room:a","limit":"all"})"},
      {"history", R"({"channel":"room:a","limit":-2})"},
      {"history", R"({"channel":"room:a","since":5})"},
      {"history", R"({"channel":"room:a","since":{"offset":"1"}})"},
      {"history", R"({"channel":"room:a","reverse":1})"},
      {"presence", R"({"channel":{}})"},
      {"presence_stats", R"({"channel":[]})"},
      {"channels", R"({"pattern":1})"},
      {"disconnect", R"({"user":1})"},
      {"disconnect", R"({"user":"ada","whitelist":"x"})"},
      {"disconnect", R"({"user":"ada","disconnect":3500})"},
      {"disconnect", R"({"user":"ada","disconnect":{"code":"x"}})"},
      {"subscribe", R"({"user":"ada","channel":7})"},
      {"subscribe", R"({"user":"ada","channel":"room:a","recover_since":1})"},
      {"unsubscribe", R"({"user":"ada","channel":"room:a","client":1})"},
      {"info", "no"},
      {"batch", R"({"commands":{}})"},
      {"batch", R"({"commands":[1]})"},
      {"batch", R"({"commands":[{"publish":{"channel":"room:a","data":1}},{"publish":5}]})"},
      {"batch",
       R"({"commands":[{"publish":{"channel":"room:a","data":1}},{"publish":{"channel":5}}]})"},
  };
  for (const auto& [method, body] : wrong) {
    const ApiAnswer answer = nodes.post(std::string("/api/") + method, body);
    EXPECT_EQ(answer.status, 400) << method << body << answer.body;
    EXPECT_THAT(answer.type, HasSubstr("text/plain"));
    EXPECT_THAT(answer.body, HasSubstr("expected"));
  }
  EXPECT_THAT(nodes.post("/api/batch", wrong[std::size(wrong) - 1].second).body,
              HasSubstr("commands[1]"));
  EXPECT_EQ(top(), before);
}

// Readable and wrong: HTTP 200 with an error.
TEST_F(ApiRefusal, TellsWhatIsMissingOrOutOfBounds) {
  RawClient& ada = nodes.connect("ada");
  const std::string before = top();
  const std::string long_data = '"' + std::string(65'536, 'x') + '"';
  const std::tuple<const char*, std::string, int> wrong[] = {
      {"publish", "", 107},
      {"publish", R"({"data":1})", 107},
      {"publish", R"({"channel":"","data":1})", 107},
      {"publish", R"({"channel":"room:\u0007","data":1})", 107},
      {"publish", R"({"channel":"room:a"})", 107},
      {"publish", R"({"channel":"room:a","data":null})", 107},
      {"publish", R"({"channel":"room:a","data":)" + long_data + "}", 107},
      {"publish", R"({"channel":"room:a","data":1,"version":3})", 108},
      {"broadcast", R"({"data":1})", 107},
      {"broadcast", R"({"channels":["room:a"]})", 107},
      {"history", "{}", 107},
      {"history", R"({"channel":"room:a","reverse":true,"since":{"offset":0}})", 107},
      {"presence", "{}", 107},
      {"presence_stats", "{}", 107},
      {"disconnect", "{}", 107},
      {"disconnect", R"({"user":"ada","disconnect":{"code":2999}})", 107},
      {"disconnect", R"({"user":"ada","disconnect":{"code":5000}})", 107},
      {"disconnect", R"({"user":"ada","disconnect":{"code":3500,"reason":""}})", 107},
      {"disconnect", R"({"user":"ada","disconnect":{"code":3500,"reason":"{}"}})", 107},
      {"subscribe", R"({"user":"ada"})", 107},
      {"subscribe", R"({"channel":"room:a"})", 107},
      {"subscribe", R"({"user":"ada","channel":"room:a","expire_at":1900000000})", 108},
      {"unsubscribe", R"({"user":"ada"})", 107},
      {"unsubscribe", R"({"channel":"room:a"})", 107},
      {"history_remove", R"({"channel":"room:a"})", 108},
      {"refresh", R"({"user":"ada"})", 108},
      {"teleport", "{}", 104},
      {"", "{}", 104},
  };
  for (const auto& [method, body, code] : wrong) {
    const std::string answer = nodes.call(method, body);
    EXPECT_THAT(answer, HasSubstr(R"({"error":{"code":)" + std::to_string(code) + ","))
        << method << body.substr(0, 100);
  }
  EXPECT_EQ(top(), before);
  nodes.expect_silence(ada);
}

TEST_F(ApiRefusal, CanBeAnHttpStatus) {
  const auto post = [&](const std::string& method, const std::string& body) {
    return nodes.request("POST /api/" + method,
                         "X-API-Key: the key\r\nX-Centrifugo-Error-Mode: transport\r\n", body);
  };
  const ApiAnswer bad = post("publish", "{}");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, ::testing::StartsWith(R"({"code":107,"message":")"));
  EXPECT_EQ(post("teleport", "{}").status, 404);
  EXPECT_EQ(post("refresh", "{}").status, 400);
  EXPECT_EQ(post("history", R"({"channel":"room:a","limit":1,"since":{"epoch":"x"}})").status, 416);
  EXPECT_EQ(post("publish", kPublish).status, 200);
}

TEST_F(ApiRefusal, OfOneChannelTooManyEndsTheConnection) {
  ChatSettings chat = ServerNode::chat_settings();
  chat.channels_per_client = 1;
  ApiNodes narrow(1, ApiNodes::api_settings(), chat);
  RawClient& ada = narrow.connect("ada");
  narrow.subscribe(ada, "room:a");
  narrow.call("subscribe", R"({"user":"ada","channel":"room:b"})");
  EXPECT_THAT(narrow.take(ada, 1), ElementsAre("close 3505 channel limit"));
}

TEST(ApiRefusalOfNames, KnowsOnlyTheNamespacesThatThereAre) {
  ChatSettings chat = ServerNode::chat_settings();
  chat.is_insecure = false;
  chat.tokens.hmac_secret = "secret";
  ApiNodes nodes(1, ApiNodes::api_settings(), chat);
  for (const char* method : {"publish", "history", "presence", "presence_stats", "subscribe"}) {
    const auto error = [&](const std::string& channel) {
      return nodes.call(method, R"({"user":"ada","data":1,"channel":")" + channel + "\"}");
    };
    EXPECT_EQ(error("news:a"), R"({"error":{"code":102,"message":"unknown channel"}})");
    EXPECT_EQ(error("plain"), R"({"error":{"code":102,"message":"unknown channel"}})");
    EXPECT_THAT(error("dm:#b,a"), HasSubstr("\"code\":107"));
    EXPECT_THAT(error("room:a"), HasSubstr("result"));
  }
}

TEST(ApiBounds, AreTold) {
  ApiNodes nodes(1);
  const auto many = [](std::size_t count, const std::string& element) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + element;
    return text;
  };
  const std::string command = R"({"presence":{"channel":"room:a"}})";
  EXPECT_EQ(nodes.post("/api/batch", R"({"commands":[)" + many(1'001, command) + "]}").status, 400);
  EXPECT_EQ(nodes.post("/api/batch", R"({"commands":[)" + many(1'000, command) + "]}").status, 200);
  EXPECT_EQ(
      nodes.post("/api/broadcast", R"({"data":1,"channels":[)" + many(1'001, R"("room:a")") + "]}")
          .status,
      400);
  std::string tags;
  for (int i = 0; i < 33; ++i) tags += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":"x")";
  EXPECT_EQ(
      nodes.post("/api/publish", R"({"channel":"room:a","data":1,"tags":{)" + tags + "}}").status,
      400);
  EXPECT_EQ(nodes
                .post("/api/history",
                      R"({"channel":"room:a","since":{"offset":9007199254740993,"epoch":"x"}})")
                .status,
            400);
  EXPECT_EQ(nodes.call("channels", "{}"), R"({"result":{"channels":{}}})");
}

TEST(ApiBounds, TakesTheFirstOfTwoKeys) {
  ApiNodes nodes(1);
  const std::string right = std::string("X-API-Key: ") + kApiKey + "\r\n";
  const std::string wrong = "X-API-Key: wrong\r\n";
  EXPECT_EQ(nodes.request("POST /api/info", wrong + right, "{}").status, 401);
  EXPECT_EQ(nodes.request("POST /api/info", right + wrong, "{}").status, 200);
}

// What has been done is told, or somebody does it again.
TEST(ApiBounds, TellWhatWasDoneWhenRepliesAreTooLong) {
  ApiNodes nodes(1);
  const std::string data = '"' + std::string(60'000, 'x') + '"';
  for (int i = 0; i < 140; ++i) {
    (void)nodes.call("publish", R"({"channel":"room:a","data":)" + data + "}");
  }
  std::string commands;
  for (int i = 0; i < 6; ++i) commands += R"({"history":{"channel":"room:a","limit":-1}},)";
  const std::string body =
      nodes.call("batch", R"({"commands":[)" + commands +
                              R"({"publish":{"channel":"room:a","data":"last"}}]})");
  EXPECT_LT(body.size(), 33U * 1024 * 1024);
  EXPECT_THAT(body, HasSubstr(R"({"error":{"code":106,"message":"done, but )"));
  EXPECT_THAT(body.substr(body.size() - 100), HasSubstr(R"({"publish":{"offset":141,)"));
}

}  // namespace
}  // namespace chirm
