// SPDX-License-Identifier: MIT
// The JSON that SDKs get, down to the byte: see the client protocol for what must be written even
// when it is zero.
#include <gmock/gmock.h>

#include "protocol/message.h"

namespace chirm {
namespace {

template <class Append>
std::string made(Append&& append) {
  std::string out;
  append(out);
  return out;
}

TEST(MessageEncoder, PublicationBodyHasDataAndInfo) {
  std::string body;
  append_publication_body(body, R"({"t":"hi"})", {"42", "c9", R"({"n":1})"}, 0);
  EXPECT_EQ(body, R"("data":{"t":"hi"},"info":{"user":"42","client":"c9","conn_info":{"n":1}})");
}

TEST(MessageEncoder, PublicationOfTheServerHasNoInfo) {
  std::string body;
  append_publication_body(body, "1", {}, 0);
  EXPECT_EQ(body, R"("data":1)");
}

TEST(MessageEncoder, InfoHasUserAndClientEvenWhenTheyAreEmpty) {
  std::string body;
  append_publication_body(body, "1", {"", "c", ""}, -1);
  EXPECT_EQ(body, R"("data":1,"info":{"user":"","client":"c"})");
}

TEST(MessageEncoder, PutsTheNodesTimeIntoABody) {
  std::string body;
  append_publication_body(body, "1", {"u", "c", ""}, 1'700'000'000'123);
  EXPECT_EQ(body, R"("data":1,"info":{"user":"u","client":"c"},"time":1700000000123)");
  body.clear();
  append_publication_body(body, "1", {}, 5);
  EXPECT_EQ(body, R"("data":1,"time":5)");
}

TEST(MessageEncoder, DataLosesItsLineFeeds) {
  std::string body;
  append_publication_body(body, "{\n\"a\":1\n}", {"u", "c", "[\n]"}, 0);
  EXPECT_EQ(body, R"("data":{"a":1},"info":{"user":"u","client":"c","conn_info":[]})");
}

TEST(MessageEncoder, PublicationHasAnOffsetUnlessItIsZero) {
  EXPECT_EQ(made([](auto& out) { append_publication(out, R"("data":1)", 15); }),
            R"({"data":1,"offset":15})");
  EXPECT_EQ(made([](auto& out) { append_publication(out, R"("data":1)", 0); }), R"({"data":1})");
  EXPECT_EQ(made([](auto& out) { append_publication(out, "", 3); }), R"({"offset":3})");
  EXPECT_EQ(made([](auto& out) { append_publication(out, "", 0); }), "{}");
}

TEST(MessageEncoder, PublicationPushTellsWhereThePublicationStands) {
  std::string out = "{}\n";
  const std::size_t start = append_publication_push(out, "a\"b", R"("data":1)", 2);
  EXPECT_EQ(out,
            "{}\n"
            R"({"push":{"channel":"a\"b","pub":{"data":1,"offset":2}}})");
  EXPECT_EQ(out.substr(start, out.size() - kPublicationPushTail - start),
            R"({"data":1,"offset":2})");
}

TEST(MessageEncoder, ConnectReply) {
  EXPECT_EQ(
      made([](auto& out) {
        append_connect_reply(
            out, 1,
            {.client = "c1", .version = "0.1.0", .expires_in_s = {}, .ping_s = 25, .pong = true});
      }),
      R"({"id":1,"connect":{"client":"c1","version":"0.1.0","ping":25,"pong":true}})");
  EXPECT_EQ(made([](auto& out) {
              append_connect_reply(out, 1, {.client = "c1", .version = "", .expires_in_s = 600});
            }),
            R"({"id":1,"connect":{"client":"c1","expires":true,"ttl":600}})");
}

TEST(MessageEncoder, ConnectReplyWithServerSideSubscriptions) {
  std::string subs;
  append_server_subscription(subs, "a\"", {.position = {3, "e"}, .data = "{\"w\":\n1}"});
  subs += ',';
  append_server_subscription(subs, "b",
                             {.position = {0, "f"}, .was_recovering = true, .recovered = true});
  EXPECT_EQ(made([&](auto& out) {
              append_connect_reply(
                  out, 1, {.client = "c1", .version = "", .expires_in_s = {}, .subs = subs});
            }),
            R"({"id":1,"connect":{"client":"c1","subs":{"a\"":{"recoverable":true,"epoch":"e",)"
            R"("offset":3,"positioned":true,"data":{"w":1}},"b":{"recoverable":true,"epoch":"f",)"
            R"("recovered":true,"positioned":true,"was_recovering":true}}}})");
}

