// SPDX-License-Identifier: MIT
#include "protocol/ws_encoder.h"

#include <gmock/gmock.h>

#include "protocol/json.h"
#include "tests/protocol/ws_frames.h"

namespace chirm {
namespace {

using testing::ElementsAre;

std::string encode(WsRole role, Opcode opcode, std::string_view payload) {
  std::string out;
  WsEncoder(role).append(out, opcode, payload);
  return out;
}

TEST(WsEncoder, ServerSendsTheUnmaskedExampleOfTheRfc) {
  EXPECT_EQ(encode(WsRole::kServer, Opcode::kText, "Hello"), "\x81\x05Hello");
}

TEST(WsEncoder, ServerFramesHaveTheShortestLength) {
  for (const std::size_t size : {0, 1, 125, 126, 65535, 65536, 100'000}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(encode(WsRole::kServer, Opcode::kBinary, payload),
              frame({.opcode = 2, .payload = payload, .masked = false}))
        << size;
  }
}

TEST(WsEncoder, AppendsBehindWhatIsThere) {
  WsEncoder encoder(WsRole::kServer);
  std::string out = "x";
  encoder.append(out, Opcode::kPing, "1");
  encoder.append(out, Opcode::kPong, "");
  EXPECT_EQ(out, std::string("x\x89\x01"
                             "1\x8A\x00",
                             6));
}

TEST(WsEncoder, ServerUnderstandsTheClientsFrames) {
  WsDecoderPool pool(WsRole::kServer, 200'000);
  WsEncoder encoder(WsRole::kClient);
  for (const std::size_t size : {0, 1, 125, 126, 4096, 4097, 65535, 65536, 200'000}) {
    const std::string payload(size, 'x');
    std::string out;
    encoder.append(out, Opcode::kText, payload);
    const Decoded decoded = decode_pieces(pool, out, {out.size()});
    EXPECT_FALSE(decoded.error) << size;
    EXPECT_THAT(decoded.events, ElementsAre("message:" + payload)) << size;
  }
}

TEST(WsEncoder, ClientMasksEachFrameAnew) {
  WsEncoder encoder(WsRole::kClient);
  std::string first;
  std::string second;
  encoder.append(first, Opcode::kText, "same");
  encoder.append(second, Opcode::kText, "same");
  EXPECT_NE(first, second);
  EXPECT_NE(encode(WsRole::kClient, Opcode::kText, "same"), first);
}

TEST(WsEncoder, CloseHasCodeAndReason) {
  std::string out;
  WsEncoder(WsRole::kServer).append_close(out, 3501, "bad request");
  EXPECT_EQ(out,
            "\x88\x0D\x0D\xAD"
            "bad request");
}

TEST(WsEncoder, CloseCutsTheReasonAtACharacter) {
  WsDecoderPool pool(WsRole::kClient, 1000);
  for (std::size_t lead = 118; lead <= 124; ++lead) {
    const std::string head(lead, 'r');
    std::string out;
    WsEncoder(WsRole::kServer).append_close(out, 3000, head + "日本");
    const Decoded decoded = decode_pieces(pool, out, {out.size()});
    ASSERT_FALSE(decoded.error) << lead;
    const std::string tail = lead <= 120 ? "日" : "";
    EXPECT_THAT(decoded.events, ElementsAre("close 3000:" + head.substr(0, 123) + tail)) << lead;
  }
}

}  // namespace
}  // namespace chirm
