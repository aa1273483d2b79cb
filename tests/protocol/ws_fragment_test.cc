// SPDX-License-Identifier: MIT
// Fragmented messages (RFC 6455 §5.4).
#include <gmock/gmock.h>

#include "protocol/ws_decoder.h"
#include "tests/protocol/ws_frames.h"

namespace chirm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WsFragmentTest : public testing::Test {
 protected:
  Decoded decode(std::string_view bytes) {
    const Decoded whole = decode_pieces(pool_, bytes, {bytes.size()});
    const Decoded bytewise = decode_pieces(pool_, bytes, {1});
    EXPECT_EQ(whole.events, bytewise.events);
    EXPECT_EQ(whole.error, bytewise.error);
    return whole;
  }

  static constexpr std::size_t kMax = 1000;
  WsDecoderPool pool_{WsRole::kServer, kMax};
};

std::string start(std::string_view payload, int opcode = 1) {
  return frame({.opcode = opcode, .payload = payload, .fin = false});
}
std::string middle(std::string_view payload) {
  return frame({.opcode = 0, .payload = payload, .fin = false});
}
std::string last(std::string_view payload) { return frame({.opcode = 0, .payload = payload}); }

TEST_F(WsFragmentTest, JoinsFragments) {
  EXPECT_THAT(decode(start("Hel") + middle("") + middle("lo ") + last("you")).events,
              ElementsAre("message:Hello you"));
  EXPECT_THAT(decode(start("") + last("")).events, ElementsAre("message:"));
}

TEST_F(WsFragmentTest, CharactersMayBeCutBetweenFragments) {
  EXPECT_THAT(decode(start("\xE6\x97") + last("\xA5")).events, ElementsAre("message:日"));
  const Decoded cut = decode(start("\xE6\x97") + last(""));
  EXPECT_EQ(cut.error, disconnects::kInvalidPayload);
  EXPECT_THAT(decode(start("\xE6\x97", 2) + last("")).events, ElementsAre("message:\xE6\x97"));
}

TEST_F(WsFragmentTest, ControlFramesMayComeInBetween) {
  const std::string ping = frame({.opcode = 9, .payload = "ping"});
  EXPECT_THAT(decode(start("a") + ping + middle("b") + ping + last("c") + ping).events,
              ElementsAre("ping:ping", "ping:ping", "message:abc", "ping:ping"));
}

TEST_F(WsFragmentTest, IsNotAtABoundaryWhileAMessageIsOpen) {
  const auto at_boundary = [&](const std::string& bytes) {
    return decode_pieces(pool_, bytes, {bytes.size()}).is_at_message_boundary;
  };
  const std::string ping = frame({.opcode = 9, .payload = "ping"});
  EXPECT_FALSE(at_boundary(start("a")));
  EXPECT_FALSE(at_boundary(start("a") + ping));
  EXPECT_FALSE(at_boundary(start("a") + ping + middle("b")));
  EXPECT_TRUE(at_boundary(start("a") + ping + last("b")));
}

TEST_F(WsFragmentTest, ControlFramesBetweenTwoReadsKeepTheMessage) {
  RecordingHandler handler;
  WsDecoder decoder(pool_);
  EXPECT_FALSE(decoder.feed(start("a"), handler));
  EXPECT_FALSE(decoder.feed(frame({.opcode = 9, .payload = "x"}), handler));
  EXPECT_FALSE(decoder.is_at_message_boundary());
  EXPECT_FALSE(decoder.feed(last("b"), handler));
  EXPECT_THAT(handler.events, ElementsAre("ping:x", "message:ab"));
}

TEST_F(WsFragmentTest, ClosesWith1002OnAContinuationWithoutAStart) {
  EXPECT_EQ(decode(last("x")).error, disconnects::kProtocolError);
  EXPECT_EQ(decode(frame({.payload = "x"}) + middle("x")).error, disconnects::kProtocolError);
}

TEST_F(WsFragmentTest, ClosesWith1002OnANewMessageWithinAMessage) {
  EXPECT_EQ(decode(start("a") + frame({.payload = "b"})).error, disconnects::kProtocolError);
  EXPECT_EQ(decode(start("a") + start("b", 2)).error, disconnects::kProtocolError);
}

TEST_F(WsFragmentTest, ClosesWith1009WhenAllFragmentsTogetherExceedTheLimit) {
  const std::string half(kMax / 2, 'x');
  EXPECT_THAT(decode(start(half) + last(half)).events, ElementsAre("message:" + half + half));
  const Decoded over = decode(start(half) + middle(half) + last("x"));
  EXPECT_EQ(over.error, disconnects::kTooBig);
  EXPECT_THAT(over.events, IsEmpty());
}

TEST_F(WsFragmentTest, TheLimitIsForEachMessageAnew) {
  const std::string half(kMax / 2, 'x');
  const std::string message = start(half) + last(half);
  EXPECT_EQ(decode(message + message + message).events.size(), 3u);
}

TEST_F(WsFragmentTest, ClosesWith1009OnTooManyFragments) {
  const auto fragments = [](std::size_t count) {
    std::string bytes = start("x");
    for (std::size_t i = 2; i < count; ++i) bytes += middle("x");
    return bytes + last("x");
  };
  EXPECT_FALSE(decode(fragments(limits::kMessageFragments)).error);
  EXPECT_EQ(decode(fragments(limits::kMessageFragments + 1)).error, disconnects::kTooBig);
  // Empty ones count too: they would never reach the limit on bytes.
  std::string empty = start("");
  for (std::size_t i = 0; i < limits::kMessageFragments; ++i) empty += middle("");
  EXPECT_EQ(decode(empty).error, disconnects::kTooBig);
}

}  // namespace
}  // namespace chirm
