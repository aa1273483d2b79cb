// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "protocol/message.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

using Kind = ServerMessage::Kind;

class MessageDecoderTest : public testing::Test {
 protected:
  // Views stay valid until the next call.
  ServerMessage decode(std::string_view text) {
    line_ = std::make_unique<PaddedLine>(text);
    auto message = decoder_.decode(line_->text());
    EXPECT_TRUE(message) << text;
    return message ? *message : ServerMessage{};
  }

  bool is_refused(std::string_view text) {
    const PaddedLine line(text);
    const auto message = decoder_.decode(line.text());
    return !message && !message.error().empty();
  }

  MessageDecoder decoder_;
  std::unique_ptr<PaddedLine> line_;
};

TEST_F(MessageDecoderTest, WhatIsNeitherReplyNorPushIsAPing) {
  EXPECT_EQ(decode("{}").kind, Kind::kPing);
  EXPECT_EQ(decode(R"({"id":0})").kind, Kind::kPing);
  EXPECT_EQ(decode(R"({"push":null,"connect":{"client":"c"}})").kind, Kind::kPing);
}

// Whoever reads a push takes the front of its list.
TEST_F(MessageDecoderTest, RefusesAPushWhoseListAResultHasEmptied) {
  EXPECT_TRUE(
      is_refused(R"({"push":{"channel":"c","pub":{"data":1}},"history":{"publications":[]}})"));
  EXPECT_TRUE(is_refused(R"({"push":{"channel":"c","subscribe":{}},"connect":{"subs":{}}})"));
  EXPECT_TRUE(is_refused(R"({"push":{"channel":"c","join":{}},"presence":{"presence":{}}})"));
  EXPECT_EQ(decode(R"({"history":{"publications":[]},"push":{"channel":"c","pub":{}}})").kind,
            Kind::kPublication);
}

TEST_F(MessageDecoderTest, ReadsAConnectReplyOfCentrifugo) {
  const auto message =
      decode(R"({"id":1,"connect":{"client":"c1","version":"6.9.1","expires":true,"ttl":600,)"
             R"("data":{"hello":1},)"
             R"("subs":{"user:42":{"recoverable":true,"epoch":"no",)"
             R"("publications":[{"data":{"a":1},"offset":8}],)"
             R"("recovered":true,"offset":7}},"ping":25,"pong":true}})");
  EXPECT_EQ(message.kind, Kind::kReply);
  EXPECT_EQ(message.id, 1u);
  EXPECT_FALSE(message.error);
  EXPECT_EQ(message.client, "c1");
  EXPECT_EQ(message.version, "6.9.1");
  EXPECT_TRUE(message.expires);
  EXPECT_EQ(message.ttl_s, 600u);
  EXPECT_EQ(message.ping_s, 25u);
  EXPECT_TRUE(message.pong);
  // The fields of server-side subscriptions are theirs.
  EXPECT_EQ(message.epoch, "");
  EXPECT_TRUE(message.publications.empty());
}

TEST_F(MessageDecoderTest, ReadsASubscribeReplyOfCentrifugo) {
  const auto message =
      decode(R"({"id":3,"subscribe":{"recoverable":true,"epoch":"kTqWzHbN",)"
             R"("publications":[{"data":{"n":13},)"
             R"("offset":13},{"data":{"n":14},"info":{"user":"42","client":"c9"},)"
             R"("offset":14,"tags":{"k":"v"}}],)"
             R"("recovered":true,"offset":12,"positioned":true,"was_recovering":true}})");
  EXPECT_TRUE(message.recoverable && message.recovered && message.was_recovering);
  EXPECT_EQ(message.offset, 12u);
  EXPECT_EQ(message.epoch, "kTqWzHbN");
  ASSERT_EQ(message.publications.size(), 2u);
  EXPECT_EQ(message.publications[0].data, R"({"n":13})");
  EXPECT_EQ(message.publications[0].offset, 13u);
  EXPECT_EQ(message.publications[0].info.user, "");
  EXPECT_EQ(message.publications[1].data, R"({"n":14})");
  EXPECT_EQ(message.publications[1].info.client, "c9");
}

