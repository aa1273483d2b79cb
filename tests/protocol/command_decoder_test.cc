// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <random>
#include <string>

#include "protocol/command.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

class CommandDecoderTest : public testing::Test {
 protected:
  // The command's method if it is a T; views stay valid until the next call.
  template <class T>
  T get(std::string_view text) {
    line_ = std::make_unique<PaddedLine>(text);
    const auto command = decoder_.decode(line_->text());
    EXPECT_TRUE(command) << text;
    if (!command) return {};
    EXPECT_TRUE(std::holds_alternative<T>(command->method)) << text;
    id_ = command->id;
    return std::holds_alternative<T>(command->method) ? std::get<T>(command->method) : T{};
  }

  bool is_refused(std::string_view text) {
    const PaddedLine line(text);
    const auto command = decoder_.decode(line.text());
    return !command && command.error() == disconnects::kBadRequest;
  }

  CommandDecoder decoder_;
  std::unique_ptr<PaddedLine> line_;
  std::uint32_t id_ = 0;
};

TEST_F(CommandDecoderTest, ReadsConnectAsTheJavaScriptSdkSendsIt) {
  const auto connect =
      get<ConnectCommand>(R"({"connect":{"token":"t0","data":{"d":1,"name":"Anna"},)"
                          R"("name":"js","version":"1.2"},"id":1})");
  EXPECT_EQ(id_, 1u);
  EXPECT_EQ(connect.token, "t0");
  EXPECT_EQ(connect.data, R"({"d":1,"name":"Anna"})");
  EXPECT_EQ(connect.data_name, "Anna");
  EXPECT_EQ(connect.name, "js");
  EXPECT_EQ(connect.version, "1.2");
}

TEST_F(CommandDecoderTest, ConnectWithNullDataHasNone) {
  EXPECT_EQ(get<ConnectCommand>(R"({"connect":{"data":null},"id":1})").data, "");
  EXPECT_EQ(get<ConnectCommand>(R"({"connect":{},"id":1})").data, "");
  EXPECT_EQ(get<ConnectCommand>(R"({"connect":{"data": "null" },"id":1})").data, "\"null\"");
}

TEST_F(CommandDecoderTest, ReadsWhereAClientStandsInServerSideSubscriptions) {
  const auto connect = get<ConnectCommand>(
      R"({"id":1,"connect":{"subs":{"user:#\u0061da":{"recover":true,"offset":8,"epoch":"e",)"
      R"("delta":"x"},"b":{},"c":null},"token":"t"}})");
  EXPECT_EQ(connect.token, "t");
  ASSERT_EQ(connect.subs.size(), 3u);
  EXPECT_EQ(connect.subs[0].channel, "user:#ada");
  EXPECT_TRUE(connect.subs[0].recover);
  EXPECT_EQ(connect.subs[0].since.offset, 8u);
  EXPECT_EQ(connect.subs[0].since.epoch, "e");
  EXPECT_EQ(connect.subs[1].channel, "b");
  EXPECT_FALSE(connect.subs[1].recover);
  EXPECT_EQ(connect.subs[2].channel, "c");
  EXPECT_TRUE(get<ConnectCommand>(R"({"id":1,"connect":{"subs":null}})").subs.empty());
  EXPECT_TRUE(get<ConnectCommand>(R"({"id":1,"connect":{}})").subs.empty());
  EXPECT_EQ(
      get<ConnectCommand>(R"({"id":1,"connect":{"subs":{"a":{}},"subs":{"b":{}}}})").subs.size(),
      1u);
}

TEST_F(CommandDecoderTest, RefusesPositionsThatAreNone) {
  for (const auto subs :
       {R"([])", R"("a")", R"(1)", R"({"a":[]})", R"({"a":1})", R"({"a":{"recover":1}})",
        R"({"a":{"offset":-1}})", R"({"a":{"offset":"1"}})", R"({"a":{"offset":1.5}})",
        R"({"a":{"offset":18446744073709551616}})", R"({"a":{"epoch":1}})"}) {
    EXPECT_TRUE(is_refused(R"({"id":1,"connect":{"subs":)" + std::string(subs) + "}}")) << subs;
  }
}

