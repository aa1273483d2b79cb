// SPDX-License-Identifier: MIT
// Close frames (RFC 6455 §5.5.1, §7.4).
#include <gmock/gmock.h>

#include "protocol/ws_decoder.h"
#include "tests/protocol/ws_frames.h"

namespace chirm {
namespace {

using testing::ElementsAre;

class WsCloseTest : public testing::Test {
 protected:
  Decoded decode(const std::string& payload) {
    return decode_pieces(pool_, frame({.opcode = 8, .payload = payload}), {1});
  }

  WsDecoderPool pool_{WsRole::kServer, 1000};
};

std::string close_payload(int code, std::string_view reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code)}.append(reason);
}

TEST_F(WsCloseTest, GivesCodeAndReason) {
  EXPECT_THAT(decode(close_payload(1001, "going away")).events,
              ElementsAre("close 1001:going away"));
  EXPECT_THAT(decode(close_payload(4999, "")).events, ElementsAre("close 4999:"));
  const std::string longest(123, 'r');
  EXPECT_THAT(decode(close_payload(3000, longest)).events, ElementsAre("close 3000:" + longest));
}

TEST_F(WsCloseTest, WithoutPayloadHasCode1005) {
  EXPECT_THAT(decode("").events, ElementsAre("close 1005:"));
}

TEST_F(WsCloseTest, AcceptsTheCodesThatMayBeSent) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    EXPECT_FALSE(decode(close_payload(code, "")).error) << code;
  }
}

TEST_F(WsCloseTest, ClosesWith1002OnOtherCodes) {
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535}) {
    const Decoded decoded = decode(close_payload(code, "x"));
    EXPECT_EQ(decoded.error, disconnects::kProtocolError) << code;
    EXPECT_TRUE(decoded.events.empty()) << code;
  }
}

TEST_F(WsCloseTest, ClosesWith1002OnAPayloadOfOneByte) {
  EXPECT_EQ(decode("\x03").error, disconnects::kProtocolError);
  // Not even when the frame before would complete the code 1000.
  const std::string bytes =
      frame({.opcode = 9, .payload = "\x03\xE8"}) + frame({.opcode = 8, .payload = "\x03"});
  EXPECT_EQ(decode_pieces(pool_, bytes, {100}).error, disconnects::kProtocolError);
}

TEST_F(WsCloseTest, ClosesWith1007OnAReasonThatIsNotUtf8) {
  EXPECT_EQ(decode(close_payload(1000, "\xFF")).error, disconnects::kInvalidPayload);
}

}  // namespace
}  // namespace chirm