TEST_F(MessageDecoderTest, KeysMayComeInAnyOrder) {
  const auto message = decode(
      R"({ "subscribe" : {"publications" : [ { "offset":2 , "data" : "x\"]}" } , {"data":null} ], )"
      R"("offset":1}, "unknown":[{}], "id" : 3 })");
  EXPECT_EQ(message.id, 3u);
  EXPECT_EQ(message.offset, 1u);
  ASSERT_EQ(message.publications.size(), 2u);
  EXPECT_EQ(message.publications[0].data, R"("x\"]}")");
  EXPECT_EQ(message.publications[1].data, "null");
}

TEST_F(MessageDecoderTest, MissingFieldsAreZero) {
  const auto message = decode(R"({"id":2,"subscribe":{}})");
  EXPECT_EQ(message.kind, Kind::kReply);
  EXPECT_EQ(message.offset, 0u);
  EXPECT_EQ(message.epoch, "");
  EXPECT_FALSE(message.recoverable || message.recovered || message.was_recovering);
  EXPECT_TRUE(message.publications.empty());
}

TEST_F(MessageDecoderTest, ReadsErrors) {
  const auto plain = decode(R"({"id":4,"error":{"code":103,"message":"permission denied"}})");
  ASSERT_TRUE(plain.error);
  EXPECT_EQ(plain.error->code, 103u);
  EXPECT_EQ(plain.error->message, "permission denied");
  EXPECT_FALSE(plain.error->temporary);
  EXPECT_TRUE(decode(R"({"id":4,"error":{"code":100,"temporary":true}})").error->temporary);
  EXPECT_FALSE(decode(R"({"id":4,"error":null,"publish":{}})").error);
}

TEST_F(MessageDecoderTest, ReadsAPublicationPush) {
  const auto message = decode(
      R"({"push":{"channel":"ch","pub":{"data":{"t": "hi"},"info":{"user":"42","client":"c9",)"
      R"("conn_info":{"n":1},"chan_info":{"r":2}},"offset":15,"tags":{"k":"v"}}}})");
  EXPECT_EQ(message.kind, Kind::kPublication);
  EXPECT_EQ(message.channel, "ch");
  ASSERT_EQ(message.publications.size(), 1u);
  const PublicationView& publication = message.publications[0];
  EXPECT_EQ(publication.data, R"({"t": "hi"})");
  EXPECT_EQ(publication.offset, 15u);
  EXPECT_EQ(publication.info.user, "42");
  EXPECT_EQ(publication.info.client, "c9");
  EXPECT_EQ(publication.info.conn_info, R"({"n":1})");
}

TEST_F(MessageDecoderTest, ForgetsThePublicationsOfTheLineBefore) {
  decode(R"({"push":{"channel":"ch","pub":{"data":1}}})");
  EXPECT_EQ(decode(R"({"push":{"channel":"ch","pub":{"data":2}}})").publications.size(), 1u);
  EXPECT_TRUE(decode("{}").publications.empty());
}

TEST_F(MessageDecoderTest, ReadsUnsubscribeAndDisconnectPushes) {
  const auto unsubscribe = decode(
      R"({"push":{"channel":"ch","unsubscribe":{"code":2500,"reason":"insufficient state"}}})");
  EXPECT_EQ(unsubscribe.kind, Kind::kUnsubscribe);
  EXPECT_EQ(unsubscribe.channel, "ch");
  EXPECT_EQ(unsubscribe.code, 2500u);
  EXPECT_EQ(unsubscribe.reason, "insufficient state");
  const auto disconnect = decode(R"({"push":{"disconnect":{"code":3001,"reason":"shutdown"}}})");
  EXPECT_EQ(disconnect.kind, Kind::kDisconnect);
  EXPECT_EQ(disconnect.code, 3001u);
}

