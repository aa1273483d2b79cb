// SPDX-License-Identifier: MIT
// What the client encodes, the server decodes to the same.
#include <gmock/gmock.h>

#include "protocol/command.h"
#include "tests/protocol/padded_line.h"

namespace chirm {
namespace {

class CommandRoundTripTest : public testing::Test {
 protected:
  template <class T>
  T decode(const std::string& encoded) {
    EXPECT_EQ(encoded.find('\n'), std::string::npos) << encoded;
    line_ = std::make_unique<PaddedLine>(encoded);
    const auto command = decoder_.decode(line_->text());
    EXPECT_TRUE(command) << encoded;
    if (!command || !std::holds_alternative<T>(command->method)) return {};
    EXPECT_EQ(command->id, 77u);
    return std::get<T>(command->method);
  }

  CommandDecoder decoder_;
  std::unique_ptr<PaddedLine> line_;
  std::string out_;
};

TEST_F(CommandRoundTripTest, Connect) {
  append_connect(
      out_, 77,
      {.token = "t\"", .data = "{\"name\":\n\"Ö\"}", .data_name = {}, .name = "c", .version = "1"});
  const auto connect = decode<ConnectCommand>(out_);
  EXPECT_EQ(connect.token, "t\"");
  EXPECT_EQ(connect.data, "{\"name\":\"Ö\"}");
  EXPECT_EQ(connect.data_name, "Ö");
  EXPECT_EQ(connect.name, "c");
  EXPECT_EQ(connect.version, "1");
}

TEST_F(CommandRoundTripTest, ConnectWithPositions) {
  const KnownPosition subs[] = {{"a\"", true, {7, "e"}}, {"b", true, {}}, {"c"}};
  append_connect(
      out_, 77,
      {.token = {}, .data = {}, .data_name = {}, .name = {}, .version = {}, .subs = subs});
  const auto connect = decode<ConnectCommand>(out_);
  ASSERT_EQ(connect.subs.size(), 3u);
  EXPECT_EQ(connect.subs[0].channel, "a\"");
  EXPECT_TRUE(connect.subs[0].recover);
  EXPECT_EQ(connect.subs[0].since.offset, 7u);
  EXPECT_EQ(connect.subs[0].since.epoch, "e");
  EXPECT_TRUE(connect.subs[1].recover);
  EXPECT_EQ(connect.subs[2].channel, "c");
}

TEST_F(CommandRoundTripTest, Subscribe) {
  append_subscribe(out_, 77,
                   {.channel = "ch\n",
                    .token = "t",
                    .recover = true,
                    .since = {.offset = 12, .epoch = "e"},
                    .recoverable = true,
                    .positioned = true,
                    .join_leave = true,
                    .flag = 2,
                    .type = -3});
  const auto subscribe = decode<SubscribeCommand>(out_);
  EXPECT_EQ(subscribe.channel, "ch\n");
  EXPECT_EQ(subscribe.token, "t");
  EXPECT_TRUE(subscribe.recover && subscribe.recoverable && subscribe.positioned);
  EXPECT_TRUE(subscribe.join_leave);
  EXPECT_EQ(subscribe.since.offset, 12u);
  EXPECT_EQ(subscribe.since.epoch, "e");
  EXPECT_EQ(subscribe.flag, 2);
  EXPECT_EQ(subscribe.type, -3);
}

TEST_F(CommandRoundTripTest, Publish) {
  append_publish(
      out_, 77,
      {.channel = "ch", .data = "{\n  \"id\": \"m\",\n  \"n\": 1.0\n}\n", .message_id = {}});
  const auto publish = decode<PublishCommand>(out_);
  EXPECT_EQ(publish.channel, "ch");
  EXPECT_EQ(publish.data, "{  \"id\": \"m\",  \"n\": 1.0}");
  EXPECT_EQ(publish.message_id, "m");
}

TEST_F(CommandRoundTripTest, History) {
  append_history(out_, 77,
                 {.channel = "ch",
                  .limit = std::numeric_limits<std::int64_t>::min(),
                  .since = PositionView{.offset = 0, .epoch = ""},
                  .reverse = true});
  const auto history = decode<HistoryCommand>(out_);
  EXPECT_EQ(history.channel, "ch");
  EXPECT_EQ(history.limit, std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(history.since);
  EXPECT_TRUE(history.reverse);
}

TEST_F(CommandRoundTripTest, CommandsWithNothingButAChannel) {
  append_unsubscribe(out_, 77, {.channel = "a"});
  EXPECT_EQ(decode<UnsubscribeCommand>(out_).channel, "a");
  out_.clear();
  append_presence(out_, 77, {.channel = "b"});
  EXPECT_EQ(decode<PresenceCommand>(out_).channel, "b");
  out_.clear();
  append_presence_stats(out_, 77, {.channel = "c"});
  EXPECT_EQ(decode<PresenceStatsCommand>(out_).channel, "c");
}

TEST_F(CommandRoundTripTest, Rpc) {
  append_rpc(out_, 77, {.method = "chat.join", .data = "{\"room\":\n\"a\"}"});
  const auto rpc = decode<RpcCommand>(out_);
  EXPECT_EQ(rpc.method, "chat.join");
  EXPECT_EQ(rpc.data, "{\"room\":\"a\"}");
}

TEST_F(CommandRoundTripTest, Refresh) {
  append_refresh(out_, 77, {.token = "t\""});
  EXPECT_EQ(decode<RefreshCommand>(out_).token, "t\"");
}

TEST(CommandEncoder, LeavesOutZeroValues) {
  std::string out;
  append_connect(out, 1, {});
  EXPECT_EQ(out, R"({"connect":{},"id":1})");
  out.clear();
  append_subscribe(out, 2, {.channel = "ch", .token = {}, .since = {}});
  EXPECT_EQ(out, R"({"subscribe":{"channel":"ch"},"id":2})");
  out.clear();
  append_history(out, 3, {.channel = "ch", .limit = -5, .since = PositionView{7, "e"}});
  EXPECT_EQ(out,
            R"({"history":{"channel":"ch","limit":-5,"since":{"offset":7,"epoch":"e"}},"id":3})");
}

TEST(CommandEncoder, AppendsBehindWhatIsThere) {
  std::string out = "{}\n";
  append_unsubscribe(out, 3, {.channel = "ch"});
  EXPECT_EQ(out, "{}\n{\"unsubscribe\":{\"channel\":\"ch\"},\"id\":3}");
}

}  // namespace
}  // namespace chirm