TEST_F(CommandDecoderTest, ReadsAllFieldsOfSubscribe) {
  const auto subscribe = get<SubscribeCommand>(
      R"({"id":2,"subscribe":{"channel":"ch","token":"t","recover":true,"offset":9007199254740991,)"
      R"("epoch":"e","recoverable":true,"positioned":true,"flag":3,"type":-1,"join_leave":true}})");
  EXPECT_EQ(id_, 2u);
  EXPECT_EQ(subscribe.channel, "ch");
  EXPECT_EQ(subscribe.token, "t");
  EXPECT_TRUE(subscribe.recover);
  EXPECT_EQ(subscribe.since.offset, limits::kOffsetMax);
  EXPECT_EQ(subscribe.since.epoch, "e");
  EXPECT_TRUE(subscribe.recoverable);
  EXPECT_TRUE(subscribe.positioned);
  EXPECT_EQ(subscribe.flag, 3);
  EXPECT_EQ(subscribe.type, -1);
}

TEST_F(CommandDecoderTest, KnowsOnlyTheFossilDelta) {
  get<SubscribeCommand>(R"({"id":2,"subscribe":{"channel":"ch","delta":"fossil"}})");
  get<SubscribeCommand>(R"({"id":2,"subscribe":{"channel":"ch","delta":""}})");
  EXPECT_TRUE(is_refused(R"({"id":2,"subscribe":{"channel":"ch","delta":"x"}})"));
}

TEST_F(CommandDecoderTest, ReadsTheOtherMethods) {
  EXPECT_EQ(get<UnsubscribeCommand>(R"({"unsubscribe":{"channel":"a"},"id":3})").channel, "a");
  EXPECT_EQ(get<PresenceCommand>(R"({"presence":{"channel":"b"},"id":4})").channel, "b");
  EXPECT_EQ(get<PresenceStatsCommand>(R"({"presence_stats":{"channel":"c"},"id":5})").channel, "c");
  EXPECT_EQ(get<RefreshCommand>(R"({"refresh":{"token":"t"},"id":6})").token, "t");
  const auto sub_refresh =
      get<SubRefreshCommand>(R"({"sub_refresh":{"channel":"d","token":"t"},"id":7})");
  EXPECT_EQ(sub_refresh.channel, "d");
  EXPECT_EQ(sub_refresh.token, "t");
  const auto rpc = get<RpcCommand>(R"({"rpc":{"method":"m","data":[1, 2]},"id":8})");
  EXPECT_EQ(rpc.method, "m");
  EXPECT_EQ(rpc.data, "[1, 2]");
  EXPECT_EQ(id_, 8u);
}

TEST_F(CommandDecoderTest, ReadsHistory) {
  const auto history =
      get<HistoryCommand>(R"({"history":{"channel":"ch","since":{"offset":0,"epoch":"e"},)"
                          R"("limit":-1,"reverse":true},"id":3})");
  EXPECT_EQ(history.channel, "ch");
  EXPECT_EQ(history.limit, -1);
  EXPECT_TRUE(history.reverse);
  ASSERT_TRUE(history.since);
  EXPECT_EQ(history.since->offset, 0u);
  EXPECT_EQ(history.since->epoch, "e");
  EXPECT_FALSE(get<HistoryCommand>(R"({"history":{"channel":"ch","since":null},"id":3})").since);
  EXPECT_TRUE(get<HistoryCommand>(R"({"history":{"channel":"ch","since":{}},"id":3})").since);
}

TEST_F(CommandDecoderTest, SendNeedsNoIdAndHasNone) {
  get<SendCommand>(R"({"send":{"data":{"x":1}}})");
  EXPECT_EQ(id_, 0u);
  get<SendCommand>(R"({"send":{"data":{"x":1}},"id":9})");
  EXPECT_EQ(id_, 0u);
}

TEST_F(CommandDecoderTest, WhatHasNoIdIsAPong) {
  get<PongCommand>("{}");
  get<PongCommand>(" { } ");
  get<PongCommand>(R"({"connect":{}})");
  get<PongCommand>(R"({"publish":{"channel":"","data":1}})");
  get<PongCommand>(R"({"id":0,"subscribe":{"channel":"a"}})");
  get<PongCommand>(R"({"id":null,"unknown":1})");
  EXPECT_EQ(id_, 0u);
}