TEST_F(MessageDecoderTest, ReadsServerSideSubscriptions) {
  const auto connect = decode(
      R"({"id":1,"connect":{"client":"c1","subs":{"a":{"recoverable":true,"epoch":"e","offset":7,)"
      R"("recovered":true,"was_recovering":true,"positioned":true,"data":{"publications":1},)"
      R"("publications":[{"data":1,"offset":8},{"data":2,"offset":9}]},"b":{},"c":null},)"
      R"("ping":9}})");
  EXPECT_EQ(connect.ping_s, 9u);
  ASSERT_EQ(connect.subs.size(), 3u);
  EXPECT_EQ(connect.subs[0].channel, "a");
  EXPECT_EQ(connect.subs[0].position.offset, 7u);
  EXPECT_EQ(connect.subs[0].position.epoch, "e");
  EXPECT_TRUE(connect.subs[0].recoverable && connect.subs[0].recovered);
  EXPECT_TRUE(connect.subs[0].was_recovering);
  ASSERT_EQ(connect.subs[0].publications.size(), 2u);
  EXPECT_EQ(connect.subs[0].publications[1].offset, 9u);
  EXPECT_FALSE(connect.subs[1].recoverable);
  EXPECT_TRUE(connect.subs[1].publications.empty());
  EXPECT_EQ(connect.subs[2].channel, "c");
  EXPECT_TRUE(decode("{}").subs.empty());
  EXPECT_EQ(decode(R"({"id":1,"connect":{"subs":{"a":{}},"subs":{"b":{}}}})").subs.size(), 1u);
}

TEST_F(MessageDecoderTest, ReadsASubscribePush) {
  const auto push = decode(
      R"({"push":{"subscribe":{"recoverable":true,"epoch":"e","offset":4},"channel":"ch"}})");
  EXPECT_EQ(push.kind, Kind::kSubscribe);
  ASSERT_EQ(push.subs.size(), 1u);
  EXPECT_EQ(push.subs[0].channel, "ch");
  EXPECT_EQ(push.subs[0].position.offset, 4u);
  EXPECT_EQ(decode(R"({"push":{"subscribe":{}}})").kind, Kind::kOtherPush);
}

TEST_F(MessageDecoderTest, ReadsWhoComesAndGoes) {
  const auto join =
      decode(R"({"push":{"channel":"ch","join":{"info":{"user":"42","conn_info":{"a":1}}}}})");
  EXPECT_EQ(join.kind, Kind::kJoin);
  EXPECT_EQ(join.channel, "ch");
  ASSERT_EQ(join.clients.size(), 1u);
  EXPECT_EQ(join.clients[0].user, "42");
  EXPECT_EQ(join.clients[0].conn_info, R"({"a":1})");
  const auto leave =
      decode(R"({"push":{"leave":{"info":{"user":"42","client":"c9"}},"channel":"ch"}})");
  EXPECT_EQ(leave.kind, Kind::kLeave);
  ASSERT_EQ(leave.clients.size(), 1u);
  EXPECT_EQ(leave.clients[0].client, "c9");
}

TEST_F(MessageDecoderTest, ReadsTheDataOfAnRpc) {
  EXPECT_EQ(decode(R"({"id":5,"rpc":{"data":{"a":[1]}}})").data, R"({"a":[1]})");
}

TEST_F(MessageDecoderTest, OtherPushesAreTold) {
  for (const auto text :
       {R"({"push":{"message":{"data":{"m":1}}}})", R"({"push":{}})",
        R"({"push":{"refresh":{"expires":true,"ttl":600}}})",
        R"({"push":{"id":5,"pub":{"data":1}}})", R"({"push":{"channel":"ch","pub":null}})"}) {
    EXPECT_EQ(decode(text).kind, Kind::kOtherPush) << text;
  }
}

TEST_F(MessageDecoderTest, AnIdMakesAReplyEvenOfAPush) {
  EXPECT_EQ(decode(R"({"push":{"channel":"ch","pub":{"data":1}},"id":1})").kind, Kind::kReply);
}

TEST_F(MessageDecoderTest, ReadsPresence) {
  const auto message = decode(R"({"id":7,"presence":{"presence":{"c1":{"user":"42","client":"c1",)"
                              R"("conn_info":{"name":"A"}},)"
                              R"("c2":{"user":"","client":"c2"},"c3":{}}}})");
  ASSERT_EQ(message.clients.size(), 3u);
  EXPECT_EQ(message.clients[0].user, "42");
  EXPECT_EQ(message.clients[0].conn_info, R"({"name":"A"})");
  EXPECT_EQ(message.clients[1].client, "c2");
  EXPECT_EQ(message.clients[2].client, "c3");
  const auto stats = decode(R"({"id":8,"presence_stats":{"num_clients":2,"num_users":1}})");
  EXPECT_EQ(stats.num_clients, 2u);
  EXPECT_EQ(stats.num_users, 1u);
  EXPECT_TRUE(stats.clients.empty());
}

