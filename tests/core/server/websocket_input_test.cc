// SPDX-License-Identifier: MIT
// Bad input over a real socket: the right close code, the right counter, and other clients notice
// nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "protocol/limits.h"
#include "tests/protocol/ws_frames.h"
#include "tests/support/server_node.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using testing::RawClient;
using testing::ServerNode;
using ::testing::StartsWith;

struct BadInput {
  std::string name;
  std::string bytes;
  std::uint16_t code;
};

std::string fragments(int count) {
  std::string bytes = frame({.opcode = 1, .payload = "{", .fin = false});
  for (int i = 1; i < count; ++i) bytes += frame({.opcode = 0, .payload = " ", .fin = false});
  return bytes;
}

std::string command(const std::string& text) { return frame({.payload = text}); }

std::vector<BadInput> bad_inputs() {
  const std::string too_long(limits::kMessageBytes + 1, 'x');
  const std::string header_of_2_gb = frame({.payload = "x", .announced_bytes = 2'000'000'000});
  EXPECT_EQ(header_of_2_gb.size(), 14U + 1);
  return {
      // RFC 6455
      {"unmasked frame", frame({.payload = "{}", .masked = false}), 1002},
      {"RSV1 without an extension", frame({.payload = "{}", .rsv = 4}), 1002},
      {"RSV2", frame({.payload = "{}", .rsv = 2}), 1002},
      {"reserved opcode", frame({.opcode = 3, .payload = "x"}), 1002},
      {"continuation of nothing", frame({.opcode = 0, .payload = "x"}), 1002},
      {"message within a message", fragments(1) + frame({.opcode = 1, .payload = "x"}), 1002},
      {"fragmented ping", frame({.opcode = 9, .payload = "x", .fin = false}), 1002},
      {"long ping", frame({.opcode = 9, .payload = std::string(126, 'x')}), 1002},
      {"Close with one byte", frame({.opcode = 8, .payload = "x"}), 1002},
      {"Close with a code that must not be sent", frame({.opcode = 8, .payload = "\x03\xed"}),
       1002},
      {"text that is not UTF-8", frame({.payload = "\"\xff\""}), 1007},
      {"text that ends within a character", frame({.payload = "\"\xe2\x82"}), 1007},
      {"message of one byte too many", frame({.payload = too_long}), 1009},
      {"fragments of too many bytes",
       frame({.opcode = 1, .payload = std::string(60'000, 'x'), .fin = false}) +
           frame({.opcode = 0, .payload = std::string(6'000, 'x')}),
       1009},
      {"header that announces 2 GB", header_of_2_gb, 1009},
      {"too many fragments", fragments(65), 1009},
      // The client protocol
      {"not JSON", command("x"), 3501},
      {"binary that is not UTF-8", frame({.opcode = 2, .payload = "\"\xff\""}), 3501},
      {"unknown command", command(R"({"id":9,"nonsense":{}})"), 3501},
      {"empty message", command(""), 3501},
      {"empty line", command("{\"id\":9,\"rpc\":{}}\n\n{\"id\":9,\"rpc\":{}}"), 3501},
      {"second connect", command(R"({"id":9,"connect":{}})"), 3501},
      {"pong without a ping", command("{}"), 3501},
      {"deep nesting",
       command(R"({"id":9,"rpc":{"data":)" + std::string(500, '[') + std::string(500, ']') + "}}"),
       3501},
      {"send", command(R"({"send":{"data":1}})"), 3508},
  };
}

class WebSocketInput : public ::testing::Test {
 protected:
  // The witness gets what is published meanwhile, all and in order.
  void publish_and_check() {
    ++published;
    witness.send(R"({"id":3,"publish":{"channel":"room:a","data":1}})");
    const std::string push = "room:a " + std::to_string(published) + " 1";
    ASSERT_TRUE(node.run_until([&] { return witness.events.lines.size() == 2; }));
    ASSERT_THAT(witness.events.take(),
                ::testing::UnorderedElementsAre(StartsWith("3 publish "), push));
  }
  double closes(std::uint16_t code) {
    return std::max(0.0,
                    node.metric("chirm_disconnects_total{code=\"" + std::to_string(code) + "\"}"));
  }

  ServerNode node;
  RawClient& witness = node.add_subscriber();
  int published = 0;
};

TEST_F(WebSocketInput, IsRefusedWithTheRightCodeAndOthersGoOn) {
  for (const BadInput& bad : bad_inputs()) {
    const double closes_before = closes(bad.code);
    RawClient& client = node.add_subscriber();
    client.send_bytes(bad.bytes);
    client.send(R"({"id":9,"rpc":{}})");  // is not heard any more
    publish_and_check();
    EXPECT_TRUE(node.run_until([&] { return client.is_ended(); })) << bad.name;
    EXPECT_EQ(client.events.close_code, bad.code) << bad.name;
    EXPECT_FALSE(client.was_reset()) << bad.name;
    EXPECT_EQ(closes(bad.code), closes_before + 1) << bad.name;
    client.close();
    EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_connections") == 1; })) << bad.name;
    publish_and_check();
  }
  EXPECT_EQ(node.metric("chirm_sessions"), 1);
  EXPECT_EQ(node.metric("chirm_subscriptions"), 1);
}

TEST_F(WebSocketInput, IsRefusedAlsoWhenItComesByteByByte) {
  for (const BadInput& bad : bad_inputs()) {
    if (bad.bytes.size() > 300) continue;
    RawClient& client = node.add_subscriber();
    std::size_t at = 0;
    EXPECT_TRUE(node.run_until([&] {
      if (at < bad.bytes.size()) client.send_bytes(std::string_view(bad.bytes).substr(at++, 1));
      return client.is_ended();
    }));
    EXPECT_EQ(client.events.close_code, bad.code) << bad.name;
    client.close();
  }
}

TEST_F(WebSocketInput, NeedsConnectFirst) {
  for (const char* first : {R"({"id":1,"subscribe":{"channel":"room:a"}})", "{}", "x"}) {
    RawClient& client = node.add_websocket();
    client.send(first);
    EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
    EXPECT_THAT(client.events.take(), ElementsAre("close 3501 bad request"));
  }
  publish_and_check();
}

TEST_F(WebSocketInput, MayBeAsLargeAsTheLimit) {
  RawClient& client = node.add_subscriber();
  std::string text = R"({"id":9,"publish":{"channel":"room:b","data":")";
  text += std::string(limits::kMessageBytes - text.size() - 3, 'x') + "\"}}";
  ASSERT_EQ(text.size(), limits::kMessageBytes);
  client.send(text);
  EXPECT_TRUE(node.run_until([&] { return client.events.has("9 publish "); }));
}

TEST_F(WebSocketInput, AllocatesNothingForAnAnnouncedLength) {
  RawClient& client = node.add_subscriber();
  const std::size_t before = mallinfo2().arena + mallinfo2().hblkhd;
  client.send_bytes(frame({.payload = "x", .announced_bytes = 2'000'000'000}));
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_LT(mallinfo2().arena + mallinfo2().hblkhd, before + 1'000'000);
}

TEST_F(WebSocketInput, AnswersPingsAndBoundsThePongs) {
  RawClient& client = node.add_subscriber();
  client.send_bytes(frame({.opcode = 9, .payload = "are you there"}));
  EXPECT_TRUE(node.run_until([&] { return client.events.has("ws-pong are you there"); }));

  RawClient& flood = node.add_subscriber();
  flood.stop_reading();
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += frame({.opcode = 9, .payload = std::string(125, 'x')});
  flood.send_bytes(pings);
  const std::size_t before = mallinfo2().uordblks;
  int rounds = 0;
  EXPECT_TRUE(node.run_until([&] {
    if (!flood.has_sent_all()) return false;
    flood.send_bytes(pings);
    return ++rounds == 200;
  }));
  EXPECT_LT(mallinfo2().uordblks, before + 1'000'000);
  publish_and_check();
  flood.go_on_reading();
  flood.send(R"({"id":9,"rpc":{}})");
  EXPECT_TRUE(node.run_until([&] { return flood.events.has("9 error 104"); }));
}

TEST_F(WebSocketInput, RefusesNamesInAReply) {
  RawClient& client = node.add_subscriber();
  client.send(R"({"id":9,"subscribe":{"channel":"a\u0001"}})");
  EXPECT_TRUE(node.run_until([&] { return client.events.has("9 error 107"); }));
  EXPECT_EQ(node.metric("chirm_errors_total{code=\"107\"}"), 1);
}

}  // namespace
}  // namespace chirm