TEST_F(CommandDecoderTest, RefusesAnIdWithoutAKnownMethod) {
  EXPECT_TRUE(is_refused(R"({"id":1})"));
  EXPECT_TRUE(is_refused(R"({"id":1,"ping":{}})"));
  EXPECT_TRUE(is_refused(R"({"id":1,"Publish":{"channel":"a","data":1}})"));
  EXPECT_TRUE(is_refused(R"({"id":1,"publish":null})"));
}

TEST_F(CommandDecoderTest, TheFirstMethodInTheOrderOfTheSchemaCounts) {
  get<SubscribeCommand>(
      R"({"send":{},"publish":{"channel":"p"},"subscribe":{"channel":"s"},"id":1,"rpc":{}})");
  EXPECT_EQ(
      get<PublishCommand>(
          R"({"rpc":{"data":[]},"subscribe":null,"publish":{"channel":"p","data":"}{"},"id":1})")
          .data,
      "\"}{\"");
}

TEST_F(CommandDecoderTest, RefusesWhatIsNotOneJsonObject) {
  for (const auto text : {"",
                          " ",
                          "{",
                          "}",
                          "[]",
                          "1",
                          "\"a\"",
                          "null",
                          "{}{}",
                          "{} x",
                          R"({"id":1,})",
                          R"({"id":1 "send":{}})",
                          R"({'id':1})",
                          "{\"a\":\"\xFF\"}",
                          "{\"a\":\"\t\"}",
                          R"({"send":{"data":{"a":tru}}})",
                          R"({"send":{"data":[1,2}})",
                          R"({"send":{"data":01}})",
                          R"({"x":{"y":"\q"}})",
                          R"({"send":{}}})"}) {
    EXPECT_TRUE(is_refused(text)) << text;
  }
}

TEST_F(CommandDecoderTest, RefusesKnownFieldsOfAWrongType) {
  for (const auto text : {R"({"id":"1","publish":{"channel":"a"}})",
                          R"({"id":-1,"publish":{"channel":"a"}})",
                          R"({"id":1.0,"publish":{"channel":"a"}})",
                          R"({"id":1e0,"publish":{"channel":"a"}})",
                          R"({"id":4294967296,"publish":{"channel":"a"}})",
                          R"({"id":1e999,"send":{}})",
                          R"({"id":true,"send":{}})",
                          R"({"id":1,"publish":[]})",
                          R"({"id":1,"publish":"a"})",
                          R"({"id":1,"publish":1e999})",
                          R"({"id":1,"publish":{"channel":1}})",
                          R"({"id":1,"publish":{"channel":1e999}})",
                          R"({"id":1,"connect":{"token":{}}})",
                          R"({"id":1,"connect":{"name":1}})",
                          R"({"id":1,"connect":{"version":[]}})",
                          R"({"id":1,"subscribe":{"channel":"a","offset":"1"}})",
                          R"({"id":1,"subscribe":{"channel":"a","offset":-1}})",
                          R"({"id":1,"subscribe":{"channel":"a","recover":1}})",
                          R"({"id":1,"subscribe":{"channel":"a","flag":"1"}})",
                          R"({"id":1,"subscribe":{"channel":"a","epoch":1}})",
                          R"({"id":1,"history":{"channel":"a","since":1}})",
                          R"({"id":1,"history":{"channel":"a","since":{"offset":"0"}}})",
                          R"({"id":1,"history":{"channel":"a","limit":1.5}})",
                          R"({"id":1,"rpc":{"method":1}})",
                          R"({"id":1,"refresh":{"token":1}})",
                          R"({"id":1,"sub_refresh":{"channel":"a","token":1}})"}) {
    EXPECT_TRUE(is_refused(text)) << text;
  }
}

TEST_F(CommandDecoderTest, RefusesAnEmptyRequiredField) {
  for (const auto method : {"subscribe", "unsubscribe", "publish", "presence", "presence_stats",
                            "history", "sub_refresh"}) {
    const std::string start = std::string(R"({"id":1,")") + method;
    EXPECT_TRUE(is_refused(start + R"(":{}})")) << method;
    EXPECT_TRUE(is_refused(start + R"(":{"channel":"","data":1,"token":"t"}})")) << method;
    EXPECT_TRUE(is_refused(start + R"(":{"channel":null}})")) << method;
    EXPECT_FALSE(is_refused(start + R"(":{"channel":"a"}})")) << method;
  }
  EXPECT_TRUE(is_refused(R"({"id":1,"refresh":{}})"));
  EXPECT_TRUE(is_refused(R"({"id":1,"refresh":{"token":""}})"));
}