TEST(MessageEncoder, SubscribeReply) {
  EXPECT_EQ(made([](auto& out) {
              append_subscribe_reply(
                  out, 3,
                  {.position = {12, "kTqWzHbN"},
                   .was_recovering = true,
                   .recovered = true,
                   .publications = R"({"data":1,"offset":13},{"data":2,"offset":14})"});
            }),
            R"({"id":3,"subscribe":{"recoverable":true,"epoch":"kTqWzHbN","publications":[)"
            R"({"data":1,"offset":13},{"data":2,"offset":14}],"recovered":true,"offset":12,)"
            R"("positioned":true,"was_recovering":true}})");
  EXPECT_EQ(made([](auto& out) {
              append_subscribe_reply(
                  out, 2,
                  {.position = {}, .recoverable = false, .positioned = false, .publications = {}});
            }),
            R"({"id":2,"subscribe":{}})");
}

TEST(MessageEncoder, EmptyResultsAreObjects) {
  EXPECT_EQ(made([](auto& out) { append_unsubscribe_reply(out, 5); }),
            R"({"id":5,"unsubscribe":{}})");
  EXPECT_EQ(made([](auto& out) { append_publish_reply(out, 6, {}); }), R"({"id":6,"publish":{}})");
  EXPECT_EQ(made([](auto& out) {
              append_publish_reply(out, 6, {3, "e"});
            }),
            R"({"id":6,"publish":{"offset":3,"epoch":"e"}})");
  EXPECT_EQ(made([](auto& out) { append_refresh_reply(out, 7, "", "", {}); }),
            R"({"id":7,"refresh":{}})");
  EXPECT_EQ(made([](auto& out) { append_refresh_reply(out, 7, "c", "v", 600); }),
            R"({"id":7,"refresh":{"client":"c","version":"v","expires":true,"ttl":600}})");
}

TEST(MessageEncoder, HistoryReplyHasAllItsFieldsEvenWhenTheyAreZero) {
  EXPECT_EQ(made([](auto& out) { append_history_reply(out, 3, {}); }),
            R"({"id":3,"history":{"publications":[],"epoch":"","offset":0}})");
  EXPECT_EQ(
      made([](auto& out) {
        append_history_reply(out, 3, {{2, "e"}, R"({"data":1,"offset":1},{"data":2,"offset":2})"});
      }),
      R"({"id":3,"history":{"publications":[{"data":1,"offset":1},{"data":2,"offset":2}],)"
      R"("epoch":"e","offset":2}})");
}

TEST(MessageEncoder, PresenceReplyIsAMapByClient) {
  const ClientInfoView clients[] = {{"42", "c1", R"({"n":1})"}, {"", "c2", ""}};
  EXPECT_EQ(
      made([&](auto& out) { append_presence_reply(out, 7, clients); }),
      R"({"id":7,"presence":{"presence":{"c1":{"user":"42","client":"c1","conn_info":{"n":1}},)"
      R"("c2":{"user":"","client":"c2"}}}})");
  EXPECT_EQ(made([](auto& out) { append_presence_reply(out, 7, {}); }),
            R"({"id":7,"presence":{"presence":{}}})");
}

TEST(MessageEncoder, PresenceStatsReplyHasBothCountsEvenWhenTheyAreZero) {
  EXPECT_EQ(made([](auto& out) { append_presence_stats_reply(out, 8, 0, 0); }),
            R"({"id":8,"presence_stats":{"num_clients":0,"num_users":0}})");
}

TEST(MessageEncoder, ErrorReplyIsTemporaryOnlyWhenItIs) {
  EXPECT_EQ(made([](auto& out) { append_error_reply(out, 4, errors::kPermissionDenied); }),
            R"({"id":4,"error":{"code":103,"message":"permission denied"}})");
  EXPECT_EQ(made([](auto& out) { append_error_reply(out, 4, errors::kInternal); }),
            R"({"id":4,"error":{"code":100,"message":"internal server error","temporary":true}})");
}

TEST(MessageEncoder, SubscribePushHasChannelAndPosition) {
  EXPECT_EQ(made([](auto& out) {
              append_subscribe_push(out, "ch", {.position = {4, "e"}});
            }),
            R"({"push":{"channel":"ch","subscribe":{"recoverable":true,"epoch":"e","offset":4,)"
            R"("positioned":true}}})");
}

TEST(MessageEncoder, UnsubscribePushHasChannelCodeAndReason) {
  EXPECT_EQ(
      made([](auto& out) { append_unsubscribe_push(out, "ch", unsubscribes::kInsufficientState); }),
      R"({"push":{"channel":"ch","unsubscribe":{"code":2500,"reason":"insufficient state"}}})");
}

}  // namespace
}  // namespace chirm
