// SPDX-License-Identifier: MIT
#include "protocol/ws_decoder.h"

#include <gmock/gmock.h>

#include "protocol/ws_encoder.h"
#include "tests/protocol/ws_frames.h"

namespace chirm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WsDecoderTest : public testing::Test {
 protected:
  // Decodes whole and byte by byte; both must come to the same.
  Decoded decode(std::string_view bytes) {
    const Decoded whole = decode_pieces(pool_, bytes, {bytes.size()});
    const Decoded bytewise = decode_pieces(pool_, bytes, {1});
    EXPECT_EQ(whole.events, bytewise.events);
    EXPECT_EQ(whole.error, bytewise.error);
    EXPECT_EQ(whole.is_at_message_boundary, bytewise.is_at_message_boundary);
    return whole;
  }

  void expect_error(std::string_view bytes, const Disconnect& error) {
    const Decoded decoded = decode(bytes);
    ASSERT_TRUE(decoded.error);
    EXPECT_EQ(decoded.error->code, error.code);
    EXPECT_THAT(decoded.events, IsEmpty());
  }

  static constexpr std::size_t kMax = 10'000;
  WsDecoderPool pool_{WsRole::kServer, kMax};
};

// RFC 6455 §5.7.
TEST_F(WsDecoderTest, ReadsTheMaskedExampleOfTheRfc) {
  const Decoded decoded = decode("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  EXPECT_FALSE(decoded.error);
  EXPECT_THAT(decoded.events, ElementsAre("message:Hello"));
  EXPECT_TRUE(decoded.is_at_message_boundary);
}

TEST_F(WsDecoderTest, ReadsTextAndBinaryAlike) {
  const std::string bytes = frame({.opcode = 1, .payload = "text"}) +
                            frame({.opcode = 2, .payload = "\xFF\xFE"}) + frame({.payload = ""});
  EXPECT_THAT(decode(bytes).events, ElementsAre("message:text", "message:\xFF\xFE", "message:"));
}

TEST_F(WsDecoderTest, ReadsLengthsOfAllThreeForms) {
  WsDecoderPool pool(WsRole::kServer, 100'000);
  for (const std::size_t size : {0, 1, 125, 126, 127, 4095, 4096, 4097, 65535, 65536, 100'000}) {
    const std::string payload(size, 'x');
    const std::string bytes = frame({.payload = payload}) + frame({.payload = "next"});
    for (const std::size_t piece : {bytes.size(), std::size_t{1000}}) {
      const Decoded decoded = decode_pieces(pool, bytes, {piece});
      EXPECT_FALSE(decoded.error) << size;
      EXPECT_THAT(decoded.events, ElementsAre("message:" + payload, "message:next")) << size;
      EXPECT_TRUE(decoded.is_at_message_boundary) << size;
    }
  }
}

TEST_F(WsDecoderTest, ReadsControlFrames) {
  const std::string longest(125, 'p');
  const std::string bytes = frame({.opcode = 9, .payload = longest}) + frame({.opcode = 9}) +
                            frame({.opcode = 10, .payload = "pong"});
  EXPECT_THAT(decode(bytes).events, ElementsAre("ping:" + longest, "ping:", "pong:pong"));
}

TEST_F(WsDecoderTest, ClientReadsUnmaskedFrames) {
  WsDecoderPool pool(WsRole::kClient, kMax);
  const std::string bytes = frame({.payload = "from the server", .masked = false});
  EXPECT_THAT(decode_pieces(pool, bytes, {3}).events, ElementsAre("message:from the server"));
}

TEST_F(WsDecoderTest, ClosesWith1002WhenMaskingIsWrongForTheRole) {
  expect_error(frame({.payload = "x", .masked = false}), disconnects::kProtocolError);
  expect_error(frame({.opcode = 9, .payload = "x", .masked = false}), disconnects::kProtocolError);
  WsDecoderPool client(WsRole::kClient, kMax);
  EXPECT_EQ(decode_pieces(client, frame({.payload = "x"}), {100}).error,
            disconnects::kProtocolError);
}

TEST_F(WsDecoderTest, ClosesWith1002OnReservedBits) {
  for (const int rsv : {1, 2, 4, 7}) {
    expect_error(frame({.payload = "x", .rsv = rsv}), disconnects::kProtocolError);
    expect_error(frame({.opcode = 9, .payload = "x", .rsv = rsv}), disconnects::kProtocolError);
  }
}

TEST_F(WsDecoderTest, ClosesWith1002OnReservedOpcodes) {
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    expect_error(frame({.opcode = opcode, .payload = "x"}), disconnects::kProtocolError);
    expect_error(frame({.opcode = opcode}), disconnects::kProtocolError);
  }
}

TEST_F(WsDecoderTest, ClosesWith1002OnAControlFrameOfMoreThan125Bytes) {
  for (const int opcode : {8, 9, 10}) {
    expect_error(frame({.opcode = opcode, .payload = std::string(126, 'x')}),
                 disconnects::kProtocolError);
  }
}

TEST_F(WsDecoderTest, ClosesWith1002OnAFragmentedControlFrame) {
  for (const int opcode : {8, 9, 10}) {
    expect_error(frame({.opcode = opcode, .payload = "", .fin = false}),
                 disconnects::kProtocolError);
  }
}

TEST_F(WsDecoderTest, ClosesWith1002OnALengthThatIsNotMinimal) {
  expect_error(frame({.payload = "x", .length_bytes = 2}), disconnects::kProtocolError);
  expect_error(frame({.payload = "x", .length_bytes = 8}), disconnects::kProtocolError);
  expect_error(frame({.payload = std::string(65535, 'x'), .length_bytes = 8}),
               disconnects::kProtocolError);
}

TEST_F(WsDecoderTest, ClosesWith1002OnALengthWithTheHighestBit) {
  expect_error(frame({.payload = "x", .length_bytes = 8, .announced_bytes = 1ull << 63}),
               disconnects::kProtocolError);
}

TEST_F(WsDecoderTest, ClosesWith1007WhenTextIsNotUtf8) {
  for (const std::string_view text : {"\xFF", "a\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    expect_error(frame({.payload = text}), disconnects::kInvalidPayload);
  }
}

TEST_F(WsDecoderTest, ClosesWith1009WhenMessageExceedsLimit) {
  expect_error(frame({.payload = std::string(kMax + 1, 'x')}), disconnects::kTooBig);
  EXPECT_FALSE(decode(frame({.payload = std::string(kMax, 'x')})).error);
}

TEST_F(WsDecoderTest, ClosesWith1009WithoutWaitingForTheRestOfTheMessage) {
  for (const std::uint64_t size :
       {std::uint64_t{kMax + 1}, std::uint64_t{70'000}, ~std::uint64_t{0} >> 1}) {
    expect_error(frame({.payload = "x", .announced_bytes = size}), disconnects::kTooBig);
  }
}

TEST_F(WsDecoderTest, GivesWhatCameBeforeAnError) {
  const Decoded decoded =
      decode(frame({.payload = "good"}) + frame({.opcode = 3}) + frame({.payload = "late"}));
  EXPECT_EQ(decoded.error, disconnects::kProtocolError);
  EXPECT_THAT(decoded.events, ElementsAre("message:good"));
}

TEST_F(WsDecoderTest, DropsTheRestWhenTheHandlerSaysSo) {
  const std::string bytes = frame({.payload = "1"}) + frame({.opcode = 9, .payload = "2"}) +
                            frame({.opcode = 8}) + frame({.opcode = 3});
  for (std::size_t stop_after = 1; stop_after <= 3; ++stop_after) {
    RecordingHandler handler;
    handler.stop_after = stop_after;
    WsDecoder decoder(pool_);
    EXPECT_FALSE(decoder.feed(bytes, handler));
    EXPECT_EQ(handler.events.size(), stop_after);
  }
}

TEST_F(WsDecoderTest, IsAtABoundaryExactlyBetweenMessages) {
  const std::string bytes = frame({.payload = "abc"});
  RecordingHandler handler;
  WsDecoder decoder(pool_);
  EXPECT_TRUE(decoder.is_at_message_boundary());
  EXPECT_FALSE(decoder.feed("", handler));
  EXPECT_TRUE(decoder.is_at_message_boundary());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decoder.feed({&bytes[i], 1}, handler));
    EXPECT_EQ(decoder.is_at_message_boundary(), i + 1 == bytes.size()) << i;
  }
  const std::string two = bytes + bytes.substr(0, 1);
  EXPECT_FALSE(decoder.feed(two, handler));
  EXPECT_FALSE(decoder.is_at_message_boundary());
  EXPECT_FALSE(decoder.feed(bytes.substr(1), handler));
  EXPECT_TRUE(decoder.is_at_message_boundary());
  EXPECT_EQ(handler.events.size(), 3u);
}

TEST_F(WsDecoderTest, ConnectionsThatShareAPoolDoNotMix) {
  const std::string a = frame({.payload = "aaaa"});
  const std::string b = frame({.payload = "bbbbbbbb"});
  RecordingHandler handlers[2];
  WsDecoder first(pool_);
  WsDecoder second(pool_);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (i < a.size()) {
        EXPECT_FALSE(first.feed({&a[i], 1}, handlers[0]));
      }
      EXPECT_FALSE(second.feed({&b[i], 1}, handlers[1]));
    }
  }
  EXPECT_THAT(handlers[0].events, ElementsAre("message:aaaa", "message:aaaa", "message:aaaa"));
  EXPECT_EQ(handlers[1].events.size(), 3u);
}

TEST_F(WsDecoderTest, AFailedConnectionLeavesNothingBehindInThePool) {
  decode(frame({.payload = "begin", .fin = false}));         // goes away within a message
  decode(frame({.payload = "x", .rsv = 1}) + "rest of it");  // broken
  EXPECT_THAT(decode(frame({.payload = "fresh"})).events, ElementsAre("message:fresh"));
}

// Everything that may come, cut at random places.
TEST_F(WsDecoderTest, ReadsTheSameHoweverTheBytesAreCut) {
  std::mt19937 random(20240607);
  const auto below = [&](std::size_t bound) { return std::size_t{random()} % bound; };
  for (int round = 0; round < 300; ++round) {
    WsEncoder encoder(WsRole::kClient);
    std::string bytes;
    std::vector<std::string> expected;
    for (std::size_t i = 0, count = 1 + below(6); i < count; ++i) {
      const std::string payload(below(3) == 0 ? below(kMax) : below(200), 'p');
      if (below(4) == 0) {
        encoder.append(bytes, Opcode::kPing, payload.substr(0, 125));
        expected.push_back("ping:" + payload.substr(0, 125));
      } else {
        encoder.append(bytes, below(2) ? Opcode::kText : Opcode::kBinary, payload);
        expected.push_back("message:" + payload);
      }
    }
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < 50; ++i) sizes.push_back(1 + below(below(2) ? 10 : 3000));
    const Decoded decoded = decode_pieces(pool_, bytes, sizes);
    ASSERT_FALSE(decoded.error) << round;
    ASSERT_EQ(decoded.events, expected) << round;
    ASSERT_TRUE(decoded.is_at_message_boundary) << round;
  }
}

// Whatever comes, the decoder neither reads nor writes where it must not, and comes to the same
// result however the bytes are cut.
TEST_F(WsDecoderTest, SurvivesRandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = round % 2 ? frame({.payload = "start", .fin = round % 3 == 0}) : "";
    for (std::size_t i = 0, size = random() % 60; i < size; ++i) {
      bytes += static_cast<char>(i % 2 ? random() | 0x80 : random());
    }
    decode(bytes);
  }
}

}  // namespace
}  // namespace chirm