TEST_F(CommandDecoderTest, IgnoresUnknownFields) {
  const auto publish = get<PublishCommand>(R"({"x":[{"channel":"no"}],"id":4294967295,)"
                                           R"("publish":{"y":{"data":0},"channel":"a","z":null}})");
  EXPECT_EQ(publish.channel, "a");
  EXPECT_EQ(publish.data, "");
  EXPECT_EQ(id_, 4294967295u);
}

TEST_F(CommandDecoderTest, UnescapesKeysAndStrings) {
  const auto publish =
      get<PublishCommand>(R"({"\u0069d":7,"pub\u006cish":)"
                          R"({"ch\u0061nnel":"r\u00f6\ud83d\ude00\n\"","dat\u0061":"\u0041"}})");
  EXPECT_EQ(id_, 7u);
  EXPECT_EQ(publish.channel, "rö😀\n\"");
  EXPECT_EQ(publish.data, R"("\u0041")");
}

TEST_F(CommandDecoderTest, CarriesDataVerbatim) {
  for (const std::string_view data :
       {R"({"b":1,"a":2})", R"({ "a" : [ 1 ,2 ] })", "\"text\"", R"("\u00e9\/é😀")", "0",
        "-1.50e+01", "1.0", "true", "false", "[]", "{}", R"({"a":1,"a":2})", R"("}],{\"")",
        R"(123456789012345678901234567890)", R"([1e999,{"x":"\ud83d"}])", "{\t\"a\"\r:\n1}",
        R"(["\\","\\\"",{"\"":"\\\\"}])"}) {
    for (const std::string_view blank : {"", " ", "\t\r\n "}) {
      const std::string between(blank);
      const std::string value = between + std::string(data) + between;
      const std::string first = "{\"publish\":{\"data\":" + value + ",\"channel\":\"a\"},\"id\":1}";
      EXPECT_EQ(get<PublishCommand>(first).data, data) << first;
      const std::string last = "{\"id\":1,\"publish\":{\"channel\":\"a\",\"data\":" + value + "}}";
      EXPECT_EQ(get<PublishCommand>(last).data, data) << last;
    }
  }
}

TEST_F(CommandDecoderTest, PublishWithNullDataHasNone) {
  EXPECT_EQ(get<PublishCommand>(R"({"id":1,"publish":{"channel":"a","data":null}})").data, "");
  EXPECT_EQ(get<PublishCommand>(R"({"id":1,"publish":{"channel":"a"}})").data, "");
}

TEST_F(CommandDecoderTest, ALineEndsWhereItEnds) {
  // What stands behind the line in the same message belongs to the next one.
  const PaddedLine message("{}\n{\"id\":1,\"publish\":{}}");
  const auto first = decoder_.decode(message.text().substr(0, 2));
  ASSERT_TRUE(first);
  EXPECT_TRUE(std::holds_alternative<PongCommand>(first->method));
  EXPECT_FALSE(decoder_.decode(message.text().substr(0, 1)));
}

// A random JSON value, with white space in between.
std::string random_json(std::mt19937& random, int depth) {
  constexpr std::string_view kScalars[] = {"0",       "-1.5e-3",
                                           "true",    "null",
                                           "\"\"",    R"("a\"b")",
                                           R"("\\")", R"("}],[{:")",
                                           "\"日😀\"", R"("\ud83d\ude00\ud83d")",
                                           "1e400",   "98765432109876543210987"};
  constexpr std::string_view kBlanks[] = {"", "", "", " ", "\t", "\r\n "};
  const auto pick = [&](const auto& from) { return std::string(from[random() % std::size(from)]); };
  const auto kind = depth > 0 ? random() % 3 : 0;
  if (kind == 0) return pick(kScalars);
  std::string out = kind == 1 ? "[" : "{";
  for (std::size_t i = 0, count = random() % 4; i < count; ++i) {
    if (i > 0) out += ',';
    out += pick(kBlanks);
    if (kind == 2) out += R"("k\\\"":)" + pick(kBlanks);
    out += random_json(random, depth - 1) + pick(kBlanks);
  }
  return out + (kind == 1 ? ']' : '}');
}