TEST_F(MessageDecoderTest, ReadsALongHistory) {
  std::string publications;
  for (int i = 1; i <= 300; ++i) {
    if (i > 1) publications += ',';
    append_publication(publications, "\"data\":{\"n\":" + std::to_string(i) + "}",
                       static_cast<std::uint64_t>(i));
  }
  std::string text;
  append_history_reply(text, 9, {{300, "e"}, publications});
  const auto message = decode(text);
  EXPECT_EQ(message.offset, 300u);
  EXPECT_EQ(message.epoch, "e");
  ASSERT_EQ(message.publications.size(), 300u);
  EXPECT_EQ(message.publications[299].data, R"({"n":300})");
  EXPECT_EQ(message.publications[299].offset, 300u);
}

TEST_F(MessageDecoderTest, RefusesWhatIsNotAJsonObject) {
  for (const auto text : {"", "{", "[]", "1", "x", "{}{}", R"({"push":{"pub":{"data":tru}}})"}) {
    EXPECT_TRUE(is_refused(text)) << text;
  }
}

TEST_F(MessageDecoderTest, RefusesFieldsOfAWrongType) {
  for (const auto text :
       {R"({"id":"1"})", R"({"id":1,"subscribe":[]})", R"({"id":1,"subscribe":{"offset":"1"}})",
        R"({"id":1,"subscribe":{"publications":{}}})",
        R"({"id":1,"subscribe":{"publications":[1]}})", R"({"id":1,"error":"no"})", R"({"push":1})",
        R"({"push":{"channel":1}})", R"({"push":{"channel":"a","pub":[]}})",
        R"({"push":{"channel":"a","pub":{"info":1}}})", R"({"id":1,"presence":{"presence":[]}})",
        R"({"id":1,"connect":{"pong":1}})"}) {
    EXPECT_TRUE(is_refused(text)) << text;
  }
}

TEST_F(MessageDecoderTest, UnderstandsTheServersReplies) {
  std::string text;
  append_connect_reply(
      text, 1, {.client = "c\"1", .version = "v", .expires_in_s = 60, .ping_s = 25, .pong = true});
  auto message = decode(text);
  EXPECT_EQ(message.client, "c\"1");
  EXPECT_TRUE(message.expires && message.pong);

  text.clear();
  append_publish_reply(text, 2, {7, "e"});
  message = decode(text);
  EXPECT_EQ(message.offset, 7u);
  EXPECT_EQ(message.epoch, "e");

  text.clear();
  append_error_reply(text, 3, errors::kTooManyRequests);
  message = decode(text);
  ASSERT_TRUE(message.error);
  EXPECT_EQ(message.error->message, errors::kTooManyRequests.message);
  EXPECT_TRUE(message.error->temporary);

  text.clear();
  append_unsubscribe_push(text, "a", unsubscribes::kServer);
  EXPECT_EQ(decode(text).reason, unsubscribes::kServer.reason);
}

TEST_F(MessageDecoderTest, TakesAPublicationWhoseTimeIsNone) {
  for (const char* time :
       {"\"x\"", "{\"a\":[1]}", "1e300", "-0.5", "18446744073709551615", "null"}) {
    const auto message = decode(R"({"push":{"channel":"a","pub":{"time":)" + std::string(time) +
                                R"(,"data":1,"offset":3}}})");
    ASSERT_EQ(message.publications.size(), 1u) << time;
    EXPECT_EQ(message.publications[0].time_ms, 0) << time;
    EXPECT_EQ(message.publications[0].data, "1") << time;
  }
}

TEST_F(MessageDecoderTest, UnderstandsTheServersPublications) {
  std::string body;
  std::string text;
  append_publication_body(body, R"({"a":[1, "}"]})", {"Ö", "c", "\"i\""}, 7);
  append_publication_push(text, "rä\n", body, 5);
  const auto message = decode(text);
  EXPECT_EQ(message.channel, "rä\n");
  ASSERT_EQ(message.publications.size(), 1u);
  EXPECT_EQ(message.publications[0].data, R"({"a":[1, "}"]})");
  EXPECT_EQ(message.publications[0].offset, 5u);
  EXPECT_EQ(message.publications[0].info.user, "Ö");
  EXPECT_EQ(message.publications[0].time_ms, 7);
  EXPECT_EQ(message.publications[0].info.conn_info, "\"i\"");
}

}  // namespace
}  // namespace chirm