TEST_F(CommandDecoderTest, CarriesRandomDataVerbatim) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    const std::string data = random_json(random, 5);
    const auto line = R"({"x":)" + random_json(random, 3) + R"(,"publish":{"y":)" +
                      random_json(random, 3) + R"(,"data":)" + data +
                      R"( ,"channel":"a"},"id":1,"z":)" + random_json(random, 3) + "}";
    ASSERT_EQ(get<PublishCommand>(line).data, data == "null" ? "" : data) << line;
  }
}

// Nothing gets past the decoder that could break the JSON it is put into.
TEST_F(CommandDecoderTest, WhatItAcceptsOfBrokenInputIsStillValidJson) {
  std::mt19937 random(12);
  constexpr std::string_view kBytes = "\"\\{}[],:0-e.u \xFF\n";
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string line =
        R"({"publish":{"channel":"a","data":)" + random_json(random, 3) + R"(},"id":1})";
    for (std::size_t i = 0; i <= random() % 3; ++i) {
      line[random() % line.size()] = kBytes[random() % kBytes.size()];
    }
    const PaddedLine padded(line);
    const auto command = decoder_.decode(padded.text());
    if (!command) continue;
    const auto* publish = std::get_if<PublishCommand>(&command->method);
    if (publish == nullptr || publish->data.empty()) continue;
    ++accepted;
    ASSERT_TRUE(json::is_valid(publish->data)) << line;
  }
  EXPECT_GT(accepted, 100);
}

class MessageIdTest : public CommandDecoderTest {
 protected:
  std::string message_id(const std::string& data) {
    return std::string(
        get<PublishCommand>(R"({"id":1,"publish":{"channel":"a","data":)" + data + "}}")
            .message_id);
  }
};

TEST_F(MessageIdTest, IsTheStringIdOfAnObject) {
  EXPECT_EQ(message_id(R"({"text":"x","id":"m-1"})"), "m-1");
  EXPECT_EQ(message_id(R"({"id":"\u00e9"})"), "é");
}

TEST_F(MessageIdTest, IsAbsentInEverythingElse) {
  for (const auto data : {R"({})", R"({"id":1})", R"({"id":null})", R"({"id":{"id":"x"}})",
                          R"({"x":{"id":"x"}})", R"(["id","x"])", R"("id")", "1", R"({"id":""})"}) {
    EXPECT_EQ(message_id(data), "") << data;
  }
}

TEST_F(MessageIdTest, IsIgnoredWhenItIsTooLong) {
  const std::string longest(limits::kMessageIdBytes, 'x');
  EXPECT_EQ(message_id("{\"id\":\"" + longest + "\"}"), longest);
  EXPECT_EQ(message_id("{\"id\":\"" + longest + "x\"}"), "");
}

TEST_F(CommandDecoderTest, DataNameIsTheStringNameOfAnObject) {
  const auto name = [&](const std::string& data) {
    return std::string(
        get<ConnectCommand>(R"({"id":1,"connect":{"data":)" + data + "}}").data_name);
  };
  EXPECT_EQ(name(R"({"name":"A\u006e\u006ea"})"), "Anna");
  EXPECT_EQ(name(R"({"name":1})"), "");
  EXPECT_EQ(name(R"(["name"])"), "");
  EXPECT_EQ(name("{\"name\":\"" + std::string(limits::kUserBytes + 1, 'x') + "\"}"), "");
}

TEST_F(CommandDecoderTest, RefusesNestingBeyondTheLimit) {
  const auto publish = [](std::size_t depth) {
    return R"({"id":1,"publish":{"channel":"a","data":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}}";
  };
  EXPECT_FALSE(is_refused(publish(limits::kJsonDepth - 3)));
  EXPECT_TRUE(is_refused(publish(limits::kJsonDepth + 1)));
  EXPECT_TRUE(is_refused(publish(30'000)));
}

TEST_F(CommandDecoderTest, TakesLinesLongerThanAMessageOfTheDefaultSize) {
  const std::string text(4 * limits::kMessageBytes, 'x');
  const auto line = R"({"id":1,"publish":{"channel":"a","data":")" + text + "\"}}";
  EXPECT_EQ(get<PublishCommand>(line).data.size(), text.size() + 2);
  EXPECT_EQ(get<PublishCommand>(R"({"id":1,"publish":{"channel":"a","data":1}})").data, "1");
}

}  // namespace
}  // namespace chirm
